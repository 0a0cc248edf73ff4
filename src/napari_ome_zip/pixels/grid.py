"""Regions of pixels and the grids of chunks that they are read from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

type Region = tuple[slice, ...]
"""Start and stop of every axis, both integers."""
type ChunkCoordinates = tuple[int, ...]
"""Number of a chunk along each axis of its grid (Zarr v3, "chunk grids")."""
type Piece = tuple[ChunkCoordinates, Region, Region]
"""Part of a region that lies in one chunk: its coordinates, where in it, where in the output."""

SMALL_BLOCK_BYTES = 2**19
ROW = 512
"""Pixels along the last axis of a small block, at most."""


def shape_of(region: Region) -> tuple[int, ...]:
    """Number of pixels along each axis."""
    return tuple([max(0, s.stop - s.start) for s in region])


def grid_shape(shape: Sequence[int], chunk: Sequence[int]) -> tuple[int, ...]:
    """Number of chunks along each axis; the last may reach beyond the array."""
    return tuple(-(-n // c) for n, c in zip(shape, chunk, strict=True))


def chunk_ranges(region: Region, chunk: Sequence[int]) -> list[range]:
    """Coordinates of the chunks of one shape that a region meets, along each axis."""
    return [range(s.start // n, -(-s.stop // n)) for s, n in zip(region, chunk, strict=True)]


def chunk_region(coordinates: Sequence[int], chunk: Sequence[int], shape: Sequence[int]) -> Region:
    """Where a chunk lies in an array of some shape."""
    sides = zip(coordinates, chunk, shape, strict=True)
    return tuple(slice(i * n, min((i + 1) * n, size)) for i, n, size in sides)


def piece_of(coordinates: ChunkCoordinates, region: Region, chunk: Sequence[int]) -> Piece:
    """The part of a region that lies in a chunk."""
    parts = [
        _part(number, wanted, size)
        for number, wanted, size in zip(coordinates, region, chunk, strict=True)
    ]
    # Not by zip, which gives nothing where there are no axes.
    return coordinates, tuple([inside for inside, _ in parts]), tuple([to for _, to in parts])


def pieces(region: Region, chunk: Sequence[int]) -> Iterator[Piece]:
    """Split a region where chunks of one shape meet."""
    axes = [
        [(number, *_part(number, wanted, size)) for number in numbers]
        for numbers, wanted, size in zip(chunk_ranges(region, chunk), region, chunk, strict=True)
    ]
    if not axes:
        yield (), (), ()
        return
    for combination in itertools.product(*axes):
        coordinates, within, target = zip(*combination, strict=True)
        yield coordinates, within, target


def pieces_from_the_middle(region: Region, chunk: Sequence[int]) -> list[Piece]:
    """As `pieces`, those in the middle of the region first: that is what a person looks at."""
    middle = [(s.start + s.stop) / 2 for s in region]

    def distance(piece: Piece) -> float:
        sides = zip(piece[0], chunk, middle, strict=True)
        return math.fsum(((i + 0.5) * n - m) ** 2 for i, n, m in sides)

    return sorted(pieces(region, chunk), key=distance)


def _part(number: int, wanted: slice, size: int) -> tuple[slice, slice]:
    first = max(wanted.start, number * size)
    last = min(wanted.stop, (number + 1) * size)
    inside = slice(first - number * size, last - number * size)
    return inside, slice(first - wanted.start, last - wanted.start)


def small_blocks(shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Shape of blocks of `SMALL_BLOCK_BYTES` at most, with rows of up to `ROW` pixels."""
    block: list[int] = []
    for size in reversed(shape):
        room = SMALL_BLOCK_BYTES // itemsize // math.prod(block) if block else ROW
        block.insert(0, max(1, min(size, room)))
    return tuple(block)
