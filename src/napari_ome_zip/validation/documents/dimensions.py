"""Rules on numbers of dimensions (0.6): do parameters fit what they lead from and to?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import is_integer, is_list, is_object, is_vector, objects
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.documents.level_transformations import SECTION
from napari_ome_zip.validation.documents.transformations import matrix
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

DIMENSIONS = Rule(
    "transformation-dimensions",
    MUST,
    SECTION,
    "The parameters of a transformation fit the numbers of axes it leads from and to.",
    "Write as many parameters as there are axes, in their order.",
)
OUTPUT_AXES = Rule(
    "by-dimension-output-axes",
    MUST,
    "byDimension",
    "Every output axis is made by exactly one part of a byDimension.",
    "List each output axis in the outputAxes of exactly one part.",
)
_SAME = ("identity", "scale", "translation", "mapAxis", "rotation", "bijection", "displacements")


def check_dimensions(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    """Check a transformation against the numbers of axes before and after it.

    Parameters
    ----------
    raw
        The transformation.
    before, after
        Number of input and output axes; None where unknown.
    at
        Its place.
    """
    kind = raw.get("type")
    if kind in _SAME and None not in (before, after) and before != after:
        message = f"{_named(kind)} leads from {before} axes to {after}: numbers must be equal"
        yield at.issue(DIMENSIONS, message)
        return
    if kind == "sequence":
        yield from _check_sequence(raw, before, after, at)
    elif kind == "byDimension":
        yield from _check_by_dimension(raw, before, after, at)
    elif kind == "bijection":
        for field, (n, m) in {"forward": (before, after), "inverse": (after, before)}.items():
            part = raw.get(field)
            if is_object(part):
                yield from check_dimensions(part, n, m, at.at(field))
    else:
        yield from _check_parameters(raw, before, after, at)


def _named(kind: object) -> str:
    text = str(kind)
    return text[:1].upper() + text[1:]


def _check_parameters(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    kind = raw.get("type")
    # All but affine and projectAxis have as many axes before as after.
    axes = before if before is not None else after
    if kind in ("scale", "translation", "mapAxis"):
        values = raw.get(str(kind))
        if is_vector(values) and axes is not None and len(values) != axes:
            message = f"{_named(kind)} has {len(values)} numbers for {axes} axes"
            yield at.at(str(kind)).issue(DIMENSIONS, message)
    elif kind == "rotation":
        rows = matrix(raw.get("rotation"))
        if rows is not None and axes is not None and len(rows) != axes:
            message = f"Rotation of {len(rows)} axes for {axes} axes"
            yield at.at("rotation").issue(DIMENSIONS, message)
    elif kind == "affine":
        yield from _check_affine(raw, before, after, at)
    elif kind == "projectAxis":
        yield from _check_project_axis(raw, before, after, at)


def _check_affine(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    rows = matrix(raw.get("affine"))
    if rows is None:
        return
    found = f"{len(rows)} × {len(rows[0])}"
    wrong_rows = after is not None and len(rows) != after
    wrong_columns = before is not None and len(rows[0]) != before + 1
    if wrong_rows or wrong_columns:
        expected = f"{after or 'M'} × {before + 1 if before is not None else 'N+1'}"
        message = f"Affine matrix is {found}: {expected} is expected"
        yield at.at("affine").issue(DIMENSIONS, message)


def _check_project_axis(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    dropped, created = (_axes(raw.get(field)) for field in ("droppedInputs", "createdOutputs"))
    for field, axes, count in (
        ("droppedInputs", dropped, before),
        ("createdOutputs", created, after),
    ):
        if count is not None and any(axis >= count for axis in axes):
            message = f"projectAxis names axis {max(axes)} of {count}: they count from 0"
            yield at.at(field).issue(DIMENSIONS, message)
            return
    if before is not None and after is not None:
        left = before - len(dropped) + len(created)
        if left != after:
            message = f"projectAxis makes {left} axes of {before}: {after} are expected"
            yield at.issue(DIMENSIONS, message)


def _axes(raw: object) -> list[int]:
    return [int(a) for a in raw if is_integer(a)] if is_list(raw) else []


def _check_sequence(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    parts = objects(raw.get("transformations"))
    count = before
    for i, part in enumerate(parts):
        behind = after if i == len(parts) - 1 else _axes_after(part, count)
        yield from check_dimensions(part, count, behind, at.at("transformations", i))
        count = behind


def _axes_after(raw: Mapping[str, object], before: int | None) -> int | None:
    """Return how many axes a transformation leads to; None where that cannot be known."""
    kind = raw.get("type")
    if kind in _SAME:
        return before
    if kind == "affine":
        rows = matrix(raw.get("affine"))
        return None if rows is None else len(rows)
    if kind == "projectAxis" and before is not None:
        return before - len(_axes(raw.get("droppedInputs"))) + len(_axes(raw.get("createdOutputs")))
    if kind == "sequence":
        for part in objects(raw.get("transformations")):
            before = _axes_after(part, before)
        return before
    if kind == "byDimension":
        return len({axis for part in _parts(raw) for axis in _axes(part.get("outputAxes"))})
    return None


def _parts(raw: Mapping[str, object]) -> list[Mapping[str, object]]:
    return objects(raw.get("transformations"))


def _check_by_dimension(
    raw: Mapping[str, object], before: int | None, after: int | None, at: Place
) -> Iterator[Issue]:
    made: Counter[int] = Counter()
    for i, part in enumerate(_parts(raw)):
        inputs, outputs = (_axes(part.get(field)) for field in ("inputAxes", "outputAxes"))
        made.update(outputs)
        for field, axes, count in (("inputAxes", inputs, before), ("outputAxes", outputs, after)):
            if count is not None and any(axis >= count for axis in axes):
                message = f"byDimension names axis {max(axes)} of {count}: they count from 0"
                yield at.at("transformations", i, field).issue(DIMENSIONS, message)
                return
        inner = part.get("transformation")
        if is_object(inner):
            place = at.at("transformations", i, "transformation")
            counts = len(inputs) or None, len(outputs) or None  # None: said to be wrong already.
            yield from check_dimensions(inner, *counts, place)
    expected = range(after) if after is not None else sorted(made)
    for axis in expected:
        if made[axis] != 1:
            message = f"Output axis {axis} is made by {made[axis] or 'no'} parts: one is expected"
            yield at.issue(OUTPUT_AXES, message)
