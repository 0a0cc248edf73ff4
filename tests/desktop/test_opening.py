"""``ome-zip open`` gives files to the window that is running, else to a napari that it starts.

The napari that is started here is a module of the test's own that writes down what it was given.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from napari_ome_zip.cli.main import main
from napari_ome_zip.desktop import napari_process
from napari_ome_zip.desktop.running_window import window_sockets
from talking import FakeWindow, accepts
from waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")

ODD = ["a b.ozx", "-x.ozx", "100%25.ome.zip", "a,b.OZX", "ü é.ozx", "new\nline.ozx", "$HOME.ozx"]

WRITES_ARGUMENTS = """
import json, os, sys
from pathlib import Path
with open(os.environ["GIVEN"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""

LISTENS = (
    WRITES_ARGUMENTS
    + """
import socket
from napari_ome_zip.desktop.window_socket import sockets_folder, new_socket
from talking import FakeWindow, accepts
Path(os.environ["STARTED"]).touch()
while not Path(os.environ["MAY_LISTEN"]).exists():
    pass
with FakeWindow(new_socket(sockets_folder()), accepts) as window:
    while len(window.said) < 2:
        pass
"""
)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sockets: Path) -> Callable[[], list]:
    """Return what gives the arguments of each napari that was started."""
    file = tmp_path / "given.jsonl"
    monkeypatch.setenv("GIVEN", str(file))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def napari_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what puts a program into the place of napari."""
    package = tmp_path / "modules" / "napari"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    source = Path(napari_process.__file__).parents[2]
    paths = [package.parent, source, Path(__file__).parents[1]]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))

    def put(program: str) -> None:
        (package / "__main__.py").write_text(program)

    return put


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return files with odd names; what is in them nobody looks at here."""
    folder = tmp_path / "my data"
    folder.mkdir()
    for name in ODD:
        (folder / name).write_bytes(b"PK")
    return [folder / name for name in ODD]


def ome_zip(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a launcher does, without a terminal."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "napari_ome_zip", "open", *map(str, arguments)]


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command meanwhile, in a process group of its own that does not outlive the test."""
    with subprocess.Popen(command(*arguments), start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Return what gives the arguments of the desktop's program for notifications."""
    programs, said = tmp_path / "bin", tmp_path / "notified"
    programs.mkdir()
    program = programs / "notify-send"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return lambda: said.read_text().splitlines() if said.exists() else []


def test_napari_is_started_once_for_all_files(
    napari_is: Callable[[str], None], given: Callable[[], list], files: list[Path]
) -> None:
    napari_is(WRITES_ARGUMENTS)
    assert ome_zip(*files).returncode == 0
    assert given() == [["--plugin", "napari-ome-zip", *map(str, files)]]


def test_who_sees_no_terminal_is_told_that_it_starts(
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
    notified: Callable[[], list[str]],
) -> None:
    napari_is(WRITES_ARGUMENTS)
    assert ome_zip(*files).returncode == 0
    assert "napari is starting, to show a b.ozx and 6 more …" in notified()


def test_who_gets_files_into_a_window_is_told_nothing(
    sockets: Path, files: list[Path], notified: Callable[[], list[str]]
) -> None:
    with FakeWindow(sockets / "a.socket", accepts):
        assert ome_zip(*files).returncode == 0
    assert not notified()


def test_relative_paths_and_links_to_this_computer_become_absolute_paths(
    napari_is: Callable[[str], None], given: Callable[[], list], files: list[Path]
) -> None:
    napari_is(WRITES_ARGUMENTS)
    folder = files[0].parent
    places = ["a b.ozx", "../my data/-x.ozx", files[2].as_uri(), "https://h.org/é?x=a.ozx"]
    assert ome_zip(*places, cwd=folder).returncode == 0
    relative = str(folder / ".." / "my data" / "-x.ozx")
    expected = [str(files[0]), relative, str(files[2]), "https://h.org/é?x=a.ozx"]
    assert given() == [["--plugin", "napari-ome-zip", *expected]]


def test_modules_beside_an_image_are_not_run(
    napari_is: Callable[[str], None], given: Callable[[], list], files: list[Path]
) -> None:
    napari_is(WRITES_ARGUMENTS)
    folder = files[0].parent
    ran = folder / "ran"
    for name in ("napari.py", "json.py", "numpy.py", "napari_ome_zip.py", "sitecustomize.py"):
        (folder / name).write_text(f"open({str(ran)!r}, 'w')")
    assert ome_zip("a b.ozx", cwd=folder).returncode == 0
    assert len(given()) == 1
    assert not ran.exists()


def test_a_window_that_is_running_gets_them(
    sockets: Path, napari_is: Callable[[str], None], given: Callable[[], list], files: list[Path]
) -> None:
    napari_is(WRITES_ARGUMENTS)
    with FakeWindow(sockets / "a.socket", accepts) as window:
        assert ome_zip(*files).returncode == 0
    assert window.said[0]["open"] == [str(file) for file in files]
    assert window.said[1]["go"] is True
    assert not Path(os.environ["GIVEN"]).exists()


def test_a_window_of_their_own_is_started_where_that_is_asked_for(
    sockets: Path, napari_is: Callable[[str], None], given: Callable[[], list], files: list[Path]
) -> None:
    napari_is(WRITES_ARGUMENTS)
    with FakeWindow(sockets / "a.socket", accepts) as window:
        assert ome_zip("--new-window", files[0]).returncode == 0
    assert not window.said
    assert len(given()) == 1


def test_who_is_impatient_gets_one_window(
    sockets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
) -> None:
    napari_is(LISTENS)
    started, may_listen = tmp_path / "started", tmp_path / "may listen"
    monkeypatch.setenv("STARTED", str(started))
    monkeypatch.setenv("MAY_LISTEN", str(may_listen))
    with running(files[0]) as first:
        until(started.exists)
        with running(files[1]) as second:
            # It waits: a second napari would have been started by now, or soon.
            until(lambda: _has_open(second.pid, sockets))
            assert not window_sockets()
            may_listen.touch()
            assert second.wait(60) == 0
        assert first.wait(60) == 0
    assert given() == [["--plugin", "napari-ome-zip", str(files[0])]]


def test_a_napari_that_does_not_start_is_not_waited_for(
    sockets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
) -> None:
    napari_is(LISTENS)
    started = tmp_path / "started"
    monkeypatch.setenv("STARTED", str(started))
    monkeypatch.setenv("MAY_LISTEN", str(tmp_path / "never"))
    with running(files[0]) as first:
        until(started.exists)
        with running(files[1]) as second:
            until(lambda: _has_open(second.pid, sockets))
            napari_is(WRITES_ARGUMENTS)
            os.killpg(first.pid, signal.SIGKILL)
            assert second.wait(60) == 0
    assert [arguments[-1] for arguments in given()] == [str(files[0]), str(files[1])]


def _has_open(process: int, path: Path) -> bool:
    """Whether a process has a file open at this moment."""
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            if descriptor.readlink() == path:
                return True
        except OSError:
            continue
    return False


def test_what_cannot_be_opened_is_named_and_the_rest_is_opened(
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
    notified: Callable[[], list[str]],
) -> None:
    napari_is(WRITES_ARGUMENTS)
    folder = files[0].parent
    (folder / "folder.ozx").mkdir()
    wrong = {
        "gone.ozx": "There is no such file",
        "folder.ozx": "This is a folder",
        "plain.zip": "Not named like an archive",
    }
    finished = ome_zip(*wrong, "a b.ozx", cwd=folder)
    assert finished.returncode == 2
    for name, reason in wrong.items():
        assert f"{reason}" in finished.stderr
        assert any(reason in line and name in line for line in notified())
    assert [arguments[2:] for arguments in given()] == [[str(files[0])]]


def test_without_napari_a_sentence_says_what_to_install(
    sockets: Path,
    files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    notified: Callable[[], list[str]],
) -> None:
    monkeypatch.setattr(napari_process.importlib.util, "find_spec", lambda _: None)
    assert main(["open", str(files[0])]) == 2
    said = capsys.readouterr().err
    assert sys.prefix in said
    assert "pip install 'napari-ome-zip[all]'" in said


def test_why_napari_did_not_start_is_told_where_there_is_no_terminal(
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
    notified: Callable[[], list[str]],
) -> None:
    napari_is("import sys\nsys.exit('No Qt bindings <could> be found')")
    finished = ome_zip(files[0])
    assert finished.returncode == 2
    assert "No Qt bindings <could> be found" in finished.stderr
    assert "--app-name=OME-Zarr archives" in notified()
    assert any("No Qt bindings &lt;could&gt; be found" in line for line in notified())


def test_nothing_depends_on_an_output(sockets: Path, notified: Callable[[], list[str]]) -> None:
    program = (
        "import sys; sys.stdin = sys.stdout = sys.stderr = None; "  # as pythonw has it
        "from napari_ome_zip.cli.main import main; sys.exit(main(['open', '/gone.ozx']))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 2
    assert any("There is no such file" in line for line in notified())


def test_a_napari_that_a_person_ends_has_not_failed(
    napari_is: Callable[[str], None],
    given: Callable[[], list],
    files: list[Path],
    notified: Callable[[], list[str]],
) -> None:
    napari_is("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)")
    assert ome_zip(files[0]).returncode == 0
    assert not any("ended" in line for line in notified())
