"""Reads the attributes of a group, of any version and however damaged, into the one model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.group import DISPLAY_KEY, OmeGroup
from napari_ome_zip.ome.image_label import parse_image_label
from napari_ome_zip.ome.multiscale_reader import parse_multiscales
from napari_ome_zip.ome.omero import parse_omero
from napari_ome_zip.ome.plate import parse_plate
from napari_ome_zip.ome.reading import Notes, Place, integer, shown, text
from napari_ome_zip.ome.scene import parse_scene
from napari_ome_zip.ome.well import parse_well

NEWEST = "0.6"
"""Documents of a version that is not known are read as this one."""

_VERSION = re.compile(r"0\.([1-6])(?![0-9]).*", re.DOTALL)
_CONTENT = ("multiscales", "plate", "well", "scene", "image-label")
_KEYS = (*_CONTENT, "omero", "labels", "series", "bioformats2raw.layout")


@dataclass(frozen=True)
class ParsedGroup:
    """A group's document, and what had to be repaired to read it."""

    group: OmeGroup
    findings: tuple[Finding, ...]


def parse_group(attributes: Mapping[str, Any], *, path: str, zarr_format: int) -> ParsedGroup:
    """Read the document of one group.

    Parameters
    ----------
    attributes : mapping
        The ``attributes`` object of ``zarr.json``, or all of ``.zattrs``. Any JSON value is taken;
        none raises an error.
    path : str
        The group's path in the hierarchy, empty for the root.
    zarr_format : int
        2 or 3.

    Returns
    -------
    ParsedGroup
        The group and one finding per kind of repair and object. A document that says nothing of
        OME-Zarr gives a group with nothing in it, and no finding.
    """
    notes = Notes()
    root = Place(path)
    document: Any = attributes  # any JSON may stand where the attributes should be
    if not isinstance(document, Mapping):
        if document is not None:
            notes.add("wrong-type", root, f"Attributes are {shown(document)}; ignored.")
        document = {}
    ome, place = _namespace(document, zarr_format, root, notes)
    namespaced = isinstance(document.get("ome"), Mapping)
    version = _version(ome, place, zarr_format, notes, namespaced=namespaced)
    group = OmeGroup(
        path=path,
        version=version.number if _says_anything(ome) else None,
        zarr_format=zarr_format,
        display=_display(document.get(DISPLAY_KEY), root.key(DISPLAY_KEY), notes),
        **_objects(ome, place, version, notes),
    )
    return ParsedGroup(group, notes.findings())


def _objects(ome: dict[str, Any], place: Place, version: _Version, notes: Notes) -> dict[str, Any]:
    """Read each object that is there."""
    read: dict[str, Any] = {}
    if "multiscales" in ome:
        read["multiscales"] = parse_multiscales(
            ome["multiscales"],
            version.number,
            place.key("multiscales"),
            notes,
            known_version=version.known,
        )
    for key, name, parse in (
        ("omero", "omero", parse_omero),
        ("image-label", "image_label", parse_image_label),
        ("plate", "plate", parse_plate),
        ("well", "well", parse_well),
        ("scene", "scene", parse_scene),
    ):
        if ome.get(key) is not None:
            read[name] = parse(ome[key], place.key(key), notes)
    if _is_draft_scene(ome):
        read["scene"] = parse_scene(ome, place, notes)
    for key in ("labels", "series"):
        # Until 0.4 the attributes are shared with other programs, which have used this key.
        foreign = key == "labels" and "multiscales" in ome and version.number <= "0.4"
        if ome.get(key) is not None and not foreign:
            read[key] = _paths(ome[key], key, place.key(key), notes)
    layout = ome.get("bioformats2raw.layout")
    if layout is not None:
        read["bioformats2raw_layout"] = _layout(layout, place.key("bioformats2raw.layout"), notes)
    return read


def _says_anything(ome: dict[str, Any]) -> bool:
    return any(key in ome for key in (*_KEYS, "version")) or _is_draft_scene(ome)


def _is_draft_scene(ome: dict[str, Any]) -> bool:
    # The first drafts of 0.6 had no "scene": its two lists stood in "ome" itself.
    return ome.get("scene") is None and isinstance(ome.get("coordinateTransformations"), list)


def _namespace(
    attributes: Mapping[str, Any], zarr_format: int, root: Place, notes: Notes
) -> tuple[dict[str, Any], Place]:
    """Return the object that holds the keys of OME-Zarr, and the place its keys are told by."""
    # From 0.5 on everything lies in the key "ome", before at the top.
    ome = attributes.get("ome")
    if isinstance(ome, Mapping):
        return dict(ome), root
    if zarr_format == 3 and "ome" in attributes:
        notes.add("wrong-type", root.key("ome"), f"The key 'ome' is {shown(ome)}; ignored.")
        return {}, root.key("ome")
    top = {key: attributes[key] for key in (*_KEYS, "version") if key in attributes}
    if not any(key in top for key in _KEYS):
        return {}, root
    # Lists of labels are found all the same, so a list at the wrong place changes nothing.
    if zarr_format == 3 and any(key in top for key in _CONTENT):
        notes.add(
            "ome-key-missing", root, "No key 'ome' in the attributes; their top level is read."
        )
    return top, root


@dataclass(frozen=True)
class _Version:
    number: str
    known: bool = True


def _version(
    ome: dict[str, Any], place: Place, zarr_format: int, notes: Notes, *, namespaced: bool
) -> _Version:
    written, where = _written_version(ome, place, zarr_format)
    guessed = _Version(_guess(ome, zarr_format))
    if written is None:
        # A list of labels or series needs no version to be understood.
        if zarr_format == 3 and any(key in ome for key in _CONTENT):
            # Until 0.4 versions were optional, and each object had its own.
            notes.add(
                "version-missing" if namespaced else "version-unstated",
                where,
                f"No version is given; read as version {guessed.number}.",
            )
        return guessed
    if not isinstance(written, str):
        number = text(written)
        match = _VERSION.fullmatch(number) if number else None
        read = _Version(f"0.{match.group(1)}") if match else guessed
        notes.add(
            "version-not-text",
            where,
            f"Version is not a text but {shown(written)}; read as {read.number}.",
        )
        return read
    # Pre-releases (0.6rc0, 0.6.dev3) and dialects (0.5-dev-spatialdata) are read as their version.
    match = _VERSION.fullmatch(written.strip())
    if match:
        return _Version(f"0.{match.group(1)}")
    notes.add("version-unknown", where, f"Version {shown(written)} is not known; read as {NEWEST}.")
    return _Version(NEWEST, known=False)


def _written_version(ome: dict[str, Any], place: Place, zarr_format: int) -> tuple[Any, Place]:
    """Return the version, from where the format of the time has it, else from anywhere."""
    found: list[tuple[Any, Place]] = []
    listed = ome.get("multiscales")
    if isinstance(listed, list | tuple) and listed and isinstance(listed[0], dict):
        here = place.key("multiscales").item(0).key("version")
        found.append((listed[0].get("version"), here))
    for key in ("plate", "well", "image-label", "omero"):
        if isinstance(ome.get(key), dict):
            found.append((ome[key].get("version"), place.key(key).key("version")))
    # Until 0.4 each object has its version; from 0.5 on there is one, in "ome".
    top = (ome.get("version"), place.key("version"))
    found.insert(0 if zarr_format == 3 else len(found), top)
    return next((each for each in found if each[0] is not None), top)


def _guess(ome: dict[str, Any], zarr_format: int) -> str:
    """Return the version that a document without one looks like."""
    listed = ome.get("multiscales")
    first = listed[0] if isinstance(listed, list | tuple) and listed else None
    first = first if isinstance(first, dict) else {}
    if "scene" in ome or "coordinateSystems" in first or _is_draft_scene(ome):
        return "0.6"
    if zarr_format == 3:
        return "0.5"
    axes = first.get("axes")
    if isinstance(axes, list | tuple) and axes:
        return "0.3" if all(isinstance(axis, str) for axis in axes) else "0.4"
    return "0.2" if first else "0.4"


def _paths(value: Any, key: str, place: Place, notes: Notes) -> tuple[str, ...] | None:
    place = place.owned()
    found_unlisted = key == "labels"  # those that no list names are shown as well
    if not isinstance(value, list | tuple):
        message = f"The list of {key} is {shown(value)}, not a list."
        notes.add("wrong-type", place, message, harmless=found_unlisted)
        return (value,) if isinstance(value, str) and value else None
    paths: dict[str, None] = {}  # ordered, without repetition
    for index, item in enumerate(value):
        path = text(item)
        if not isinstance(item, str) or not item:
            done = f"read as {shown(path)}" if path else "ignored"
            notes.add(
                "wrong-type",
                place.item(index),
                f"Entry {index} of {key} is {shown(item)}, not a path; {done}.",
                harmless=found_unlisted or path is not None,
            )
        if path:
            paths[path] = None
    return tuple(paths)


def _layout(value: Any, place: Place, notes: Notes) -> int | None:
    layout = integer(int(value) if isinstance(value, str) and value in ("1", "2", "3") else value)
    if layout is None:
        notes.add(
            "bioformats2raw-layout", place, f"The bioformats2raw layout is {shown(value)}; ignored."
        )
    return layout


def _display(value: Any, place: Place, notes: Notes) -> FrozenMapping | None:
    if isinstance(value, Mapping):
        try:
            return FrozenMapping(value)
        except TooDeepError as problem:
            notes.add(
                "metadata-too-deep", place, f"The attribute {DISPLAY_KEY} is {problem}; left out."
            )
    elif value is not None:
        notes.add(
            "display-illegal", place, f"The attribute {DISPLAY_KEY} is {shown(value)}; ignored."
        )
    return None
