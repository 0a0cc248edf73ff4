"""Where the axes of the display system lead in a body, as the images in it say (RFC-4, a draft).

An orientation is said of a coordinate system: flips and rotations of an array below it change what
lies where, not where the system's axes lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from napari_ome_zip.image.display_axes import Mapped
from napari_ome_zip.ome import Axis
from napari_ome_zip.ome.orientation import Orientation

type Orientations = tuple[Orientation | None, ...]
"""One for each axis of the display system; None where nothing is said of it."""

_TOLERANCE = 1e-9
"""Entries of a matrix below this fraction of their row's length are what rounding leaves."""


def orientations_of(mapped: Sequence[Mapped], axes: Sequence[Axis]) -> tuple[Orientations, ...]:
    """Where the display axes lead according to each image.

    What the system says that an image is placed in counts first. Where that says nothing of an
    axis, the image's own system does, if its axes lie along the other's::

        own x: left-to-right ── scale −1 ──▶ X: right-to-left
                             ── rotated ───▶ X: nothing is known

    Parameters
    ----------
    mapped : sequence of Mapped
    axes : sequence of Axis
        Those of the display system.
    """
    known: dict[tuple[int, ...], Orientations] = {}
    found = []
    for one in mapped:
        intrinsic = one.image.axes_of(one.image.multiscale.intrinsic)
        key = (id(one.level), id(one.affine), id(one.axes), id(intrinsic))
        if key not in known:
            known[key] = _orientations(one, intrinsic, axes)
        found.append(known[key])
    return tuple(found)


def oriented(
    axes: Sequence[Axis], stated: Iterable[Axis], of_images: Iterable[Orientations]
) -> tuple[Axis, ...]:
    """Display axes with what their system states of them, else with what all images agree on.

    Parameters
    ----------
    axes : sequence of Axis
        Those of the display system.
    stated : iterable of Axis
        As a document lists them; none where images are not placed by a document.
    of_images : iterable of tuple
        What `orientations_of` found.
    """
    known = {axis.name: axis.orientation for axis in stated}
    different = tuple(dict.fromkeys(of_images))
    return tuple(
        replace(axis, orientation=known.get(axis.name) or agreed(each[row] for each in different))
        for row, axis in enumerate(axes)
    )


def agreed(said: Iterable[Orientation | None]) -> Orientation | None:
    """What all say of an axis that say anything; None where they contradict one another."""
    different = set(said) - {None}
    return different.pop() if len(different) == 1 else None


def _orientations(one: Mapped, intrinsic: Sequence[Axis], axes: Sequence[Axis]) -> Orientations:
    stated = {axis.name: axis.orientation for axis in one.axes if axis.orientation is not None}
    carried = _carried(one, intrinsic) if len(stated) < len(axes) else {}
    return tuple(stated.get(axis.name) or carried.get(axis.name) for axis in axes)


def _carried(one: Mapped, intrinsic: Sequence[Axis]) -> Mapping[str, Orientation]:
    """Orientations of the own axes of an image, by the display axes that lie along them."""
    own = {axis.name: axis.orientation for axis in intrinsic if axis.orientation is not None}
    if not own or one.warp is not None:
        return {}
    between = one.affine.linear @ np.linalg.pinv(one.level.linear)
    lengths = np.linalg.norm(between, axis=1, keepdims=True)
    follows = np.abs(between) > _TOLERANCE * lengths
    # What the display system lacks is an axis of its own there, as it is in the image.
    found = {name: own[name] for name in own if name not in one.affine.output_axes}
    for row, column in zip(*np.nonzero(follows), strict=True):
        orientation = own.get(one.level.output_axes[column])
        if orientation is not None and follows[row].sum() == 1 and follows[:, column].sum() == 1:
            is_flipped = between[row, column] < 0
            name = one.affine.output_axes[row]
            found[name] = orientation.reversed() if is_flipped else orientation
    return found
