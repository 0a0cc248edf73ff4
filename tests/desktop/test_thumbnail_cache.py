"""Previews lie where file managers look for them, as the standard of desktops has them."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from napari_ome_zip.desktop import thumbnail_cache
from napari_ome_zip.desktop.thumbnail_cache import keep_preview, wants_preview
from napari_ome_zip.errors import PictureError
from pictures import encoded, png

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only desktops of Linux and BSD have such previews"
)

SOME_TIME = 1_700_000_000_123_456_789
ODD = [
    "my cells.ozx",
    "ü(1)+[2]&'a'#%20?.ome.zip",
    "~a;b=c@d:e,f!$*.ozx",
    "new\nline.ozx",
    "\udcff.ozx",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file; what is in it nobody looks at here."""
    path = tmp_path / "my cells.ozx"
    path.write_bytes(b"PK and so on")
    os.utime(path, ns=(SOME_TIME, SOME_TIME))
    return path


def of_size(width: int, height: int) -> Callable[[], bytes]:
    return lambda: png(width, height)


def kept(cache: Path, folder: str) -> Path:
    (path,) = (cache / folder).iterdir()
    return path


def test_the_name_is_that_of_the_example_of_the_standard(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # "file:///home/jens/photos/me.png" has this name there.
    name = thumbnail_cache._name(Path("/home/jens/photos/me.png"))
    assert name == "c6ee772d9e49320e97ec29a7eb5b1697.png"


@pytest.mark.skipif(shutil.which("gio") is None, reason="GLib's program gio is not installed")
@pytest.mark.parametrize("name", ODD)
def test_glib_finds_it_and_takes_it_for_valid(cache: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK and so on")
    os.utime(path, ns=(SOME_TIME, SOME_TIME))
    assert keep_preview(path, of_size(256, 200))
    said = subprocess.run(
        ["gio", "info", "-a", "thumbnail::*", str(path)], capture_output=True, check=True
    ).stdout.decode(errors="replace")
    assert f"thumbnail::path: {kept(cache, 'large')}" in said
    assert "thumbnail::is-valid: TRUE" in said


def test_each_size_says_which_file_it_shows_and_of_when(cache: Path, file: Path) -> None:
    assert keep_preview(file, of_size(256, 200))
    # tumbler compares the time with its fraction, GLib without.
    for folder, size, time in (
        ("normal", (128, 100), "1700000000.123456"),
        ("large", (256, 200), "1700000000"),
    ):
        with Image.open(kept(cache, folder)) as preview:
            assert preview.format == "PNG"
            assert preview.size == size
            assert preview.info == {
                "Thumb::URI": f"file://{file}".replace(" ", "%20"),
                "Thumb::MTime": time,
                "Thumb::Size": "12",
                "Thumb::Mimetype": "application/vnd.ome-zarr+zip",
                "Software": "napari-ome-zip",
            }


def test_it_is_readable_by_its_user_alone(cache: Path, file: Path) -> None:
    assert keep_preview(file, of_size(256, 200))
    for folder in (cache, cache / "normal", cache / "large"):
        assert folder.stat().st_mode & 0o777 == 0o700
    for folder in ("normal", "large"):
        assert kept(cache, folder).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_it_is_made_of_a_picture_of_any_kind_and_never_made_larger(
    cache: Path, file: Path, kind: str
) -> None:
    assert keep_preview(file, lambda: encoded(90, 30, kind))
    for folder in ("normal", "large"):
        with Image.open(kept(cache, folder)) as preview:
            assert preview.size == (90, 30)


def test_it_is_made_once_and_again_when_the_file_has_changed(cache: Path, file: Path) -> None:
    asked = []

    def picture() -> bytes:
        asked.append(1)
        return png(256, 200)

    assert keep_preview(file, picture)
    assert not keep_preview(file, picture)
    assert len(asked) == 1
    os.utime(file)
    assert wants_preview(file)
    assert keep_preview(file, picture)
    assert not wants_preview(file)
    assert kept(cache, "large")  # replaced, not added


def claiming(width: int, height: int) -> bytes:
    """A PNG file that says that it has so many pixels, and has none."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png(9, 9)[:12] + header + struct.pack(">I", zlib.crc32(header)) + png(9, 9)[33:]


@pytest.mark.parametrize(
    "spoil", [b"", b"no picture", png(9, 9), png(9, 9)[:40], claiming(1 << 20, 1 << 20)]
)
def test_one_that_is_damaged_or_says_nothing_is_replaced(
    cache: Path, file: Path, spoil: bytes
) -> None:
    assert keep_preview(file, of_size(256, 200))
    kept(cache, "normal").write_bytes(spoil)
    assert keep_preview(file, of_size(256, 200))
    with Image.open(kept(cache, "normal")) as preview:
        assert preview.size == (128, 100)


def test_what_others_noted_of_their_failure_is_removed(cache: Path, file: Path) -> None:
    name = thumbnail_cache._name(file)
    failed = cache / "fail" / "gnome-thumbnail-factory" / name
    failed.parent.mkdir(parents=True)
    failed.touch()
    other = failed.with_name("of another file.png")
    other.touch()
    assert keep_preview(file, of_size(256, 200))
    assert not failed.exists()
    assert other.exists()


def test_there_is_none_of_a_file_that_changes_meanwhile(cache: Path, file: Path) -> None:
    def picture() -> bytes:
        file.write_bytes(b"something else")
        return png(256, 200)

    assert not keep_preview(file, picture)
    assert not cache.exists()


def test_there_is_none_of_what_is_temporary_or_a_preview(cache: Path, tmp_path: Path) -> None:
    for folder in (tmp_path / "temporary", cache / "large"):
        folder.mkdir(parents=True)
        passing = folder / "cells.ozx"
        passing.touch()
        assert not keep_preview(passing, of_size(256, 200))
    assert not list(cache.rglob("*.png"))


def test_there_is_none_without_a_desktop(
    cache: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CURRENT_DESKTOP")
    assert not keep_preview(file, of_size(256, 200))
    assert not cache.exists()


def test_there_is_none_of_a_file_that_is_gone(cache: Path, file: Path) -> None:
    file.unlink()
    assert not keep_preview(file, of_size(256, 200))


@pytest.mark.parametrize("picture", [b"", b"GIF89a", png(9, 9)[:45], png(4097, 2)])
def test_a_bad_picture_leaves_nothing(cache: Path, file: Path, picture: bytes) -> None:
    with pytest.raises(PictureError):
        keep_preview(file, lambda: picture)
    assert not list(cache.rglob("*.*"))


def test_where_the_folder_cannot_be_made_that_is_an_error(cache: Path, file: Path) -> None:
    cache.parent.mkdir()
    cache.touch()
    with pytest.raises(OSError, match=re.escape(str(cache))):
        keep_preview(file, of_size(256, 200))
