"""A file behind a link."""

from __future__ import annotations

from napari_ome_zip.files.byte_file import ByteFile, Fingerprint
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.web import WebObject


class RemoteFile(ByteFile):
    """A file on a server, of which ranges are asked for."""

    is_remote = True

    def __init__(self, link: Link) -> None:
        self.place = link
        self.source = link.source
        self.label = repr(link.name)
        self._object = WebObject(link)
        self.size = self._object.size

    def read(self, offset: int, length: int) -> bytes:
        # docstring inherited
        length = min(length, self.size - offset)
        return self._object.fetch(offset, offset + length) if length > 0 else b""

    def read_into(self, offset: int, buffer: memoryview) -> int:
        # docstring inherited
        data = self.read(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def fingerprint(self) -> Fingerprint:
        # docstring inherited
        return self.size, self._object.validator

    @property
    def is_current(self) -> bool:
        # docstring inherited
        return WebObject(self._object.link).validator == self._object.validator
