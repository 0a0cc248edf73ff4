"""What makes a file slow to open or to look at, as far as directory and documents tell.

No specification asks for any of this: a report tells it by the profile ``fast-to-read`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.rules import INFO, Effect, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.array_layout import ArrayLayout
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.arrays import LARGE_CHUNK_BYTES, TINY_BYTES
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.stored_arrays import Arrays, StoredArray

MANY_ENTRIES = 20_000
"""So many entries take other programs half a second to list."""
MANY_CHUNKS = 1000
"""Below so many chunks their size matters little."""
BULKY_CHUNK_BYTES = 32 << 20
"""A chunk above this size (32 MiB) takes long to fetch and to decode for the few pixels shown."""
MANY_PIXELS = 1 << 24
"""A plane of more pixels (4096 × 4096) is more than any screen shows."""
_SLOW_CODECS = frozenset({"bz2", "gzip", "lzma", "numcodecs.bz2", "numcodecs.gzip"}) | frozenset(
    {"numcodecs.lzma", "numcodecs.zlib", "zlib"}
)

JSON_FIRST_MISSING = Rule(
    "json-first-missing",
    INFO,
    "RFC-9, OME-Zarr zip files: archive comment, jsonFirst",
    "The comment says that all zarr.json come first, so that nobody has to read on for them.",
    "Repack it, which writes a repaired copy.",
    effect=Effect.SLOW,
)
ENTRIES_MANY = Rule(
    "entries-many",
    INFO,
    "RFC-9, OME-Zarr zip files: sharding",
    f"The archive holds no more than {MANY_ENTRIES:,} entries: all are listed before any is read.",
    "Repack it with shards: that gathers chunks and changes no pixel.",
    effect=Effect.SLOW,
)
LEVELS_MISSING = Rule(
    "levels-missing",
    INFO,
    "OME-Zarr: multiscales, datasets",
    f"The smallest level of an image has planes of {MANY_PIXELS >> 20} million pixels at most.",
    "Save it again with smaller levels: all pixels of the smallest one are read for an overview.",
    effect=Effect.SLOW,
)
CHUNKS_TINY = Rule(
    "chunks-tiny",
    INFO,
    "Zarr: chunks",
    f"Chunks take {readable_size(TINY_BYTES)} or more in memory where there are many.",
    "Write the image again with larger chunks, such as 256 × 256 pixels.",
    effect=Effect.SLOW,
)
CHUNKS_BULKY = Rule(
    "chunks-large",
    INFO,
    "Zarr: chunks",
    f"A chunk takes no more than {readable_size(BULKY_CHUNK_BYTES)} in memory.",
    "Write the image again with smaller chunks, and with shards to keep the entries few.",
    effect=Effect.SLOW,
)
CODEC_SLOW = Rule(
    "codec-slow",
    INFO,
    "Zarr: codecs",
    "Pixels are compressed in a way that is quick to undo, such as zstd, blosc or lz4.",
    "Write the image again with zstd, which is smaller as well.",
    effect=Effect.SLOW,
)


def check_archive_speed(index: ArchiveIndex) -> Iterator[Issue]:
    """Check what a reader has to go through before it finds the pixels of an archive."""
    if not index.claims_json_first:
        message = "The comment does not say that all zarr.json come first"
        yield issue(JSON_FIRST_MISSING, message)
    count = len(index.complete().columns)
    if count > MANY_ENTRIES:
        yield issue(ENTRIES_MANY, f"The archive holds {count:,} entries")


def check_image_speed(arrays: Arrays, judged: JudgedHierarchy) -> Iterator[Issue]:
    """Check how the images of a hierarchy are cut up and compressed."""
    levels = _levels(judged)
    for path in dict.fromkeys(path for image in levels for path in image):
        array = arrays.stored.get(path)
        if array is not None:
            yield from _check_chunks(array)
            yield from _check_codecs(array, judged)
    for image in levels:
        last = arrays.stored.get(image[-1])
        if last is not None:
            yield from _check_last_level(last)


def _levels(judged: JudgedHierarchy) -> list[list[str]]:
    """Return the paths of all levels of each image, the largest first."""
    listed = (
        [join(path, dataset.path) for dataset in image.datasets]
        for path, parsed in judged.groups.items()
        for image in parsed.group.multiscales
    )
    found = ([path for path in paths if path is not None] for paths in listed)
    return [paths for paths in found if paths]


def _check_chunks(array: StoredArray) -> Iterator[Issue]:
    size, shape, chunks = array.chunk_bytes, array.array.shape, array.array.chunks
    count = math.prod(-(-n // side) for n, side in zip(shape, chunks, strict=True) if side)
    if size < TINY_BYTES and count >= MANY_CHUNKS:
        message = f"{count:,} chunks of {readable_size(size)}: each takes as long as a larger one"
        yield issue(CHUNKS_TINY, message, array.document)
    if BULKY_CHUNK_BYTES < size <= LARGE_CHUNK_BYTES:
        message = f"Chunks of {readable_size(size)}: all of one is decoded for any pixel of it"
        yield issue(CHUNKS_BULKY, message, array.document)


def _check_codecs(array: StoredArray, judged: JudgedHierarchy) -> Iterator[Issue]:
    try:
        codecs = ArrayLayout.of(judged.nodes[array.path]).codecs
    except MetadataError:
        return  # reported where arrays are opened
    slow = [codec for codec in codecs if codec in _SLOW_CODECS]
    if slow:
        message = f"Compressed with {', '.join(slow)}, which takes several times as long to undo"
        yield issue(CODEC_SLOW, message, array.document)


def _check_last_level(array: StoredArray) -> Iterator[Issue]:
    rows, columns = array.array.shape[-2:] if len(array.array.shape) > 1 else (1, 0)
    if rows * columns > MANY_PIXELS:
        message = f"The smallest level has planes of {rows:,} × {columns:,} pixels"
        yield issue(LEVELS_MISSING, message, array.document)
