"""The file that lists default applications, found, changed and given back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.desktop.integrate.desktop import Change, Did, Item, State
from napari_ome_zip.desktop.integrate.linux.entries import DESKTOP_ID
from napari_ome_zip.desktop.integrate.linux.mime_apps import (
    is_default,
    with_default,
    without_application,
)
from napari_ome_zip.desktop.integrate.owned_files import said, unlink, write
from napari_ome_zip.names import MIME_TYPE

_WHAT = "napari first among what opens archives"
_ENCODING, _ERRORS = "utf-8", "surrogateescape"


@dataclass(frozen=True)
class ListChange:
    """How the list is changed."""

    after: str
    made: bool
    """Whether there was no list before."""
    heading_added: bool
    """Whether its heading of default applications is ours."""


class DefaultList:
    """A list of default applications.

    Parameters
    ----------
    path : Path
        Of the file, which need not exist. Where it is a symbolic link, as programs for dotfiles
        make them, what it leads to is changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def item(self) -> Item:
        """Return whether ours is the default for archives."""
        is_first = is_default(self._text() or "", MIME_TYPE, DESKTOP_ID)
        return Item(str(self._path), _WHAT, State.CURRENT if is_first else State.ABSENT)

    def wanted(self) -> ListChange | None:
        """Return how ours becomes the default; None where it is."""
        before = self._text()
        if before is not None and is_default(before, MIME_TYPE, DESKTOP_ID):
            return None
        after, heading_added = with_default(before or "", MIME_TYPE, DESKTOP_ID)
        return ListChange(after, before is None, heading_added)

    def put_first(self, change: ListChange | None) -> Change:
        """Make ours the default.

        Raises
        ------
        IntegrationError
            The list cannot be written.
        """
        if change is not None:
            self._write(change.after)
        did = Did.UNCHANGED if change is None else Did.WRITTEN
        return Change(str(self._path), _WHAT, did)

    def take_out(self, *, made: bool, heading_added: bool) -> list[Change]:
        """Take ours out, and remove a list that was made for it and holds nothing else.

        Raises
        ------
        IntegrationError
            The list cannot be written.
        """
        before = self._text()
        if before is None:
            return []
        after = without_application(before, DESKTOP_ID, heading_added=heading_added)
        if after == before:
            return []
        if made and not after.strip():
            unlink(self._path.resolve())  # not a link that was there
        else:
            self._write(after)
        return [Change(str(self._path), _WHAT, Did.REMOVED)]

    def _text(self) -> str | None:
        with said(self._path, "read"):
            try:
                return self._path.read_bytes().decode(_ENCODING, _ERRORS)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _write(self, text: str) -> None:
        path = self._path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        write(path, text.encode(_ENCODING, _ERRORS), mode)
