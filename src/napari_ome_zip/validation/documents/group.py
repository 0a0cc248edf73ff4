"""Rules on the metadata of one group: where they lie, their version, what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from napari_ome_zip.validation.documents.bioformats2raw import check_layout, check_series
from napari_ome_zip.validation.documents.drafts import released_form
from napari_ome_zip.validation.documents.image_label import check_image_label, check_labels
from napari_ome_zip.validation.documents.multiscale import check_multiscales
from napari_ome_zip.validation.documents.omero import check_omero
from napari_ome_zip.validation.documents.plate import check_plate
from napari_ome_zip.validation.documents.scene import check_scene
from napari_ome_zip.validation.documents.well import check_well
from napari_ome_zip.validation.report import Issue, Location
from napari_ome_zip.validation.rule import (
    INFO,
    MUST,
    SHOULD,
    Place,
    Rule,
    describe,
    is_list,
    is_object,
    objects,
    quoted,
)
from napari_ome_zip.validation.versions import SPECS, Spec, is_draft, is_prerelease, known_spec

SECTION = "OME-Zarr metadata"

OME_MISSING = Rule(
    "ome-key-missing",
    MUST,
    SECTION,
    'In Zarr v3 all OME-Zarr metadata lie inside the key "ome" of the attributes.',
    'Move the metadata into "attributes": {"ome": {…}}, with "version": "0.5" or newer.',
)
CONTENT_MISSING = Rule(
    "ome-content-missing",
    MUST,
    SECTION,
    "The metadata describe an image, labels, a plate, a well, a scene or a series.",
    "Check that this is the right file, and that the program that wrote it had finished.",
)
VERSION_MISSING = Rule(
    "version-missing",
    MUST,
    SECTION,
    "The metadata say which version of OME-Zarr they follow (since 0.5).",
    'Add "version": "0.5" (or the version that was written) inside "ome".',
)
VERSION_UNSTATED = Rule(
    "version-unstated",
    SHOULD,
    SECTION,
    "Images, plates and wells (until 0.4), and lists of labels (0.5), say which version of "
    "OME-Zarr they follow.",
    'Add "version": the one that the other documents of the file give.',
)
VERSION_TYPE = Rule(
    "version-not-text",
    MUST,
    SECTION,
    "The version is a text.",
    'Put the version in quotation marks: "0.5".',
)
VERSION_UNKNOWN = Rule(
    "version-unknown",
    SHOULD,
    SECTION,
    "The version is one that is known: 0.1 to 0.6.",
    "If the file comes from a newer program, update this one; it was judged by the nearest "
    "version that is known.",
)
VERSION_PRERELEASE = Rule(
    "version-prerelease",
    INFO,
    SECTION,
    "The version is a released one.",
    "Nothing, as long as your programs read it; write the released version next time.",
)
ZARR_FORMAT = Rule(
    "zarr-format-mismatch",
    MUST,
    "storage format",
    "OME-Zarr until 0.4 lies in Zarr v2, since 0.5 in Zarr v3.",
    "Convert the file: 0.5 and newer in Zarr v3, 0.4 and older in Zarr v2.",
)

_CHECKS: Mapping[str, Callable[[object, Place], Iterator[Issue]]] = {
    "multiscales": check_multiscales,
    "omero": check_omero,
    "labels": check_labels,
    "image-label": check_image_label,
    "plate": check_plate,
    "well": check_well,
    "bioformats2raw.layout": check_layout,
    "series": check_series,
    "scene": check_scene,
}
_STATING_VERSION = ("multiscales", "plate", "well", "image-label")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The OME-Zarr metadata of one group, and where they lie."""

    content: Mapping[str, object]
    """The value of ``ome``, or the whole attributes where the version has no such key."""
    place: Place
    stated: object
    """The version as written, None where it is not."""
    draft: bool = False
    """Whether they were written for a development version, and brought into today's layout."""

    @property
    def spec(self) -> Spec:
        """The version they are judged by."""
        return self.place.spec


def has_metadata(attributes: Mapping[str, object]) -> bool:
    """Whether attributes hold any OME-Zarr metadata."""
    return "ome" in attributes or any(key in attributes for key in _CHECKS)


def has_content(content: Mapping[str, object]) -> bool:
    """Whether the metadata describe anything."""
    return any(key in content for key in _CHECKS)


def read_metadata(
    attributes: Mapping[str, object],
    *,
    path: str,
    zarr_format: int | None,
    version: str | None,
) -> Metadata:
    """Find the OME-Zarr metadata in attributes, and the version to judge them by.

    Parameters
    ----------
    attributes
        Attributes of a group.
    path
        Path of the group in its hierarchy.
    zarr_format
        2, 3, or None where it is unknown.
    version
        The version to assume where none is stated.
    """
    ome = attributes.get("ome")
    namespaced = is_object(ome)
    content = ome if is_object(ome) else attributes
    stated = content.get("version") if namespaced else _stated_by_objects(content)
    spec = _judged_by(stated, version, content, namespaced)
    file = (
        spec.document_name if zarr_format is None else {2: ".zattrs"}.get(zarr_format, "zarr.json")
    )
    location = Location(f"{path}/{file}" if path else file)
    place = Place(location, spec)
    if not namespaced:
        return Metadata(content, place, stated)
    draft = isinstance(stated, str) and is_draft(stated)
    content = released_form(content) if draft else content
    return Metadata(content, place.at("ome"), stated, draft)


def _stated_by_objects(content: Mapping[str, object]) -> object:
    """Return the version that the objects state, one that is no text before all others."""
    stated = []
    for key in _STATING_VERSION:
        value = content.get(key)
        candidates = objects(value) if is_list(value) else [value] if is_object(value) else []
        stated += [c["version"] for c in candidates if c.get("version") is not None]
    wrong = [version for version in stated if not isinstance(version, str)]
    return next(iter(wrong + stated), None)


def _judged_by(
    stated: object, assumed: str | None, content: Mapping[str, object], namespaced: bool
) -> Spec:
    for version in (stated, assumed):
        known = known_spec(str(version)) if version is not None else None
        if known is not None:
            return known
    return _guessed(content, namespaced)


def _guessed(content: Mapping[str, object], namespaced: bool) -> Spec:
    images = objects(content.get("multiscales"))
    if namespaced:
        newer = "scene" in content or any("coordinateSystems" in image for image in images)
        return SPECS["0.6" if newer else "0.5"]
    for image in images:
        axes = image.get("axes")
        if is_list(axes) and axes and all(isinstance(axis, str) for axis in axes):
            return SPECS["0.3"]
        if "axes" not in image and not any(
            "coordinateTransformations" in level for level in objects(image.get("datasets"))
        ):
            return SPECS["0.1"]
    return SPECS["0.4"]


def check_version(metadata: Metadata, zarr_format: int | None) -> Iterator[Issue]:
    """Check what the metadata of one group say about their version."""
    stated, place, spec = metadata.stated, metadata.place, metadata.spec
    namespaced = metadata.place.location.json_path == "ome"
    if stated is None:
        if namespaced and not (spec.version == "0.5" and _only_lists_labels(metadata.content)):
            yield place.issue(VERSION_MISSING, "No version: which OME-Zarr is this?")
        elif namespaced:
            message = "The list of labels does not say which OME-Zarr this is"
            yield place.issue(VERSION_UNSTATED, message)
        elif spec.stated_per_object and _states_version(metadata.content):
            yield place.issue(VERSION_UNSTATED, "No version: which OME-Zarr is this?")
    elif not isinstance(stated, str):
        message = f"Version is no text: {describe(stated)}"
        yield place.issue(VERSION_TYPE, message)
    elif known_spec(stated) is None:
        message = f"Version {quoted(stated)} is not known: judged as {spec.version}"
        yield place.issue(VERSION_UNKNOWN, message)
    elif is_prerelease(stated):
        message = f"Version {stated} is a development version: judged as {spec.version}"
        yield place.issue(VERSION_PRERELEASE, message)
    if zarr_format == 3 and "ome" in metadata.content and not namespaced:
        yield place.at("ome").wrong_type(metadata.content["ome"], "an object", SECTION)
    elif zarr_format == 3 and not namespaced:
        yield place.issue(OME_MISSING, 'Metadata outside the key "ome"')
    elif zarr_format is not None and zarr_format != spec.zarr_format:
        message = f"OME-Zarr {spec.version} in Zarr v{zarr_format}: v{spec.zarr_format} is expected"
        yield place.issue(ZARR_FORMAT, message)


def _only_lists_labels(content: Mapping[str, object]) -> bool:
    """Whether this is a labels group, of which 0.5 does not demand that it states the version."""
    return [key for key in content if key in _CHECKS] == ["labels"]


def _states_version(content: Mapping[str, object]) -> bool:
    """Whether there is an object that should state the version (until 0.4)."""
    return any(key in content for key in ("multiscales", "plate", "well"))


def check_form(metadata: Metadata) -> Iterator[Issue]:
    """Check each object in the metadata by itself."""
    content = metadata.content
    for key, check in _CHECKS.items():
        # Until 0.4 the attributes are shared with other programs, which have used this key.
        foreign = key == "labels" and not metadata.spec.namespaced and "multiscales" in content
        if key in content and not foreign:
            yield from check(content[key], metadata.place.at(key))
