"""Reads the attributes of a group, of any version and however damaged, into the one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.ome.at import At, Departures, Document
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.group import DISPLAY_KEY, OmeGroup
from napari_ome_zip.ome.image_label import parse_image_label
from napari_ome_zip.ome.json_values import integer, shown, string
from napari_ome_zip.ome.multiscale_reader import parse_multiscales
from napari_ome_zip.ome.omero import parse_omero
from napari_ome_zip.ome.plate import parse_plate
from napari_ome_zip.ome.scene import parse_scene
from napari_ome_zip.ome.version_reader import SECTION, Namespace, is_draft_scene, read_namespace
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.ome.well import parse_well
from napari_ome_zip.rules import MUST, Rule

CONTENT_MISSING = Rule(
    "ome-content-missing",
    MUST,
    SECTION,
    "The metadata describe an image, labels, a plate, a well, a scene or a series.",
    "Check that this is the right file, and that the program that wrote it had finished.",
)


@dataclass(frozen=True)
class ParsedGroup:
    """A group's document, and how it departs from the specification."""

    group: OmeGroup
    namespace: Namespace = field(repr=False, compare=False)
    departures: Departures = field(repr=False, compare=False)

    @property
    def at(self) -> At:
        """The place of its metadata as a whole."""
        return self.namespace.at

    @property
    def spec(self) -> Spec:
        """The version that it is judged by."""
        return self.namespace.at.spec

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What had to be repaired to read it: one finding per kind of repair and object."""
        return self.departures.findings()


def parse_group(
    attributes: Mapping[str, Any],
    *,
    path: str,
    zarr_format: int | None,
    assumed: str | None = None,
    judging: bool = False,
) -> ParsedGroup:
    """Read the document of one group.

    Parameters
    ----------
    attributes : mapping
        The ``attributes`` object of ``zarr.json``, or all of ``.zattrs``. Any JSON value is taken;
        none raises an error.
    path : str
        The group's path in the hierarchy, empty for the root.
    zarr_format : int, optional
        2 or 3; None where it is unknown.
    assumed : str, optional
        Version of OME-Zarr to judge by where the document states none.
    judging : bool
        Whether departures about which nothing is done are reported as well.

    Returns
    -------
    ParsedGroup
        The group and how it departs from the specification. A document that says nothing of
        OME-Zarr gives a group with nothing in it, and no finding.
    """
    departures = Departures(judging=judging)
    root = At(Document(path), departures)
    document: Any = attributes  # any JSON may stand where the attributes should be
    if not isinstance(document, Mapping):
        if document is not None:
            root.wrong_type(document, "an object", SECTION, "ignored")
        document = {}
    found = read_namespace(
        document, departures, path=path, zarr_format=zarr_format, assumed=assumed
    )
    at = At(found.at.document, departures)
    says_anything = found.has_content or "version" in found.keys
    group = OmeGroup(
        path=path,
        version=found.version if says_anything else None,
        zarr_format=zarr_format or found.at.spec.zarr_format,
        display=_display(document.get(DISPLAY_KEY), root.key(DISPLAY_KEY)),
        **_objects(found.keys, at, found),
    )
    return ParsedGroup(group, found, departures)


_PARTS: Mapping[str, Callable[[Any, At], object]] = {
    "omero": parse_omero,
    "plate": parse_plate,
    "scene": parse_scene,
    "well": parse_well,
}


def _objects(ome: Mapping[str, Any], at: At, version: Namespace) -> dict[str, Any]:
    """Read each object that is there."""
    read: dict[str, Any] = {}
    if "multiscales" in ome:
        read["multiscales"] = parse_multiscales(
            ome["multiscales"],
            version.version,
            at.key("multiscales"),
            known_version=version.is_known,
        )
    if ome.get("image-label") is not None:
        read["image_label"] = parse_image_label(ome["image-label"], at.key("image-label"))
    for key, parse_part in _PARTS.items():
        if key in ome:
            read[key] = parse_part(ome[key], at.key(key))
    if is_draft_scene(ome):
        read["scene"] = parse_scene(ome, at)
    for key in ("labels", "series"):
        # Until 0.4 the attributes are shared with other programs, which have used this key.
        foreign = key == "labels" and "multiscales" in ome and version.version <= "0.4"
        if ome.get(key) is not None and not foreign:
            read[key] = _paths(ome[key], key, at.key(key))
    layout = ome.get("bioformats2raw.layout")
    if layout is not None:
        read["bioformats2raw_layout"] = _layout(layout, at.key("bioformats2raw.layout"))
    return read


def _paths(value: Any, key: str, at: At) -> tuple[str, ...] | None:
    at = at.owned()
    found_unlisted = key == "labels"  # those that no list names are shown as well
    if not isinstance(value, list | tuple):
        message = f"The list of {key} is {shown(value)}, not a list."
        at.note("wrong-type", message, harmless=found_unlisted)
        return (value,) if isinstance(value, str) and value else None
    paths: dict[str, None] = {}  # ordered, without repetition
    for index, item in enumerate(value):
        path = string(item)
        if not isinstance(item, str) or not item:
            done = f"read as {shown(path)}" if path else "ignored"
            at.item(index).note(
                "wrong-type",
                f"Entry {index} of {key} is {shown(item)}, not a path; {done}.",
                harmless=found_unlisted or path is not None,
            )
        if path:
            paths[path] = None
    return tuple(paths)


def _layout(value: Any, at: At) -> int | None:
    layout = integer(int(value) if isinstance(value, str) and value in ("1", "2", "3") else value)
    if layout is None:
        at.note("bioformats2raw-layout", f"The bioformats2raw layout is {shown(value)}; ignored.")
    return layout


def _display(value: Any, at: At) -> FrozenMapping | None:
    if isinstance(value, Mapping):
        try:
            return FrozenMapping(value)
        except TooDeepError as problem:
            at.note("metadata-too-deep", f"The attribute {DISPLAY_KEY} is {problem}; left out.")
    elif value is not None:
        at.note("display-illegal", f"The attribute {DISPLAY_KEY} is {shown(value)}; ignored.")
    return None
