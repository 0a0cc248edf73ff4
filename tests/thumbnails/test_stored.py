"""The thumbnail of a file is read as its owner put it there, and no lie is believed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from napari_ome_zip import read_thumbnail
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.storage import DirectoryStore, MappingStore, open_store
from napari_ome_zip.thumbnails.stored import StoredThumbnail
from pictures import encoded, listing, png, thumbnail
from shared_material import NEXT
from zipbuilder import DEFLATE, Entry, build_zip

PICTURE = png(256, 200)
LISTED = listing(thumbnail(256, 200, "small.png"))


def document(attributes: Mapping[str, Any]) -> bytes:
    whole = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return json.dumps(whole).encode()


def archive(folder: Path, entries: Mapping[str, bytes]) -> Path:
    path = folder / "cells.ozx"
    path.write_bytes(build_zip(entries))
    return path


def from_all(folder: Path, entries: Mapping[str, bytes], edge: int = 256) -> StoredThumbnail | None:
    """The thumbnail of an archive, read in the light way and through its store."""
    path = archive(folder, entries)
    found = read_thumbnail(path, edge)
    assert read_thumbnail(open_store(path), edge) == found
    return found


def test_a_thumbnail_is_read_byte_for_byte(tmp_path: Path) -> None:
    found = from_all(tmp_path, {"zarr.json": document(LISTED), "small.png": PICTURE})
    assert found == StoredThumbnail(256, 200, "image/png", PICTURE, "small.png")


def test_of_several_the_one_that_fits_best_is_read(tmp_path: Path) -> None:
    sizes = [64, 512, 128, 1024]
    entries = {f"t/{size}.png": png(size, size // 2) for size in sizes}
    listed = listing(*(thumbnail(size, size // 2, f"t/{size}.png") for size in sizes))
    entries["zarr.json"] = document(listed)
    wanted = {1: 64, 64: 64, 65: 128, 256: 512, 513: 1024, 4000: 1024}
    for edge, best in wanted.items():
        found = from_all(tmp_path, entries, edge)
        assert found is not None
        assert found.width == best


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_other_formats_are_read_as_what_they_are(tmp_path: Path, kind: str) -> None:
    picture = encoded(200, 100, kind)
    found = from_all(tmp_path, {"zarr.json": document(LISTED), "small.png": picture})
    assert found == StoredThumbnail(200, 100, f"image/{kind.lower()}", picture, "small.png")


def test_zarr_v2_states_them_in_its_attributes(tmp_path: Path) -> None:
    entries = {".zgroup": b'{"zarr_format": 2}', ".zattrs": json.dumps(LISTED).encode()}
    found = from_all(tmp_path, entries | {"small.png": PICTURE})
    assert found is not None
    assert found.data == PICTURE


def test_a_hierarchy_in_a_folder_has_its_thumbnail_there(tmp_path: Path) -> None:
    inside = {"zarr.json": document(LISTED), "0/zarr.json": document({}), "small.png": PICTURE}
    entries = {f"my cells.zarr/{name}": content for name, content in reversed(inside.items())}
    found = from_all(tmp_path, {**entries, "readme.txt": b"hello", "small.png": b"another"})
    assert found == StoredThumbnail(256, 200, "image/png", PICTURE, "small.png")


def test_of_two_hierarchies_there_is_no_one_thumbnail(tmp_path: Path) -> None:
    inside = {"zarr.json": document(LISTED), "small.png": PICTURE}
    entries = {f"{top}/{name}": content for top in "ab" for name, content in inside.items()}
    assert read_thumbnail(archive(tmp_path, entries)) is None


def test_a_folder_is_read_through_its_store(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_bytes(document(LISTED))
    (tmp_path / "small.png").write_bytes(PICTURE)
    found = read_thumbnail(DirectoryStore(tmp_path))
    assert found is not None
    assert found.data == PICTURE


def test_compressed_entries_are_read(tmp_path: Path) -> None:
    entries = [Entry("zarr.json", document(LISTED), DEFLATE), Entry("small.png", PICTURE, DEFLATE)]
    path = tmp_path / "cells.ozx"
    path.write_bytes(build_zip(entries))
    found = read_thumbnail(path)
    assert found is not None
    assert found.data == PICTURE


def test_a_picture_that_the_list_itself_holds_is_read(tmp_path: Path) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    held = {"width": 256, "height": 200, "media_type": "image/png", "url": url}
    found = from_all(tmp_path, {"zarr.json": document(listing(held))})
    assert found == StoredThumbnail(256, 200, "image/png", PICTURE)


@pytest.mark.parametrize(
    ("sample", "edge", "name"),
    [
        ("png_and_jpeg", 128, "thumbnails/thumb160.png"),
        ("png_and_jpeg", 256, "thumbnails/thumb256.jpeg"),
        ("data_url_and_wrong_size", 256, "t/a.png"),
    ],
)
def test_thumbnails_of_others_are_those_that_zipfile_finds(
    sample: str, edge: int, name: str
) -> None:
    path = NEXT / "samples" / "thumbnails" / f"{sample}.ozx"
    if not path.exists():
        pytest.skip(f"the samples are not there: {NEXT}")
    found = read_thumbnail(path, edge)
    assert found is not None
    with zipfile.ZipFile(path) as oracle:
        assert found.data == oracle.read(name)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        listing({"width": 9, "height": 9, "url": "data:image/png;base64,????"}),
        listing({"width": 9, "height": 9, "url": "data:image/png,abc"}),
        listing({"width": 9, "height": 9, "url": "data:image/svg+xml;base64,PHN2Zy8+"}),
        {"thumbnails": None},
        {"thumbnails": [None, 3, "small.png"]},
        {"thumbnails": [{"width": 256, "height": 200, "media_type": "image/png"}]},
        listing(thumbnail(256, 200, "no.png")),
        listing(thumbnail(256, 200, "../small.png")),
        listing(thumbnail(256, 200, "/small.png")),
        listing({"width": 256, "height": 200, "url": "https://127.0.0.1:1/small.png"}),
    ],
)
def test_where_none_can_be_used_there_is_none(
    tmp_path: Path, attributes: Mapping[str, Any]
) -> None:
    assert from_all(tmp_path, {"zarr.json": document(attributes), "small.png": PICTURE}) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"[" * 100_000, b"\xff\xfe", b'{"a": 1e999}'])
def test_a_document_that_is_none_is_no_error(raw: bytes) -> None:
    assert read_thumbnail(MappingStore({"zarr.json": raw, "small.png": PICTURE})) is None


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"<svg/>",
        png(4097, 1),
        PICTURE[:8] + b"\0\0\0\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00" + PICTURE[24:],
        PICTURE + b"\0" * (4 << 20),
    ],
    ids=["empty", "no picture", "wide", "bomb", "long"],
)
def test_lies_are_refused(tmp_path: Path, picture: bytes) -> None:
    assert from_all(tmp_path, {"zarr.json": document(LISTED), "small.png": picture}) is None


def test_a_damaged_one_gives_way_to_the_next(tmp_path: Path) -> None:
    listed = listing(thumbnail(256, 200, "small.png"), thumbnail(512, 400, "large.png"))
    entries = [
        Entry("zarr.json", document(listed)),
        Entry("small.png", PICTURE, crc=1),
        Entry("large.png", png(512, 400)),
    ]
    path = tmp_path / "cells.ozx"
    path.write_bytes(build_zip(entries))
    found = read_thumbnail(path)
    assert found is not None
    assert found.width == 512


def test_what_is_no_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cells.ozx"
    with pytest.raises(FileNotFoundError):
        read_thumbnail(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ArchiveError):
        read_thumbnail(path)
    with pytest.raises(IsADirectoryError):
        read_thumbnail(tmp_path)


def test_arrays_and_zarr_are_not_imported_for_it(tmp_path: Path) -> None:
    path = archive(tmp_path, {"zarr.json": document(LISTED), "small.png": PICTURE})
    program = (
        "import sys; from napari_ome_zip import read_thumbnail; "
        f"assert read_thumbnail({str(path)!r}) is not None; "
        "print(*{name.partition('.')[0] for name in sys.modules} & "
        "{'numpy', 'zarr', 'dask', 'numcodecs', 'urllib3', 'PIL'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
