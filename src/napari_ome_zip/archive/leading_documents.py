"""Reads the documents that come first in an archive, many with one access."""

from __future__ import annotations

import zlib
from collections import OrderedDict

import numpy as np

from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import (
    ENCRYPTED_FLAG,
    LOCAL_HEADER,
    STORED,
    ReadAt,
    local_lengths,
)

MAX_BLOCK_BYTES = 1 << 20
"""Size of what is read at once, at most (1 MiB)."""

_IN_BLOCK = 256
_MAX_BLOCKS = 4
_HEADER_ROOM = 512


class LeadingDocuments:
    """Contents of the leading documents, as far as there is nothing to say of them.

    A plate has tens of thousands of documents one after the other, and asking the file for each
    takes longer than reading them all. Whatever is unusual (compressed, out of order, of another
    checksum) is left to whoever reads single entries, and says what is wrong.

    Parameters
    ----------
    table : EntryTable
        The leading documents, in the order of the directory.
    """

    def __init__(self, table: EntryTable) -> None:
        self._table = table
        # Groups are asked for in between their wells: a few blocks in turn.
        self._blocks: OrderedDict[int, dict[int, bytes]] = OrderedDict()

    def content(self, name: str, read: ReadAt) -> bytes | None:
        """Return the content of a document, verified; None where its entry must be read itself.

        Parameters
        ----------
        name : str
            Normalized name.
        read : callable
            ``read(offset, length)`` returns at most ``length`` bytes of the file.
        """
        row = self._table.rows.get(name)
        if row is None:
            return None
        number = row // _IN_BLOCK
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = self._read_block(number * _IN_BLOCK, read)
            while len(self._blocks) > _MAX_BLOCKS:
                self._blocks.popitem(last=False)
        return block.get(row)

    def _read_block(self, first: int, read: ReadAt) -> dict[int, bytes]:
        """Contents of the usual entries among the rows from ``first`` on, by row."""
        columns, shift = self._table.columns, self._table.shift
        rows = slice(first, first + _IN_BLOCK)
        starts = columns.offsets[rows].astype(np.int64) + shift
        sizes = columns.sizes[rows].astype(np.int64)
        usual = (
            (columns.methods[rows] == STORED)
            & (columns.flags[rows] & ENCRYPTED_FLAG == 0)
            & (columns.compressed_sizes[rows] == columns.sizes[rows])
        )
        begin = int(starts[0])
        # With room for the local header of the last one; what does not fit is read by itself.
        span = int((starts + sizes).max()) - begin + _HEADER_ROOM
        if begin < 0 or (starts < begin).any() or not 0 < span <= MAX_BLOCK_BYTES:
            return {}
        raw = read(begin, span)
        found: dict[int, bytes] = {}
        for row, start, size, crc, is_usual in zip(
            range(first, first + len(starts)),
            (starts - begin).tolist(),
            sizes.tolist(),
            columns.crcs[rows].tolist(),
            usual.tolist(),
            strict=True,
        ):
            lengths = local_lengths(raw[start : start + LOCAL_HEADER.size]) if is_usual else None
            if lengths is None:
                continue
            inside = start + LOCAL_HEADER.size + sum(lengths)
            content = raw[inside : inside + size]
            if len(content) == size and zlib.crc32(content) == crc:
                found[row] = content
        return found
