"""A desktop of Linux is set up for one person, repaired, and given back as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from napari_ome_zip.desktop.integrate import Did, Outcome, State
from napari_ome_zip.desktop.integrate.environment import Environment
from napari_ome_zip.desktop.integrate.linux.linux_desktop import LinuxDesktop
from napari_ome_zip.desktop.integrate.linux.places import own_places
from napari_ome_zip.desktop.integrate.programs import ProgramError, run_program
from napari_ome_zip.errors import IntegrationError
from napari_ome_zip.names import MIME_TYPE
from waiting import until
from written_files import snapshot, written

pytestmark = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="a desktop of Linux is looked at"
)

PLACE = Environment(Path(sys.executable))
DATA = Path(".local/share")
PACKAGE = DATA / "mime/packages/napari-ome-zip.xml"
ENTRY = DATA / "applications/napari-ome-zip.desktop"
LAUNCHER = DATA / "napari-ome-zip/open"
RECORD = DATA / "napari-ome-zip/integration.json"
DEFAULTS = Path(".config/mimeapps.list")
OWN = {
    PACKAGE,
    ENTRY,
    LAUNCHER,
    RECORD,
    DEFAULTS,
    DATA / "napari-ome-zip/thumbnail",
    DATA / "thumbnailers/napari-ome-zip.thumbnailer",
    DATA / "icons/hicolor/scalable/apps/napari-ome-zip.svg",
    DATA / "icons/hicolor/scalable/mimetypes/application-vnd.ome-zarr+zip.svg",
}
PROGRAMS = {
    "update-mime-database": "shared-mime-info",
    "update-desktop-database": "desktop-file-utils",
}


def no_programs(command: Sequence[str]) -> None:
    raise ProgramError(f"there is no program {command[0]}", is_missing=True)


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@pytest.fixture
def desktop(own_home: Path) -> LinuxDesktop:
    """Return a desktop on which no program of the system is there."""
    return LinuxDesktop(PLACE, own_places(), no_programs)


@pytest.fixture
def real(own_home: Path) -> LinuxDesktop:
    """Return a desktop with the programs of this system."""
    return LinuxDesktop(PLACE, own_places())


def files(home: Path) -> set[Path]:
    return {Path(name) for name in written(home) if (home / name).is_file()}


def places(outcome: Outcome, did: Did) -> set[Path]:
    return {Path(change.where) for change in outcome.changes if change.did is did}


def test_all_that_is_written_is_listed(desktop: LinuxDesktop, own_home: Path) -> None:
    outcome = desktop.set_up()
    assert files(own_home) == OWN
    assert places(outcome, Did.WRITTEN) == {own_home / name for name in OWN}


def test_nothing_is_left_behind(desktop: LinuxDesktop, own_home: Path) -> None:
    desktop.set_up()
    outcome = desktop.remove()
    assert written(own_home) == []
    assert places(outcome, Did.REMOVED) == {own_home / name for name in OWN}


def test_doing_it_again_changes_nothing(desktop: LinuxDesktop, own_home: Path) -> None:
    desktop.set_up()
    before = snapshot(own_home)
    outcome = desktop.set_up()
    assert snapshot(own_home) == before
    assert places(outcome, Did.WRITTEN) == {own_home / RECORD}
    desktop.remove()
    assert written(own_home) == []


def test_removing_what_is_not_there_does_nothing(desktop: LinuxDesktop, own_home: Path) -> None:
    assert desktop.remove() == Outcome()
    assert written(own_home) == []


def test_files_and_folders_of_others_stay(desktop: LinuxDesktop, own_home: Path) -> None:
    others = {
        DATA / "applications/other.desktop": "[Desktop Entry]\n",
        DATA / "icons/hicolor/scalable/apps/other.svg": "<svg/>",
        DEFAULTS: f"# mine\n[Default Applications]\n{MIME_TYPE}=old.desktop;\na/b=x.desktop\n",
    }
    for name, text in others.items():
        (own_home / name).parent.mkdir(parents=True, exist_ok=True)
        (own_home / name).write_text(text)
    (own_home / DATA / "thumbnailers").mkdir()
    before = snapshot(own_home)
    desktop.set_up()
    assert f"{MIME_TYPE}=napari-ome-zip.desktop;old.desktop;" in (own_home / DEFAULTS).read_text()
    desktop.remove()
    assert snapshot(own_home) == before


@pytest.mark.parametrize("name", [PACKAGE, ENTRY, LAUNCHER])
def test_a_file_of_someone_else_is_neither_replaced_nor_removed(
    desktop: LinuxDesktop, own_home: Path, name: Path
) -> None:
    (own_home / name).parent.mkdir(parents=True)
    (own_home / name).write_text("of another program")
    before = snapshot(own_home)
    with pytest.raises(IntegrationError) as refused:
        desktop.set_up()
    for part in (str(own_home / name), "Nothing was done", "--force"):
        assert part in str(refused.value)
    assert desktop.remove(replace=True) == Outcome()
    assert snapshot(own_home) == before
    assert desktop.status().is_absent
    desktop.set_up(replace=True)
    assert (own_home / name).read_text() != "of another program"
    desktop.remove()
    assert files(own_home) == set()


def test_links_and_pipes_at_our_names_are_someone_elses(
    desktop: LinuxDesktop, own_home: Path
) -> None:
    for name in (ENTRY, PACKAGE):
        (own_home / name).parent.mkdir(parents=True)
    (own_home / ENTRY).symlink_to("nowhere")
    os.mkfifo(own_home / PACKAGE)
    with pytest.raises(IntegrationError) as refused:
        desktop.set_up()
    assert str(own_home / ENTRY) in str(refused.value)
    assert str(own_home / PACKAGE) in str(refused.value)


def test_a_file_that_was_changed_since_is_left_and_named(
    desktop: LinuxDesktop, own_home: Path
) -> None:
    desktop.set_up()
    entry = own_home / ENTRY
    entry.write_text(entry.read_text().replace("Name=napari", "Name=My napari"))
    with pytest.raises(IntegrationError, match="changed since"):
        desktop.set_up()
    outcome = desktop.remove()
    assert places(outcome, Did.LEFT) == {entry}
    assert any(str(entry) in note and "--force" in note for note in outcome.notes)
    assert files(own_home) == {ENTRY, RECORD}
    desktop.remove(replace=True)
    assert written(own_home) == []


def test_another_environment_is_shown_and_repaired(own_home: Path, desktop: LinuxDesktop) -> None:
    other = LinuxDesktop(Environment(Path("/opt/other/bin/python")), own_places(), no_programs)
    other.set_up()
    status = desktop.status()
    assert not status.is_complete
    assert status.interpreter == "/opt/other/bin/python"
    assert "another environment" in status.headline
    assert {item.where for item in status.items if item.state is State.OUTDATED} == {
        str(own_home / name)
        for name in (
            LAUNCHER,
            ENTRY,
            DATA / "napari-ome-zip/thumbnail",
            DATA / "thumbnailers/napari-ome-zip.thumbnailer",
        )
    }
    desktop.set_up()
    assert sys.executable in (own_home / LAUNCHER).read_text()
    other.remove()
    assert written(own_home) == []


def test_what_another_version_wrote_goes(desktop: LinuxDesktop, own_home: Path) -> None:
    desktop.set_up()
    old = own_home / DATA / "napari-ome-zip/old-launcher"
    shutil.copy(own_home / LAUNCHER, old)
    record = json.loads((own_home / RECORD).read_bytes())
    record["files"][str(old)] = record["files"][str(own_home / LAUNCHER)]
    (own_home / RECORD).write_text(json.dumps(record))
    outcome = desktop.set_up()
    assert places(outcome, Did.REMOVED) == {old}
    assert files(own_home) == OWN


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 1, "files": {"/x": 3}}', b"[" * 9999],
)
def test_without_a_readable_record_files_that_are_as_written_still_go(
    desktop: LinuxDesktop, own_home: Path, damage: bytes
) -> None:
    desktop.set_up()
    (own_home / RECORD).write_bytes(damage)
    assert {item.state for item in desktop.status().items[:-2]} == {State.CURRENT}
    desktop.remove()
    assert files(own_home) == {DEFAULTS}  # which may have been there before
    assert MIME_TYPE not in (own_home / DEFAULTS).read_text()


def test_folders_are_those_of_the_person(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "Daten ü"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/ignored")
    found = own_places()
    assert found.data == tmp_path / "Daten ü"
    assert found.config == own_home / ".config"
    desktop = LinuxDesktop(PLACE, found, no_programs)
    desktop.set_up()
    assert (tmp_path / "Daten ü/applications/napari-ome-zip.desktop").is_file()
    assert files(own_home) == {DEFAULTS}
    desktop.remove()
    assert written(own_home) == []
    assert not (tmp_path / "Daten ü").exists()


def test_the_home_of_another_person_is_refused(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", "1000")
    facts = os.stat_result((0o40700, 0, 0, 2, 1000, 1000, 0, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda self, **_: facts)
    with pytest.raises(IntegrationError, match="without sudo"):
        own_places()


@pytest.mark.parametrize("in_the_way", [DATA, DATA / "icons", Path(".config")])
def test_what_cannot_be_written_is_said_and_nothing_is_left(
    desktop: LinuxDesktop, own_home: Path, in_the_way: Path
) -> None:
    # Root may write anywhere, so that a file stands where a folder has to be.
    (own_home / in_the_way).parent.mkdir(parents=True, exist_ok=True)
    (own_home / in_the_way).write_text("no folder")
    before = snapshot(own_home)
    with pytest.raises(IntegrationError, match="move that away") as refused:
        desktop.set_up()
    assert str(own_home / in_the_way) in str(refused.value)
    assert snapshot(own_home) == before


def test_a_home_that_is_only_read_is_said(desktop: LinuxDesktop, own_home: Path) -> None:
    own_home.chmod(0o500)
    if os.access(own_home, os.W_OK):
        pytest.skip("root may write anywhere")
    with pytest.raises(IntegrationError, match="may write"):
        desktop.set_up()
    own_home.chmod(0o700)
    assert written(own_home) == []


def test_a_list_behind_a_link_is_changed_where_it_lies(
    desktop: LinuxDesktop, own_home: Path
) -> None:
    real = own_home / "dotfiles" / "mimeapps.list"
    real.parent.mkdir()
    real.write_text("[X]\n")
    (own_home / ".config").mkdir()
    (own_home / DEFAULTS).symlink_to(real)
    desktop.set_up()
    assert (own_home / DEFAULTS).is_symlink()
    assert MIME_TYPE in real.read_text()
    desktop.remove()
    assert real.read_text() == "[X]\n"


def test_a_link_to_a_list_that_was_not_there_stays(desktop: LinuxDesktop, own_home: Path) -> None:
    for folder in (own_home / "dotfiles", own_home / ".config"):
        folder.mkdir()
    (own_home / DEFAULTS).symlink_to(own_home / "dotfiles" / "mimeapps.list")
    before = snapshot(own_home)
    desktop.set_up()
    desktop.remove()
    assert (own_home / DEFAULTS).is_symlink()
    assert snapshot(own_home) == before


@pytest.mark.parametrize(("program", "package"), PROGRAMS.items())
def test_a_program_that_is_missing_is_named_with_its_package(
    desktop: LinuxDesktop, program: str, package: str
) -> None:
    notes = desktop.set_up().notes
    assert any(program in note and f"Install {package}" in note for note in notes)
    assert not desktop.status().is_complete
    assert desktop.remove().notes == ()


def test_a_program_that_fails_is_told_with_what_it_says(own_home: Path) -> None:
    def run(command: Sequence[str]) -> None:
        run_program([sys.executable, "-c", "raise SystemExit('no room in the database')"])

    notes = LinuxDesktop(PLACE, own_places(), run).set_up().notes
    assert "no room in the database" in notes[0]


@needs(*PROGRAMS)
def test_databases_are_made_and_go_with_us(real: LinuxDesktop, own_home: Path) -> None:
    real.set_up()
    status = real.status()
    assert status.is_complete
    assert status.headline == f"Set up: archives are opened by {sys.executable}."
    assert (own_home / DATA / "mime/mime.cache").is_file()
    real.remove()
    assert written(own_home) == []


@needs(*PROGRAMS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_databases_go_even_if_making_them_was_interrupted(
    real: LinuxDesktop, own_home: Path, program: str
) -> None:
    def run(command: Sequence[str]) -> None:
        run_program(command)
        if command[0] == program:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LinuxDesktop(PLACE, own_places(), run).set_up()
    assert (own_home / DATA / "mime/mime.cache").is_file()
    real.remove()
    assert written(own_home) == []


@needs(*PROGRAMS)
def test_databases_that_others_need_stay(real: LinuxDesktop, own_home: Path) -> None:
    other = (own_home / PACKAGE).with_name("other.xml")
    other.parent.mkdir(parents=True)
    other.write_text(
        '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">'
        '<mime-type type="text/x-other"><glob pattern="*.other"/></mime-type></mime-info>'
    )
    app = own_home / DATA / "applications/other.desktop"
    app.parent.mkdir()
    app.write_text("[Desktop Entry]\nType=Application\nName=x\nExec=x\nMimeType=text/x-other;\n")
    for program, folder in zip(PROGRAMS, ("mime", "applications"), strict=True):
        subprocess.run([program, own_home / DATA / folder], check=True)
    before = snapshot(own_home)
    real.set_up()
    assert snapshot(own_home).keys() > before.keys()
    real.remove()
    assert snapshot(own_home) == before


@needs(*PROGRAMS, "gio")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.ozx", MIME_TYPE),
        ("A.OZX", MIME_TYPE),
        ("a b ü.ome.zip", MIME_TYPE),
        ("a.OME.ZIP", MIME_TYPE),
        ("a.zip", "application/zip"),
        ("ome.zip", "application/zip"),
        ("a.ozx.zip", "application/zip"),
    ],
)
def test_a_desktop_knows_the_type(real: LinuxDesktop, own_home: Path, name: str, kind: str) -> None:
    real.set_up()
    path = own_home / name
    path.write_bytes(b"PK\x05\x06" + bytes(18))  # an empty ZIP archive
    told = subprocess.run(
        ["gio", "info", "-a", "standard::content-type", path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split("standard::content-type: ")[1].strip() == kind


@needs(*PROGRAMS, "gio", "xdg-mime")
@pytest.mark.parametrize("kind", [MIME_TYPE, "application/x-ozx"])
def test_a_desktop_names_napari_as_the_default(
    real: LinuxDesktop, own_home: Path, kind: str
) -> None:
    real.set_up()
    told = subprocess.run(["gio", "mime", kind], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[0].endswith("napari-ome-zip.desktop")
    if kind == MIME_TYPE:
        asked = ["xdg-mime", "query", "default", kind]
        told = subprocess.run(asked, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == "napari-ome-zip.desktop"


@needs(*PROGRAMS, "gio")
@pytest.mark.parametrize("folder", ["plain", 'Zoë\'s "home" 100% $HOME `x` \\ ;&'])
def test_a_desktop_starts_the_launcher_with_all_files(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / folder))
    # In place of Python: tells what it is started with.
    interpreter, told = tmp_path / folder / "bin" / "python", tmp_path / "told"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{told}.part'\nmv '{told}.part' '{told}'\n"
    )
    interpreter.chmod(0o755)
    LinuxDesktop(Environment(interpreter), own_places()).set_up()
    names = [own_home / "my cells ü.ozx", own_home / "b's 100%.ome.zip"]
    for name in names:
        name.write_bytes(b"PK\x05\x06" + bytes(18))
    entry = tmp_path / folder / "applications" / "napari-ome-zip.desktop"
    subprocess.run(["gio", "launch", entry, *names], check=True, timeout=60)
    until(told.exists)
    assert told.read_text().splitlines()[-2:] == [str(name) for name in names]
