"""Where the documents of an archive lie: they are read together when it is opened."""

from __future__ import annotations

import numpy as np

from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import LOCAL_HEADER
from napari_ome_zip.files import Range

_GAP = 1 << 15
"""Documents less apart than this (32 KiB) are one range: another request takes longer."""
_MOST = 1 << 25
"""Bytes in all, at most (32 MiB): so many stay in memory until they are read."""
_EXTRA_ROOM = 64


def document_ranges(table: EntryTable, size: int) -> list[Range]:
    """Return the parts of a file that hold its documents, in the order of the file.

    Parameters
    ----------
    table : EntryTable
    size : int
        Size of the file in bytes.
    """
    columns = table.columns
    rows = np.array([table.rows[name] for name in table.documents], np.intp)
    names = np.array([len(columns.names[row].encode()) for row in rows], np.int64)
    starts = columns.offsets[rows].astype(np.int64) + table.shift
    stops = starts + columns.compressed_sizes[rows].astype(np.int64)
    stops += names + (LOCAL_HEADER.size + _EXTRA_ROOM)
    there = (starts >= 0) & (starts < stops) & (stops <= size)
    merged: list[Range] = []
    for start, stop in sorted(zip(starts[there].tolist(), stops[there].tolist(), strict=True)):
        if merged and start - merged[-1][1] <= _GAP:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    total = np.cumsum([stop - start for start, stop in merged])
    return merged[: int(np.searchsorted(total, _MOST, side="right"))]
