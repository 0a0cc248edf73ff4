"""ZIP archives made record by record, so that every field can be wrong on purpose."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FULL_32 = 0xFFFFFFFF
STORED, DEFLATE = 0, 8
ENCRYPTED, DATA_DESCRIPTOR, UTF8 = 0x1, 0x8, 0x800


@dataclass
class Entry:
    """One entry; a field that is None is what it should be."""

    name: str | bytes
    data: bytes = b""
    method: int = STORED
    payload: bytes | None = None
    """Bytes in the file, where they are not ``data`` compressed by ``method``."""
    flags: int | None = None
    crc: int | None = None
    size: int | None = None
    compressed_size: int | None = None
    offset: int | None = None
    local_name: str | bytes | None = None
    local_signature: bytes = b"PK\x03\x04"
    zip64_local: bool = False
    zip64_central: bool = False
    extra: bytes = b""
    disk: int = 0
    in_directory: bool = True

    def encoded_name(self, local: bool = False) -> bytes:
        name = self.local_name if local and self.local_name is not None else self.name
        return name if isinstance(name, bytes) else name.encode()

    def used_flags(self) -> int:
        if self.flags is not None:
            return self.flags
        return 0 if isinstance(self.name, bytes) or self.name.isascii() else UTF8

    def used_payload(self) -> bytes:
        if self.payload is not None:
            return self.payload
        if self.method == DEFLATE:
            deflate = zlib.compressobj(wbits=-15)
            return deflate.compress(self.data) + deflate.flush()
        return self.data


def build_zip(
    entries: Iterable[Entry] | Mapping[str, bytes],
    *,
    comment: bytes = b"",
    prefix: bytes = b"",
    prefix_counted: bool = True,
    zip64_end: bool = False,
    directory_order: Iterable[int] | None = None,
    directory_size: int | None = None,
    directory_offset: int | None = None,
    entry_count: int | None = None,
    disk: int = 0,
    comment_length: int | None = None,
    before_end: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """Return the bytes of an archive.

    ``prefix`` comes before the first entry, and offsets count it unless ``prefix_counted`` is
    false. ``before_end`` comes between the central directory and its end record, ``after`` after
    the comment. The other arguments replace what a field would say.
    """
    if isinstance(entries, Mapping):
        entries = [Entry(name, data) for name, data in entries.items()]
    listed = list(entries)
    body = bytearray(prefix)
    uncounted = 0 if prefix_counted else len(prefix)
    central = []
    for entry in listed:
        central.append(_central(entry, len(body) - uncounted))
        body += _local(entry)
    order = range(len(listed)) if directory_order is None else directory_order
    records = [central[i] for i in order if listed[i].in_directory]
    directory = b"".join(records)
    start = len(body) - uncounted if directory_offset is None else directory_offset
    size = len(directory) if directory_size is None else directory_size
    count = len(records) if entry_count is None else entry_count
    body += directory
    if zip64_end:
        place = len(body) - uncounted
        body += struct.pack(
            "<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, disk, disk, count, count, size, start
        )
        body += struct.pack("<4sIQI", b"PK\x06\x07", 0, place, 1)
        count, size, start = 0xFFFF, FULL_32, FULL_32
    body += before_end
    length = len(comment) if comment_length is None else comment_length
    body += struct.pack("<4s4H2IH", b"PK\x05\x06", disk, disk, count, count, size, start, length)
    return bytes(body + comment + after)


def ome_comment(version: str = "0.5", *, json_first: object = None) -> bytes:
    """Return the archive comment of RFC-9."""
    ome: dict[str, object] = {"version": version}
    if json_first is not None:
        ome["zipFile"] = {"centralDirectory": {"jsonFirst": json_first}}
    return json.dumps({"ome": ome}).encode()


def group(**attributes: object) -> bytes:
    """Return the ``zarr.json`` of a group."""
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return json.dumps(document).encode()


def _local(entry: Entry) -> bytes:
    name, payload = entry.encoded_name(local=True), entry.used_payload()
    size = len(entry.data) if entry.size is None else entry.size
    stored = len(payload) if entry.compressed_size is None else entry.compressed_size
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    descriptor = bool(entry.used_flags() & DATA_DESCRIPTOR)
    extra = entry.extra
    after = struct.pack("<4s3I", b"PK\x07\x08", crc, len(payload), len(entry.data))
    if entry.zip64_local:
        extra = struct.pack("<2H2Q", 1, 16, size, stored) + extra
        size = stored = FULL_32
    if descriptor:
        crc = size = stored = 0
    header = struct.pack(
        "<4s5H3I2H",
        entry.local_signature,
        20,
        entry.used_flags(),
        entry.method,
        0,
        33,
        crc,
        size & FULL_32,
        stored & FULL_32,
        len(name),
        len(extra),
    )
    return header + name + extra + payload + (after if descriptor else b"")


def _central(entry: Entry, offset: int) -> bytes:
    name, payload = entry.encoded_name(), entry.used_payload()
    size = len(entry.data) if entry.size is None else entry.size
    stored = len(payload) if entry.compressed_size is None else entry.compressed_size
    place = offset if entry.offset is None else entry.offset
    extra = entry.extra
    if entry.zip64_central or max(size, stored, place) >= FULL_32:
        extra = struct.pack("<2H3Q", 1, 24, size, stored, place) + extra
        size = stored = place = FULL_32
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    header = struct.pack(
        "<4s6H3I5H2I",
        b"PK\x01\x02",
        0x0314,
        20,
        entry.used_flags(),
        entry.method,
        0,
        33,
        crc,
        stored,
        size,
        len(name),
        len(extra),
        0,
        entry.disk,
        0,
        0o100644 << 16,
        place,
    )
    return header + name + extra
