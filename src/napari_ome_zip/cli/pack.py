"""The command ``ome-zip pack``."""

from __future__ import annotations

import argparse

from napari_ome_zip.cli.exits import FAILED, exit_statuses
from napari_ome_zip.cli.terminal import progress_bar
from napari_ome_zip.cli.writing import add_writing, finished, is_in_the_way, picture_of
from napari_ome_zip.findings import Finding
from napari_ome_zip.repacking import pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("the archive was written")
    parser.add_argument(
        "directory",
        metavar="DIRECTORY",
        help="a folder of OME-Zarr 0.5 or newer; older ones are for 'ome-zip convert'",
    )
    parser.add_argument("file", metavar="FILE", help="the archive to write")
    add_writing(parser)


def run(options: argparse.Namespace) -> int:
    """Make an archive of a folder."""
    if is_in_the_way(options.file, options.force):
        return FAILED
    notes: list[Finding] = []
    with progress_bar("Packing", "B") as bar:
        made = pack(
            options.directory,
            options.file,
            shard=options.shard,
            picture=picture_of(options),
            progress=bar,
            noted=notes.append,
        )
    return finished("Packed", made, notes)
