"""Arrays in any of the ways that images are stored, written by zarr and read back by zarr alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numcodecs
import numpy as np
import zarr
from hypothesis import Phase
from hypothesis import strategies as st
from zarr.buffer import default_buffer_prototype
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)
from zarr.storage import MemoryStore

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.names import is_document
from napari_ome_zip.pixels.grid import Region

PATH = "a"
"""Of the array in its hierarchy."""

UNSHRUNK = (Phase.explicit, Phase.generate)
"""Of tests with whole arrays: to look for smaller ones that fail would take minutes."""

FILLS = {
    "|u1": [0, 255],
    "<i2": [0, -7],
    ">i2": [-7],
    "<u2": [0, 9],
    ">u2": [0],
    "<u4": [0],
    ">u4": [1],
    "<f4": [0.0, np.nan],
    ">f4": [-1.5],
    "<f8": [-np.inf],
    ">f8": [np.nan],
    "|b1": [False, True],
    "<c8": [0j],
    ">c8": [1 - 2j],
}
"""Data types as stored, and fill values of each."""

FEW, MANY = "few", "many"
"""Chunks of a few pixels each: at most 3 along each axis, or at least `MANY_CHUNKS` in all."""
SIZES = (FEW, MANY, 24 << 10, 48 << 10, 96 << 10)
"""Of chunks: small ones, or decoded bytes, about, around what may be decided by them."""
MANY_CHUNKS = 150
_MAX_BYTES = 1 << 20
"""Of an array of large chunks: more than is read without another thread."""

LATER = (
    (),
    (ZstdCodec(),),
    (ZstdCodec(level=1, checksum=True),),
    (GzipCodec(level=1),),
    (BloscCodec(cname="lz4", shuffle="shuffle"),),
    (BloscCodec(cname="zstd", shuffle="bitshuffle"),),
    (BloscCodec(cname="lz4", shuffle="noshuffle"),),
    (Crc32cCodec(),),
    (ZstdCodec(), Crc32cCodec()),
)
"""Codecs from bytes to bytes of Zarr v3."""
COMPRESSORS = (
    None,
    numcodecs.Zstd(1),
    numcodecs.GZip(1),
    numcodecs.Blosc("lz4", shuffle=numcodecs.Blosc.SHUFFLE),
    numcodecs.Blosc("zstd", shuffle=numcodecs.Blosc.BITSHUFFLE),
    numcodecs.LZ4(),
)
"""Those of Zarr v2."""


@dataclass(frozen=True)
class StoredArray:
    """An array of a hierarchy, and what zarr reads of it."""

    document: str
    """As zarr wrote it."""
    entries: dict[str, bytes] = field(repr=False)
    """Of the whole hierarchy; the array lies at `PATH`."""
    pixels: np.ndarray = field(repr=False)
    """All pixels as zarr reads them, in native byte order."""
    chunks: tuple[int, ...]
    objects: tuple[int, ...]
    """Shape of what is stored as one entry: of a shard, or of a chunk where there are none."""
    fill: Any
    serializer: Any = field(repr=False)
    """Of Zarr v3; that of shards says how they are written."""

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Hypothesis would print all bytes."""
        printer.text(repr(self))

    @property
    def sharded(self) -> bool:
        return self.chunks != self.objects

    @property
    def is_unsafe(self) -> bool:
        """Whether zarr decodes it by blosc, which reads beyond the end of damaged bytes."""
        left_to_zarr = "transpose" in self.document or '"order": "F"' in self.document
        return left_to_zarr and "blosc" in self.document

    @property
    def blank(self) -> np.ndarray:
        """An array of the fill value alone."""
        return np.full_like(self.pixels, self.fill)

    @property
    def names(self) -> list[str]:
        """Names of the entries that hold pixels."""
        return [name for name in self.entries if not is_document(name)]

    def name_at(self, region: Region) -> str:
        """Name of the entry for a region that lies in one; empty where it is not stored."""
        corner = [s.start // n * n for s, n in zip(region, self.objects, strict=True)]
        return self._names.get(tuple(corner), "")

    @cached_property
    def _names(self) -> dict[tuple[int, ...], str]:
        return {tuple(s.start for s in self.region(name)): name for name in self.names}

    def region(self, name: str) -> Region:
        """Where the pixels of an entry lie."""
        numbers = name.removeprefix(f"{PATH}/").removeprefix("c").replace(".", "/").split("/")
        sides = zip([int(n) for n in numbers if n], self.objects, self.pixels.shape, strict=True)
        return tuple(slice(i * n, min((i + 1) * n, size)) for i, n, size in sides)


def documents(entries: dict[str, bytes]) -> list[str]:
    return [name for name in entries if is_document(name)]


@st.composite
def stored_arrays(
    draw: st.DrawFn,
    *,
    sizes: Sequence[str | int] = SIZES,
    sharded: bool | None = None,
) -> StoredArray:
    """An array of any layout, codecs and data type.

    Parameters
    ----------
    sizes : sequence
        Those of `SIZES` that its chunks may have.
    sharded : bool, optional
        Whether its chunks lie in shards; by default, either.
    """
    dtype = np.dtype(draw(st.sampled_from(list(FILLS))))
    fill = draw(st.sampled_from(FILLS[dtype.str]))
    zarr_format = 3 if sharded else draw(st.sampled_from([2, 3, 3]))
    size = draw(st.sampled_from(sizes))
    chunks, grid = (
        _small(draw, size == MANY) if isinstance(size, str) else _large(draw, size, dtype.itemsize)
    )
    if zarr_format == 2:
        stored_as, options = chunks, _options_of_version_2(draw)
    else:
        in_shards = draw(st.booleans()) if sharded is None else sharded
        stored_as = _shard(draw, chunks, grid) if in_shards else chunks
        options = _options_of_version_3(draw, dtype, chunks, in_shards)
    # At the border a chunk may reach beyond the array; where it is the only one, by much.
    missing = [draw(st.integers(0, c - 1)) if draw(st.booleans()) else 0 for c in chunks]
    shape = tuple(c * n - gone for c, n, gone in zip(chunks, grid, missing, strict=True))
    pixels = _pixels(shape, dtype, fill, draw(st.integers(0, 99)))
    builder = HierarchyBuilder(zarr_format).array(
        PATH, pixels, chunks=stored_as, fill_value=fill, **options
    )
    _lose_some(draw, builder)
    entries = dict(sorted(builder.entries.items()))  # zarr writes chunks in any order
    return StoredArray(
        document=entries[f"{PATH}/{'zarr.json' if zarr_format == 3 else '.zarray'}"].decode(),
        entries=entries,
        pixels=read_by_zarr(entries),
        chunks=chunks,
        objects=stored_as,
        fill=fill,
        serializer=options.get("serializer"),
    )


def _options_of_version_2(draw: st.DrawFn) -> dict[str, Any]:
    separator = draw(st.sampled_from("./"))
    return {
        "compressors": draw(st.sampled_from(COMPRESSORS)),
        "order": draw(st.sampled_from("CCCF")),
        "chunk_key_encoding": {"name": "v2", "separator": separator},
    }


def _options_of_version_3(
    draw: st.DrawFn, dtype: np.dtype[Any], chunks: tuple[int, ...], sharded: bool
) -> dict[str, Any]:
    transposed = draw(st.integers(0, 6)) == 6
    order = draw(st.permutations(range(len(chunks))))
    first: list[Any] = [TransposeCodec(order=order)] if transposed else []
    pixels: Any = BytesCodec(endian="big" if dtype.byteorder == ">" else "little")
    later: Any = draw(st.sampled_from(LATER))
    if sharded:
        pixels = ShardingCodec(
            chunk_shape=chunks,
            codecs=[*first, pixels, *later],
            index_codecs=draw(st.sampled_from([(BytesCodec(),), (BytesCodec(), Crc32cCodec())])),
            index_location=draw(st.sampled_from(["start", "end"])),
        )
        first, later = [], ()
    separator = draw(st.sampled_from("./"))
    return {
        "filters": first,
        "serializer": pixels,
        "compressors": later,
        "chunk_key_encoding": {"name": "default", "separator": separator},
    }


def _shard(draw: st.DrawFn, chunks: tuple[int, ...], grid: list[int]) -> tuple[int, ...]:
    """Shape of a shard of at least two chunks."""
    counts = [draw(st.integers(1, min(n, 3))) for n in grid]
    if math.prod(counts) == 1:
        counts[-1] = 2
    return tuple(c * n for c, n in zip(chunks, counts, strict=True))


def read_by_zarr(entries: dict[str, bytes], region: Any = ...) -> np.ndarray:
    """Pixels as zarr reads them, in native byte order."""
    of_bytes = default_buffer_prototype().buffer.from_bytes
    store = MemoryStore({name: of_bytes(content) for name, content in entries.items()})
    found = np.asarray(zarr.open_array(store, path=PATH, mode="r")[region])
    return found.astype(found.dtype.newbyteorder("="))


def _small(draw: st.DrawFn, many: bool) -> tuple[tuple[int, ...], list[int]]:
    """Shape of a chunk of a few pixels, and how many there are along each axis."""
    ndim = draw(st.sampled_from([3, 2, 4, 5, 1]))
    chunks = [draw(st.integers(1, 5)) for _ in range(ndim)]
    grid = [draw(st.integers(1, 3)) for _ in range(ndim)]
    if many:
        axis = draw(st.integers(0, ndim - 1))
        others = math.prod(grid) // grid[axis]
        grid[axis] = max(grid[axis], -(-MANY_CHUNKS // others))
    return tuple(chunks), grid


def _large(draw: st.DrawFn, size: int, itemsize: int) -> tuple[tuple[int, ...], list[int]]:
    """Shape of a chunk of about so many bytes, and how many there are along each axis."""
    ndim = draw(st.sampled_from([3, 2, 4, 5, 1]))
    # Planes, bars or cubes: what is not given to one axis is left to those that follow.
    chunks, left = [], size // itemsize
    for axis in range(ndim - 1):
        even = round(left ** (1 / (ndim - axis)))
        chunks.append(draw(st.sampled_from([1, max(1, even // 2), even])))
        left = max(1, left // chunks[-1])
    grid, count = [], max(1, _MAX_BYTES // size)
    for _ in range(ndim):
        grid.append(draw(st.integers(1, min(4, count))))
        count = max(1, count // grid[-1])
    if draw(st.booleans()):
        grid[draw(st.integers(0, ndim - 1))] *= count
    return (*chunks, left), grid


def _pixels(shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any, seed: int) -> np.ndarray:
    """Pixels that can be compressed, part of which is the fill value, so is not stored."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 2 if dtype.kind == "b" else 40, shape).astype(dtype)
    if dtype.kind in "fc":
        pixels = (pixels / 8).astype(dtype)
        pixels[rng.random(shape) < 0.01] = np.nan
    first = int(rng.integers(0, shape[0] + 1))
    pixels[first : first + shape[0] // 3] = fill
    return pixels


def _lose_some(draw: st.DrawFn, builder: HierarchyBuilder) -> None:
    """Take some stored chunks away: they read as the fill value."""
    there = sorted(name for name in builder.entries if not is_document(name))
    if there:
        builder.remove(*draw(st.lists(st.sampled_from(there), max_size=2, unique=True)))
