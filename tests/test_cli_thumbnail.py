"""``ome-zip thumbnail`` and ``--thumbnail``, as a person calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from command import run
from napari_ome_zip import SaveOptions, read_thumbnail, save_image, unpack


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    pixels = np.arange(1200, dtype=np.uint16).reshape(30, 40)
    keywords = {"name": "cells", "contrast_limits": (0, 1199), "units": ("micrometer",) * 2}
    layers = [(pixels, keywords, "image")]
    return save_image(layers, tmp_path / "plain.ozx", SaveOptions(thumbnail=False))


def has_one(path: Path) -> bool:
    found = read_thumbnail(path)
    return found is not None and (found.width, found.height) == (256, 192)


def test_the_archive_itself_gets_one(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("thumbnail", plain) == 0
    assert has_one(plain)
    said = capsys.readouterr()
    assert str(plain) in said.out
    assert "nothing to complain about" in said.out
    assert said.err == ""


def test_another_file_gets_one(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = plain.with_name("new.ozx")
    assert run("thumbnail", plain, "--out", new) == 0
    assert (has_one(new), read_thumbnail(plain)) == (True, None)
    assert run("thumbnail", plain, "--out", new) == 2
    assert "already exists" in capsys.readouterr().err
    assert run("thumbnail", plain, "--out", new, "--force") == 0


def test_what_cannot_be_opened_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.ozx").write_bytes(b"no archive")
    assert run("thumbnail", tmp_path / "bad.ozx") == 2
    assert run("thumbnail", tmp_path / "none.ozx") == 2
    assert run("thumbnail", "https://127.0.0.1:1/cells.ozx") == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert all(line.startswith("ome-zip: ") for line in said)


def test_copies_get_one_on_request(plain: Path) -> None:
    folder = unpack(plain, plain.with_name("folder"))
    for number, command in enumerate((["repack", plain], ["pack", folder])):
        target = plain.with_name(f"{number}.ozx")
        assert run(*command, target) == 0
        assert read_thumbnail(target) is None
        assert run(*command, target, "--thumbnail", "--force") == 0
        assert has_one(target)
