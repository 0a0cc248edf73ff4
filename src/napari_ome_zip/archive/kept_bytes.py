"""Parts of a file behind a line that are kept, as those around its directory are."""

from __future__ import annotations

import threading

from napari_ome_zip.files import ByteFile, Range
from napari_ome_zip.files.byte_file import HEAD_BYTES, TAIL_BYTES

AT_ONCE_BYTES = 1 << 18
"""What lies so many bytes before the end of a file, at most, is fetched up to there (256 KiB)."""
BEGINNING_BYTES = 1 << 16
"""Bytes that are fetched where few are asked for (64 KiB): what follows is asked for next."""


class KeptBytes:
    """Reads a file by position, no byte twice; small reads fetch more than is asked for.

    Parameters
    ----------
    file : ByteFile
        Of which the first `HEAD_BYTES` and the last `TAIL_BYTES` cost no request.
    """

    def __init__(self, file: ByteFile) -> None:
        self._file = file
        self._kept: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def renew_lock(self) -> None:
        """Forget a lock that another thread held when the process was forked."""
        self._lock = threading.Lock()

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; fewer only at the end of the file."""
        stop = min(offset + length, self._file.size)
        for first, last in self.missing(offset, stop):
            tail = self._tail
            wanted = tail if tail - first <= AT_ONCE_BYTES else first + BEGINNING_BYTES
            self.keep(first, max(last, min(wanted, tail)))
        return self._joined(offset, stop)

    def read_together(self, offset: int, length: int) -> bytes:
        """Return the same; what is missing of it is fetched at once, and nothing else."""
        stop = min(offset + length, self._file.size)
        missing = self.missing(offset, stop)
        with self._file.expect(missing):
            for first, last in missing:
                self.keep(first, last)
        return self._joined(offset, stop)

    def keep(self, start: int, stop: int) -> None:
        """Fetch a part that is missing."""
        data = self._file.read(start, stop - start)
        with self._lock:
            self._kept[start] = data

    def missing(self, start: int, stop: int) -> list[Range]:
        """Return the parts of a range that would have to be fetched."""
        with self._lock:
            kept = sorted((first, first + len(data)) for first, data in self._kept.items())
        found = []
        for first, last in [(0, self._head), *kept, (self._tail, self._file.size)]:
            if start < min(first, stop):
                found.append((start, min(first, stop)))
            start = max(start, last)
        return found

    def tail_from(self, start: int, length: int) -> bytes:
        """Return the end of a range as far as it came with the end of the file."""
        first = max(start, self._tail)
        return self._file.read(first, start + length - first) if first < start + length else b""

    def forget(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._kept = {}

    @property
    def _head(self) -> int:
        return min(HEAD_BYTES, self._file.size)

    @property
    def _tail(self) -> int:
        return max(self._file.size - TAIL_BYTES, 0)

    def _joined(self, start: int, stop: int) -> bytes:
        """Put together a range of which nothing is missing."""
        parts = []
        with self._lock:
            kept = sorted(self._kept.items())
        while start < stop:
            for first, data in kept:
                if first <= start < first + len(data):
                    part = data[start - first : stop - first]
                    break
            else:
                last = stop if start >= self._tail else min(stop, self._next(kept, start))
                part = self._file.read(start, last - start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _next(self, kept: list[tuple[int, bytes]], start: int) -> int:
        """Where the next part begins that is kept, or the first bytes of the file end."""
        ends = [self._head, self._tail, *(first for first, _ in kept)]
        return min((end for end in ends if end > start), default=self._file.size)
