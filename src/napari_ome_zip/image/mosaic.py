"""Many images on one pixel grid as one: fields of a plate, tiles of a scan.

A viewer that draws a thousand layers is slow; one layer that reads a thousand images is not.
Nothing is resampled: tiles of one pixel size and orientation are put on the grid of the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import Field, PlacedLabels, PlacedPart
from napari_ome_zip.image.kinship import kinship, largest
from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.image.mosaic_array import MosaicArray, Tile
from napari_ome_zip.image.rounds import Boxes, lie_apart, names_of_rounds, rounds_of
from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.pixels.source import as_source

FUSE_FROM = 9
"""Images that lie apart are fused when there are at least so many; fewer stay layers of their own.

Fields of view of a plate are fused from two on; those with names of their own (RFC-8) as others.
"""

_ON_GRID = 0.02
"""Fraction of a pixel by which a tile may lie off the grid without a report."""


def fuse(
    parts: Sequence[PlacedPart], archive: str, fuse_from: int = FUSE_FROM
) -> tuple[tuple[PlacedPart, ...], tuple[Finding, ...]]:
    """Put images that belong on one grid together; the others stay as they are.

    Parts are alike when they are of one kind, with equal axes, channels and pixel size and
    orientation. Fields of view of a plate are fused per acquisition. Other images are fused when
    there are at least ``fuse_from`` alike and they lie apart (half of their area is seen once).
    Tiles that were imaged in several rounds become a mosaic for each; images of one place stay
    layers.

    Parameters
    ----------
    parts : sequence of PlacedPart
    archive : str
        Name of the mosaic where the file has none.
    fuse_from : int
        Fewest images that are fused; 0 fuses none, fields of view included.

    Returns
    -------
    tuple of PlacedPart
        In the order of the first part of each mosaic.
    tuple of Finding
        Where tiles had to be moved by a fraction of a pixel.
    """
    mosaics: dict[int, PlacedPart] = {}
    fused: set[int] = set()
    findings: list[Finding] = []
    renamed: dict[str, str] = {}
    images = [part for part in parts if not isinstance(part, PlacedLabels)]
    labels = [part for part in parts if isinstance(part, PlacedLabels)]
    # Labels come last: those of one mosaic's images are one.
    for several in (images, labels):
        groups = _groups(several, renamed, fuse_from)
        for group, name in zip(groups, _names(groups, archive), strict=True):
            mosaic, moved = _mosaic(group, name)
            mosaics[id(group[0])] = mosaic
            fused.update(id(part) for part in group)
            renamed.update((part.path, mosaic.path) for part in group)
            findings += moved
    result = [mosaics.get(id(part), part) for part in parts if _stays(part, mosaics, fused)]
    return tuple(_following(part, renamed) for part in result), tuple(findings)


def _groups(
    parts: Sequence[PlacedPart], renamed: dict[str, str], fuse_from: int
) -> list[list[PlacedPart]]:
    """The parts that become one, each time."""
    if len(parts) < 2:
        return []
    alike: dict[Any, list[PlacedPart]] = defaultdict(list)
    for number, part in enumerate(parts):
        # The border of one that is warped would hide its neighbors.
        key = kinship(part) if fuse_from and not part.nonlinear else number
        image = renamed.get(part.image_path or "") if isinstance(part, PlacedLabels) else None
        alike[key, image].append(part)
    return [tiles for group in alike.values() for tiles in _fused(group, fuse_from)]


def _stays(part: PlacedPart, mosaics: dict[int, PlacedPart], fused: set[int]) -> bool:
    return id(part) in mosaics or id(part) not in fused


def _following(part: PlacedPart, renamed: dict[str, str]) -> PlacedPart:
    """Labels point to the mosaic that their image became a part of."""
    if isinstance(part, PlacedLabels) and part.image_path in renamed:
        return replace(part, image_path=renamed[part.image_path])
    return part


def _fused(group: list[PlacedPart], fuse_from: int) -> list[list[PlacedPart]]:
    """Parts that are alike as those that are fused: all, each round of them, or none."""
    if len(group) < 2:
        return []
    position = group[0].position
    if position is not None and not (position.is_named and len(group) < fuse_from):
        return [group]
    if len(group) < fuse_from:
        return []
    rounds = rounds_of(group, _boxes(group))
    if len(rounds) > 1 and all(len(tiles) > 1 and lie_apart(_boxes(tiles)) for tiles in rounds):
        return rounds
    return [group] if lie_apart(_boxes(group)) else []


def _boxes(group: Sequence[PlacedPart]) -> Boxes:
    low, _ = _offsets(group)
    return low, low + np.array([part.shape for part in group])


def _offsets(
    group: Sequence[PlacedPart],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """First pixel of each tile on the common grid, and how far off the grid any of it was.

    The grid is that of the first tile: steps from its place to that of another are counted in its
    pixels and rounded, and the lowest corner of all tiles is pixel 0::

        step, in pixels        (0.0, 0.0)   (-0.01, 511.98)   (512.0, 3.5)
        whole                  (0, 0)       (0, 512)          (512, 4)
        off the grid           0            0.02              0.5
    """
    first = group[0].to_display
    to_pixels = _inverse(first.linear)
    steps = np.array([part.to_display.offset - first.offset for part in group])
    exact = steps @ to_pixels.T
    whole = np.rint(exact)
    # Pixels of a size or turn that differ a little are the further off the longer the tile is.
    kinds = [(part.to_display.linear.tobytes(), part.shape) for part in group]
    examples = dict(zip(kinds, group, strict=True))
    known = {
        kind: np.abs(to_pixels @ (part.to_display.linear - first.linear))
        @ (np.array(part.shape) - 1)
        for kind, part in examples.items()
    }
    drifts = [known[kind] for kind in kinds]
    off_grid = np.abs(exact - whole) + np.array(drifts)
    return (whole - whole.min(axis=0)).astype(np.int64), off_grid.max(axis=1)


def _inverse(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The map back to pixels, whatever the units of the axes; of a channel axis it gives 0."""
    rows = largest(linear, axis=1)
    columns = largest(linear / rows, axis=0)
    inverse: npt.NDArray[np.float64] = np.linalg.pinv(linear / rows / columns) / rows.T / columns.T
    return inverse


def _mosaic(group: Sequence[PlacedPart], name: str) -> tuple[PlacedPart, tuple[Finding, ...]]:
    first = group[0]
    offsets, off_grid = _offsets(group)
    # The grid is that of the first part: its own place says where the mosaic begins.
    corner = first.to_display.offset - first.to_display.linear @ offsets[0]
    affine = Affine(
        np.column_stack([first.to_display.linear, corner]),
        first.to_display.input_axes,
        first.to_display.output_axes,
    )
    levels = _common_levels(group)
    sources = tuple(_level(group, offsets, number, factors) for number, factors in levels)
    fields = tuple(
        Field(part.path, tuple(offset), part.shape, part.position, part.name)
        for part, offset in zip(group, offsets.tolist(), strict=True)
    )
    mosaic = replace(
        first,
        name=name,
        sources=sources,
        to_display=affine,
        fields=fields,
        display=_display(group),
    )
    mosaic, left_out = _with_common_label(mosaic, group)
    return mosaic, (*left_out, *_moved(group, off_grid))


def _with_common_label(
    mosaic: PlacedPart, group: Sequence[PlacedPart]
) -> tuple[PlacedPart, tuple[Finding, ...]]:
    """Labels without properties: the same number means another object in every field."""
    if not isinstance(mosaic, PlacedLabels) or mosaic.label is None:
        return mosaic, ()
    common = replace(mosaic, label=replace(mosaic.label, properties=()))
    if not any(isinstance(p, PlacedLabels) and p.label and p.label.properties for p in group):
        return common, ()
    text = (
        f"Properties of '{mosaic.name}' are left out: the fields of a plate are shown as "
        "one layer, and each field numbers its objects anew."
    )
    return common, (Finding("field-properties-left-out", mosaic.path, text),)


def _moved(group: Sequence[PlacedPart], off_grid: npt.NDArray[np.float64]) -> tuple[Finding, ...]:
    """What to report of tiles between pixels; of fields of a plate, nothing."""
    moved = int(np.count_nonzero(off_grid > _ON_GRID))
    if not moved or group[0].position is not None:
        return ()
    text = (
        f"{moved} of {len(group)} tiles lie between pixels; they were moved by up to "
        f"{float(off_grid.max()):.2g} pixels, to show all as one layer."
    )
    return (Finding("tiles-rounded", group[0].path, text),)


def _display(group: Sequence[PlacedPart]) -> FrozenMapping | None:
    """What was noted of the mosaic, with its first tile; not what was noted of each tile."""
    first, *others = (part.display for part in group)
    return first if all(other in (None, first) for other in others) else None


def _names(groups: Sequence[Sequence[PlacedPart]], archive: str) -> list[str]:
    """A name for each mosaic; where there are several, those of the rounds of tiles."""
    tiles = [group for group in groups if _is_scan(group[0])]
    round_names = iter(names_of_rounds(tiles) if len(tiles) > 1 else [""] * len(tiles))
    return [
        (next(round_names) if _is_scan(group[0]) else "") or _name(group[0], archive)
        for group in groups
    ]


def _is_scan(part: PlacedPart) -> bool:
    return part.position is None and not isinstance(part, PlacedLabels)


def _name(part: PlacedPart, archive: str) -> str:
    if isinstance(part, PlacedLabels):
        return part.name
    position = part.position
    if position is not None and position.acquisition is not None:
        return f"{archive} acquisition {position.acquisition}"
    return archive


def _common_levels(group: Sequence[PlacedPart]) -> list[tuple[int, tuple[float, ...]]]:
    """Levels that all tiles have, with pixels of level 0 that one of a level spans."""
    levels = []
    for number in range(min(len(part.sources) for part in group)):
        shapes = {(part.shape, part.sources[number].shape) for part in group}
        factors = {level_factors(full, shape) for full, shape in shapes}
        if len(factors) > 1:
            break
        levels.append((number, factors.pop()))
    return levels


def _level(
    group: Sequence[PlacedPart],
    offsets: npt.NDArray[np.int64],
    number: int,
    factors: Sequence[float],
) -> MosaicArray:
    spans = np.array(factors)
    places = np.floor(offsets / spans + _ON_GRID).astype(int)
    full = np.array([part.shape for part in group])
    ends = np.ceil((offsets + full) / spans - _ON_GRID).astype(int)
    sizes = np.array([part.sources[number].shape for part in group])
    extents = np.clip(ends - places, sizes, sizes + 1)
    tiles = tuple(
        Tile(as_source(part.sources[number]), tuple(place), tuple(extent))
        for part, place, extent in zip(group, places.tolist(), extents.tolist(), strict=True)
    )
    ends = places + extents
    dtype = np.result_type(*{tile.source.dtype for tile in tiles})
    return MosaicArray(group[0].path, tiles, tuple(ends.max(axis=0).tolist()), dtype)
