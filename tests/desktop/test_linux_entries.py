"""The files that desktops read: read here by the rules that the specifications give."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.desktop.integrate.environment import OPENER, PREVIEWER, Environment
from napari_ome_zip.desktop.integrate.linux.entries import (
    command,
    desktop_entry,
    launcher,
    mime_package,
    previewing_launcher,
    thumbnailer_entry,
)
from napari_ome_zip.names import MIME_TYPE

ODD = "/home/Zoë $HOME \"q\" `b` 'a' 100% back\\slash ;#/x"
PLACE = Environment(Path("/opt/my env/bin/python"))
SPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"


def values(entry: bytes) -> dict[str, str]:
    parser = configparser.RawConfigParser(delimiters="=", strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(os.fsdecode(entry))
    (section,) = parser.sections()
    return dict(parser[section])


def unescaped(value: str) -> str:
    """Undo the escapes of a value of type string (Desktop Entry Specification, section 4)."""
    letters, made = iter(value), []
    escapes = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    for letter in letters:
        made.append(escapes[next(letters)] if letter == "\\" else letter)
    return "".join(made)


def arguments(value: str) -> list[str]:
    """Split an ``Exec`` value as its section says: double quotes, four escapes, ``%%``."""
    made, current, quoted, letters = [], None, False, iter(unescaped(value))
    for letter in letters:
        if letter == '"':
            quoted = not quoted
            current = current or ""
        elif quoted and letter == "\\":
            following = next(letters)
            assert following in '"`$\\'
            current = (current or "") + following
        elif letter == " " and not quoted:
            made.append(current)
            current = None
        else:
            # Reserved outside of quotes.
            assert quoted or letter not in "\t\n'><~|&;$*?#()`\\", value
            current = (current or "") + letter
    return [word.replace("%%", "%") for word in [*made, current] if word is not None]


def test_a_command_runs_the_script_whatever_its_path_holds() -> None:
    assert arguments(command(Path(ODD), "%F")) == ["/bin/sh", ODD, "%F"]
    assert "%%" in command(Path(ODD), "%F")


@given(st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1))
def test_a_command_runs_the_script_of_any_path(name: str) -> None:
    path = str(Path("/home") / name)
    assert arguments(command(Path(path), "%i %o %s")) == ["/bin/sh", path, "%i", "%o", "%s"]


def test_a_usual_path_is_not_quoted_since_simple_programs_cannot_read_that() -> None:
    assert '"' not in command(Path("/home/ada/.local/share/napari-ome-zip/open"), "%F")


def test_the_application_takes_several_files_of_the_type() -> None:
    found = values(desktop_entry(Path("/x/open"), PLACE))
    assert found["Exec"] == "/bin/sh /x/open %F"
    assert found["TryExec"] == "/opt/my env/bin/python"
    assert found["MimeType"] == f"{MIME_TYPE};"
    assert found["Type"] == "Application"


def test_previews_are_asked_for_by_path_picture_and_size() -> None:
    found = values(thumbnailer_entry(Path("/x/thumbnail"), PLACE))
    assert found["Exec"] == "/bin/sh /x/thumbnail %i %o %s"
    assert found["MimeType"] == f"{MIME_TYPE};"


def test_the_type_is_a_zip_archive_known_by_two_suffixes() -> None:
    (kind,) = ElementTree.fromstring(mime_package())
    assert kind.get("type") == MIME_TYPE
    assert [glob.get("pattern") for glob in kind.iter(f"{SPACE}glob")] == ["*.ozx", "*.ome.zip"]
    (parent,) = kind.iter(f"{SPACE}sub-class-of")
    assert parent.get("type") == "application/zip"
    assert list(kind.iter(f"{SPACE}magic")) == []


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what runs a launcher, and gives what its interpreter is started with."""
    # A stand-in for it, in a folder of an odd name.
    interpreter = tmp_path / 'Zoë\'s $HOME "env" 100%' / "python"
    interpreter.parent.mkdir()
    interpreter.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    interpreter.chmod(0o755)

    def start(made: Callable[[Environment], bytes], *given: str) -> list[str]:
        script = tmp_path / "launcher"
        script.write_bytes(made(Environment(interpreter)))
        command = ["/bin/sh", script, *given]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return done.stdout.splitlines()

    return start


needs_shell = pytest.mark.skipif(os.name == "nt", reason="a script of the shell")


@needs_shell
def test_a_launcher_hands_all_files_on(started: Callable[..., list[str]]) -> None:
    files = ["/data/my cells.ozx", "/data/Zellkörper 'a' \"b\" $x.ozx", "-x.ozx", "*"]
    assert started(launcher, *files) == [*OPENER, *files]


@needs_shell
@pytest.mark.parametrize("picture", ["/cache/x.png", "/home/my own home/.cache/*.png"])
def test_a_preview_is_written_where_it_is_asked_for_also_if_that_comes_in_parts(
    started: Callable[..., list[str]], picture: str
) -> None:
    file = "/data/my 'cells'.ozx"
    wanted = [*PREVIEWER, file, picture, "128"]
    assert started(previewing_launcher, file, picture, "128") == wanted
    assert started(previewing_launcher, file, *picture.split(" "), "128") == wanted


def test_nothing_is_imported_from_the_folder_it_is_started_in() -> None:
    assert "-P" in OPENER[: OPENER.index("-m")]
    assert "-P" in PREVIEWER[: PREVIEWER.index("-m")]


@pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None,
    reason="desktop-file-validate is not there (package desktop-file-utils)",
)
@pytest.mark.parametrize("script", ["/home/ada/open", ODD])
def test_another_program_finds_the_entry_valid(tmp_path: Path, script: str) -> None:
    entry = tmp_path / "napari-ome-zip.desktop"
    entry.write_bytes(desktop_entry(Path(script), PLACE))
    done = subprocess.run(
        ["desktop-file-validate", entry], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
