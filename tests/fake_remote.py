"""A file behind a link that is no server: it counts what is asked, and may change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from napari_ome_zip.errors import ChangedFileError
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import Heard, Opening, RemoteObject, Took, Validator


@dataclass
class FakeServer:
    """What lies behind all links, and what was asked.

    Attributes
    ----------
    content, etag, modified
        What is served now.
    asked : list of str
        Each request: ``open``, ``open again``, or the range.
    gate : threading.Event
        Every answer waits for it.
    """

    content: bytes
    etag: str = '"1"'
    modified: str = ""
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def version(self) -> Validator:
        return Validator(len(self.content), self.etag, self.modified)

    def connect(self, link: Link) -> RemoteObject:
        return _FakeObject(link, self)


class _FakeObject(RemoteObject):
    def __init__(self, link: Link, server: FakeServer) -> None:
        self.link, self._server = link, server
        self._version: Validator | None = None

    def open(
        self, *, head: int, tail: int, known: Validator | None = None, heard: Heard | None = None
    ) -> Opening:
        server = self._server
        server.asked.append("open" if known is None else "open again")
        server.gate.wait(60)
        self._version = server.version
        if known is not None and known.is_same_version(server.version):
            return Opening(known, is_unchanged=True)
        return Opening(server.version, server.content[:head], server.content[-tail:])

    def fetch(self, start: int, stop: int, took: Took) -> None:
        self._server.asked.append(f"{start}-{stop}")
        self._server.gate.wait(60)
        if self._server.version != self._version:
            raise ChangedFileError("The file was changed while it was open. Open it again.")
        took(self._server.content[start:stop])

    def whole(self) -> tuple[int | None, Iterator[bytes]]:
        return len(self._server.content), iter([self._server.content])
