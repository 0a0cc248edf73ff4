"""Codecs from bytes to bytes, called directly: nothing stands between them and the C library."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Protocol

import google_crc32c
import numpy as np
import numpy.typing as npt
from numcodecs import Blosc, GZip, Zstd, blosc, zstd
from zarr.abc.codec import Codec
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

type Content = bytes | memoryview


type Bytes = npt.NDArray[np.uint8]
"""Memory that is decoded into."""


class Step(Protocol):
    """A codec from bytes to bytes."""

    def encode(self, content: Any) -> Any:
        """From the pixels on."""

    def decode(self, content: Any, size: int | None = None) -> Any:
        """Back; more than ``size`` bytes are refused before they take memory."""

    def decode_into(self, content: Content, out: Bytes) -> None:
        """Back, to bytes of just the size of ``out``."""


def step_of(codec: Codec) -> Step | None:
    """The same codec without zarr around it; None for an unusual one."""
    match codec:
        case Crc32cCodec():
            return Checksum()
        case ZstdCodec(level=level, checksum=checksum):
            return _Zstd(Zstd(level, checksum))
        case GzipCodec(level=level):
            return _GZip(GZip(level))
        case BloscCodec():
            numbers = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
            shuffle = numbers[codec.shuffle]
            typesize = codec.typesize
            return _Blosc(Blosc(codec.cname, codec.clevel, shuffle, codec.blocksize, typesize))
    return None


def step_of_compressor(compressor: Any) -> Step | None:
    """The same for a compressor of Zarr v2, which is numcodecs' own."""
    for kind, wrapped in ((Blosc, _Blosc), (GZip, _GZip), (Zstd, _Zstd)):
        if isinstance(compressor, kind):
            return wrapped(compressor)
    return None


@dataclass(frozen=True)
class _Numcodec:
    """A codec of numcodecs, whose C library trusts what the bytes say of themselves."""

    codec: Any

    def encode(self, content: Any) -> Any:
        return self.codec.encode(content)

    def decode(self, content: Content, size: int | None = None) -> Any:
        claimed = self._claimed(content)
        if size is not None and claimed is not None and claimed > size:
            raise ValueError(f"It claims to hold {claimed:,} bytes, {size:,} were expected.")
        return self.codec.decode(content)

    def decode_into(self, content: Content, out: Bytes) -> None:
        if self._claimed(content) != out.size:
            fill(out, self.decode(content, out.size))
            return
        self._decompress(content, out)

    def _claimed(self, content: Content) -> int | None:
        """Bytes that it claims to decode to; None where it does not say."""
        raise NotImplementedError

    def _decompress(self, content: Content, out: Bytes) -> None:
        """Decode what claims to have the size of ``out``."""
        raise NotImplementedError


def refuse_incomplete_blosc(content: Content) -> None:
    """Raise `ValueError` where Blosc's library would read, and show, memory behind the content.

    Blosc 1 header: decoded size at 4, encoded size at 12; the library reads that many bytes.
    """
    if len(content) < 16 or int.from_bytes(content[12:16], "little") > len(content):
        raise ValueError(f"It is incomplete: only {len(content):,} bytes are there.")


class _Blosc(_Numcodec):
    def _claimed(self, content: Content) -> int | None:
        refuse_incomplete_blosc(content)
        return int.from_bytes(content[4:8], "little")

    def _decompress(self, content: Content, out: Bytes) -> None:
        blosc.decompress(content, out)


class _Zstd(_Numcodec):
    def _claimed(self, content: Content) -> int | None:
        # RFC 8878, section 3.1.1.1: frame header.
        if content[:4] != b"\x28\xb5\x2f\xfd" or len(content) < 6:
            return None
        described = content[4]
        single, kind = described >> 5 & 1, described >> 6
        width = (single, 2, 4, 8)[kind]
        start = 6 - single + (0, 1, 2, 4)[described & 3]
        size = int.from_bytes(content[start : start + width], "little")
        return None if width == 0 else size + 256 * (width == 2)

    def _decompress(self, content: Content, out: Bytes) -> None:
        zstd.decompress(content, out)


class _GZip(_Numcodec):
    def decode_into(self, content: Content, out: Bytes) -> None:
        fill(out, self.decode(content, out.size))

    def decode(self, content: Content, size: int | None = None) -> Any:
        if size is None:
            return self.codec.decode(content)
        # It claims nothing, so decoding stops one byte after what is expected.
        inflate = zlib.decompressobj(wbits=31)
        decoded = inflate.decompress(content, size + 1)
        if len(decoded) > size:
            raise ValueError(f"It holds more than the {size:,} bytes that were expected.")
        if not inflate.eof:
            raise ValueError("It is incomplete: its end is missing.")
        return self.codec.decode(content) if inflate.unused_data else decoded


def fill(out: Bytes, content: Content) -> None:
    """Copy decoded bytes to where they belong.

    Raises
    ------
    ValueError
        When they are too few or too many.
    """
    if len(content) != out.size:
        raise ValueError(f"It holds {len(content):,} bytes, {out.size:,} were expected.")
    out[...] = np.frombuffer(content, np.uint8)


class Checksum:
    """CRC-32C after the bytes it is of (Zarr v3, crc32c codec)."""

    def encode(self, content: Any) -> bytes:
        inner = bytes(content)
        checksum: int = google_crc32c.value(inner)
        return inner + checksum.to_bytes(4, "little")

    def decode(self, content: Content, size: int | None = None) -> Content:
        inner = content[:-4]
        found = google_crc32c.value(bytes(inner))
        written = int.from_bytes(content[-4:], "little")
        if found != written:
            raise ValueError(
                f"The checksum of a chunk or of a shard's index is {found:08x}, "
                f"{written:08x} was written."
            )
        return inner

    def decode_into(self, content: Content, out: Bytes) -> None:
        fill(out, self.decode(content))
