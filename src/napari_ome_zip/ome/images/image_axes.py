"""Judges the axes of an image: how many of each type there are, and their order (until 0.6)."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.images.free_axes import judge_free_axes
from napari_ome_zip.ome.versions import AxesForm, Spec
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "multiscales metadata"

COUNT = Rule(
    "axis-count",
    MUST,
    SECTION,
    "An image has two to five axes.",
    "Store one axis per dimension of the image, and split data of more than five dimensions "
    "into several images.",
    effect=Effect.REFUSED,
)
SPACE_COUNT = Rule(
    "axis-space-count",
    MUST,
    SECTION,
    "An image has two or three axes of space.",
    'Give the axes of the image plane (and depth) the type "space".',
    effect=Effect.REFUSED,
)
TIME_COUNT = Rule(
    "axis-time-count",
    MUST,
    SECTION,
    "An image has at most one axis of time.",
    'Give the type "time" to one axis only.',
    effect=Effect.AXES,
)
OTHER_COUNT = Rule(
    "axis-channel-count",
    MUST,
    SECTION,
    "An image has at most one axis that is neither of space nor of time.",
    "Keep one channel (or custom) axis, and store the rest as several images.",
    effect=Effect.AXES,
)
ORDER = Rule(
    "axis-order",
    MUST,
    SECTION,
    "Time comes first, then the channel (or custom) axis, then the axes of space.",
    "Transpose the arrays and list the axes as t, c, z, y, x.",
    effect=Effect.AXES,
)
SPACE_ORDER = Rule(
    "axis-space-order",
    SHOULD,
    SECTION,
    "Three axes of space are ordered z, y, x.",
    "Transpose the arrays so that the image planes (y, x) come last.",
    effect=Effect.AXES,
)

_COMPONENTS = ("coordinate", "displacement")
_FREE_TYPES = (*_COMPONENTS, "array")
_MAX_CHARACTERS = 200


def judge_image_axes(
    axes: Sequence[Axis], at: At, *, read_as: Spec, shown: bool, typed: bool
) -> None:
    """Judge the axes of one coordinate system of an image; nothing is changed.

    Parameters
    ----------
    axes
        The axes as read.
    at
        Place of the list.
    read_as
        The version that the document is read as.
    shown
        Whether the image is shown with these axes: only then are there findings.
    typed
        Whether all axes were objects: types that were guessed are not judged.
    """
    if at.spec.free_axes or read_as.free_axes:
        judge_free_axes(axes, at)
        return
    if not 2 <= len(axes) <= 5:
        count = "1 axis" if len(axes) == 1 else f"{len(axes)} axes"
        done = "it is shown all the same" if shown and axes else ""
        at.report(COUNT, f"Image with {count}: an image has two to five", done)
    judges_types = at.judging and typed and at.spec.axes in (AxesForm.OBJECTS, AxesForm.SYSTEMS)
    if judges_types:
        _judge_types(axes, at)
    # Types in capitals and axes without one are shown in order, but are not in order as written.
    if shown and not read_as.graph and not _is_ordered_by_role(axes):
        at.report(ORDER, _disorder(axes), "the order is kept")
    elif judges_types:
        _judge_order(axes, at)


def _judge_types(axes: Sequence[Axis], at: At) -> None:
    ranks = _ranks(axes, at)
    times, others, spaces = (ranks.count(rank) for rank in range(3))
    listed = _listed(axes)
    arrays_only = all(axis.type == "array" for axis in axes)
    if spaces < 2 or (spaces > 3 and not arrays_only):
        at.report(SPACE_COUNT, f"{spaces} axes of space, expected 2 or 3 ({listed})")
    if times > 1:
        at.report(TIME_COUNT, f"{times} axes of time, expected at most one ({listed})")
    if others > 1:
        found = f"{others} axes of neither space nor time, expected at most one ({listed})"
        at.report(OTHER_COUNT, found)


def _judge_order(axes: Sequence[Axis], at: At) -> None:
    ranks = _ranks(axes, at)
    # "coordinates and displacements" puts the axis of components last, this section before space.
    ordered = [rank for rank, axis in zip(ranks, axes, strict=True) if axis.type not in _COMPONENTS]
    if ordered != sorted(ordered):
        at.report(ORDER, _disorder(axes))
    elif ranks.count(2) == 3:
        names = [axis.name.lower() for axis in axes[-3:]]
        if sorted(names) == ["x", "y", "z"] and names != ["z", "y", "x"]:
            found = f"Axes of space are ordered {', '.join(names)}: z, y, x is advised"
            at.report(SPACE_ORDER, found)


def _ranks(axes: Sequence[Axis], at: At) -> list[int]:
    """Return the rank of each axis in the order: 0 for time, 2 for space, 1 for anything else."""
    # Axes of type "array" are legal since 0.6, and stand for axes of space.
    space_types = ("space", "array") if at.spec.graph else ("space",)
    return [0 if a.type == "time" else 2 if a.type in space_types else 1 for a in axes]


def _is_ordered_by_role(axes: Sequence[Axis]) -> bool:
    ranks = [
        {"time": 0, "space": 2}.get(axis.role or "", 1)
        for axis in axes
        if axis.role not in _FREE_TYPES
    ]
    return ranks == sorted(ranks)


def _disorder(axes: Sequence[Axis]) -> str:
    return f"Axes out of order: time, channel, space expected ({_listed(axes)})"


def _listed(axes: Sequence[Axis]) -> str:
    listed = ", ".join(f"{axis.name}: {axis.type or 'no type'}" for axis in axes)
    return listed if len(listed) <= _MAX_CHARACTERS else listed[: _MAX_CHARACTERS - 1] + "…"
