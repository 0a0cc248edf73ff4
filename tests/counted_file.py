"""A file as if behind a line, which counts what is asked for, and how often it is waited for."""

from __future__ import annotations

from collections.abc import Iterable

from napari_ome_zip.files import ByteFile, Expectation, Fingerprint, Link, Range
from napari_ome_zip.files.byte_file import HEAD_BYTES, NOTHING_EXPECTED, TAIL_BYTES


class CountedFile(ByteFile):
    """Bytes in memory; the first and the last came when it was opened, by two requests."""

    is_remote = True

    def __init__(self, content: bytes, name: str = "cells.ozx") -> None:
        self.content = content
        self.size = len(content)
        self.place = Link(f"https://example.org/{name}")
        self.source, self.label = self.place.source, repr(name)
        self.requests: list[Range] = []
        self.turns = 1
        """How many times the line was waited for."""
        tail = max(0, self.size - TAIL_BYTES)
        self._there: list[Range] = [(0, min(HEAD_BYTES, self.size)), (tail, self.size)]

    @property
    def asked(self) -> int:
        """Bytes asked for, beside the first and the last."""
        return sum(stop - start for start, stop in self.requests)

    def read(self, offset: int, length: int) -> bytes:
        wanted = (offset, min(offset + length, self.size))
        if wanted[0] < wanted[1] and not self._has(wanted):
            self._ask([wanted])
        return self.content[offset : offset + length]

    def read_into(self, offset: int, buffer: memoryview) -> int:
        data = self.read(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def expect(self, ranges: Iterable[Range]) -> Expectation:
        wanted = [each for each in ranges if not self._has(each)]
        if wanted:
            self._ask(wanted)
        return NOTHING_EXPECTED

    def fingerprint(self) -> Fingerprint:
        return self.size, "unchanged"

    @property
    def is_current(self) -> bool:
        return True

    def _has(self, wanted: Range) -> bool:
        return any(start <= wanted[0] and wanted[1] <= stop for start, stop in self._there)

    def _ask(self, ranges: list[Range]) -> None:
        self.turns += 1
        self.requests += ranges
        self._there += ranges
