"""Ways to harm the entries of an archive, and the chunks in them; or only to write them unusually.

Each kind of harm comes with what must be seen of it, which follows from how it was made.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import google_crc32c
import numpy as np

from stored_arrays import StoredArray
from zipbuilder import DATA_DESCRIPTOR, DEFLATE, ENCRYPTED, Entry, build_zip

WHOLE, BLANK = "whole", "blank"


@dataclass(frozen=True)
class Harm:
    """What was done to one entry, and what is seen of it."""

    change: Callable[[Entry, random.Random], None]
    """Of its records."""
    shown: str | None
    """`WHOLE`, `BLANK`, or None where it depends on the codec."""
    said: str = ""
    """Part of the message about it."""
    in_part: bool = False
    """Whether parts of it, such as chunks of a shard, can be read all the same."""
    patch: Callable[[bytearray, int, random.Random], None] | None = None
    """Of the archive's bytes; with the offset of its local header."""


def _set(**fields: object) -> Callable[[Entry, random.Random], None]:
    def change(entry: Entry, _: random.Random) -> None:
        for name, value in fields.items():
            setattr(entry, name, value)

    return change


def flipped(content: bytes, rng: random.Random, start: int = 0, stop: int | None = None) -> bytes:
    """The content with one bit changed, between two offsets."""
    changed = bytearray(content)
    if changed:
        changed[rng.randrange(start, len(content) if stop is None else stop)] ^= 1 << rng.randrange(
            8
        )
    return bytes(changed)


def _flip(entry: Entry, rng: random.Random) -> None:
    entry.payload = flipped(entry.data, rng)


def _wrong_crc(entry: Entry, rng: random.Random) -> None:
    entry.crc = zlib.crc32(entry.data) ^ 1 << rng.randrange(32)


def _two_sizes(entry: Entry, rng: random.Random) -> None:
    sizes = [len(entry.data), len(entry.data) + rng.choice([-1, 1, 9])]
    rng.shuffle(sizes)
    entry.compressed_size, entry.size = sizes


def _too_long(entry: Entry, _: random.Random) -> None:
    entry.compressed_size = entry.size = len(entry.data) + (1 << 30)


def _broken_deflate(entry: Entry, _: random.Random) -> None:
    entry.method, entry.payload = DEFLATE, b"\xff" * len(entry.data)


def _padded(entry: Entry, rng: random.Random) -> None:
    length = rng.randrange(400)
    entry.extra = b"\x35\xd9" + length.to_bytes(2, "little") + bytes(length)


def _other_name(entry: Entry, _: random.Random) -> None:
    entry.local_name = bytes(reversed(entry.encoded_name()))


def _nothing(_: Entry, __: random.Random) -> None: ...


def _patch_signature(content: bytearray, at: int, rng: random.Random) -> None:
    content[at + rng.randrange(4)] ^= 1 << rng.randrange(8)


def _patch_lengths(content: bytearray, at: int, rng: random.Random) -> None:
    content[at + 26 + 2 * rng.randrange(2)] ^= 1 << rng.randrange(5)


def _patch_fields(content: bytearray, at: int, rng: random.Random) -> None:
    """Change version, flags, method, time, CRC or sizes, which the directory holds too."""
    content[at + rng.randrange(4, 26)] ^= 1 << rng.randrange(8)


UNUSUAL = {
    "deflate": Harm(_set(method=DEFLATE), WHOLE),
    "extra field": Harm(_padded, WHOLE),
    "zip64 in its header": Harm(_set(zip64_local=True), WHOLE),
    "zip64 in the directory": Harm(_set(zip64_central=True), WHOLE),
    "sizes behind it": Harm(_set(flags=DATA_DESCRIPTOR), WHOLE),
    "another name in its header": Harm(_other_name, WHOLE),
    "other fields in its header": Harm(_nothing, WHOLE, patch=_patch_fields),
}
"""Entries that are written in another way than usual, and read all the same."""

HARMS = {
    "a bit": Harm(_flip, None, "its checksum is"),
    "the checksum": Harm(_wrong_crc, WHOLE, "its checksum is"),
    "the signature": Harm(_nothing, BLANK, "does not begin where", patch=_patch_signature),
    "lengths in its header": Harm(_nothing, None, "is damaged", patch=_patch_lengths),
    "its offset": Harm(_set(offset=0), None, "its checksum is"),
    "an offset into nothing": Harm(_set(offset=7), BLANK, "does not begin where"),
    "two sizes": Harm(_two_sizes, BLANK, "its sizes differ"),
    "beyond the end": Harm(_too_long, BLANK, "the file ends before", in_part=True),
    "encrypted": Harm(_set(flags=ENCRYPTED), BLANK, "needs a password"),
    "a method that is not known": Harm(_set(method=9), BLANK, "cannot be read here"),
    "broken deflate": Harm(_broken_deflate, BLANK, "do not unpack"),
}
"""Entries whose records or bytes are wrong."""


def harmed_archive(
    entries: Mapping[str, bytes], kinds: Mapping[str, str], rng: random.Random
) -> bytes:
    """An archive in which some entries are harmed, or unusual, by their names."""
    # The first entry is none of the array's: where an offset is wrong, it is read instead.
    listed = [Entry("readme.txt", bytes(64))]
    names = list(entries)
    rng.shuffle(names)
    table = UNUSUAL | HARMS
    for name in names:
        entry = Entry(name, entries[name])
        if name in kinds:
            table[kinds[name]].change(entry, rng)
        listed.append(entry)
    directory = list(range(len(listed)))
    if rng.random() < 0.3:
        rng.shuffle(directory)
    content = bytearray(build_zip(listed, directory_order=directory))
    offset = 0
    for entry in listed:
        at = content.index(entry.encoded_name(local=True), offset) - 30
        offset = at + 30
        kind = kinds.get(entry.name if isinstance(entry.name, str) else "")
        patch = None if kind is None else table[kind].patch
        if patch is not None:
            patch(content, at, rng)
    return bytes(content)


def harmed_chunk(
    stored: StoredArray, content: bytes, rng: random.Random, index: bool = True
) -> bytes:
    """The bytes of a stored object with something wrong in them.

    Of a shard, in some of its chunks; or, where ``index`` says so, in its index or anywhere.
    """
    kinds: list[Callable[[bytes, random.Random], bytes]] = [
        flipped,
        lambda b, r: b[: r.randrange(len(b))],
        lambda b, r: b + bytes(r.randrange(1, 40)),
        lambda b, _: b"",
        lambda b, r: r.randbytes(len(b)),
    ]
    if stored.sharded:
        shard = _Shard(stored)
        others = [shard.harm_index, flipped, kinds[1]]
        kinds = 3 * [shard.harm_inner] + (others if index else [])
    return rng.choice(kinds)(content, rng)


class _Shard:
    """The parts of a shard (Zarr v3, sharding codec, "Binary shard format")."""

    def __init__(self, stored: StoredArray) -> None:
        sides = zip(stored.objects, stored.chunks, strict=True)
        size = 16 * math.prod(o // c for o, c in sides)
        self._checked = len(stored.serializer.index_codecs) > 1
        whole = size + 4 * self._checked
        self._first = 0 if stored.serializer.index_location == "start" else -whole
        self._size = size

    def _index(self, content: bytes) -> tuple[int, np.ndarray]:
        """Where the index begins, and its offsets and lengths."""
        start = self._first % len(content) if self._first else 0
        numbers = np.frombuffer(content, "<u8", self._size // 8, start)
        return start, numbers.reshape(-1, 2).copy()

    def harm_inner(self, content: bytes, rng: random.Random) -> bytes:
        """Change one bit of each of some inner chunks."""
        _, numbers = self._index(content)
        there = [row for row in numbers.tolist() if row[0] < len(content) and row[1]]
        for offset, length in rng.sample(there, min(len(there), rng.choice([1, 1, 2]))):
            content = flipped(content, rng, offset, offset + length)
        return content

    def harm_index(self, content: bytes, rng: random.Random) -> bytes:
        """Change one number of the index; its checksum is right again, mostly."""
        start, numbers = self._index(content)
        row, column = rng.randrange(len(numbers)), rng.randrange(2)
        numbers[row, column] = rng.choice([0, 1, len(content), 1 << 40])
        index = numbers.tobytes()
        if self._checked and rng.random() < 0.7:
            index += google_crc32c.value(index).to_bytes(4, "little")
        return content[:start] + index + content[start + len(index) :]
