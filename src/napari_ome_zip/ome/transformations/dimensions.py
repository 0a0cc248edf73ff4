"""Judges whether the parameters of a transformation fit its input and output axes (0.6).

Judged on the typed model, where a document is read and where several are compared. Composing
maps (`geometry.compile`) meets some of these faults as well, but it stops at the first, needs the
arrays that parameters lie in, and knows no places in documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from napari_ome_zip.ome.at import At, Departure
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.ome.transformations.reader import BY_DIMENSION
from napari_ome_zip.ome.transformations.references import SECTION
from napari_ome_zip.rules import MUST, Effect, Rule

DIMENSIONS = Rule(
    "transformation-dimensions",
    MUST,
    SECTION,
    "The parameters of a transformation fit the numbers of axes it leads from and to.",
    "Write as many parameters as there are axes, in their order.",
    is_agreement=True,
    effect=Effect.PLACE,
)
OUTPUT_AXES = Rule(
    "by-dimension-output-axes",
    MUST,
    "byDimension",
    "Every output axis is made by exactly one part of a byDimension.",
    "List each output axis in the outputAxes of exactly one part.",
    is_agreement=True,
    effect=Effect.PLACE,
)
_UNNAMED = ""

_Names = tuple[str, ...] | None
"""Names of axes, `_UNNAMED` between two parts of a sequence; None where they are not known."""


def judge_dimensions(
    transformation: tf.Transformation, before: Sequence[Axis], after: Sequence[Axis], at: At
) -> None:
    """Report where a transformation does not fit the axes before and after it.

    Parameters
    ----------
    transformation
        Any kind; its `input` and `output` are not looked at.
    before, after
        Axes of the systems that it leads from and to; empty where they are not known.
    at
        Its place.
    """
    if at.judging:
        names = [tuple(axis.name for axis in axes) or None for axes in (before, after)]
        for departure in _misfits(transformation, names[0], names[1], at):
            at.departures.add(departure)


def _misfits(part: tf.Transformation, before: _Names, after: _Names, at: At) -> Iterator[Departure]:
    """Yield each departure of a transformation and of those inside it."""
    if part.keeps_axis_count and before is not None and after is not None:
        n, m = len(before), len(after)
        if n != m:
            found = f"{_titled(part)} leads from {n} axes to {m}: numbers must be equal"
            yield Departure(DIMENSIONS, at, found)
            return
    match part:
        case tf.SequenceTransformation():
            yield from _in_sequence(part, before, after, at)
        case tf.ByDimension():
            yield from _in_by_dimension(part, before, after, at)
        case tf.Bijection(forward=forward, inverse=inverse):
            yield from _misfits(forward, before, after, at.key("forward"))
            yield from _misfits(inverse, after, before, at.key("inverse"))
        case tf.AffineTransformation():
            yield from _in_affine(part, before, after, at)
        case tf.ProjectAxis():
            yield from _in_projection(part, before, after, at)
        case _:
            yield from _in_parameters(part, before if before is not None else after, at)


def _titled(part: tf.Transformation) -> str:
    return part.kind[:1].upper() + part.kind[1:]


def _in_parameters(part: tf.Transformation, axes: _Names, at: At) -> Iterator[Departure]:
    """Judge kinds that have as many axes before as after."""
    match part:
        case tf.Scale(scale=tuple(values)) | tf.Translation(translation=tuple(values)):
            found = f"{_titled(part)} has {len(values)} numbers"
        case tf.MapAxis(map_axis=values):
            found = f"MapAxis has {len(values)} numbers"
        case tf.Rotation(rotation=tuple(values)):
            found = f"Rotation of {len(values)} axes"
        case _:
            return
    if axes is not None and len(values) != len(axes):
        yield Departure(DIMENSIONS, at.key(part.kind), f"{found} for {len(axes)} axes")


def _in_affine(
    part: tf.AffineTransformation, before: _Names, after: _Names, at: At
) -> Iterator[Departure]:
    if part.affine is None:
        return
    rows, columns = len(part.affine), len(part.affine[0])
    wrong_rows = after is not None and rows != len(after)
    wrong_columns = before is not None and columns != len(before) + 1
    if wrong_rows or wrong_columns:
        wanted = f"{len(after or ()) or 'M'} × {len(before) + 1 if before is not None else 'N+1'}"
        found = f"Affine matrix is {rows} × {columns}: {wanted} is expected"
        yield Departure(DIMENSIONS, at.key("affine"), found)


def _in_projection(
    part: tf.ProjectAxis, before: _Names, after: _Names, at: At
) -> Iterator[Departure]:
    for field, axes, names in (
        ("droppedInputs", part.dropped_inputs, before),
        ("createdOutputs", part.created_outputs, after),
    ):
        beyond = _beyond("projectAxis", axes, names, at.key(field))
        if beyond is not None:
            yield beyond
            return
    left = _after_projection(part, before)
    if left is not None and after is not None and len(left) != len(after):
        made = f"projectAxis makes {len(left)} axes of {len(before or ())}"
        yield Departure(DIMENSIONS, at, f"{made}: {len(after)} are expected")


def _beyond(kind: str, axes: Sequence[int], names: _Names, at: At) -> Departure | None:
    if names is None or all(axis < len(names) for axis in axes):
        return None
    found = f"{kind} names axis {max(axes)} of {len(names)}: they count from 0"
    return Departure(DIMENSIONS, at, found)


def _after_projection(part: tf.ProjectAxis, before: _Names) -> _Names:
    if before is None:
        return None
    count = len(before) - len(part.dropped_inputs) + len(part.created_outputs)
    return (_UNNAMED,) * count


def _in_sequence(
    part: tf.SequenceTransformation, before: _Names, after: _Names, at: At
) -> Iterator[Departure]:
    here, last = at.key("transformations"), len(part.transformations) - 1
    for index, inner in enumerate(part.transformations):
        behind = after if index == last else _after(inner, before)
        yield from _misfits(inner, before, behind, here.item(index))
        before = behind


def _after(part: tf.Transformation, before: _Names) -> _Names:
    """Return the axes that a transformation leads to; None where that cannot be known."""
    if part.keeps_axis_count:
        return before
    match part:
        case tf.AffineTransformation(affine=tuple(rows)):
            return (_UNNAMED,) * len(rows)
        case tf.ProjectAxis():
            return _after_projection(part, before)
        case tf.SequenceTransformation():
            for inner in part.transformations:
                before = _after(inner, before)
            return before
        case tf.ByDimension():
            return (_UNNAMED,) * len({axis for item in part.items for axis in item.output_axes})
    return None


def _in_by_dimension(
    part: tf.ByDimension, before: _Names, after: _Names, at: At
) -> Iterator[Departure]:
    made: Counter[int] = Counter()
    for index, item in enumerate(part.items):
        here = at.key("transformations").item(index)
        sides: list[_Names] = []
        for field, written, names in (
            ("inputAxes", item.input_axes, before),
            ("outputAxes", item.output_axes, after),
        ):
            axes, lost = _resolved(written, names)
            if lost and at.document.is_early_06:
                found = f"byDimension: {field} name axes that do not exist: {quoted(lost)}"
                yield Departure(BY_DIMENSION, here, found)
            beyond = _beyond("byDimension", axes, names, here.key(field))
            if beyond is not None:
                yield beyond
                return
            if field == "outputAxes":
                made.update(axes)
            sides.append(_chosen(written, names))
        yield from _misfits(item.transformation, sides[0], sides[1], here.key("transformation"))
    for axis in range(len(after)) if after is not None else sorted(made):
        if made[axis] != 1:
            found = f"Output axis {axis} is made by {made[axis] or 'no'} parts: one is expected"
            yield Departure(OUTPUT_AXES, at, found)


def _resolved(written: Sequence[int | str], names: _Names) -> tuple[list[int], list[str]]:
    """Return axes by their number, and (drafts) names that none of the axes has."""
    axes = [axis for axis in written if isinstance(axis, int)]
    words = [axis for axis in written if isinstance(axis, str)]
    if names is None or _UNNAMED in names:
        return axes, []
    known = {name: index for index, name in enumerate(names)}
    axes += [known[word] for word in words if word in known]
    return axes, [word for word in words if word not in known]


def _chosen(written: Sequence[int | str], names: _Names) -> tuple[str, ...]:
    """Return the names of the axes that a part takes or makes."""
    return tuple(
        axis if isinstance(axis, str) else names[axis] if names is not None else _UNNAMED
        for axis in written
    )
