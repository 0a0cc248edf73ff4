"""Finds the OME-Zarr metadata in the attributes of a group, and their version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import At, Departures, Document
from napari_ome_zip.ome.collections.reader import is_node
from napari_ome_zip.ome.json_values import described, objects, string
from napari_ome_zip.ome.stated_version import (
    SECTION,
    VERSION_TYPE,
    judge_draft_of_node,
    judge_missing,
    judge_version,
)
from napari_ome_zip.ome.versions import (
    COLLECTIONS,
    OLDER_COLLECTIONS,
    SPECS,
    Spec,
    is_early_06,
    nearest_spec,
    unknown_spec,
)
from napari_ome_zip.rules import MUST, Effect, Rule

OME_MISSING = Rule(
    "ome-key-missing",
    MUST,
    SECTION,
    'In Zarr v3 all OME-Zarr metadata lie inside the key "ome" of the attributes.',
    'Move the metadata into "attributes": {"ome": {…}}, with "version": "0.5" or newer.',
    effect=Effect.REFUSED,
)
ZARR_FORMAT = Rule(
    "zarr-format-mismatch",
    MUST,
    "storage format",
    "OME-Zarr until 0.4 lies in Zarr v2, since 0.5 in Zarr v3.",
    "Convert the file: 0.5 and newer in Zarr v3, 0.4 and older in Zarr v2.",
    effect=Effect.REFUSED,
)

CONTENT = (
    "multiscales",
    "omero",
    "labels",
    "image-label",
    "plate",
    "well",
    "bioformats2raw.layout",
    "series",
    "scene",
)
"""Keys that describe something, in the order of the specification."""

_NEEDS_VERSION = ("multiscales", "plate", "well", "scene", "image-label")
_Parts = tuple[str | int, ...]


@dataclass(frozen=True)
class Namespace:
    """The object that holds the keys of OME-Zarr, and the version that it follows."""

    keys: Mapping[str, Any]
    """The value of ``ome``, or of the keys of OME-Zarr at the top where there is no such key."""
    at: At
    read_as: Spec
    """The version that it is read as, which may be an unknown one."""
    stated: object = None
    """The version as written, None where none is written."""

    @property
    def version(self) -> str:
        """The name of the version that it is read as."""
        return self.read_as.version

    @property
    def has_content(self) -> bool:
        """Whether the metadata describe anything."""
        has_content = any(key in self.keys for key in CONTENT) or is_draft_scene(self.keys)
        return has_content or is_node(self.keys)


def read_namespace(
    attributes: Mapping[str, Any],
    departures: Departures,
    *,
    path: str,
    zarr_format: int | None,
    assumed: str | None = None,
    entry: str | None = None,
) -> Namespace:
    """Find the OME-Zarr metadata in the attributes of a group, and their version.

    Parameters
    ----------
    attributes
        Attributes of the group.
    departures
        Where departures are reported.
    path
        Path of the group in its hierarchy.
    zarr_format
        2, 3, or None where it is unknown.
    assumed
        Version to judge by where none is stated.
    entry
        Name of the file in the folder ``path``, where it is none that Zarr knows.
    """
    ome = attributes.get("ome")
    namespaced = isinstance(ome, Mapping)
    if isinstance(ome, Mapping):
        keys: Mapping[str, Any] = ome
    else:
        keys = {key: attributes[key] for key in (*CONTENT, "version") if key in attributes}
        if zarr_format == 3 and "ome" in attributes:
            keys = {}
    written = _written_versions(keys, zarr_format or (3 if namespaced else 2))
    stated = keys.get("version") if namespaced else next(iter(written.values()), None)
    spec = _judged_by(stated, assumed, keys, namespaced=namespaced)
    names = {None: spec.document_name, 2: ".zattrs"}
    document = Document(
        path,
        entry or names.get(zarr_format, "zarr.json"),
        "ome" if namespaced else "",
        spec,
        namespaced and isinstance(stated, str) and is_early_06(stated),
    )
    at = At(document, departures)
    _judge_place(attributes, keys, at, zarr_format)
    read = _read_as(keys, written, at, zarr_format or (3 if namespaced else 2))
    return replace(read, stated=stated)


def _judge_place(
    attributes: Mapping[str, Any], keys: Mapping[str, Any], at: At, zarr_format: int | None
) -> None:
    # From 0.5 on everything lies in the key "ome", before at the top.
    namespaced = at.document.namespace != ""
    if "ome" in attributes and not namespaced:
        done = "ignored" if zarr_format == 3 else ""
        at.key("ome").wrong_type(attributes["ome"], "an object", SECTION, done)
    elif zarr_format == 3 and not namespaced and any(key in keys for key in CONTENT):
        # Labels are found without a list, so a list at the wrong place changes nothing.
        read = any(key in keys for key in _NEEDS_VERSION)
        done = "the top level of the attributes is read" if read else ""
        at.report(OME_MISSING, 'Metadata outside the key "ome"', done)
    elif zarr_format is not None and zarr_format != at.spec.zarr_format and keys:
        expected = f"v{at.spec.zarr_format} is expected"
        at.report(ZARR_FORMAT, f"OME-Zarr {at.spec.version} in Zarr v{zarr_format}: {expected}")


def _read_as(
    keys: Mapping[str, Any], versions: Mapping[_Parts, Any], at: At, zarr_format: int
) -> Namespace:
    """Return the namespace with the version to read it as, and judge the version it states."""
    if is_node(keys):
        judge_draft_of_node(keys.get("version"), at)
        return Namespace(keys, at, at.spec)
    guessed = SPECS[_guess(keys, zarr_format)]
    content = [key for key in CONTENT if key in keys]
    if not versions:
        # A list of labels or series needs no version to be understood. Until 0.4 versions were
        # optional, and each object had its own.
        read = zarr_format == 3 and any(key in keys for key in _NEEDS_VERSION)
        judge_missing(content, at, f"read as version {guessed.version}" if read else "")
        return Namespace(keys, at, guessed)
    (parts, written), *others = versions.items()
    where = at.down(*parts)
    for elsewhere, other in others:
        if not isinstance(other, str) and not at.document.namespace:
            found = f"Version is not a string but {described(other)}"
            at.down(*elsewhere).report(VERSION_TYPE, found)
    if not isinstance(written, str):
        number = string(written)
        spec = (nearest_spec(number) if number else None) or guessed
        found = f"Version is not a string but {described(written)}"
        where.report(VERSION_TYPE, found, f"read as {spec.version}")
        return Namespace(keys, at, spec)
    if at.document.namespace and keys.get("version") is None:
        judge_missing(content, at)
    spec = nearest_spec(written) or unknown_spec(written, guessed)
    judge_version(written, where, spec)
    return Namespace(keys, at, spec)


def _written_versions(keys: Mapping[str, Any], zarr_format: int) -> dict[_Parts, Any]:
    """Return the versions that are written, by place; the one that decides comes first."""
    found: dict[_Parts, Any] = {
        ("multiscales", index, "version"): item.get("version")
        for index, item in enumerate(_listed(keys.get("multiscales")))
        if isinstance(item, Mapping)
    }
    for key in ("plate", "well", "image-label", "omero"):
        if isinstance(keys.get(key), Mapping):
            found[key, "version"] = keys[key].get("version")
    # Until 0.4 each object has its version; from 0.5 on there is one, in "ome".
    top: dict[_Parts, Any] = {("version",): keys.get("version")}
    found = {**top, **found} if zarr_format == 3 else {**found, **top}
    return {parts: version for parts, version in found.items() if version is not None}


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _judged_by(
    stated: object, assumed: str | None, keys: Mapping[str, Any], *, namespaced: bool
) -> Spec:
    if is_node(keys):
        is_known = (
            not isinstance(stated, str) or stated in OLDER_COLLECTIONS or nearest_spec(stated)
        )
        return COLLECTIONS if is_known else unknown_spec(str(stated), COLLECTIONS)
    layout = _layout(keys, namespaced=namespaced)
    for version in (stated, assumed):
        if isinstance(version, str):
            return nearest_spec(version) or unknown_spec(version, layout)
        number = string(version)
        spec = nearest_spec(number) if number is not None else None
        if spec is not None:
            return spec
    return layout


def _layout(keys: Mapping[str, Any], *, namespaced: bool) -> Spec:
    """Return the version that metadata are laid out like, by which they are judged without one."""
    guessed = _guess(keys, 3 if namespaced else 2)
    if guessed == "0.2":
        # No axes: older than axes are, unless levels are transformed.
        levels = objects(objects(keys.get("multiscales"))[0].get("datasets"))
        is_newer = any("coordinateTransformations" in level for level in levels)
        guessed = "0.4" if is_newer else "0.1"
    return SPECS[guessed]


def _guess(keys: Mapping[str, Any], zarr_format: int) -> str:
    """Return the version that metadata without a stated one most likely follow."""
    listed = keys.get("multiscales")
    first = next(iter(objects(listed)), {})
    if "scene" in keys or "coordinateSystems" in first or is_draft_scene(keys):
        return "0.6"
    if zarr_format == 3:
        return "0.5"
    axes = first.get("axes")
    if isinstance(axes, list | tuple) and axes:
        return "0.3" if all(isinstance(axis, str) for axis in axes) else "0.4"
    return "0.2" if first else "0.4"


def is_draft_scene(keys: Mapping[str, Any]) -> bool:
    """Whether ``ome`` itself holds the lists of a scene, as in the first drafts of 0.6."""
    return keys.get("scene") is None and isinstance(keys.get("coordinateTransformations"), list)
