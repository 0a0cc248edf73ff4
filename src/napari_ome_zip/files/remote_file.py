"""A file behind a link."""

from __future__ import annotations

from napari_ome_zip.files.byte_file import ByteFile, Fingerprint
from napari_ome_zip.files.connecting import remote_object
from napari_ome_zip.files.links import Link


class RemoteFile(ByteFile):
    """A file on a server, of which ranges are asked for."""

    is_remote = True

    def __init__(self, link: Link) -> None:
        self.place = link
        self.source = link.source
        self.label = repr(link.name)
        self._object = remote_object(link)
        self._version = self._object.open(head=1, tail=1).validator
        self.size = self._version.size

    def read(self, offset: int, length: int) -> bytes:
        # docstring inherited
        length = min(length, self.size - offset)
        parts: list[bytes] = []
        if length > 0:
            self._object.fetch(offset, offset + length, parts.append)
        return b"".join(parts)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        # docstring inherited
        data = self.read(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def fingerprint(self) -> Fingerprint:
        # docstring inherited
        return self.size, self._version.text

    @property
    def is_current(self) -> bool:
        # docstring inherited
        known = self._version
        return remote_object(self._object.link).open(head=1, tail=1, known=known).is_unchanged
