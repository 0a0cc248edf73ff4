"""The command ``ome-zip repack``."""

from __future__ import annotations

import argparse

from napari_ome_zip.cli.exits import FAILED, exit_statuses
from napari_ome_zip.cli.terminal import progress_bar
from napari_ome_zip.cli.writing import add_writing, finished, is_in_the_way, picture_of
from napari_ome_zip.findings import Finding
from napari_ome_zip.repacking import repack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("the copy was written")
    parser.add_argument("file", metavar="FILE", help="the archive, or a link to it")
    parser.add_argument("target", metavar="NEW_FILE", help="the archive to write")
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="save the intact parts of an archive that is damaged or whose end is missing, and "
        "say what is missing",
    )
    add_writing(parser)


def run(options: argparse.Namespace) -> int:
    """Write a repaired copy of an archive, or what is left of it."""
    if is_in_the_way(options.target, options.force):
        return FAILED
    notes: list[Finding] = []
    with progress_bar("Repacking", "B") as bar:
        made = repack(
            options.file,
            options.target,
            shard=options.shard,
            picture=picture_of(options),
            salvage=options.salvage,
            progress=bar,
            noted=notes.append,
        )
    return finished("Salvaged" if options.salvage else "Repacked", made, notes)
