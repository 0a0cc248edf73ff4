"""The command ``ome-zip open``, which a double click on an archive runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_ome_zip.cli.exits import FAILED, GOOD, exit_statuses
from napari_ome_zip.cli.terminal import complain
from napari_ome_zip.desktop.opening import open_in_napari
from napari_ome_zip.desktop.telling import has_terminal, tell
from napari_ome_zip.errors import ArchiveError, OmeZipError
from napari_ome_zip.files import is_link, shown_place
from napari_ome_zip.names import SAVED_SUFFIXES, is_archive_name
from napari_ome_zip.paths import source_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("all files were handed to napari")
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="an archive, or a link to one (also file:///…)"
    )
    parser.add_argument(
        "--new-window",
        action="store_true",
        help="start napari even if an open window could show the files",
    )


def run(options: argparse.Namespace) -> int:
    """Open archives in the napari window that is running, or in a new one.

    What cannot be opened at all is named, and does not keep the others from opening.
    """
    places: list[str] = []
    status = GOOD
    for file in options.files:
        try:
            places.append(_place(file))
        except (OmeZipError, OSError) as error:
            status = _failed(str(error))
    if not places:
        return status
    try:
        open_in_napari(places, new_window=options.new_window)
    except OmeZipError as error:
        status = _failed(str(error))
    return status


def _place(file: str) -> str:
    """Return what a window is to open: an absolute path, or a link.

    Raises
    ------
    ArchiveError, OSError
        If there is no such file, or it is none that a window would open.
    """
    place = file if is_link(file) else str(source_path(file).absolute())
    if not is_archive_name(place):
        raise ArchiveError(
            f"Not named like an archive, which ends in {' or '.join(SAVED_SUFFIXES)}: "
            f"{shown_place(place)}"
        )
    if is_link(place):
        return place
    if Path(place).is_dir():
        raise IsADirectoryError(f"This is a folder, not an archive: {place}")
    if not Path(place).exists():
        raise FileNotFoundError(f"There is no such file: {place}")
    return place


def _failed(message: str) -> int:
    complain(message)
    if not has_terminal():
        tell(message)
    return FAILED
