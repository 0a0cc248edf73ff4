"""Reads the documents that come first in an archive, many with one access."""

from __future__ import annotations

from collections import OrderedDict

from napari_ome_zip.archive.entry_batch import read_batch
from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import ReadAt

_IN_BLOCK = 256
_MAX_BLOCKS = 4


class LeadingDocuments:
    """Contents of the leading documents, as far as there is nothing to say of them.

    A plate has tens of thousands of documents one after the other, and asking the file for each
    takes longer than reading them all. Whatever is unusual (compressed, large, of another
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

        def read_into(offset: int, buffer: memoryview) -> int:
            content = read(offset, len(buffer))
            buffer[: len(content)] = content
            return len(content)

        rows = range(first, min(first + _IN_BLOCK, len(self._table.columns)))
        found = read_batch(read_into, self._table.columns, self._table.shift, rows)
        return {
            rows[position]: bytes(content) for position, content in found if content is not None
        }
