"""What a file behind a link is to whoever asks for its bytes: on a server or in a bucket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from napari_ome_zip.files.links import Link

type Heard = Callable[[int], None]
"""Called with the number of bytes of each piece as it comes, in any thread.

What it raises ends the request, so that it serves progress and cancelling alike.
"""

type Took = Callable[[bytes], None]
"""Called with each piece as it comes, in the thread that asked for them. What it raises ends the
request.
"""


@dataclass(frozen=True, slots=True)
class Validator:
    """What tells one version of a file behind a link from another (RFC 9110, section 8.8).

    `is_same_version` compares two of them.
    """

    size: int
    """In bytes."""
    etag: str = ""
    """Entity tag as it was sent, quotation marks and ``W/`` included; empty without one."""
    modified: str = ""
    """Date of the last change, as it was sent; empty without one."""

    @property
    def is_lasting(self) -> bool:
        """Whether bytes may be kept for another session: more than the size is known."""
        return bool(self.etag or self.modified)

    @property
    def text(self) -> str:
        """As one line that is the same for the same version alone."""
        if self.etag and not self.etag.startswith("W/"):
            return f"{self.size} {self.etag}"
        return f"{self.size} {self.etag} {self.modified}"

    def is_same_version(self, other: Validator) -> bool:
        """Whether both are of one version: tags decide where both have one, else the dates.

        What one of them says and the other does not is no reason to take them for the same.

        Weak tags are compared as well (RFC 9110, section 8.8.3.2, weak comparison). They promise
        less: contents of equal meaning, such as one text in several compressions. Here no
        compression is ever asked for, the sizes must be equal, and dates must not differ; so a weak
        tag only adds a way to notice a change.
        """
        if self.size != other.size:
            return False
        if not (self.etag and other.etag):
            is_told = bool(self.modified) or self.etag == other.etag
            return is_told and self.modified == other.modified
        if self.etag.removeprefix("W/") != other.etag.removeprefix("W/"):
            return False
        is_weak = self.etag.startswith("W/") or other.etag.startswith("W/")
        return not (is_weak and self.modified and other.modified) or self.modified == other.modified


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first contact with a file told of it."""

    validator: Validator
    head: bytes = b""
    """Its first bytes, as many as were asked for; all where it has fewer."""
    tail: bytes = b""
    """Its last bytes, as many as were asked for; all where it has fewer."""
    is_unchanged: bool = False
    """Whether it is the version that was known. Head and tail may be empty then."""

    @property
    def size(self) -> int:
        """In bytes."""
        return self.validator.size


class RemoteObject(ABC):
    """One file behind a link. All ways to ask block, and are called from any thread.

    Whoever calls them may also stop waiting: requests end by themselves after a while.
    """

    link: Link

    @abstractmethod
    def open(
        self,
        *,
        head: int,
        tail: int,
        known: Validator | None = None,
        heard: Heard | None = None,
    ) -> Opening:
        """Find out size and version, and fetch both ends, in one round trip.

        Afterwards `fetch` asks for the version that was found.

        Parameters
        ----------
        head, tail : int
            Number of bytes at the beginning and at the end, at least 1 of the latter.
        known : Validator, optional
            The version that is there already. Where it still is the one, there is a single request,
            and nothing may be fetched.
        heard : callable, optional
            Called with the number of bytes of each piece.

        Raises
        ------
        NoRangesError
            When the server sends files as a whole only, and this one is larger than asked for.
        LinkError
            When there is no such file, it may not be read, or no answer came.
        """

    @abstractmethod
    def fetch(self, start: int, stop: int, took: Took) -> None:
        """Hand over the bytes ``start … stop - 1`` of the version that was opened; all of them.

        Parameters
        ----------
        start, stop : int
            ``0 ≤ start < stop ≤ size``.
        took : callable
            Called with each piece, in order, every byte once, in this thread. What it raises ends
            the request.

        Raises
        ------
        ChangedFileError
            When the file is another one than that which was opened; nothing of it is handed over.
        LinkError
            When it cannot be read any more, or no answer came. What was handed over is right.
        """

    @abstractmethod
    def whole(self) -> tuple[int | None, Iterator[bytes]]:
        """Return the size where the server says it, and all of the file in pieces, from its start.

        For servers without ranges. An iterator that is closed, or let go of, ends the request.

        Raises
        ------
        LinkError
            As for `open`; the iterator, when the file ends before all of it came.
        """

    def renew(self) -> None:  # noqa: B027  most need nothing
        """Forget connections and locks of the process that this one was forked from."""
