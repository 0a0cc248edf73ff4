"""Refuses archives that are made to fill disks, in which a few bytes claim to hold many."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import DEFLATE, LOCAL_HEADER, ZSTD
from napari_ome_zip.archive.rules import ZIP
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.sizes import readable_size

MAX_RATIOS = {DEFLATE: 1032, ZSTD: 1 << 15}
"""Maximum number of content bytes per compressed byte, by ZIP compression method.

A DEFLATE code of two bits repeats 258 bytes, a Zstandard block of four bytes repeats one byte
128 Ki times.
"""
RATIO_SLACK = 1024
"""Content bytes that an entry may have beyond these ratios."""
MAX_UNPACKED_RATIO = MAX_RATIOS[DEFLATE]
"""Maximum ratio of the content of a whole archive to its size, for any compression."""
MAX_UNPACKED_BYTES = 1 << 30
"""Size (1 GiB) that any archive may unpack to; the maximum of a compressed entry."""

TOO_LARGE = Rule(
    "entry-too-large",
    MUST,
    f"{ZIP}, 4.4.9 uncompressed size",
    f"A compressed entry unpacks to no more than {readable_size(MAX_UNPACKED_BYTES)}.",
    "Do not unpack it unless you trust who made it. If it is right, write it again with "
    "smaller chunks and without ZIP compression.",
    effect=Effect.UNSAFE,
)


def refuse_amplification(table: EntryTable, size: int, label: str) -> None:
    """Refuse an archive whose entries share bytes of the file, or claim to hold absurdly many.

    Entries that are invalid by themselves do not count: reading one of them is refused anyway.
    An archive of valid entries that share no bytes is never refused.

    Parameters
    ----------
    table : EntryTable
        All entries.
    size : int
        Size of the file in bytes.
    label : str
        Name of the file in messages.

    Raises
    ------
    ArchiveError
        With the code ``entries-overlap``.
    """
    stored, sizes = _believable(table, size)
    if int(stored.sum()) > size:
        raise ArchiveError(
            f"Likely harmful: entries of the archive share bytes, {int(stored.sum()):,} in a file "
            f"of {size:,}. Such files are made to fill disks. Ask for another copy: {label}",
            code=rules.OVERLAP.code,
        )
    bound = max(MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO * size)
    if int(sizes.sum()) > bound:
        raise ArchiveError(
            f"Likely harmful: the archive of {size:,} bytes claims to hold {int(sizes.sum()):,}, "
            f"more than the {bound:,} that are believed. Such files are made to fill disks. "
            f"Ask for another copy: {label}",
            code=rules.OVERLAP.code,
        )


def claims_too_much(
    methods: npt.NDArray[np.uint16], stored: npt.NDArray[Any], sizes: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Return a mask of entries that claim more bytes than their compression method can hold."""
    wrong = np.zeros(len(methods), bool)
    for method, ratio in MAX_RATIOS.items():
        wrong |= (methods == method) & (sizes > stored.astype(np.float64) * ratio + RATIO_SLACK)
    return wrong


def _believable(
    table: EntryTable, size: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return stored sizes and content sizes of all entries that may be valid."""
    columns = table.columns
    rows = np.fromiter(table.rows.values(), np.int64, len(table.rows))
    # As floating point numbers, the sum of arbitrary 64-bit sizes does not overflow.
    stored = columns.compressed_sizes[rows].astype(np.float64)
    sizes = columns.sizes[rows].astype(np.float64)
    starts = columns.offsets[rows].astype(np.float64) + table.shift
    whole = (starts >= 0) & (starts + LOCAL_HEADER.size + stored <= size)
    methods = columns.methods[rows]
    true = whole & np.where(methods == 0, stored == sizes, sizes <= MAX_UNPACKED_BYTES)
    true &= ~claims_too_much(methods, stored, sizes)
    return stored[true] + LOCAL_HEADER.size, sizes[true]
