"""What the commands that write an archive have in common."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path

from napari_ome_zip.cli.exits import GOOD
from napari_ome_zip.cli.standard_input import STANDARD_STREAM
from napari_ome_zip.cli.terminal import complain, remark, width, write
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.own_thumbnail import Picture
from napari_ome_zip.names import unusual_name
from napari_ome_zip.rendering import thumbnail_png
from napari_ome_zip.validation.validate import validate


def add_writing(command: argparse.ArgumentParser) -> None:
    """Add the options that they share."""
    command.add_argument(
        "--shard", action="store_true", help="gather chunks into shards, changing no pixel"
    )
    command.add_argument(
        "--thumbnail",
        action="store_true",
        help="put a small picture of the image into the file, for previews",
    )
    command.add_argument("--force", action="store_true", help="replace an existing file")


def picture_of(options: argparse.Namespace) -> Picture | None:
    """Return what draws the thumbnail, where one is wanted."""
    return thumbnail_png if options.thumbnail else None


def finished(done: str, made: Path, notes: Sequence[Finding]) -> int:
    """Write the name of the new file, notes on it, and the verdict of a check."""
    write(f"{done} as {made}\n")
    for note in (*(each.message for each in notes), unusual_name(made)):
        if note is not None:
            remark(note)
    report = validate(made)
    write(f"{report.verdict}\n")
    if report.errors or report.warnings:
        hint = f"What remains concerns the image, not the archive: see 'ome-zip validate {made}'."
        write(textwrap.fill(hint, width(), break_long_words=False, break_on_hyphens=False) + "\n")
    return GOOD


def is_in_the_way(target: str, force: bool) -> bool:
    """Whether nothing can be written to a target, or nobody said that it may be replaced; says so.

    What is written is checked before it gets its name, which nothing on standard output has.
    """
    if target in ("", STANDARD_STREAM):
        complain(
            f"'{target}' is not a name for a file, and nothing is written to standard output. Name "
            f"the file to write; ./{STANDARD_STREAM} is a file of that name."
        )
        return True
    if force or not Path(target).exists():
        return False
    complain(f"{target} already exists. Choose another name, or replace it with --force.")
    return True
