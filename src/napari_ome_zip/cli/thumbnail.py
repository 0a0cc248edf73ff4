"""The command ``ome-zip thumbnail``."""

from __future__ import annotations

import argparse

from napari_ome_zip.cli.exits import FAILED, exit_statuses
from napari_ome_zip.cli.terminal import progress_bar
from napari_ome_zip.cli.writing import finished, is_in_the_way
from napari_ome_zip.findings import Finding
from napari_ome_zip.picture_inside import add_thumbnail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("the archive has its thumbnail")
    parser.add_argument("file", metavar="FILE", help="the archive, or a link to it")
    parser.add_argument(
        "--out", metavar="NEW_FILE", help="the archive to write; without it FILE is replaced"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing NEW_FILE")


def run(options: argparse.Namespace) -> int:
    """Make the thumbnail of an archive, or make it anew."""
    if options.out is not None and is_in_the_way(options.out, options.force):
        return FAILED
    notes: list[Finding] = []
    with progress_bar("Copying", "B") as bar:
        made = add_thumbnail(options.file, options.out, progress=bar, noted=notes.append)
    return finished("Saved with a thumbnail", made, notes)
