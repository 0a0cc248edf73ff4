"""Which cells of a large grid are stored, from the names in the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import lt

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.chunk_codecs import Region


@dataclass(frozen=True)
class StoredCells:
    """Cells of a grid that hold something."""

    cells: npt.NDArray[np.int64]
    """Of shape ``(n, ndim)``."""

    @classmethod
    def of(
        cls, names: Iterable[str], key: Callable[[tuple[int, ...]], str], grid: Sequence[int]
    ) -> StoredCells | None:
        """From the names of entries.

        Parameters
        ----------
        names : iterable of str
            Names of an array's entries; those that are no cell's are passed over.
        key : callable
            Name of a cell's entry.
        grid : sequence of int
            Number of cells along each axis.

        Returns
        -------
        StoredCells or None
            None where the names do not say which cell they are.
        """
        probe = tuple(range(len(grid)))
        numbers = "(0|[1-9][0-9]{0,18})"
        prefix, zeros = _split(key((0,) * len(grid)), key(tuple(10**6 + i for i in probe)))
        pattern = re.compile(re.escape(prefix) + re.escape(zeros).replace("0", numbers))
        told = pattern.fullmatch(key(probe))
        if told is None or tuple(map(int, told.groups())) != probe:
            return None
        matches = filter(None, map(pattern.fullmatch, names))
        cells = (tuple(map(int, match.groups())) for match in matches)
        found = [cell for cell in cells if all(map(lt, cell, grid))]
        return cls(np.array(found, dtype=np.int64).reshape(-1, len(grid)))

    def within(self, ranges: Sequence[range]) -> npt.NDArray[np.int64]:
        """Those of the cells that lie in a part of the grid."""
        first = [r.start for r in ranges]
        stop = [r.stop for r in ranges]
        kept: npt.NDArray[np.int64] = self.cells[
            ((self.cells >= first) & (self.cells < stop)).all(axis=1)
        ]
        return kept


def _split(name: str, other: str) -> tuple[str, str]:
    """What two names begin with alike, and the rest of the first."""
    length = next(
        (i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), len(name)
    )
    return name[:length], name[length:]


def boxes(
    cells: npt.NDArray[np.int64], region: Region, stored: Sequence[int]
) -> npt.NDArray[np.int64]:
    """First pixel and one past the last of cells, as far as they lie in a region.

    Returns
    -------
    ndarray
        Of shape ``(n, 2, ndim)``.
    """
    start = np.array([s.start for s in region], dtype=np.int64)
    stop = np.array([s.stop for s in region], dtype=np.int64)
    # A chunk may claim to be larger than any number here; it has no pixels outside the region.
    size = np.array([min(n, s.stop) for n, s in zip(stored, region, strict=True)], dtype=np.int64)
    low = cells * size
    high = low + np.minimum(size, np.maximum(stop - low, 0))
    return np.stack([np.maximum(low, start), high], axis=1)
