"""Long stretches of a file, read in order while a line brings what comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from napari_ome_zip.files.byte_file import ByteFile, Expectation

PIECE = 1 << 20
"""Bytes that are given at once."""
_WINDOW = 8 << 20


def pieces_of(file: ByteFile, start: int, stop: int, piece: int = PIECE) -> Iterator[bytes]:
    """Yield the bytes from ``start`` to ``stop`` in pieces; fewer where the file ends before.

    Of a file behind a line two windows are on their way: one that is read, and the next one.
    """
    expected: deque[Expectation] = deque()
    asked = start
    try:
        for offset in range(start, stop, piece):
            while file.is_remote and asked < min(stop, offset + 2 * _WINDOW):
                expected.append(file.expect([(asked, min(asked + _WINDOW, stop))]))
                asked += _WINDOW
                if len(expected) > 3:
                    expected.popleft().end()
            yield file.read(offset, min(piece, stop - offset))
    finally:
        for each in expected:
            each.end()
