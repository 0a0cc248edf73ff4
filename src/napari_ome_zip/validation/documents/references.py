"""Rules on what a transformation (0.6) says it leads from and to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_name, is_object
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.documents.level_transformations import SECTION
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

MISSING = Rule(
    "transformation-reference-missing",
    MUST,
    SECTION,
    "A transformation says from which coordinate system it leads, and to which.",
    'Add "input" and "output", for instance {"name": "physical"}.',
)
INVALID = Rule(
    "transformation-reference-invalid",
    MUST,
    SECTION,
    "Input and output are objects: a level is named by its path, a coordinate system by its name.",
    'Write {"path": "0"} for a resolution level and {"name": "physical"} for a coordinate '
    "system; development versions of 0.6 wrote bare texts here.",
)
SURPLUS = Rule(
    "transformation-reference-surplus",
    SHOULD,
    "multiscales metadata",
    "The input of a level has no name, its output no path.",
    "Remove what is too much.",
)


def check_reference(
    raw: Mapping[str, object], side: Literal["input", "output"], at: Place, *, by: str
) -> Iterator[Issue]:
    """Check ``input`` or ``output`` of a transformation.

    Parameters
    ----------
    raw
        The transformation.
    side
        The field.
    at
        Place of the transformation.
    by
        The field that the reference needs: ``path`` or ``name``.
    """
    if side not in raw:
        yield at.issue(MISSING, f"Transformation without {side}")
        return
    reference = raw[side]
    if not is_object(reference):
        message = f"{side.capitalize()} of the transformation is {describe(reference)}"
        yield at.at(side).issue(INVALID, f"{message}: an object is expected")
        return
    if not is_name(reference.get(by)):
        message = f"{side.capitalize()} of the transformation gives no {by}"
        yield at.at(side).issue(INVALID, message)
    for field in ("name", "path"):
        value = reference.get(field)
        if field != by and value is not None and not isinstance(value, str):
            yield at.at(side, field).wrong_type(value, "a text", SECTION)


def check_level_references(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    """Check that a level's transformation leads from a path to a name."""
    yield from check_reference(raw, "input", at, by="path")
    yield from check_reference(raw, "output", at, by="name")
    for side, field in (("input", "name"), ("output", "path")):
        reference = raw.get(side)
        if is_object(reference) and reference.get(field) is not None:
            message = f"{side.capitalize()} of a level also gives a {field}"
            yield at.at(side).issue(SURPLUS, message)


def check_named_references(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    """Check that a transformation leads from one named coordinate system to another."""
    yield from check_reference(raw, "input", at, by="name")
    yield from check_reference(raw, "output", at, by="name")


def reference_name(raw: Mapping[str, object], side: str) -> str | None:
    """Return the name that ``input`` or ``output`` gives; judges nothing."""
    reference = raw.get(side)
    name = reference.get("name") if is_object(reference) else None
    return name if is_name(name) else None


def reference_path(raw: Mapping[str, object], side: str) -> str | None:
    """Return the path that ``input`` or ``output`` gives; judges nothing."""
    reference = raw.get(side)
    path = reference.get("path") if is_object(reference) else None
    return path if is_name(path) else None
