"""Making the application bundle, removing it, and looking at what there is."""

from __future__ import annotations

import plistlib
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from napari_ome_zip.desktop.icons import ICNS
from napari_ome_zip.desktop.integrate.desktop import Change, Did, Item, Outcome, State, Status
from napari_ome_zip.desktop.integrate.environment import Environment
from napari_ome_zip.desktop.integrate.macos.bundle import (
    BUNDLE_NAME,
    ICON,
    LAUNCHER,
    SCRIPT,
    folder_was_made,
    info,
    interpreter_of,
    is_ours,
    launcher,
)
from napari_ome_zip.desktop.integrate.owned_files import remove_empty_folders, said
from napari_ome_zip.desktop.integrate.programs import ProgramError, Run, run_program
from napari_ome_zip.errors import IntegrationError

_WHAT = "the application that opens archives"
_REGISTER = (
    "/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/"
    "Support/lsregister"
)


class MacDesktop:
    """Finder, for one person.

    Parameters
    ----------
    environment : Environment
        What opens archives.
    home : Path, optional
        Home folder of the person.
    run : Run, optional
        Runs a program of the system.
    """

    def __init__(
        self, environment: Environment, home: Path | None = None, run: Run = run_program
    ) -> None:
        self._environment = environment
        self._folder = (Path.home() if home is None else home) / "Applications"
        self._bundle = self._folder / BUNDLE_NAME
        self._run = run

    @property
    def promise(self) -> str:  # docstring inherited
        return (
            "Archives (.ozx) get a type and an icon in Finder, and a double click opens them in "
            f"napari, with the Python of this environment ({self._environment.interpreter}). This "
            f"is for you alone: one small application is made, {self._bundle}, and can be removed "
            "again."
        )

    @property
    def limits(self) -> Sequence[str]:  # docstring inherited
        return (
            "macOS looks at the last suffix of a name only: .ome.zip stays a ZIP archive, for "
            "which 'Open With' offers napari.",
            "Finder shows no previews of archives: those take a program of another kind.",
        )

    def status(self) -> Status:  # docstring inherited
        found = self._found()
        item = Item(str(self._bundle), _WHAT, self._state(found))
        wanted = str(self._environment.interpreter)
        return Status((item,), interpreter_of(found or {}), wanted)

    def set_up(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        found = self._found()
        state = self._state(found)
        if state is State.FOREIGN and not replace:
            raise IntegrationError(
                f"There is something else at {self._bundle}. Nothing was done. Move that away, or "
                "replace it with 'ome-zip integrate --force'."
            )
        if state is State.CURRENT:
            return Outcome((Change(str(self._bundle), _WHAT, Did.UNCHANGED),))
        made = folder_was_made(found or {}) or not self._folder.exists()
        with said(self._folder):
            self._folder.mkdir(exist_ok=True)
        try:
            notes = self._make(folder_made=made)
        except IntegrationError:
            if made:
                remove_empty_folders([self._folder])
            raise
        notes += self._tell("-f")
        return Outcome((Change(str(self._bundle), _WHAT, Did.WRITTEN),), tuple(notes))

    def remove(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        found = self._found()
        if found is None or not is_ours(found):
            return Outcome()
        notes = self._tell("-u")
        with said(self._bundle, "removed"):
            shutil.rmtree(self._bundle)
        if folder_was_made(found):
            remove_empty_folders([self._folder])
        return Outcome((Change(str(self._bundle), _WHAT, Did.REMOVED),), tuple(notes))

    def _make(self, *, folder_made: bool) -> list[str]:
        """Make the bundle beside its place, and put it there as a whole."""
        with (
            said(self._bundle),
            tempfile.TemporaryDirectory(dir=self._folder, prefix=".") as beside,
        ):
            script, made = Path(beside) / "open.applescript", Path(beside) / BUNDLE_NAME
            script.write_text(SCRIPT, encoding="utf-8")
            self._run(["osacompile", "-o", str(made), str(script)])
            contents = made / "Contents"
            said_of_itself = _read(contents / "Info.plist") or {}
            said_of_itself.update(info(self._environment, folder_made=folder_made))
            (contents / "Info.plist").write_bytes(plistlib.dumps(said_of_itself))
            (contents / "Resources" / LAUNCHER).write_bytes(launcher(self._environment))
            shutil.copyfile(ICNS, contents / "Resources" / f"{ICON}.icns")
            notes = self._sign(made)
            if self._bundle.is_dir():
                shutil.rmtree(self._bundle)
            made.rename(self._bundle)
        return notes

    def _sign(self, bundle: Path) -> list[str]:
        """Sign for this machine alone: the signature that it was compiled with covered less."""
        try:
            self._run(["codesign", "--force", "--sign", "-", str(bundle)])
        except ProgramError as error:
            return [f"The application is not signed: {error}. macOS may ask before it runs it."]
        return []

    def _tell(self, change: str) -> list[str]:
        """Tell the system of a bundle, which it would find by itself later."""
        try:
            self._run([_REGISTER, change, str(self._bundle)])
        except ProgramError as error:
            return [f"Finder was not told: {error}. It notices when you log in again."]
        return []

    def _found(self) -> dict[str, Any] | None:
        """Return what a bundle at our name says of itself; None where there is nothing."""
        if not self._bundle.exists() and not self._bundle.is_symlink():
            return None
        return _read(self._bundle / "Contents" / "Info.plist") or {}

    def _state(self, found: dict[str, Any] | None) -> State:
        if found is None:
            return State.ABSENT
        if not is_ours(found):
            return State.FOREIGN
        expected = info(self._environment, folder_made=folder_was_made(found))
        resource = self._bundle / "Contents" / "Resources" / LAUNCHER
        with suppress(OSError):
            if expected.items() <= found.items() and resource.read_bytes() == launcher(
                self._environment
            ):
                return State.CURRENT
        return State.OUTDATED


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = plistlib.loads(path.read_bytes())
    except (OSError, ValueError, ExpatError):
        return None
    return found if isinstance(found, dict) else None
