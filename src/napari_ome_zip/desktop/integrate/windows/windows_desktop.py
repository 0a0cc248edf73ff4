"""Writing the keys, removing them, and looking at what there is."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from napari_ome_zip.desktop.icons import ICO
from napari_ome_zip.desktop.integrate.desktop import Change, Did, Item, Outcome, State, Status
from napari_ome_zip.desktop.integrate.environment import OPENER, Environment
from napari_ome_zip.desktop.integrate.windows.registry import CLASSES, Registry
from napari_ome_zip.errors import IntegrationError
from napari_ome_zip.names import MIME_TYPE

PROGRAM = "NapariOmeZip.Archive"
"""Our programmatic identifier, and the key of all that is ours alone."""

_SUFFIX = ".ozx"
_OTHERS = f"{_SUFFIX}\\OpenWithProgids"
_CONTENT_TYPE = "Content Type"
_SUFFIX_VALUES = {"": PROGRAM, _CONTENT_TYPE: MIME_TYPE}
_COMMAND = f"{PROGRAM}\\shell\\open\\command"
_INTERPRETER = "Interpreter"
_PREVIOUS = {"": "Previous", _CONTENT_TYPE: "PreviousContentType"}
"""Values of the suffix that others may have set, and what each is remembered as."""
_ASSOCIATIONS_CHANGED = 0x08000000
"""``SHCNE_ASSOCCHANGED``"""


class WindowsDesktop:
    """The explorer of Windows, for one person.

    Parameters
    ----------
    environment : Environment
        What opens archives.
    registry : Registry, optional
        The registry of this person.
    tell : callable, optional
        Tells the explorer that associations changed.
    """

    def __init__(
        self,
        environment: Environment,
        registry: Registry | None = None,
        tell: Callable[[], None] | None = None,
    ) -> None:
        self._environment = environment
        self._registry = (
            Registry(importlib.import_module("winreg")) if registry is None else registry
        )
        self._tell = _tell_explorer if tell is None else tell

    @property
    def promise(self) -> str:  # docstring inherited
        return (
            "Archives (.ozx) get a type and an icon in the explorer, and a double click opens them "
            f"in napari, with the Python of this environment ({self._environment.interpreter}). "
            f"This is for you alone: keys are written below HKEY_CURRENT_USER\\{CLASSES}, and all "
            "of them can be removed again."
        )

    @property
    def limits(self) -> Sequence[str]:  # docstring inherited
        return (
            "Windows looks at the last suffix of a name only: .ome.zip stays a ZIP archive, which "
            "napari opens when it is dropped on its window.",
            "The explorer shows no previews of archives: those take a program of another kind.",
        )

    def status(self) -> Status:  # docstring inherited
        items = [
            Item(_shown(key), what, self._state(key, values))
            for key, what, values in self._wanted()
        ]
        interpreter = self._registry.text(PROGRAM, _INTERPRETER) or ""
        return Status(tuple(items), interpreter, str(self._environment.interpreter))

    def set_up(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        changes = []
        with _refusals():
            previous = self._previous()
            for key, what, values in self._wanted():
                did = Did.UNCHANGED
                if self._state(key, values) is not State.CURRENT:
                    self._registry.write(key, values)
                    did = Did.WRITTEN
                changes.append(Change(_shown(key), what, did))
                if key == PROGRAM:
                    self._registry.write(PROGRAM, previous)
        self._tell()
        return Outcome(tuple(changes))

    def remove(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        changes = []
        with _refusals():
            there = [
                (key, what)
                for key, what, values in self._wanted()
                if self._state(key, values) in (State.CURRENT, State.OUTDATED)
            ]
            self._give_back()
            self._registry.remove_value(_OTHERS, PROGRAM)
            self._registry.remove_if_empty(_OTHERS)
            self._registry.remove_if_empty(_SUFFIX)
            self._registry.remove_tree(PROGRAM)
            changes = [Change(_shown(key), what, Did.REMOVED) for key, what in there]
        if changes:
            self._tell()
        return Outcome(tuple(changes))

    def _previous(self) -> dict[str, str]:
        """Return what others say of the suffix now, to be remembered."""
        found = {name: self._registry.text(_SUFFIX, name) for name in _SUFFIX_VALUES}
        return {
            _PREVIOUS[name]: value
            for name, value in found.items()
            if value and value != _SUFFIX_VALUES[name]
        }

    def _give_back(self) -> None:
        """Let the suffix say what it said before, where nobody changed that since."""
        for name, ours in _SUFFIX_VALUES.items():
            if self._registry.text(_SUFFIX, name) != ours:
                continue
            previous = self._registry.text(PROGRAM, _PREVIOUS[name])
            if previous:
                self._registry.write(_SUFFIX, {name: previous})
            else:
                self._registry.remove_value(_SUFFIX, name)

    def _wanted(self) -> tuple[tuple[str, str, dict[str, str]], ...]:
        """Each key, what it is, and its values. Ours alone comes first, what leads there last."""
        interpreter = self._environment.interpreter
        return (
            (
                PROGRAM,
                "the type of archives",
                {"": "OME-Zarr archive", _INTERPRETER: str(interpreter)},
            ),
            (f"{PROGRAM}\\DefaultIcon", "their icon", {"": f'"{ICO}"'}),
            (
                f"{PROGRAM}\\shell\\open",
                "the name of what opens them",
                {"FriendlyAppName": "napari (OME-Zarr)"},
            ),
            (_COMMAND, "what a double click starts", {"": _command(interpreter)}),
            (_OTHERS, "what 'Open with' offers", {PROGRAM: ""}),
            (
                _SUFFIX,
                "which files are of this type",
                _SUFFIX_VALUES,
            ),
        )

    def _state(self, key: str, values: dict[str, str]) -> State:
        found = {name: self._registry.text(key, name) for name in values}
        if found == values:
            return State.CURRENT
        if all(value is None for value in found.values()):
            return State.ABSENT
        is_ours = key.startswith(PROGRAM) or found.get("") == PROGRAM
        return State.OUTDATED if is_ours else State.ABSENT


def _command(interpreter: Path) -> str:
    """What is run for each file; without the window of a terminal, where there is such a Python."""
    windowless = interpreter.with_name("pythonw.exe")
    program = windowless if windowless.is_file() else interpreter
    return f'"{program}" {" ".join(OPENER)} "%1"'


def _shown(key: str) -> str:
    return f"HKEY_CURRENT_USER\\{CLASSES}\\{key}"


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IntegrationError(
            f"The registry cannot be written ({error}). An administrator may have locked it."
        ) from error


def _tell_explorer() -> None:
    ctypes.WinDLL("shell32").SHChangeNotify(_ASSOCIATIONS_CHANGED, 0, None, None)  # type: ignore[attr-defined]
