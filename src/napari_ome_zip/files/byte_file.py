"""What a file is to whoever reads it by positions: the contract of disks and of links."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from napari_ome_zip.files.links import Link

type Place = str | Link
"""Where a file lies: an absolute path, or a link. It opens the file again in another process."""

type Range = tuple[int, int]
"""First byte, and one past the last."""

HEAD_BYTES = 1 << 16
"""First bytes of a file behind a line that come when it is opened, and are kept (64 KiB)."""
TAIL_BYTES = 1 << 17
"""Last bytes, likewise (128 KiB): all that may follow a ZIP directory, and 700 records of it."""

type Fingerprint = tuple[int, int | str]
"""Size, and what else distinguishes a file from another one at the same place."""


class Expectation:
    """Bytes that will be read soon, which a file behind a line fetches together, ahead.

    Whoever lets go of it, or leaves its block, does not want the rest any more.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Fetch nothing more for it. Called more than once, it does nothing."""


NOTHING_EXPECTED = Expectation()
"""That of files which are read faster than they are told what will be."""


class ByteFile(ABC):
    """A file that is open as long as this object lives, read by position from any thread."""

    place: Place
    source: str
    """What it is called: an absolute path, or a link without what is secret in it."""
    label: str
    """What it is called in messages: the name in quotation marks."""
    size: int
    """In bytes."""
    is_remote: bool = False
    """Whether a question takes the time of a line: many are better asked together."""

    @abstractmethod
    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; fewer only at the end of the file."""

    @abstractmethod
    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read into a buffer like `read`; return the number of bytes read."""

    def expect(self, ranges: Iterable[Range], *, ahead: bool = False) -> Expectation:
        """Begin to fetch what will be read soon, most wanted first; never waits.

        Reading a part of it waits for that part. What cannot be fetched is an error of reading.

        Parameters
        ----------
        ranges : iterable of tuple of int
        ahead : bool
            Whether nobody asked for it yet: it comes after all that was asked for, even later.
        """
        return NOTHING_EXPECTED

    @abstractmethod
    def fingerprint(self) -> Fingerprint:
        """Return what distinguishes this file from another one at the same place."""

    @property
    @abstractmethod
    def is_current(self) -> bool:
        """Whether the file at its place is still this one, unchanged."""

    def renew_locks(self) -> None:  # noqa: B027  most need none
        """Forget locks that another thread held when the process was forked."""
