"""Converting a file of any version, as a person or a script does it in a terminal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command import run
from corpus_script import check_script
from folders import folder_of
from hierarchy_builder import HierarchyBuilder, axes_of, ramp
from napari_ome_zip import open_image, save_image, validate
from napari_ome_zip.plugin.reader import read
from range_server import RangeServer
from shared_material import ASKED_FOR_A_DRAFT, CORPUS, corpus_params
from waiting import until

PIXELS = ramp((2, 3, 40, 50))


def old_folder(path: Path, pixels: np.ndarray = PIXELS, axes: str | list[Any] = "czyx") -> Path:
    scale = (1.0, 2.0, 0.5, 0.25)[-pixels.ndim :]
    return folder_of(HierarchyBuilder(2).image(pixels, axes, scale=scale, name="cells"), path)


def free_axes(path: Path) -> Path:
    """An image of 0.5+rfc3, a draft that is only read, whose axes no released version holds."""
    kinds = ("space", "channel", "space")
    axes = [{"name": n, "type": kind} for n, kind in zip("xcy", kinds, strict=True)]
    return HierarchyBuilder().image_of_0_6(ramp((4, 2, 5)), axes, version="0.5+rfc3").archive(path)


def test_a_folder_of_an_old_version_becomes_a_valid_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    assert run("convert", source, target) == 0
    said = capsys.readouterr()
    assert f"Converted to OME-Zarr 0.5 as {target}\nValid OME-Zarr 0.5" in said.out
    assert said.err == "ome-zip: note: The file becomes OME-Zarr 0.5; cells is 0.4.\n"
    assert validate(target, deep=True).valid


def test_other_programs_read_the_pixels_and_scales_that_were_written(tmp_path: Path) -> None:
    ngff_zarr = pytest.importorskip("ngff_zarr")
    zarr = pytest.importorskip("zarr")
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    run("convert", source, target)
    image = ngff_zarr.from_ngff_zarr(str(target)).images[0]
    np.testing.assert_array_equal(np.asarray(image.data), PIXELS)
    assert dict(image.scale) == {"c": 1.0, "z": 2.0, "y": 0.5, "x": 0.25}
    store = zarr.storage.ZipStore(target, mode="r")
    np.testing.assert_array_equal(zarr.open_group(store, mode="r")["0"][...], PIXELS)
    store.close()


def test_python_has_the_same_in_one_line(tmp_path: Path) -> None:
    source = old_folder(tmp_path / "cells.zarr")
    run("convert", source, tmp_path / "terminal.ozx")
    save_image(open_image(source), tmp_path / "python.ozx")
    found = []
    for name in ("terminal.ozx", "python.ozx"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            found.append([(entry.filename, entry.CRC) for entry in archive.infolist()])
    assert found[0] == found[1]


@pytest.mark.parametrize("version", ["0.5", "0.6", "0.9.dev1"])
def test_the_version_is_the_one_that_is_asked_for(tmp_path: Path, version: str) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    assert run("convert", source, target, "--version", version) == 0
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.comment)["ome"]["version"] == version
        root = json.loads(archive.read("zarr.json"))
    assert root["attributes"]["ome"]["version"] == version


def test_every_choice_about_a_save_can_be_made(tmp_path: Path) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    choices = ["--levels", "2", "--chunk", "16", "--shard", "32", "--codec", "gzip", "--level", "3"]
    assert run("convert", source, target, *choices, "--no-thumbnail") == 0
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        sharding = json.loads(archive.read("0/zarr.json"))["codecs"][0]["configuration"]
    assert {"0/zarr.json", "1/zarr.json"} <= set(names)
    assert not [name for name in names if name.endswith(".png")]
    assert sharding["chunk_shape"] == [1, 1, 16, 16]
    assert sharding["codecs"][-1] == {"name": "gzip", "configuration": {"level": 3}}


def test_labels_are_saved_alone(tmp_path: Path) -> None:
    builder = HierarchyBuilder(2).image(ramp((8, 9)), "yx").labels("cells")
    builder.image(np.ones((8, 9), np.uint8), "yx", "labels/cells", **{"image-label": {}})
    source = folder_of(builder, tmp_path / "a.zarr")
    assert run("convert", source, tmp_path / "labels.ozx", "--labels-alone") == 0
    (part,) = open_image(tmp_path / "labels.ozx").parts
    assert (np.asarray(part.levels[0]) == 1).all()


def test_what_only_a_draft_holds_is_a_choice_in_words_of_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = free_axes(tmp_path / "xcy.ozx"), tmp_path / "new.ozx"
    assert run("convert", source, target) == 2
    said = capsys.readouterr().err
    assert "which no released version of OME-Zarr holds. Choose --version 0.9.dev1, a draft" in said
    assert "--version 0.5 --split, one image per channel. Nothing was written." in said
    assert "SaveOptions" not in said
    assert not target.exists()
    assert run("convert", source, target, "--version", "0.9.dev1") == 0
    assert run("convert", source, target, "--version", "0.5", "--split", "--force") == 0
    assert [part.shape for part in open_image(target).images] == [
        (4, 5),
        (4, 5),
    ]  # x and y, as stored


def test_a_chosen_version_that_cannot_hold_it_names_the_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = free_axes(tmp_path / "xcy.ozx")
    assert run("convert", source, tmp_path / "new.ozx", "--version", "0.5") == 2
    said = capsys.readouterr().err
    assert "Choose version 0.9.dev1" in said
    assert "In a terminal: 'ome-zip convert --split' (a series)." in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--chunk", "100", "--shard", "150"], "not a whole number of chunks"),
        (["--codec", "gzip", "--level", "77"], "impossible for gzip: 0 to 9"),
        (["--levels", "0"], "an image has at least 1"),
    ],
)
def test_an_impossible_choice_says_what_is_possible(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    assert run("convert", source, target, *arguments) == 2
    assert said in capsys.readouterr().err
    assert not target.exists()


def test_a_file_that_is_there_stays_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "cells.ozx"
    target.write_bytes(b"precious")
    assert run("convert", source, target) == 2
    assert "replace it with --force" in capsys.readouterr().err
    assert target.read_bytes() == b"precious"
    assert run("convert", source, target, "--force") == 0
    assert validate(target).valid


def test_an_archive_takes_its_own_place_when_forced(tmp_path: Path) -> None:
    path = HierarchyBuilder(2).image(PIXELS, "czyx").archive(tmp_path / "cells.ozx")
    assert run("convert", path, path) == 2
    assert run("convert", path, path, "--force") == 0
    np.testing.assert_array_equal(np.asarray(open_image(path).parts[0].levels[0]), PIXELS)


def test_ctrl_c_is_no_fault_while_the_command_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_ome_zip.cli.parser.importlib.import_module", interrupted)
    assert run("convert", "cells.zarr", "new.ozx") == 130
    assert capsys.readouterr().err == "ome-zip: Interrupted: nothing was kept.\n"


@pytest.mark.parametrize("name", ["-", ""])
@pytest.mark.parametrize("command", ["convert", "repack"])
def test_what_names_no_file_gets_none(
    command: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = HierarchyBuilder().image(PIXELS, "czyx").archive(tmp_path / "cells.ozx")
    monkeypatch.chdir(tmp_path)
    assert run(command, source, name) == 2
    assert "nothing is written to standard output" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["cells.ozx"]


def test_a_folder_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = old_folder(tmp_path / "cells.zarr")
    assert run("convert", source, source, "--force") == 2
    assert "A folder has this name" in capsys.readouterr().err
    assert (source / ".zattrs").exists()


def test_a_damaged_chunk_is_never_copied_as_if_it_were_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = HierarchyBuilder(2).image(PIXELS, "czyx").archive(tmp_path / "old.zarr.zip")
    with zipfile.ZipFile(source) as archive:
        entry = archive.getinfo("0/0.0.0.0")
    content = bytearray(source.read_bytes())
    content[entry.header_offset + 30 + len(entry.filename) + 40] ^= 0xFF
    source.write_bytes(content)
    assert run("convert", source, tmp_path / "new.ozx") == 2
    assert "0/0.0.0.0" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.zarr.zip"]


def test_an_image_behind_a_link_is_converted_as_it_is_fetched(tmp_path: Path) -> None:
    source = HierarchyBuilder(2).image(PIXELS, "czyx").archive(tmp_path / "old.zarr.zip")
    with RangeServer({"old.zarr.zip": source.read_bytes()}) as server:
        assert run("convert", server.url("old.zarr.zip"), tmp_path / "new.ozx") == 0
    np.testing.assert_array_equal(
        np.asarray(open_image(tmp_path / "new.ozx").parts[0].levels[0]), PIXELS
    )


@pytest.mark.parametrize("command", ["pack", "repack"])
def test_commands_that_change_no_version_name_the_one_that_does(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = HierarchyBuilder(2).image(PIXELS, "czyx")
    source = (
        folder_of(builder, tmp_path / "old.zarr")
        if command == "pack"
        else builder.archive(tmp_path / "old.zarr.zip")
    )
    assert run(command, source, tmp_path / "new.ozx") == 2
    assert "In a terminal: 'ome-zip convert' (to OME-Zarr 0.5)." in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    source = old_folder(
        tmp_path / "noise.zarr", rng.integers(0, 60_000, (64, 512, 512), "u2"), axes_of("zyx")
    )
    target = tmp_path / "noise.ozx"
    command = [sys.executable, "-m", "napari_ome_zip", "convert", source, target]
    options = ["--codec", "zstd", "--level", "19", "--shard", "512", "--no-thumbnail"]
    process = subprocess.Popen(
        [*map(str, command), *options],
        stderr=subprocess.PIPE,
        text=True,
        # Tests that were started in the background ignore Ctrl+C, and so would the process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until(lambda: process.poll() is not None or len([*tmp_path.iterdir()]) > 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "Interrupted: nothing was kept." in said
    assert [path.name for path in tmp_path.iterdir()] == ["noise.zarr"]


def _wanted(case: Any) -> bool:
    """Files that open right, whatever their container: some of each kind, and all that are old."""
    if case is None:
        return True
    kinds = ("plates", "bf2raw", "scenes", "labels", "versions", "spatialdata", "rfc8", "tables")
    opens = case["expected"].get("outcome") == "open" and case["id"] not in ASKED_FOR_A_DRAFT
    return opens and (case["group"] in kinds or case.get("zarr_format") == 2)


@pytest.mark.parametrize("case", [p for p in corpus_params() if _wanted(p.values[0])])
def test_a_converted_file_of_the_corpus_shows_what_was_made(
    case: dict[str, Any], tmp_path: Path
) -> None:
    target = tmp_path / "new.ozx"
    assert run("convert", case["file"], target) == 0
    verdict, why = check_script().judge({**case, "path": target}, CORPUS, lambda p: read(str(p)))
    assert verdict == "ok", why


class TestAFolderIsCopiedWithoutWhatIsNoPartOfIt:
    def test_a_link_to_another_file_is_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = old_folder(tmp_path / "cells.zarr")
        (tmp_path / "secret.txt").write_text("a password", encoding="utf-8")
        (source / "notes.txt").symlink_to(tmp_path / "secret.txt")
        assert run("convert", source, tmp_path / "new.ozx") == 2
        assert "'notes.txt' is a link that leads out of the folder" in capsys.readouterr().err
        assert not (tmp_path / "new.ozx").exists()

    def test_a_link_to_an_array_is_followed(self, tmp_path: Path) -> None:
        source = old_folder(tmp_path / "cells.zarr")
        (source / "0").rename(tmp_path / "elsewhere")
        (source / "0").symlink_to(tmp_path / "elsewhere")
        assert run("convert", source, tmp_path / "new.ozx") == 0

    def test_the_archive_does_not_lie_in_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = old_folder(tmp_path / "cells.zarr")
        assert run("convert", source, source / "new.ozx") == 2
        assert "Choose a place outside it" in capsys.readouterr().err
        assert not (source / "new.ozx").exists()


def test_a_name_that_is_none_of_an_archive_is_mentioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = old_folder(tmp_path / "cells.zarr"), tmp_path / "new.zarr"
    assert run("convert", source, target) == 0
    assert "note: 'new.zarr' is an archive, and its name ends in" in capsys.readouterr().err
