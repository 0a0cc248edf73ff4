"""The command ``ome-zip unpack``."""

from __future__ import annotations

import argparse

from napari_ome_zip.cli.exits import GOOD, exit_statuses
from napari_ome_zip.cli.terminal import progress_bar, write
from napari_ome_zip.repacking import unpack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("the folder was made")
    parser.add_argument("file", metavar="FILE", help="the archive, or a link to it")
    parser.add_argument("directory", metavar="DIRECTORY", help="the folder to make")


def run(options: argparse.Namespace) -> int:
    """Make a folder of an archive."""
    with progress_bar("Unpacking", "B") as bar:
        made = unpack(options.file, options.directory, progress=bar)
    write(f"Unpacked into {made}\n")
    return GOOD
