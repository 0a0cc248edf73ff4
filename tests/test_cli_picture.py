"""``ome-zip picture``, as a person or a script calls it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import run
from hierarchy_builder import HierarchyBuilder, to_world
from range_server import RangeServer


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Three times four planes, each all of one value: 20 times the plane, and 100 more from time 2.

    What is to be seen is an image of 30 times 40 micrometers.
    """
    pixels = np.zeros((3, 4, 30, 40), np.uint8)
    pixels += (20 * np.arange(4, dtype=np.uint8))[:, None, None]
    pixels[2] += 100
    window = {"channels": [{"window": {"start": 0, "end": 255}}]}
    options = {"chunks": (1, 1, 30, 40)}
    builder = HierarchyBuilder().image(pixels, "tzyx", options=options, omero=window)
    return builder.archive(tmp_path / "stack.ozx")


def brightness(path: Path) -> int:
    with Image.open(path) as picture:
        assert picture.mode == "RGBA"
        return int(np.asarray(picture)[0, 0, 0])


def test_a_picture_of_the_size_that_is_asked_for(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "stack.png"
    assert run("picture", stack, target, "--size", "200") == 0
    with Image.open(target) as picture:
        assert picture.size == (200, 150)
    assert "200 × 150" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ((), 20),
        (("--z", "3"), 60),
        (("--t", "2", "--z", "0"), 100),
        (("--max",), 60),
        (("--t", "2", "--max"), 160),
        (("--at", "t=2", "--at", "z=1"), 120),
    ],
)
def test_the_plane_is_chosen_by_steps_of_sliders(
    stack: Path, tmp_path: Path, options: tuple[str, ...], value: int
) -> None:
    target = tmp_path / "a.png"
    assert run("picture", stack, target, *options) == 0
    assert brightness(target) == value


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--z", "4"), "no step 4 along z: its steps are 0 to 3"),
        (("--at", "q=1"), "its sliders are t, z"),
        (("--size", "0"), "choose 1 to"),
        (("--system", "atlas"), "atlas"),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_written(
    stack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    assert run("picture", stack, tmp_path / "a.png", *options) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["stack.ozx"]


@pytest.mark.parametrize("options", [("--at", "z"), ("--at", "z=a"), ("--z", "1", "--max")])
def test_wrong_options_end_with_2(stack: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("picture", stack, tmp_path / "a.png", *options)
    assert stopped.value.code == 2


def test_no_file_is_replaced_unasked(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"mine")
    assert run("picture", stack, target) == 2
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert run("picture", stack, target, "--force") == 0
    assert brightness(target) == 20


@pytest.mark.parametrize("name", ["a.jpg", "a", "none/a.png"])
def test_names_that_no_picture_gets(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run("picture", stack, tmp_path / name) == 2
    assert capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["stack.ozx"]


def test_any_name_that_the_disk_takes(stack: Path, tmp_path: Path) -> None:
    target = tmp_path / ("n" * 251 + ".png")
    assert run("picture", stack, target) == 0
    assert brightness(target) == 20


def test_why_a_picture_cannot_be_written_is_said_of_the_name_that_was_given(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.png").mkdir()
    assert run("picture", stack, tmp_path / "folder.png", "--force") == 2
    assert f"A folder has this name: {tmp_path / 'folder.png'}." in capsys.readouterr().err
    assert run("picture", stack, tmp_path / ("n" * 252 + ".png")) == 2
    assert "File name too long" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.png", "stack.ozx"]


def test_a_symbolic_link_stays_one(stack: Path, tmp_path: Path) -> None:
    (tmp_path / "shown.png").symlink_to("real.png")
    (tmp_path / "real.png").write_bytes(b"mine")
    assert run("picture", stack, tmp_path / "shown.png", "--force") == 0
    assert (tmp_path / "shown.png").is_symlink()
    assert brightness(tmp_path / "real.png") == 20


def test_damage_is_shown_empty_and_said(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = HierarchyBuilder().image(np.full((8, 8), 200, np.uint8), "yx")
    builder.put("0/c/0/0", b"no chunk").archive(tmp_path / "bad.ozx")
    target = tmp_path / "a.png"
    assert run("picture", tmp_path / "bad.ozx", target) == 0
    assert "Not all of it could be read" in capsys.readouterr().err
    assert brightness(target) == 0


def test_everything_is_placed_in_the_system_that_is_named(tmp_path: Path) -> None:
    builder = HierarchyBuilder().scene(
        "yx", to_world("a", "translation", translation=[0, 0]),
        to_world("b", "translation", translation=[0, 8]),
    )  # fmt: skip
    for name in "ab":
        builder.image_of_0_6(np.full((8, 8), 200, np.uint8), "yx", name)
    path = builder.archive(tmp_path / "scene.ozx")
    assert run("picture", path, tmp_path / "a.png", "--system", "world", "--size", "16") == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (16, 8)


def test_a_link(stack: Path, tmp_path: Path) -> None:
    with RangeServer({"stack.ozx": stack.read_bytes()}) as server:
        assert run("picture", server.url("stack.ozx"), tmp_path / "a.png", "--z", "2") == 0
    assert brightness(tmp_path / "a.png") == 40
