"""Which bytes of one file are in memory, on their way, or on disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from napari_ome_zip.files.byte_file import Range
from napari_ome_zip.files.fetching.blocks import MEMORY, Block
from napari_ome_zip.files.fetching.ranges import RangeMap, merged
from napari_ome_zip.files.fetching.wishes import Wish


class Kept(Protocol):
    """Ranges of the file that are kept on disk."""

    def holes(self, start: int, stop: int) -> list[Range]:
        """Return the parts of a range that are not kept."""

    def load(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """Return what is kept of a range, and around it: positions and bytes."""

    def put_all(self, found: Sequence[tuple[int, memoryview]]) -> None:
        """Keep bytes, each run with its position in the file."""


class FileBlocks(RangeMap[Block]):
    """The blocks of one file; all methods need the lock of `MEMORY`.

    Parameters
    ----------
    kept : Kept, optional
        What there is on disk.
    """

    def __init__(self, kept: Kept | None) -> None:
        super().__init__()
        self._kept = kept

    def add_known(self, start: int, data: bytes, *, for_ever: bool = False) -> None:
        """Add bytes that are there, where they are not yet."""
        whole = memoryview(data)
        for first, last in self.holes(start, start + len(data)):
            part = whole[first - start : last - start]
            block = Block(first, part, len(part))
            self.add(first, last, block)
            if not for_ever:
                MEMORY.keep(block, self)

    def has(self, start: int, stop: int) -> bool:
        """Whether all bytes of a range are in memory or on disk."""
        if not all(block.is_done for block in self.overlapping(start, stop)):
            return False
        holes = self.holes(start, stop)
        return not holes or (
            self._kept is not None and not any(self._kept.holes(*hole) for hole in holes)
        )

    def new(self, start: int, stop: int, wish: Wish | None, *, is_kept: bool) -> list[Block]:
        """Add blocks for what of a range is neither there nor asked for.

        Parameters
        ----------
        start, stop : int
            The range.
        wish : Wish, optional
            Who wants it ahead. What is on disk then counts as there.
        is_kept : bool
            Whether the bytes go to the disk.
        """
        holes = self.holes(start, stop)
        if wish is not None:
            for block in self.overlapping(start, stop):
                if not block.is_done:
                    block.join(wish)
            if self._kept is not None:
                holes = [part for hole in holes for part in self._kept.holes(*hole)]
        spans = [span for whole in merged(holes) for span in self._without_islands(*whole)]
        new = [Block(first, bytearray(last - first)) for first, last in spans]
        for block in new:
            block.is_kept = is_kept
            if wish is not None:
                block.join(wish)
            self.add(block.start, block.stop, block)
        return new

    def _without_islands(self, start: int, stop: int) -> list[Range]:
        """Return the holes of a range that holds little else, after letting go of that.

        To fetch it once more takes less than to ask for every hole by itself.
        """
        for block in self.overlapping(start, stop):
            if block.is_done and MEMORY.let_go(block):
                self.remove(block.start)
        return self.holes(start, stop)

    def finish(self, block: Block, error: BaseException | None) -> None:
        """Have what came of a block, and tell those who wait for it."""
        if self.get(block.start) is block:
            if error is None:
                MEMORY.keep(block, self)
            else:
                block.settle()
                self.remove(block.start)
                self.add_known(block.start, bytes(block.data[: block.came]))
        block.error, block.is_done = error, True
        block.changed.notify_all()
        MEMORY.shrink()
