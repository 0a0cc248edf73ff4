"""Which chunks of an array are stored, from as few looks into the store as can be."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import lt

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.grid import ChunkCoordinates, Region
from napari_ome_zip.rules import INFO, Effect, Rule
from napari_ome_zip.storage import HierarchyStore

CHUNKS_MISSING = Rule(
    "chunks-missing",
    INFO,
    "Zarr: chunks",
    "Chunks that hold nothing but the fill value need not be stored.",
    "Nothing, if these parts are empty. If not, the writing was interrupted: write it again.",
    effect=Effect.NOT_SHOWN,
)

MAX_LOOKED_UP = 2**12
"""Stored objects that are asked for one by one, at most; more are taken from the store's list."""
MAX_LISTED = 2**20
"""Stored objects whose places are kept for one array, at most."""

type Name = Callable[[ChunkCoordinates], str]
"""Name of the entry that holds a chunk."""


@dataclass(frozen=True)
class ListedChunks:
    """Chunks that are stored, as they are listed."""

    coordinates: npt.NDArray[np.int64]
    """Of shape ``(n, ndim)``."""

    @classmethod
    def of(cls, names: Iterable[str], key: Name, grid: Sequence[int]) -> ListedChunks | None:
        """From the names of entries.

        Parameters
        ----------
        names : iterable of str
            Names of an array's entries; those that are not a chunk's are passed over.
        key : callable
            Name of a chunk's entry.
        grid : sequence of int
            Number of chunks along each axis.

        Returns
        -------
        ListedChunks or None
            None where the names do not say which chunk they are.
        """
        probe = tuple(range(len(grid)))
        numbers = "(0|[1-9][0-9]{0,18})"
        prefix, zeros = _split(key((0,) * len(grid)), key(tuple(10**6 + i for i in probe)))
        pattern = re.compile(re.escape(prefix) + re.escape(zeros).replace("0", numbers))
        probed = pattern.fullmatch(key(probe))
        if probed is None or tuple(map(int, probed.groups())) != probe:
            return None
        matches = filter(None, map(pattern.fullmatch, names))
        coordinates = (tuple(map(int, match.groups())) for match in matches)
        found = [each for each in coordinates if all(map(lt, each, grid))]
        return cls(np.array(found, dtype=np.int64).reshape(-1, len(grid)))

    def within(self, ranges: Sequence[range]) -> npt.NDArray[np.int64]:
        """Coordinates of those in a part of the grid, of shape ``(n, ndim)``."""
        first = [r.start for r in ranges]
        stop = [r.stop for r in ranges]
        kept: npt.NDArray[np.int64] = self.coordinates[
            ((self.coordinates >= first) & (self.coordinates < stop)).all(axis=1)
        ]
        return kept


@dataclass(frozen=True, eq=False)
class StoredChunks:
    """Looks up which chunks of an array of a regular grid are stored."""

    store: HierarchyStore
    path: str
    """Of the array."""
    key: Name
    grid: tuple[int, ...]
    """Number of chunks along each axis."""

    def within(self, ranges: Sequence[range]) -> npt.NDArray[np.int64] | None:
        """Coordinates of those in a part of the grid, of shape ``(n, ndim)``.

        None where they are too many to be asked for and cannot be listed.
        """
        few = math.prod(self.grid) <= MAX_LOOKED_UP
        # A list that has to be made anew each time is worth it for many alone.
        listed = None if few and self.store.names_may_grow else self.listed
        if listed is not None:
            return listed.within(ranges)
        if not few:
            return None
        found = [each for each in itertools.product(*ranges) if self.store.has(self.key(each))]
        return np.array(found, dtype=np.int64).reshape(-1, len(self.grid))

    @property
    def listed(self) -> ListedChunks | None:
        """All of them, from the names in the store; None where that is not known."""
        return self._list() if self.store.names_may_grow else self._listed_once

    @cached_property
    def _listed_once(self) -> ListedChunks | None:
        return self._list()

    def _list(self) -> ListedChunks | None:
        names = self.store.names_below(self.path)
        if names is None or len(names) > MAX_LISTED:
            return None
        return ListedChunks.of(names, self.key, self.grid)


def _split(name: str, other: str) -> tuple[str, str]:
    """What two names begin with alike, and the rest of the first."""
    length = next(
        (i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), len(name)
    )
    return name[:length], name[length:]


def boxes(
    coordinates: npt.NDArray[np.int64], region: Region, chunk: Sequence[int]
) -> npt.NDArray[np.int64]:
    """First pixel and one past the last of chunks, as far as they lie in a region.

    Parameters
    ----------
    coordinates : ndarray
        Of the chunks, of shape ``(n, ndim)``; each meets the region.
    region : tuple of slice
    chunk : sequence of int
        Shape of a chunk.

    Returns
    -------
    ndarray
        Of shape ``(n, 2, ndim)``.
    """
    start = np.array([s.start for s in region], dtype=np.int64)
    stop = np.array([s.stop for s in region], dtype=np.int64)
    # A chunk may claim to be larger than any number here; it has no pixels outside the region.
    size = np.array([min(n, s.stop) for n, s in zip(chunk, region, strict=True)], dtype=np.int64)
    low = coordinates * size
    high = low + np.minimum(size, np.maximum(stop - low, 0))
    return np.stack([np.maximum(low, start), high], axis=1)
