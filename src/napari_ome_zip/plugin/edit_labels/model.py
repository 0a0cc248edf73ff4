"""What of labels is edited, and the memory that it takes; knows nothing of napari or Qt.

Labels of several levels are locked in napari. Those whose full resolution is small are read into
memory at once. Of larger ones a person chooses (`EditChoice`): all of them, or a region, at full
resolution, of which only what is painted takes memory, or a coarser level as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.pixels.edited_pixels import MAX_READ_BYTES
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.sizes import readable_size

AT_ONCE_BYTES = 2**30
"""Labels that are not larger are read at once, and nothing is asked."""
MAX_BYTES = 2**33
"""Larger levels are refused: napari keeps copies for undo, and for the graphics card."""

_TIMES = (("t",), ("time",))
"""Names of an axis before the last two that nobody looks along in 3D."""

PLANE_AXES = 2
"""The last axes, of which what is visible may be chosen; of all others a range."""


class TooLargeError(OmeZipError, ValueError):
    """What was chosen does not fit into memory."""


@dataclass(frozen=True, slots=True)
class LockedLabels:
    """What has to be known of a layer's labels to say how they can be edited."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    """Of each level, largest first."""
    itemsize: int
    """Bytes of a pixel."""
    axes: tuple[str, ...] = ()
    """Names of the axes, where they have any."""
    visible: Region | None = None
    """What the canvas shows of level 0, a range for each axis; None where it is not in 2D."""

    @property
    def nbytes(self) -> int:
        """Bytes of level 0."""
        return self.bytes_of_level(0)

    @property
    def is_small(self) -> bool:
        """Whether all of level 0 is read at once."""
        return self.nbytes <= AT_ONCE_BYTES

    def bytes_of_level(self, level: int) -> int:
        """Bytes of one level."""
        return math.prod(self.shapes[level]) * self.itemsize


@dataclass(frozen=True, slots=True)
class EditChoice:
    """What a person chose."""

    level: int = 0
    only_visible: bool = False
    """Of level 0, only what the canvas shows."""
    ranges: tuple[tuple[int, int], ...] = ()
    """Of level 0, the first and the last index along each axis before the last two; empty for
    all."""


@dataclass(frozen=True, slots=True)
class EditForm:
    """What a form shows."""

    choice: EditChoice
    levels: tuple[str, ...]
    """Each level in words."""
    range_names: tuple[str, ...]
    """What each range is of."""
    range_limits: tuple[int, ...]
    """The last index that each range may have."""
    problem: str
    """Why it cannot be done; empty where it can."""
    message: str
    """The problem, or the memory that is needed."""
    can_choose_visible: bool


def default_choice(labels: LockedLabels) -> EditChoice:
    """Everything at full resolution, or what is visible of planes that are too large."""
    everything = EditChoice()
    if plane_bytes(labels, everything) <= MAX_READ_BYTES or labels.visible is None:
        return everything
    return replace(everything, only_visible=True)


def resolve(labels: LockedLabels, choice: EditChoice) -> EditForm:
    """What a form shows for a choice."""
    ranged = len(labels.shapes[0]) - PLANE_AXES
    problem = problem_with(labels, choice)
    return EditForm(
        choice,
        tuple(_level_text(labels, level) for level in range(len(labels.shapes))),
        tuple(_axis_name(labels, axis) for axis in range(ranged)),
        tuple(n - 1 for n in labels.shapes[0][:ranged]),
        problem,
        problem or memory_text(labels, choice),
        labels.visible is not None,
    )


def region_of(labels: LockedLabels, choice: EditChoice) -> Region:
    """The region of level 0 that is edited."""
    shape = labels.shapes[0]
    region = [slice(0, n) for n in shape]
    if choice.only_visible and labels.visible is not None:
        region = list(labels.visible)
    for axis, (first, last) in enumerate(choice.ranges):
        region[axis] = slice(max(0, first), min(shape[axis], last + 1))
    return tuple(region)


def is_whole(labels: LockedLabels, choice: EditChoice) -> bool:
    """Whether no region was chosen."""
    return region_of(labels, choice) == tuple(slice(0, n) for n in labels.shapes[0])


def plane_bytes(labels: LockedLabels, choice: EditChoice) -> int:
    """Bytes of one plane of what is edited at full resolution."""
    return math.prod(shape_of(region_of(labels, choice)[-PLANE_AXES:])) * labels.itemsize


def fits_in_3d(labels: LockedLabels, choice: EditChoice) -> bool:
    """Whether one volume of what is edited at full resolution can be read at once."""
    return math.prod(shape_of(region_of(labels, choice)[-3:])) * labels.itemsize <= MAX_READ_BYTES


def problem_with(labels: LockedLabels, choice: EditChoice) -> str:
    """Why something cannot be edited; empty where it can."""
    if choice.level:
        nbytes = labels.bytes_of_level(choice.level)
        if nbytes <= MAX_BYTES:
            return ""
        return (
            f"Resolution {choice.level} needs {readable_size(nbytes)} of memory, more than "
            f"{readable_size(MAX_BYTES)}: choose a coarser one."
        )
    for axis, side in enumerate(region_of(labels, choice)):
        if side.stop <= side.start:
            if axis >= len(choice.ranges):
                return "Nothing of these labels is visible now: move to where you want to edit."
            name = _axis_name(labels, axis)
            return f"Nothing is left along {name}: choose a first index not above the last."
    nbytes = plane_bytes(labels, choice)
    if nbytes <= MAX_READ_BYTES:
        return ""
    # napari has all of a plane in memory that can be painted.
    return (
        f"A plane of it needs {readable_size(nbytes)} of memory, more than "
        f"{readable_size(MAX_READ_BYTES)}: zoom in and edit what is visible, or choose a coarser "
        "resolution."
    )


def memory_text(labels: LockedLabels, choice: EditChoice) -> str:
    """The memory that is needed, in words."""
    if choice.level:
        size = readable_size(labels.bytes_of_level(choice.level))
        return (
            f"Needs {size} of memory. The labels are then saved at this resolution, in the place "
            "of the finer ones of the file."
        )
    if labels.is_small and is_whole(labels, choice):
        return f"Needs {readable_size(labels.nbytes)} of memory."
    size = readable_size(plane_bytes(labels, choice))
    needed = f"Needs {size} of memory for a plane, and more for what is painted."
    has_depth = len(labels.shapes[0]) > PLANE_AXES and labels.axes[-3:-2] not in _TIMES
    if has_depth and not fits_in_3d(labels, choice):
        needed += " It is too large for 3D: choose a region to edit it there."
    if is_whole(labels, choice):
        return needed
    return f"{needed} Outside of this region the labels stay as they are in the file."


def done_text(labels: LockedLabels, choice: EditChoice) -> str:
    """What is said when labels can be painted."""
    text = f"'{labels.name}' can be painted now."
    if choice.level:
        return f"{text} Saving replaces the labels in the file, at resolution {choice.level}."
    if is_whole(labels, choice):
        return f"{text} Saving replaces the labels in the file."
    return f"{text} Saving puts this region into the labels in the file."


def button_text(labels: LockedLabels) -> str:
    """What the button beside the greyed tools says."""
    if labels.is_small:
        return f"Edit labels ({readable_size(labels.nbytes)} of memory)"
    return "Edit labels…"


def locked_text(labels: LockedLabels) -> str:
    """What is said where someone tries to paint locked labels."""
    needed = (
        f"That needs {readable_size(labels.nbytes)} of memory."
        if labels.is_small
        else f"They take {readable_size(labels.nbytes)}: you choose which part to edit."
    )
    return (
        f"'{labels.name}' is locked: press Edit labels. They have several resolutions; one of them "
        f"can be painted, and saving makes the others from it. {needed}"
    )


def as_region(low: Sequence[float], high: Sequence[float], shape: Sequence[int]) -> Region:
    """The pixels of an array between two corners, those of which a part is there included.

    Parameters
    ----------
    low, high : sequence of float
        Lowest and highest index along each axis; whole numbers are the middles of pixels.
    shape : sequence of int
    """
    return tuple(
        slice(min(n, max(0, round(first))), max(0, min(n, round(last) + 1)))
        for first, last, n in zip(low, high, shape, strict=True)
    )


def _level_text(labels: LockedLabels, level: int) -> str:
    size = " × ".join(map(str, labels.shapes[level]))
    name = "full" if level == 0 else str(level)
    return f"{name}: {size}, {readable_size(labels.bytes_of_level(level))}"


def _axis_name(labels: LockedLabels, axis: int) -> str:
    name = labels.axes[axis] if axis < len(labels.axes) else ""
    # napari's own names of axes without one are negative numbers.
    return name if name and not name.lstrip("-").isdigit() else f"axis {axis}"
