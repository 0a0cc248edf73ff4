"""Reads of a few bytes each, answered from whole blocks of a file behind a line."""

from __future__ import annotations

from napari_ome_zip.archive.layout import ReadAt

_BLOCK = 8 << 20
_KEPT = 4


class BlockReader:
    """Reads positions of a file by whole blocks, for those who go through it in small steps.

    Parameters
    ----------
    read : callable
        Reads the file itself.
    size : int
        Of the file, in bytes.
    """

    def __init__(self, read: ReadAt, size: int) -> None:
        self._read = read
        self._size = size
        self._blocks: dict[int, bytes] = {}

    def __call__(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; fewer only at the end of the file."""
        stop = min(offset + length, self._size)
        if stop <= offset:
            return b""
        first, last = offset // _BLOCK, (stop - 1) // _BLOCK
        parts = []
        for number in range(first, last + 1):
            start = number * _BLOCK
            parts.append(self._block(number)[max(0, offset - start) : stop - start])
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        found = self._blocks.get(number)
        if found is None:
            found = self._blocks[number] = self._read(number * _BLOCK, _BLOCK)
            if len(self._blocks) > _KEPT:
                del self._blocks[next(iter(self._blocks))]
        return found
