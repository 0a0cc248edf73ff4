"""The program that file managers start: a preview of a good file, and an end with any other."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hierarchy_builder import HierarchyBuilder, resized
from pictures import listing, pixels_of, thumbnail
from zipbuilder import DEFLATE, Entry, build_zip

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only desktops of Linux and BSD have such programs"
)

MEMORY = 500_000_000
BRIGHT = 255

# From a small process: the memory of the one that forks counts as that of its child.
MEASURES = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, usage.ru_maxrss)
"""
GREEN = (0, 200, 0)


@dataclass(frozen=True)
class Run:
    """What came of starting the program."""

    status: int
    said: str
    memory: int
    """Most bytes that lay in memory at once."""
    output: Path

    @property
    def pixels(self) -> np.ndarray:
        """Of the preview."""
        assert self.status == 0, self.said
        return pixels_of(self.output.read_bytes())

    @property
    def is_refusal(self) -> bool:
        """Whether it ended as it should without a preview: in one line, within its limits."""
        is_short = self.said.count("\n") <= 1 and "Traceback" not in self.said
        left = list(self.output.parent.iterdir())
        return self.status != 0 and is_short and self.memory < MEMORY and not left


@pytest.fixture
def preview(tmp_path: Path) -> Callable[..., Run]:
    """Return what starts the program for a file, as a launcher does."""
    output = tmp_path / "previews" / "of this.png"
    output.parent.mkdir()

    def start(file: Path | str, size: int = 256) -> Run:
        module = "napari_ome_zip.desktop.thumbnailer"
        command = [sys.executable, "-P", "-m", module, str(file), str(output), str(size)]
        measured = [sys.executable, "-S", "-c", MEASURES, *command]
        finished = subprocess.run(measured, capture_output=True, text=True, check=True)
        status, memory = map(int, finished.stdout.split())
        return Run(status, finished.stderr, memory << 10, output)

    return start


def bright_corner(levels: int = 1) -> HierarchyBuilder:
    """An image, 48 × 64 pixels, whose upper left quarter is bright and all else dark."""
    pixels = np.zeros((48, 64), np.uint8)
    pixels[:24, :32] = BRIGHT
    window = {"min": 0, "max": BRIGHT, "start": 0, "end": BRIGHT}
    omero = {"channels": [{"label": "a", "color": "FFFFFF", "window": window}]}
    return HierarchyBuilder().image(
        [pixels[:: 1 << n, :: 1 << n] for n in range(levels)], "yx", omero=omero
    )


def green_picture(width: int = 256, height: int = 192) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), GREEN).save(out, "PNG")
    return out.getvalue()


def with_thumbnail(picture: bytes, width: int = 256, height: int = 192) -> HierarchyBuilder:
    """The same image, in a file that holds a picture which does not look like it."""
    builder = bright_corner().put("thumbnail.png", picture)
    for name, value in listing(thumbnail(width, height, "thumbnail.png")).items():
        builder.attribute("", name, value)
    return builder


def assert_is_bright_corner(pixels: np.ndarray) -> None:
    rows, columns, _ = pixels.shape
    assert rows * 4 == columns * 3
    assert (pixels[: rows // 2 - 2, : columns // 2 - 2] == BRIGHT).all()
    assert (pixels[rows // 2 + 2 :] == 0).all()
    assert (pixels[:, columns // 2 + 2 :] == 0).all()


@pytest.mark.parametrize("size", [64, 256])
def test_an_image_is_drawn(preview: Callable[..., Run], tmp_path: Path, size: int) -> None:
    path = bright_corner(levels=2).archive(tmp_path / "cells.ozx")
    run = preview(path, size)
    assert_is_bright_corner(run.pixels)
    assert run.pixels.shape[1] == size
    assert run.memory < MEMORY


def test_the_thumbnail_in_the_file_is_used_where_there_is_one(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    path = with_thumbnail(green_picture()).archive(tmp_path / "cells.ozx")
    for size, shape in ((128, (96, 128)), (256, (192, 256)), (512, (192, 256))):
        pixels = preview(path, size).pixels
        assert pixels.shape[:2] == shape
        assert (pixels == GREEN).all()


@pytest.mark.parametrize("name", ["my cells.ozx", "100%25,é.ome.zip", "-o.ozx", "#?.ozx"])
@pytest.mark.parametrize("as_link", [False, True])
def test_odd_names_and_links_to_this_computer(
    preview: Callable[..., Run], tmp_path: Path, name: str, as_link: bool
) -> None:
    path = with_thumbnail(green_picture()).archive(tmp_path / name)
    assert (preview(path.as_uri() if as_link else path).pixels == GREEN).all()


def test_it_says_which_file_it_shows_and_is_for_its_user_alone(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    path = with_thumbnail(green_picture()).archive(tmp_path / "cells.ozx")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    run = preview(path)
    with Image.open(run.output) as written:
        assert written.info["Thumb::URI"] == f"file://{path}"
        assert written.info["Thumb::MTime"] == "1700000000.123456"
    assert run.output.stat().st_mode & 0o777 == 0o600
    assert list(run.output.parent.iterdir()) == [run.output]


def test_libraries_that_are_not_needed_are_not_loaded(tmp_path: Path) -> None:
    path = bright_corner().archive(tmp_path / "cells.ozx")
    program = (
        "import sys; from napari_ome_zip.desktop.thumbnailer import main; "
        f"status = main([{str(path)!r}, {str(tmp_path / 'out.png')!r}, '128']); "
        "unneeded = ('distributed', 'pandas', 'scipy', 'xarray'); "
        "print(status, [name for name in unneeded if sys.modules.get(name)])"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert finished.stdout.split() == [b"0", b"[]"]


def test_a_thumbnail_is_shown_without_loading_what_draws(tmp_path: Path) -> None:
    path = with_thumbnail(green_picture()).archive(tmp_path / "cells.ozx")
    program = (
        "import sys; from napari_ome_zip.desktop.thumbnailer import main; "
        f"status = main([{str(path)!r}, {str(tmp_path / 'out.png')!r}, '128']); "
        "print(status, [name for name in ('numpy', 'zarr', 'dask') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert finished.stdout.split() == [b"0", b"[]"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        bytes(100_000),
        build_zip({}),
        build_zip({"readme.txt": b"no image"}),
        build_zip({"inner.ozx": build_zip({"zarr.json": b"{}"})}),
        build_zip({"zarr.json": b""}),
        build_zip({"zarr.json": b"[]"}),
        build_zip({"zarr.json": b"[" * 1_000_000}),
        build_zip({"zarr.json": b"{}"}),
        build_zip({"zarr.json": b'{"zarr_format": 3, "node_type": "group", "attributes": {}}'}),
        build_zip([Entry("zarr.json", b"{}", crc=1)]),
        build_zip([Entry("zarr.json", b"{}", flags=1)]),
        build_zip([Entry("zarr.json", b" " * (1 << 25) + b"{}", DEFLATE)]),
    ],
)
def test_what_is_no_image_gives_no_preview(
    preview: Callable[..., Run], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.ozx"
    path.write_bytes(content)
    assert preview(path).is_refusal


def test_what_is_no_file_gives_no_preview(preview: Callable[..., Run], tmp_path: Path) -> None:
    folder, pipe, loop = tmp_path / "folder.ozx", tmp_path / "pipe.ozx", tmp_path / "loop.ozx"
    folder.mkdir()
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for place in (folder, pipe, loop, tmp_path / "gone.ozx", "/dev/zero", "https://h.org/a.ozx"):
        assert preview(place).is_refusal


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_gives_no_preview(
    preview: Callable[..., Run], tmp_path: Path, kept: float
) -> None:
    path = bright_corner().archive(tmp_path / "cells.ozx")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert preview(path).is_refusal


def test_a_million_entries_end_within_the_limits(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    path = tmp_path / "many.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"")
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    record, count = content[at:end], 1_000_000
    directory = record * count
    zip64 = struct.pack(
        "<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), at
    )
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + len(directory), 1)
    last = b"PK\5\6" + b"\xff" * 16 + b"\0\0"
    path.write_bytes(content[:at] + directory + zip64 + locator + last)
    assert preview(path).is_refusal


def test_an_image_that_claims_terabytes_ends_within_the_limits(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    builder = bright_corner()
    whole = (1 << 21, 1 << 21)
    builder.put("0/zarr.json", resized(builder.entries["0/zarr.json"], whole, whole))
    assert preview(builder.archive(tmp_path / "a.ozx")).is_refusal


def test_a_chunk_that_grows_without_end_is_within_the_limits(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    """A chunk of a few megabytes that is a gigabyte when it is decompressed."""
    pixels = np.zeros((64, 64), np.uint8)
    codecs = {"compressors": [{"name": "gzip", "configuration": {"level": 1}}]}
    builder = HierarchyBuilder().image(pixels, "yx", options=codecs)
    grows = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(grows.compress(zeros) for _ in range(1 << 10)) + grows.flush()
    run = preview(builder.put("0/c/0/0", bomb).archive(tmp_path / "a.ozx"))
    # A damaged chunk is background.
    assert (run.pixels == 0).all()
    assert not run.said
    assert run.memory < MEMORY


def large(edge: int) -> HierarchyBuilder:
    """A bright image with one level, 2 MiB a chunk, whose edge is a multiple of 1024."""
    chunk = np.full((1024, 1024), 1000, np.uint16)
    builder = HierarchyBuilder().image(chunk, "yx", options={"chunks": chunk.shape})
    for row in range(edge >> 10):
        for column in range(edge >> 10):
            builder.put(f"0/c/{row}/{column}", builder.entries["0/c/0/0"])
    shape = (edge, edge)
    return builder.put("0/zarr.json", resized(builder.entries["0/zarr.json"], shape, chunk.shape))


def test_a_large_image_without_smaller_levels_ends_within_the_limits(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    assert preview(large(1 << 15).archive(tmp_path / "a.ozx")).is_refusal


def test_a_smaller_one_is_drawn(preview: Callable[..., Run], tmp_path: Path) -> None:
    run = preview(large(1 << 12).archive(tmp_path / "a.ozx"))
    assert run.pixels.shape == (256, 256, 3)
    assert run.memory < MEMORY


def chunk_of_png(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int, *more: bytes) -> bytes:
    """A PNG picture that says it is so large."""
    head = chunk_of_png(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk_of_png(b"IDAT", zlib.compress(bytes(1 << 20)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + pixels + chunk_of_png(b"IEND", b"")


TEXT = chunk_of_png(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 27)))
PROFILE = chunk_of_png(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 27)))


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"no picture",
        green_picture()[:100],
        claiming(100_000, 100_000),
        claiming(0, 0),
        claiming(4096, 4096, TEXT, TEXT),
        claiming(256, 192, PROFILE),
    ],
)
def test_a_thumbnail_that_lies_is_not_used(
    preview: Callable[..., Run], tmp_path: Path, picture: bytes
) -> None:
    run = preview(with_thumbnail(picture).archive(tmp_path / "cells.ozx"))
    assert run.memory < MEMORY
    assert_is_bright_corner(run.pixels)


def test_where_nothing_can_be_written_nothing_is_left(
    preview: Callable[..., Run], tmp_path: Path
) -> None:
    path = with_thumbnail(green_picture()).archive(tmp_path / "cells.ozx")
    output = tmp_path / "gone" / "a.png"
    module = "napari_ome_zip.desktop.thumbnailer"
    command = [sys.executable, "-P", "-m", module, str(path), str(output), "256"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
