"""What opening an archive behind a link asks for: few requests, few bytes, the same image."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr

from hierarchy_builder import axes_of
from napari_ome_zip import SaveOptions, open_image, save_image
from napari_ome_zip.archive import remote_index
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import Link
from napari_ome_zip.files.byte_file import HEAD_BYTES, TAIL_BYTES
from napari_ome_zip.storage import ArchiveStore
from range_server import RangeServer
from waiting import until
from whole_archives import whole_archive
from zipbuilder import build_zip, group, ome_comment

ENDS = HEAD_BYTES + TAIL_BYTES
GRIDS = ((16, 64, 64), (16, 32, 32), (16, 16, 16), (16, 8, 8))
SIDE = 16
EVERYTHING = (slice(None),) * 3
JSON_FIRST = {"comment": ome_comment(json_first=True)}


@pytest.fixture(autouse=True)
def _one_thing_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a directory does not come while requests are counted."""
    monkeypatch.setattr(remote_index, "QUIET", 300)
    monkeypatch.setattr(remote_index, "_PATIENCE", 300)


@pytest.fixture
def opened() -> Iterator[Callable[[bytes], tuple[RangeServer, str]]]:
    """Serve an archive; what was asked for is counted."""
    servers: list[RangeServer] = []

    def serve(content: bytes) -> tuple[RangeServer, str]:
        server = RangeServer({"cells.ozx": content})
        server.__enter__()
        servers.append(server)
        return server, server.url("cells.ozx")

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


def array_document(shape: tuple[int, ...], chunk: tuple[int, ...]) -> bytes:
    content: dict[str, object] = {}
    zarr.create_array(
        zarr.storage.MemoryStore(content),
        shape=shape,
        chunks=chunk,
        dtype="u1",
        compressors=None,
        dimension_names=tuple("zyx"[-len(shape) :]),
    )
    return content["zarr.json"].to_bytes()  # type: ignore[attr-defined, no-any-return]


def pixel(level: int, z: int, y: int, x: int) -> int:
    """Value of all pixels of a chunk."""
    return 1 + (level * 50 + z * 11 + y * 3 + x) % 251


@pytest.fixture(scope="session")
def many_chunks() -> dict[str, bytes]:
    """Entries of an image of 87,040 chunks, documents first."""
    levels = range(len(GRIDS))
    scales = [[1.0, 2.0**level, 2.0**level] for level in levels]
    entries = {"zarr.json": group(ome={"version": "0.5", "multiscales": [many_levels(scales)]})}
    for level, (z, y, x) in enumerate(GRIDS):
        shape = (z, y * SIDE, x * SIDE)
        entries[f"{level}/zarr.json"] = array_document(shape, (1, SIDE, SIDE))
    for level, grid in enumerate(GRIDS):
        for at in itertools.product(*map(range, grid)):
            value = pixel(level, *at)
            entries["/".join(map(str, (level, "c", *at)))] = bytes([value]) * SIDE**2
    return entries


def many_levels(scales: list[list[float]]) -> dict[str, object]:
    datasets = [
        {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for n, scale in enumerate(scales)
    ]
    return {"name": "cells", "axes": axes_of("zyx"), "datasets": datasets}


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_an_archive_of_this_project_opens_with_two_requests(
    tmp_path: Path, opened: Callable[[bytes], tuple[RangeServer, str]], version: str
) -> None:
    pixels = np.arange(3 * 600 * 500, dtype=np.uint16).reshape(3, 600, 500)
    path = tmp_path / "saved.ozx"
    save_image([(pixels, {"name": "cells"}, "image")], path, SaveOptions(version=version))
    server, url = opened(path.read_bytes())
    image = open_image(url)
    assert len(server.requests) == 2
    assert server.sent <= ENDS
    source = image.images[0].sources[0]
    np.testing.assert_array_equal(np.squeeze(source[(slice(None),) * source.ndim]), pixels)


@pytest.mark.parametrize("comment", [b"", b"any words " * 6000])
@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\n" * 3000])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("zip64", [True, False])
def test_every_form_of_archive_opens_with_two_requests(
    opened: Callable[[bytes], tuple[RangeServer, str]],
    comment: bytes,
    prefix: bytes,
    counted: bool,
    zip64: bool,
) -> None:
    entries = {
        "zarr.json": group(ome={"version": "0.5", "multiscales": [many_levels([[1, 1, 1]])]}),
        "0/zarr.json": array_document((1, 400, 500), (1, 400, 500)),
        "0/c/0/0/0": bytes([7]) * 200_000,
    }
    raw = build_zip(
        entries, comment=comment, prefix=prefix, prefix_counted=counted, zip64_end=zip64
    )
    server, url = opened(raw)
    image = open_image(url)
    assert len(server.requests) == 2
    assert server.sent <= ENDS
    assert image.images[0].sources[0][EVERYTHING].min() == 7


def test_everything_in_an_archive_is_found_with_two_requests(
    tmp_path: Path, opened: Callable[[bytes], tuple[RangeServer, str]]
) -> None:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    server, url = opened(path.read_bytes())
    image, local = open_image(url), open_image(path)
    assert [(part.name, part.shape) for part in image.parts] == [
        (part.name, part.shape) for part in local.parts
    ]
    assert image.findings == local.findings
    assert len(server.requests) == 2


def test_of_many_chunks_only_the_beginning_of_the_directory_comes(
    many_chunks: Mapping[str, bytes], opened: Callable[[bytes], tuple[RangeServer, str]]
) -> None:
    server, url = opened(build_zip(many_chunks, zip64_end=True, **JSON_FIRST))  # type: ignore[arg-type]
    image = open_image(url)
    assert len(server.requests) == 3
    assert server.sent <= ENDS + (1 << 16)
    server.forget()
    coarsest = image.images[0].sources[-1]
    plane = coarsest[8:9]
    expected = [[pixel(3, 8, y, x) for x in range(8)] for y in range(8)]
    np.testing.assert_array_equal(plane[0, ::SIDE, ::SIDE], expected)
    assert len(server.requests) <= 2
    server.forget()
    part = image.images[0].sources[0][8:9, 320:480, 320:480]
    expected = [[pixel(0, 8, y, x) for x in range(20, 30)] for y in range(20, 30)]
    np.testing.assert_array_equal(part[0, ::SIDE, ::SIDE], expected)
    assert server.sent < 1 << 19


def test_without_the_promise_the_directory_comes_once(
    many_chunks: Mapping[str, bytes], opened: Callable[[bytes], tuple[RangeServer, str]]
) -> None:
    raw = build_zip(many_chunks, zip64_end=True)
    size = len(raw) - raw.index(b"PK\x01\x02")
    server, url = opened(raw)
    image = open_image(url)
    assert server.sent <= ENDS + size
    server.forget()
    plane = image.images[0].sources[-1][8:9]
    assert plane[0, 0, 0] == pixel(3, 8, 0, 0)
    assert len(server.requests) <= 2


@pytest.fixture(scope="session")
def plate() -> dict[str, bytes]:
    """Entries of a plate of 384 wells, as they are sorted by name: documents among chunks."""
    names = [(row, str(column)) for row in "ABCDEFGHIJKLMNOP" for column in range(1, 25)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": ord(row) - 65, "columnIndex": int(column) - 1}
        for row, column in names
    ]
    rows, columns = (
        [{"name": n} for n in dict.fromkeys(axis)] for axis in zip(*names, strict=True)
    )
    listed = {"name": "P", "rows": rows, "columns": columns, "wells": wells}
    entries = {"zarr.json": group(ome={"version": "0.5", "plate": listed})}
    entries |= {f"{row['name']}/zarr.json": group() for row in rows}
    image = group(ome={"version": "0.5", "multiscales": [many_levels([[1, 1, 1]])]})
    array = array_document((1, 64, 64), (1, 64, 64))
    for row, column in names:
        well = f"{row}/{column}"
        listed_images = {"version": "0.5", "well": {"images": [{"path": "0"}]}}
        entries |= {
            f"{well}/zarr.json": group(ome=listed_images),
            f"{well}/0/zarr.json": image,
            f"{well}/0/0/zarr.json": array,
            f"{well}/0/0/c/0/0/0": bytes([ord(row)]) * 64 * 64,
        }
    return dict(sorted(entries.items()))


def documents_first(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    documents = [name for name in entries if name.endswith("zarr.json")]
    documents.sort(key=lambda name: (name.count("/"), name))
    return {name: entries[name] for name in dict.fromkeys([*documents, *entries])}


@pytest.mark.parametrize("first", [True, False])
def test_the_documents_of_a_plate_come_together(
    plate: Mapping[str, bytes], opened: Callable[[bytes], tuple[RangeServer, str]], first: bool
) -> None:
    entries = documents_first(plate) if first else plate
    assert sum(name.endswith("zarr.json") for name in entries) > 1000
    raw = build_zip(entries, **(JSON_FIRST if first else {}))  # type: ignore[arg-type]
    server, url = opened(raw)
    image = open_image(url)
    # Wells lie 4 KiB apart: that is nothing as compared with another request for each.
    assert len(server.requests) <= 12
    assert server.sent <= len(raw) + ENDS
    same = open_image(entries)
    assert [part.shape for part in image.parts] == [part.shape for part in same.parts]


def test_documents_far_apart_are_asked_for_at_once(
    opened: Callable[[bytes], tuple[RangeServer, str]],
) -> None:
    scales = [[1.0, float(n + 1), float(n + 1)] for n in range(12)]
    entries: dict[str, bytes] = {}
    for level in range(12):
        side = 360 // (level + 1)
        entries[f"{level}/c/0/0/0"] = bytes([level + 1]) * side**2
        entries[f"{level}/filler"] = bytes(200_000)
        entries[f"{level}/zarr.json"] = array_document((1, side, side), (1, side, side))
    entries["zarr.json"] = group(ome={"version": "0.5", "multiscales": [many_levels(scales)]})
    server, url = opened(build_zip(entries))
    store = ArchiveStore(Link(url))
    traffic = store.file.bytes.traffic  # type: ignore[attr-defined]
    server.hold()
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(open_image, store)
        # None is answered before the last is asked for; one came with the end of the file.
        until(lambda: traffic.requests == 2 + 11)
        server.release()
        image = opening.result(60)
    assert len(server.requests) == 2 + 11
    values = [int(source[EVERYTHING].max()) for source in image.images[0].sources]
    assert values == [*range(1, 13)]


def test_an_upload_that_broke_off_is_called_so(
    opened: Callable[[bytes], tuple[RangeServer, str]],
) -> None:
    entries = {"zarr.json": group(), "0/c/0": bytes(3_000_000)}
    server, url = opened(build_zip(entries)[:-1000])
    with pytest.raises(ArchiveError, match=r"its end is missing.*upload"):
        open_image(url)
    # The last MiB is looked through for an end that something follows.
    assert len(server.requests) <= 4
