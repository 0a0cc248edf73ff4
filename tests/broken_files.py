"""A valid archive made record by record, and the same broken in exactly one way for each rule."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pictures import THUMBNAILS_UUID, png
from zipbuilder import DEFLATE, ENCRYPTED, Entry, build_zip, ome_comment

SHAPE = (40, 50)
ZSTD = [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 1, "checksum": False}}]
PIXELS = (np.arange(2000).reshape(SHAPE) % 251 + 1).astype(np.uint8)


def axes() -> list[dict[str, str]]:
    return [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def root(version: str = "0.5", **changes: Any) -> dict[str, Any]:
    """Return the document of an image of one level."""
    steps = [{"type": "scale", "scale": [0.5, 0.5]}]
    image = {
        "name": "cells",
        "axes": axes(),
        "datasets": [{"path": "0", "coordinateTransformations": steps}],
    }
    ome = {"version": version, "multiscales": [image]}
    return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}} | changes


def array(chunks: tuple[int, ...] = SHAPE, **changes: Any) -> dict[str, Any]:
    """Return the document of an array whose chunks are stored as they are."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(SHAPE),
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes"}],
        "dimension_names": ["y", "x"],
        "attributes": {},
    }
    return document | changes


def entry(name: str, content: bytes | Mapping[str, Any], **changes: Any) -> Entry:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return replace(Entry(name, data, zip64_central=True, zip64_local=True), **changes)


def entries() -> list[Entry]:
    """Return the entries of the valid archive."""
    return [
        entry("zarr.json", root()),
        entry("0/zarr.json", array()),
        entry("0/c/0/0", PIXELS.tobytes()),
    ]


def write(folder: Path, listed: list[Entry], *, name: str = "cells.ozx", **options: Any) -> Path:
    """Write an archive of these entries that is valid but for them and for the options."""
    options = {"comment": ome_comment("0.5", json_first=True), "zip64_end": True} | options
    path = folder / name
    path.write_bytes(build_zip(listed, **options))
    return path


@dataclass(frozen=True)
class Broken:
    """A way to break the valid archive."""

    code: str
    make: Callable[[Path], Path]
    also: frozenset[str] = frozenset()
    """What cannot but be reported with it."""
    deep: bool = False
    profile: str = "rfc9"
    """By which it is told."""


BROKEN: list[Broken] = []


def breaks(
    code: str, *also: str, deep: bool = False, profile: str = "rfc9"
) -> Callable[[Any], Any]:
    def register(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        BROKEN.append(Broken(code, make, frozenset(also), deep, profile))
        return make

    return register


def _changed(row: int, **changes: Any) -> list[Entry]:
    listed = entries()
    listed[row] = replace(listed[row], **changes)
    return listed


# Files that cannot be used


@breaks("file-empty")
def _(folder: Path) -> Path:
    path = folder / "cells.ozx"
    path.write_bytes(b"")
    return path


@breaks("not-a-zip")
def _(folder: Path) -> Path:
    path = folder / "cells.ozx"
    path.write_bytes(b"\x1f\x8b" + bytes(100))
    return path


@breaks("archive-incomplete")
def _(folder: Path) -> Path:
    path = write(folder, entries())
    path.write_bytes(path.read_bytes()[:-300])
    return path


@breaks("archive-split")
def _(folder: Path) -> Path:
    return write(folder, entries(), zip64_end=False, disk=2)


@breaks("directory-too-large")
def _(folder: Path) -> Path:
    # A sparse file: the directory claims 600 MiB of it.
    path = folder / "cells.ozx"
    claimed = 600 << 20
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, claimed, 0, 0)
    with path.open("wb") as out:
        out.write(b"PK\x03\x04")
        out.seek(claimed)
        out.write(end)
    return path


@breaks("names-collide")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("0\\c\\0\\0", b"other")])


# What the archive holds


@breaks("archive-empty")
def _(folder: Path) -> Path:
    return write(folder, [entry("folder/", b"")])


@breaks("no-hierarchy")
def _(folder: Path) -> Path:
    return write(folder, [entry("cells.tif", b"II*\0")])


@breaks("root-missing")
def _(folder: Path) -> Path:
    first = entry("1/zarr.json", array())
    return write(folder, [first, *entries()[1:], entry("1/c/0/0", PIXELS.tobytes())])


@breaks("several-hierarchies")
def _(folder: Path) -> Path:
    listed = [replace(e, name=f"{n}.zarr/{e.name}") for e in entries() for n in "ab"]
    return write(folder, listed)


@breaks("second-hierarchy")
def _(folder: Path) -> Path:
    other = [replace(e, name=f"b/{e.name}") for e in entries()]
    documents = [*entries()[:1], other[0], entries()[1], other[1]]
    return write(folder, [*documents, entries()[2], other[2]])


@breaks("root-in-folder")
def _(folder: Path) -> Path:
    return write(folder, [replace(e, name=f"cells.zarr/{e.name}") for e in entries()])


@breaks("root-zarr-v2")
def _(folder: Path) -> Path:
    image = root()["attributes"]["ome"]["multiscales"][0] | {"version": "0.4"}
    array_v2 = {
        "zarr_format": 2,
        "shape": list(SHAPE),
        "chunks": list(SHAPE),
        "dtype": "|u1",
        "compressor": None,
        "filters": None,
        "fill_value": 0,
        "order": "C",
        "dimension_separator": "/",
    }
    listed = [
        entry(".zgroup", {"zarr_format": 2}),
        entry(".zattrs", {"multiscales": [image]}),
        entry("0/.zarray", array_v2),
        entry("0/0/0", PIXELS.tobytes()),
    ]
    return write(folder, listed, comment=ome_comment("0.4"))


@breaks("archive-in-archive")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("inner.ozx", b"PK")])


# The order of entries


@breaks("json-first-untrue", "documents-not-first")
def _(folder: Path) -> Path:
    first, second, third = entries()
    return write(folder, [first, third, second])


@breaks("root-not-first", "documents-not-first")
def _(folder: Path) -> Path:
    first, second, third = entries()
    # In the file a chunk lies first, then the documents; the directory has the right order.
    return write(folder, [third, first, second], directory_order=[1, 2, 0])


@breaks("documents-not-first")
def _(folder: Path) -> Path:
    first, second, third = entries()
    return write(folder, [first, third, second], comment=ome_comment("0.5"))


# What an archive should be like


@breaks("no-zip64")
def _(folder: Path) -> Path:
    listed = [replace(e, zip64_central=False, zip64_local=False) for e in entries()]
    return write(folder, listed, zip64_end=False)


@breaks("zip-compression")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, method=DEFLATE))


@breaks("arrays-unsharded")
def _(folder: Path) -> Path:
    halves = [entry(f"0/c/0/{n}", PIXELS[:, 25 * n :][:, :25].tobytes()) for n in range(2)]
    return write(folder, [entries()[0], entry("0/zarr.json", array((40, 25))), *halves])


@breaks("name-not-ozx")
def _(folder: Path) -> Path:
    return write(folder, entries(), name="cells.zip")


@breaks("name-ome-zip")
def _(folder: Path) -> Path:
    return write(folder, entries(), name="cells.ome.zip")


@breaks("comment-missing")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=b"")


@breaks("comment-not-json")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=b"made by hand")


@breaks("comment-not-json")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=ome_comment("0.5", json_first=True) + b"\0\0")


@breaks("comment-without-version")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=b'{"ome": {}}')


@breaks("comment-without-version")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=b'{"ome": {"version": 0.5}}')


@breaks("comment-version-differs")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=ome_comment("0.6"))


@breaks("comment-json-first-type")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=ome_comment("0.5", json_first="yes"))


@breaks("comment-foreign", profile="strict")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=b'{"ome": {"version": "0.5"}, "made by": "hand"}')


@breaks("comment-foreign", profile="strict")
def _(folder: Path) -> Path:
    comment = b'{"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"sorted": true}}}}'
    return write(folder, entries(), comment=comment)


@breaks("extra-fields", profile="strict")
def _(folder: Path) -> Path:
    # As Info-ZIP writes them: times (0x5455) and owners (0x7875).
    times = struct.pack("<2HBI", 0x5455, 5, 1, 0)
    owners = struct.pack("<2H2BIBI", 0x7875, 11, 1, 4, 1000, 4, 1000)
    return write(folder, _changed(1, extra=times + owners))


# What makes a file slow to read


@breaks("json-first-missing", profile="fast-to-read")
def _(folder: Path) -> Path:
    return write(folder, entries(), comment=ome_comment("0.5"))


@breaks("entries-many", profile="fast-to-read")
def _(folder: Path) -> Path:
    others = [entry(f"notes/{n}", b"!") for n in range(20_000)]
    return write(folder, [*entries(), *others])


def _image_of(*shape: int, chunks: tuple[int, ...], **changes: Any) -> list[Entry]:
    """An image of one level, of which no chunk is stored."""
    return [entries()[0], entry("0/zarr.json", array(chunks, shape=list(shape), **changes))]


@breaks("levels-missing", profile="fast-to-read")
def _(folder: Path) -> Path:
    return write(folder, _image_of(4097, 4096, chunks=(4097, 4096)))


@breaks("chunks-tiny", profile="fast-to-read")
def _(folder: Path) -> Path:
    sharding = {"chunk_shape": [64, 64], "codecs": ZSTD, "index_codecs": [{"name": "bytes"}]}
    codecs = [{"name": "sharding_indexed", "configuration": sharding}]
    return write(folder, _image_of(2048, 2048, chunks=(2048, 2048), codecs=codecs))


@breaks("chunks-large", profile="fast-to-read")
def _(folder: Path) -> Path:
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    changes = {"data_type": "uint64", "codecs": codecs}
    return write(folder, _image_of(3000, 3000, chunks=(3000, 3000), **changes))


@breaks("codec-slow", profile="fast-to-read")
def _(folder: Path) -> Path:
    codecs = [{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 5}}]
    packed = gzip.compress(PIXELS.tobytes())
    image = [entry("0/zarr.json", array(codecs=codecs)), entry("0/c/0/0", packed)]
    return write(folder, [entries()[0], *image])


# What ZIP asks


@breaks("comment-misleads", "comment-not-json")
def _(folder: Path) -> Path:
    # JSON allows no control characters, so such a comment cannot be JSON either.
    return write(folder, entries(), comment=b'{"ome": {"version": "0.5"}, "note": "PK\x05\x06"}')


@breaks("encrypted-entries")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, flags=ENCRYPTED))


@breaks("unknown-compression", "zip-compression")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, method=6, payload=b"imploded", compressed_size=8))


@breaks("unusual-compression", "zip-compression")
def _(folder: Path) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("0/c/0/0", PIXELS.tobytes())
        info = archive.getinfo("0/c/0/0")
        start = 30 + len("0/c/0/0")
    payload = packed.getvalue()[start : start + info.compress_size]
    return write(folder, _changed(2, method=12, payload=payload))


@breaks("entry-too-large", "zip-compression", "chunk-size-impossible")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, method=DEFLATE, size=1 << 40))


@breaks("entry-size-impossible", "chunk-size-impossible")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, size=2001))


@breaks("entry-cut-short", "chunk-size-impossible")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, size=1 << 20, compressed_size=1 << 20))


@breaks("entries-overlap")
def _(folder: Path) -> Path:
    listed = entries()
    start = build_zip(listed).index(b"0/c/0/0") - 30
    again = replace(listed[2], data=b"", offset=start, size=2000, compressed_size=2000)
    again.crc = zlib.crc32(PIXELS.tobytes())
    return write(folder, [*listed, *(replace(again, name=f"copy{n}") for n in range(4))])


@breaks("document-too-large", "document-unreadable", "dataset-not-found", "foreign-entries")
def _(folder: Path) -> Path:
    # A sparse file again: 65 MiB of zeros are the document of the array.
    size = 65 << 20
    listed = entries()
    listed[1] = replace(listed[1], data=bytes(size))
    return write(folder, listed)


@breaks("unsafe-entry-names")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("../../evil", b"!")])


@breaks("backslash-names")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, name="0\\c\\0\\0"))


@breaks("repeated-entries")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entries()[2]])


@breaks("case-colliding-names", "foreign-entries")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("0/C/0/0", b"!")])


@breaks("name-encoding", "foreign-entries")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("é.txt".encode("cp437"), b"!", flags=0)])


@breaks("junk-files")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry(".DS_Store", b"!")])


@breaks("prefix-bytes")
def _(folder: Path) -> Path:
    return write(folder, entries(), prefix=b"#!/bin/sh\n")


@breaks("uncounted-prefix")
def _(folder: Path) -> Path:
    return write(folder, entries(), prefix=b"#!/bin/sh\n", prefix_counted=False)


@breaks("trailing-bytes")
def _(folder: Path) -> Path:
    return write(folder, entries(), after=b"more")


@breaks("trailing-padding")
def _(folder: Path) -> Path:
    return write(folder, entries(), after=bytes(10))


@breaks("wrong-entry-count")
def _(folder: Path) -> Path:
    return write(folder, entries(), entry_count=7)


@breaks("local-header-missing")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, local_signature=b"XXXX"))


@breaks("local-name-differs")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, local_name="0/c/0/1"))


# Documents that cannot be read

_LOST = ("dataset-not-found", "foreign-entries")


@breaks("document-damaged", *_LOST)
def _(folder: Path) -> Path:
    return write(folder, _changed(1, crc=1))


@breaks("document-unreadable", "unknown-compression", "zip-compression", *_LOST)
def _(folder: Path) -> Path:
    return write(folder, _changed(1, method=6, payload=b"imploded", compressed_size=8))


@breaks("document-is-pointer", *_LOST)
def _(folder: Path) -> Path:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    return write(folder, _changed(1, data=pointer))


@breaks("document-not-json", *_LOST)
def _(folder: Path) -> Path:
    return write(folder, _changed(1, data=b"{"))


@breaks("document-not-object", *_LOST)
def _(folder: Path) -> Path:
    return write(folder, _changed(1, data=b"[1]"))


@breaks("document-byte-order-mark")
def _(folder: Path) -> Path:
    return write(folder, _changed(1, data=b"\xef\xbb\xbf" + entries()[1].data))


@breaks("node-type-unknown")
def _(folder: Path) -> Path:
    extra = entry("1/zarr.json", {"zarr_format": 3, "node_type": "table"})
    return write(folder, [*entries()[:2], extra, entries()[2]])


@breaks("consolidated-metadata-stale")
def _(folder: Path) -> Path:
    copy = {"kind": "inline", "must_understand": False, "metadata": {"0": array(shape=[1, 1])}}
    return write(folder, _changed(0, data=json.dumps(root(consolidated_metadata=copy)).encode()))


@breaks("nothing-to-check")
def _(folder: Path) -> Path:
    path = folder / "zarr.json"
    path.write_text(json.dumps(array()))
    return path


# Arrays


@breaks("array-not-readable")
def _(folder: Path) -> Path:
    unknown = array(codecs=[{"name": "bytes"}, {"name": "no-such-codec"}])
    return write(folder, _changed(1, data=json.dumps(unknown).encode()))


@breaks("chunks-missing")
def _(folder: Path) -> Path:
    return write(folder, entries()[:2])


@breaks("chunks-lost", "wrong-entry-count")
def _(folder: Path) -> Path:
    return write(folder, entries()[:2], entry_count=3)


@breaks("chunks-outside-array")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("0/c/0/1", PIXELS.tobytes())])


@breaks("chunk-size-impossible")
def _(folder: Path) -> Path:
    return write(folder, _changed(2, data=PIXELS.tobytes()[:-1]))


@breaks("chunk-size-impossible")
def _(folder: Path) -> Path:
    listed = _changed(1, data=json.dumps(array(codecs=ZSTD)).encode())
    listed[2] = replace(listed[2], data=b"")
    return write(folder, listed)


@breaks("chunks-too-large", "chunk-size-impossible")
def _(folder: Path) -> Path:
    large = array((30_000, 30_000))
    return write(folder, _changed(1, data=json.dumps(large).encode()))


@breaks("entries-tiny", "arrays-unsharded")
def _(folder: Path) -> Path:
    tiny = array((1, 2))
    listed = [entries()[0], entry("0/zarr.json", tiny)]
    listed += [entry(f"0/c/{y}/{x}", b"12") for y in range(40) for x in range(25)]
    return write(folder, listed)


@breaks("foreign-entries")
def _(folder: Path) -> Path:
    return write(folder, [*entries(), entry("notes.txt", b"hello")])


# Thumbnails


def _listing(
    *listed: Any, picture: bytes | None = png(256, 200), registered: bool = True
) -> list[Entry]:
    """Return the entries of the archive with thumbnails, of which one is an entry."""
    known = {"zarr_conventions": [{"uuid": THUMBNAILS_UUID}]} if registered else {}
    document = root()
    document["attributes"] |= known | {"thumbnails": list(listed)}
    beside = [] if picture is None else [entry("small.png", picture)]
    return [entry("zarr.json", document), *entries()[1:], *beside]


def _small(**changes: Any) -> dict[str, Any]:
    """Return the entry of a list of thumbnails that is right for the picture."""
    right = {"width": 256, "height": 200, "media_type": "image/png", "path": "small.png"}
    return {key: value for key, value in (right | changes).items() if value is not None}


def listed_thumbnail(times: int = 1) -> list[Entry]:
    """Return the entries of the archive with a thumbnail that follows the convention."""
    return _listing(*[_small()] * times)


@breaks("thumbnails-unregistered")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(), registered=False))


@breaks("thumbnails-malformed", "foreign-entries")
def _(folder: Path) -> Path:
    listed = _listing()
    document = root()
    document["attributes"] |= {
        "zarr_conventions": [{"uuid": THUMBNAILS_UUID}],
        "thumbnails": {"0": _small()},
    }
    return write(folder, [entry("zarr.json", document), *listed[1:]])


@breaks("thumbnails-malformed")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(), "small.png"))


@breaks("thumbnail-incomplete")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(width=0)))


@breaks("thumbnail-incomplete")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(media_type=None)))


@breaks("thumbnail-place")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(url="https://example.org/small.png")))


@breaks("thumbnail-place", "foreign-entries")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(path=None)))


@breaks("thumbnail-place", "foreign-entries")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(path="../small.png")))


@breaks("thumbnail-missing")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(), _small(path="other.png")))


@breaks("thumbnail-unreadable", "thumbnail-not-small")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(), picture=b"no picture at all" * 10))


@breaks("thumbnail-size-differs")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(height=256)))


@breaks("thumbnail-type-differs")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(media_type="image/jpeg")))


@breaks("thumbnail-format", "thumbnail-type-differs")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(media_type="image/avif")))


@breaks("thumbnail-not-small")
def _(folder: Path) -> Path:
    return write(folder, _listing(_small(width=100, height=100), picture=png(100, 100)))


@breaks("thumbnail-too-large", "thumbnail-not-small")
def _(folder: Path) -> Path:
    wide = _small(width=5000, height=10)
    return write(folder, _listing(wide, picture=png(5000, 10)))


# Folders


@breaks("entry-unreadable", "chunks-missing")
def _(folder: Path) -> Path:
    for each in entries():
        file = folder / str(each.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(each.data)
    (folder / "0/c/0/0").unlink()
    (folder / "0/c/0/0").symlink_to("gone")
    return folder


# Pixels


@breaks("entry-damaged", deep=True)
def _(folder: Path) -> Path:
    return write(folder, _changed(2, crc=1))


@breaks("chunk-damaged", deep=True)
def _(folder: Path) -> Path:
    listed = _changed(1, data=json.dumps(array(codecs=ZSTD)).encode())
    listed[2] = replace(listed[2], data=b"no zstd at all")
    return write(folder, listed)


@breaks("pixels-not-checked", "chunks-too-large", "chunk-size-impossible", deep=True)
def _(folder: Path) -> Path:
    return write(folder, _changed(1, data=json.dumps(array((60_000, 60_000))).encode()))
