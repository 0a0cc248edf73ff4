"""The application bundle for Finder, as data: nothing of it was run on macOS."""

from __future__ import annotations

import os
import plistlib
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from napari_ome_zip.desktop.integrate import Did, Outcome, State
from napari_ome_zip.desktop.integrate.environment import OPENER, Environment
from napari_ome_zip.desktop.integrate.macos.macos_desktop import MacDesktop
from napari_ome_zip.desktop.integrate.programs import ProgramError
from napari_ome_zip.errors import IntegrationError
from napari_ome_zip.names import MIME_TYPE
from written_files import snapshot, written

PLACE = Environment(Path("/Users/Zoë/my 'env'/bin/python"))
BUNDLE = "Applications/napari OME-Zarr.app"


class Mac:
    """Stands in for the programs of macOS: makes the bundle that a compiler of scripts makes."""

    def __init__(self, missing: Sequence[str] = ()) -> None:
        self.commands: list[list[str]] = []
        self.script = ""
        self._missing = missing

    def __call__(self, command: Sequence[str]) -> None:
        name = Path(command[0]).name
        self.commands.append([name, *command[1:]])
        if name in self._missing:
            raise ProgramError(f"there is no program {name}", is_missing=True)
        if name == "osacompile":
            _, _, made, script = command
            self.script = Path(script).read_text(encoding="utf-8")
            contents = Path(made) / "Contents"
            (contents / "Resources" / "Scripts").mkdir(parents=True)
            (contents / "Resources" / "Scripts" / "main.scpt").write_bytes(b"compiled")
            (contents / "MacOS").mkdir()
            (contents / "MacOS" / "droplet").write_bytes(b"program")
            of_compiler = {
                "CFBundleExecutable": "droplet",
                "CFBundleDocumentTypes": [{"CFBundleTypeExtensions": ["*"]}],
            }
            (contents / "Info.plist").write_bytes(plistlib.dumps(of_compiler))

    def ran(self) -> list[str]:
        return [command[0] for command in self.commands]


@pytest.fixture
def mac() -> Mac:
    return Mac()


@pytest.fixture
def desktop(own_home: Path, mac: Mac) -> MacDesktop:
    return MacDesktop(PLACE, own_home, mac)


def info(home: Path) -> dict[str, object]:
    found = plistlib.loads((home / BUNDLE / "Contents" / "Info.plist").read_bytes())
    assert isinstance(found, dict)
    return found


def test_the_bundle_declares_the_type_and_opens_it(desktop: MacDesktop, own_home: Path) -> None:
    desktop.set_up()
    found = info(own_home)
    assert found["CFBundleExecutable"] == "droplet"
    (declared,) = found["UTExportedTypeDeclarations"]
    assert declared["UTTypeTagSpecification"]["public.filename-extension"] == ["ozx"]
    assert declared["UTTypeTagSpecification"]["public.mime-type"] == [MIME_TYPE]
    assert "public.zip-archive" in declared["UTTypeConformsTo"]
    owned = [
        document["LSItemContentTypes"]
        for document in found["CFBundleDocumentTypes"]
        if document["LSHandlerRank"] == "Owner"
    ]
    # Of ZIP archives it is one of several programs that may be chosen, no more.
    assert owned == [[declared["UTTypeIdentifier"]]]
    resources = own_home / BUNDLE / "Contents" / "Resources"
    with Image.open(resources / f"{found['CFBundleIconFile']}.icns") as icon:
        assert icon.format == "ICNS"


def test_the_launcher_starts_the_environment(desktop: MacDesktop, own_home: Path) -> None:
    desktop.set_up()
    text = (own_home / BUNDLE / "Contents/Resources/open").read_text()
    words = shlex.split(text.splitlines()[-1])
    assert words == ["exec", str(PLACE.interpreter), *OPENER, "$@"]


def test_the_script_quotes_each_path_and_runs_the_launcher(desktop: MacDesktop, mac: Mac) -> None:
    desktop.set_up()
    assert "on open" in mac.script
    assert "quoted form of thePath" in mac.script
    assert "Contents/Resources/open" in mac.script


def test_it_is_signed_when_it_is_complete_and_then_registered(
    desktop: MacDesktop, mac: Mac, own_home: Path
) -> None:
    desktop.set_up()
    assert mac.ran() == ["osacompile", "codesign", "lsregister"]
    assert mac.commands[-1] == ["lsregister", "-f", str(own_home / BUNDLE)]


def test_nothing_is_left_behind(desktop: MacDesktop, mac: Mac, own_home: Path) -> None:
    outcome = desktop.set_up()
    assert [change.where for change in outcome.changes] == [str(own_home / BUNDLE)]
    assert desktop.status().is_complete
    outcome = desktop.remove()
    assert [change.did for change in outcome.changes] == [Did.REMOVED]
    assert mac.commands[-1] == ["lsregister", "-u", str(own_home / BUNDLE)]
    assert written(own_home) == []
    assert desktop.remove() == Outcome()


def test_a_folder_of_applications_that_was_there_stays(desktop: MacDesktop, own_home: Path) -> None:
    (own_home / "Applications").mkdir()
    desktop.set_up()
    desktop.remove()
    assert written(own_home) == ["Applications"]


def test_doing_it_again_changes_nothing(desktop: MacDesktop, mac: Mac, own_home: Path) -> None:
    desktop.set_up()
    before, ran = snapshot(own_home), len(mac.commands)
    (change,) = desktop.set_up().changes
    assert change.did is Did.UNCHANGED
    assert snapshot(own_home) == before
    assert len(mac.commands) == ran


def test_another_environment_is_shown_and_repaired(
    desktop: MacDesktop, mac: Mac, own_home: Path
) -> None:
    MacDesktop(Environment(Path("/opt/other/python")), own_home, mac).set_up()
    status = desktop.status()
    assert status.interpreter == "/opt/other/python"
    assert "another environment" in status.headline
    desktop.set_up()
    assert desktop.status().is_complete
    desktop.remove()
    assert written(own_home) == []


def test_a_launcher_that_was_changed_is_repaired(desktop: MacDesktop, own_home: Path) -> None:
    desktop.set_up()
    (own_home / BUNDLE / "Contents/Resources/open").write_text("")
    assert [item.state for item in desktop.status().items] == [State.OUTDATED]
    desktop.set_up()
    assert desktop.status().is_complete


@pytest.mark.parametrize("content", [None, b"no property list", plistlib.dumps([1])])
def test_an_application_of_someone_else_stays(
    desktop: MacDesktop, own_home: Path, content: bytes | None
) -> None:
    contents = own_home / BUNDLE / "Contents"
    contents.mkdir(parents=True)
    if content is not None:
        (contents / "Info.plist").write_bytes(content)
    before = snapshot(own_home)
    with pytest.raises(IntegrationError, match="something else"):
        desktop.set_up()
    assert desktop.remove(replace=True) == Outcome()
    assert snapshot(own_home) == before
    desktop.set_up(replace=True)
    assert desktop.status().is_complete


def test_without_a_compiler_nothing_is_left(own_home: Path) -> None:
    with pytest.raises(IntegrationError, match="osacompile"):
        MacDesktop(PLACE, own_home, Mac(missing=["osacompile"])).set_up()
    assert written(own_home) == []


def test_what_is_not_signed_or_registered_is_said(own_home: Path) -> None:
    outcome = MacDesktop(PLACE, own_home, Mac(missing=["codesign", "lsregister"])).set_up()
    assert ["signed" in note or "told" in note for note in outcome.notes] == [True, True]


def test_a_home_that_is_only_read_is_said(desktop: MacDesktop, own_home: Path) -> None:
    own_home.chmod(0o500)
    if os.access(own_home, os.W_OK):
        pytest.skip("root may write anywhere")
    with pytest.raises(IntegrationError, match="may write"):
        desktop.set_up()
    own_home.chmod(0o700)


def test_what_it_cannot_do_is_said(desktop: MacDesktop) -> None:
    assert any(".ome.zip" in limit for limit in desktop.limits)
