"""The keys for the explorer of Windows, as data: nothing of it was run on Windows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from fake_registry import FakeWinreg, tree
from napari_ome_zip.desktop.integrate import Did, Outcome
from napari_ome_zip.desktop.integrate.environment import OPENER, Environment
from napari_ome_zip.desktop.integrate.windows.registry import Registry
from napari_ome_zip.desktop.integrate.windows.windows_desktop import PROGRAM, WindowsDesktop
from napari_ome_zip.errors import IntegrationError
from napari_ome_zip.names import MIME_TYPE

CLASSES = r"Software\Classes"
SUFFIX = rf"{CLASSES}\.ozx"


@pytest.fixture
def place(tmp_path: Path) -> Environment:
    """Return an environment whose folder has a space in its name, with both interpreters."""
    folder = tmp_path / "my env"
    folder.mkdir()
    for name in ("python.exe", "pythonw.exe"):
        (folder / name).touch()
    return Environment(folder / "python.exe")


class Person:
    """Somebody's registry, and how often the explorer was told."""

    def __init__(self, place: Environment) -> None:
        self.winreg = FakeWinreg()
        self.told = 0
        # There for everybody who ever logged in.
        self.winreg.root.find(CLASSES, make=True)
        self.desktop = self.of(place)

    def of(self, place: Environment) -> WindowsDesktop:
        return WindowsDesktop(place, Registry(self.winreg), self._tell)

    def put(self, key: str, name: str, value: str) -> None:
        self.winreg.root.find(key, make=True).values[name] = value, FakeWinreg.REG_SZ

    def tree(self) -> dict[str, dict[str, object]]:
        return tree(self.winreg.root)

    def _tell(self) -> None:
        self.told += 1


@pytest.fixture
def person(place: Environment) -> Person:
    return Person(place)


def test_a_file_leads_to_its_type_and_that_to_the_environment(
    person: Person, place: Environment
) -> None:
    person.desktop.set_up()
    found = person.tree()
    kind = found[SUFFIX][""]
    assert found[SUFFIX]["Content Type"] == MIME_TYPE
    command = found[rf"{CLASSES}\{kind}\shell\open\command"][""]
    pythonw = place.interpreter.with_name("pythonw.exe")
    assert command == subprocess.list2cmdline([str(pythonw), *OPENER, "%1"]).replace("%1", '"%1"')
    icon = str(found[rf"{CLASSES}\{kind}\DefaultIcon"][""]).strip('"')
    with Image.open(icon) as image:
        assert image.format == "ICO"
        assert {(16, 16), (32, 32), (256, 256)} <= image.info["sizes"]
    assert person.told == 1


def test_without_a_python_that_has_no_terminal_the_usual_one_is_started(
    person: Person, place: Environment
) -> None:
    place.interpreter.with_name("pythonw.exe").unlink()
    person.desktop.set_up()
    command = person.tree()[rf"{CLASSES}\{PROGRAM}\shell\open\command"][""]
    assert str(command).startswith(f'"{place.interpreter}"')


def test_nothing_is_left_behind(person: Person) -> None:
    before = person.tree()
    outcome = person.desktop.set_up()
    assert person.desktop.status().is_complete
    listed = {change.where.removeprefix("HKEY_CURRENT_USER\\") for change in outcome.changes}
    assert listed == person.tree().keys()
    removed = person.desktop.remove()
    assert {change.where for change in removed.changes} == {c.where for c in outcome.changes}
    assert person.tree() == before
    assert person.told == 2
    assert person.desktop.remove() == Outcome()
    assert person.told == 2


def test_the_keys_of_others_stay_and_what_opened_archives_before_comes_back(
    person: Person,
) -> None:
    person.put(SUFFIX, "", "Other.Archive")
    person.put(SUFFIX, "Content Type", "application/x-other")
    person.put(SUFFIX, "PerceivedType", "image")
    person.put(rf"{SUFFIX}\OpenWithProgids", "Other.Archive", "")
    person.put(rf"{CLASSES}\.zip", "", "CompressedFolder")
    before = person.tree()
    person.desktop.set_up()
    assert person.tree()[SUFFIX][""] == PROGRAM
    person.desktop.set_up()
    person.desktop.remove()
    assert person.tree() == before


def test_a_choice_that_was_made_since_stays(person: Person) -> None:
    person.desktop.set_up()
    person.put(SUFFIX, "", "Other.Archive")
    assert not person.desktop.status().is_complete
    person.put(SUFFIX, "Content Type", "application/x-other")
    person.desktop.remove()
    assert person.tree()[SUFFIX] == {"": "Other.Archive", "Content Type": "application/x-other"}
    assert not any(PROGRAM in key for key in person.tree())


def test_doing_it_again_changes_nothing(person: Person) -> None:
    person.desktop.set_up()
    before = person.tree()
    outcome = person.desktop.set_up()
    assert {change.did for change in outcome.changes} == {Did.UNCHANGED}
    assert person.tree() == before


def test_another_environment_is_shown_and_repaired(person: Person, tmp_path: Path) -> None:
    other = Environment(tmp_path / "other" / "python.exe")
    person.of(other).set_up()
    status = person.desktop.status()
    assert status.interpreter == str(other.interpreter)
    assert "another environment" in status.headline
    person.desktop.set_up()
    assert person.desktop.status().is_complete


def test_a_registry_that_is_locked_is_said(person: Person) -> None:
    person.winreg._locked = True
    with pytest.raises(IntegrationError, match="administrator"):
        person.desktop.set_up()


def test_what_it_cannot_do_is_said(person: Person) -> None:
    assert any(".ome.zip" in limit for limit in person.desktop.limits)
