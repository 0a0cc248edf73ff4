"""The command ``ome-zip``, as a person or a script calls it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from broken_files import array, entries, entry, root, write
from command import run
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.cli.main import main
from shared_material import CONFORMANCE
from zipbuilder import ENCRYPTED


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path, entries())


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    return write(tmp_path, entries(), name="warned.ozx", comment=b"")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.ozx"
    path.write_bytes(b"")
    return path


def test_the_exit_status_says_whether_all_is_well(
    good: Path, warned: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", good) == 0
    assert run("validate", warned) == 0
    assert run("validate", "--strict", warned) == 1
    assert run("validate", "--strict", good) == 0
    assert run("validate", good, bad) == 1
    assert run("validate", good, good.with_name("none.ozx")) == 2
    assert "none.ozx" in capsys.readouterr().err


def test_wrong_arguments_end_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["validate"], ["frobnicate"], ["pack", "a"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
    assert "usage: ome-zip" in capsys.readouterr().err


def test_a_report_names_the_file_the_fault_and_the_remedy(
    warned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("validate", warned)
    text = capsys.readouterr().out
    for part in (str(warned), "Valid OME-Zarr 0.5: 1 warning", "comment-missing", "remedy:"):
        assert part in text


def test_a_report_means_something_to_a_person_and_names_the_command_that_helps(
    warned: Path, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("validate", warned)
    text = capsys.readouterr().out
    assert "Other programs may miss a detail." in text
    assert "In a terminal: 'ome-zip repack' (a repaired copy)." in text
    run("validate", good)
    assert "In a terminal" not in capsys.readouterr().out
    cut = tmp_path / "cut.ozx"
    cut.write_bytes(good.read_bytes()[:-30])
    run("info", cut)
    assert "ome-zip repack --salvage" in capsys.readouterr().err


def test_several_files_end_with_a_summary(
    good: Path, warned: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("validate", good, warned, bad)
    last = capsys.readouterr().out.rstrip().split("\n")[-1]
    assert last == "3 files: 2 valid, 1 not valid; 1 of the valid ones with warnings"


def test_the_deep_check_is_asked_for(tmp_path: Path) -> None:
    listed = entries()
    listed[2].crc = 1
    path = write(tmp_path, listed)
    assert run("validate", path) == 0
    assert run("validate", "--deep", path) == 1


def _files(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["files"]
    return found


def _documents(folder: str) -> list[Any]:
    found = sorted((CONFORMANCE / "attributes" / folder).rglob("*.json"))
    if not found:
        reason = f"the conformance documents are not there: {CONFORMANCE}"
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(file, id=str(file.relative_to(CONFORMANCE))) for file in found]


@pytest.mark.parametrize("file", _documents("spec/valid") + _documents("strict/valid"))
def test_documents_that_the_specification_calls_valid(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", "--json", file) == 0
    assert _files(capsys)[0]["valid"]


@pytest.mark.parametrize("file", _documents("spec/invalid"))
def test_documents_that_the_specification_calls_invalid(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", "--json", file) == 1
    assert _files(capsys)[0]["counts"]["error"]


@pytest.mark.parametrize("file", _documents("strict/invalid"))
def test_documents_against_the_specification_s_advice(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", "--json", file) == 0
    assert run("validate", "--strict", "--json", file) == 1
    assert run("validate", "--profile", "strict", "--json", file) == 1


def test_pack_unpack_and_repack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = {"chunks": (10, 10)}
    builder = HierarchyBuilder().image(ramp((20, 30)) + 1, "yx", name="a", options=options)
    made = builder.archive(tmp_path / "made.ozx")
    assert run("unpack", made, tmp_path / "folder") == 0
    assert run("pack", tmp_path / "folder", tmp_path / "packed.ozx") == 0
    assert run("repack", "--shard", tmp_path / "packed.ozx", tmp_path / "sharded.ozx") == 0
    assert "Repacked as" in capsys.readouterr().out
    assert (tmp_path / "sharded.ozx").exists()


def test_a_file_that_is_there_stays_unless_forced(
    good: Path, warned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = good.read_bytes()
    assert run("repack", warned, good) == 2
    assert good.read_bytes() == before
    assert "--force" in capsys.readouterr().err
    assert run("repack", "--force", warned, good) == 0


def test_what_cannot_be_repaired_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = entries()
    listed[2].flags = ENCRYPTED
    assert run("repack", write(tmp_path, listed), tmp_path / "b.ozx") == 2
    assert "encrypted" in capsys.readouterr().err
    assert not (tmp_path / "b.ozx").exists()


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_color_is_for_terminals_and_can_be_refused(
    warned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("validate", warned)
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    run("validate", warned)
    assert "\x1b[33mWARNING" in sys.stdout.getvalue()  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    run("validate", warned)
    assert "\x1b" not in sys.stdout.getvalue()  # type: ignore[attr-defined]


def test_progress_is_for_terminals(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("validate", "--deep", good)
    assert capsys.readouterr().err == ""


def test_letters_that_a_terminal_does_not_know_do_not_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    path = write(tmp_path, entries(), name="µm – 細胞.ozx")
    assert run("validate", path) == 0


def test_it_is_a_module_too(good: Path) -> None:
    command = [sys.executable, "-m", "napari_ome_zip", "validate", str(good)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Valid OME-Zarr 0.5" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    documents = [entry(f"{n}/zarr.json", array()) for n in range(300)]
    path = write(tmp_path, [entry("zarr.json", root()), *documents])
    command = f'"{sys.executable}" -m napari_ome_zip validate "{path}" | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [["info", "{}"], ["validate", "absent.ozx"], ["--help"]])
def test_a_process_without_output_runs_commands(arguments: list[str], warned: Path) -> None:
    script = (
        "import sys; sys.stdout = sys.stderr = None\n"
        "from napari_ome_zip.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, *(each.format(warned) for each in arguments)]
    expected = 2 if "absent.ozx" in arguments else 0
    assert subprocess.run(command, check=False).returncode == expected
