"""Reads inputs and outputs of transformations: levels by path, coordinate systems by name."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import parse_axes
from napari_ome_zip.ome.json_values import described, is_name, string
from napari_ome_zip.ome.transformations.transformation import SystemRef
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "coordinateTransformations metadata"

MISSING = Rule(
    "transformation-reference-missing",
    MUST,
    SECTION,
    "A transformation says from which coordinate system it leads, and to which.",
    'Add "input" and "output", for instance {"name": "physical"}.',
    effect=Effect.PLACE,
)
INVALID = Rule(
    "transformation-reference-invalid",
    MUST,
    SECTION,
    "Input and output are objects: a level is named by its path, a coordinate system by its name.",
    'Write {"path": "0"} for a resolution level and {"name": "physical"} for a coordinate '
    "system; development versions of 0.6 wrote bare strings here.",
    effect=Effect.PLACE,
)
SURPLUS = Rule(
    "transformation-reference-surplus",
    SHOULD,
    "multiscales metadata",
    "The input of a level has no name, its output no path.",
    "Remove what is too much.",
    effect=Effect.DETAIL,
)

Side = Literal["input", "output"]
StringReader = Callable[[str], SystemRef]


class Ends(Enum):
    """What the input and output of a transformation have to be."""

    FREE = "free"
    """Nothing is required: until 0.5, and inside another transformation."""
    LEVEL = "level"
    """From a level, by its path, to a coordinate system, by its name."""
    NAMED = "named"
    """From one coordinate system to another, both by name."""


def read_reference(
    value: dict[str, Any], side: Side, from_string: StringReader, at: At, ends: Ends
) -> SystemRef | None:
    """Read the input or output of a transformation.

    Parameters
    ----------
    value
        The transformation.
    side
        The field.
    from_string
        What a bare string means (development versions of 0.6).
    at
        Place of the transformation.
    ends
        What the input and output have to be.

    Returns
    -------
    SystemRef or None
        None where there is no usable reference.
    """
    ref = _reference(value.get(side), from_string, side, at)
    if ends is not Ends.FREE and not (ref is not None and _is_plain(value[side], side, ends)):
        _judge(value, side, ref, at, ends)
    return ref


def _is_plain(reference: Any, side: Side, ends: Ends) -> bool:
    """Whether a reference holds what is needed and nothing else, as nearly all of them do."""
    needed = "path" if ends is Ends.LEVEL and side == "input" else "name"
    return isinstance(reference, dict) and len(reference) == 1 and is_name(reference.get(needed))


def _reference(value: Any, from_string: StringReader, side: Side, at: At) -> SystemRef | None:
    if is_name(value):
        return from_string(value)
    if not isinstance(value, dict):
        return None
    path, name = value.get("path"), value.get("name")
    # A null, absent or empty path is this group.
    path = None if path in ("", ".") or not isinstance(path, str) else path
    axes = None
    if isinstance(value.get("axes"), list):
        here = at.down(side, "axes").regulated(False)
        axes = parse_axes(value["axes"], here, names_expected=True)
    name = string(name)
    return SystemRef(path, name, axes or None) if path or name or axes else None


def _judge(value: dict[str, Any], side: Side, ref: SystemRef | None, at: At, ends: Ends) -> None:
    is_level = ends is Ends.LEVEL
    needed, other = ("path", "name") if is_level and side == "input" else ("name", "path")
    done = _done(side, ref, ends)
    if side not in value:
        at.report(MISSING, f"Transformation without {side}", done)
        return
    reference, here = value[side], at.key(side)
    if is_name(reference) and at.document.is_early_06:
        return
    of = "a level" if is_level else "the transformation"
    if not isinstance(reference, dict):
        found = f"{side.capitalize()} of {of} is {described(reference)}: an object is expected"
        here.report(INVALID, found, done)
        return
    if not is_name(reference.get(needed)):
        here.report(INVALID, f"{side.capitalize()} of {of} gives no {needed}", done)
    surplus = reference.get(other)
    if surplus is not None and not isinstance(surplus, str):
        here.key(other).wrong_type(surplus, "a string", SECTION)
    if is_level and surplus is not None:
        overridden = side == "output" and ref is not None and ref.path is not None and not done
        found = f"{side.capitalize()} of a level also gives a {other}"
        here.report(SURPLUS, found, "the path is ignored" if overridden else "")


def _done(side: Side, ref: SystemRef | None, ends: Ends) -> str:
    """Return what is done about a faulty reference; empty where it can be used."""
    if ends is Ends.NAMED:
        return "the transformation is ignored" if ref is None else ""
    if side == "output" and (ref is None or ref.name is None):
        return "the coordinate system of the image is used"
    return ""
