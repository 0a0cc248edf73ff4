"""Folders of a person's own, as the XDG Base Directory Specification names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.errors import IntegrationError

_OWN = "napari-ome-zip"


@dataclass(frozen=True)
class Places:
    """Where a desktop looks for what a person has set up for themselves."""

    data: Path
    config: Path

    @property
    def own(self) -> Path:
        """The folder that is ours alone."""
        return self.data / _OWN

    @property
    def record(self) -> Path:
        """The record of what was written."""
        return self.own / "integration.json"

    @property
    def opener(self) -> Path:
        """What a double click starts."""
        return self.own / "open"

    @property
    def previewer(self) -> Path:
        """What makes a preview."""
        return self.own / "thumbnail"

    @property
    def mime(self) -> Path:
        """The folder of the database of types."""
        return self.data / "mime"

    @property
    def applications(self) -> Path:
        """The folder of applications."""
        return self.data / "applications"

    @property
    def icons(self) -> Path:
        """The folder of the icon theme that all others fall back to."""
        return self.data / "icons" / "hicolor"

    @property
    def defaults(self) -> Path:
        """The list of which application opens what."""
        return self.config / "mimeapps.list"


def own_places(environ: Mapping[str, str] = os.environ) -> Places:
    """Return the folders of the person who runs this.

    Raises
    ------
    IntegrationError
        There is no home folder, or it is another person's.
    """
    try:
        home = Path.home()
    except RuntimeError as error:
        raise IntegrationError(
            "There is no home folder to write to. Set HOME to one, and try again."
        ) from error
    _refuse_a_borrowed_home(home, environ)
    return Places(
        data=_folder(environ.get("XDG_DATA_HOME"), home / ".local" / "share"),
        config=_folder(environ.get("XDG_CONFIG_HOME"), home / ".config"),
    )


def _folder(given: str | None, usual: Path) -> Path:
    # "All paths set in these environment variables must be absolute. If an implementation
    # encounters a relative path […] it should consider the path invalid and ignore it."
    return Path(given) if given and Path(given).is_absolute() else usual


def _refuse_a_borrowed_home(home: Path, environ: Mapping[str, str]) -> None:
    """Sudo keeps the home of whoever calls it: files of root's there could not be removed again."""
    if "SUDO_UID" not in environ or os.geteuid() != 0:
        return
    try:
        owner = home.stat().st_uid
    except OSError:
        return
    if owner != 0:
        raise IntegrationError(
            f"{home} is not the home folder of root. Run this without sudo: it is for you alone, "
            "and needs no rights of an administrator."
        )
