"""The command ``ome-zip convert``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import fields

from napari_ome_zip.cli.exits import FAILED, exit_statuses
from napari_ome_zip.cli.terminal import complain, progress_bar, remark
from napari_ome_zip.cli.writing import finished, is_in_the_way
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.load import open_image
from napari_ome_zip.ome.versions import DRAFT, WRITTEN
from napari_ome_zip.save import save_composite
from napari_ome_zip.saving.draft import FEW_READ_IT, DraftNeededError
from napari_ome_zip.saving.options import (
    CODEC_LEVELS,
    USUAL_CHUNK,
    USUAL_CODEC,
    USUAL_LEVEL,
    USUAL_SHARD,
    SaveOptions,
)
from napari_ome_zip.saving.plan import plan_save

MAX_NOTES = 20
"""Notes on what was repaired or is lost, at most; a damaged plate has thousands."""

_CHOICES = [field.name for field in fields(SaveOptions)]
"""Every choice about a save is an option, and has its name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.description = (
        "Save an image of any version of OME-Zarr (0.1 to 0.6, and drafts), in an archive or a "
        "folder, as a single-image archive. Pixels are copied as they are stored, unless an option "
        "below changes how. To turn a folder of OME-Zarr 0.5 or newer into an archive as it is, "
        "file by file, use 'ome-zip pack'."
    )
    parser.epilog = exit_statuses("OUT was written")
    parser.add_argument("file", metavar="IN", help="an archive, a link to one, or a folder")
    parser.add_argument("target", metavar="OUT", help="the archive to write")
    parser.add_argument(
        "--version",
        choices=("auto", *WRITTEN),
        default="auto",
        help="version of OME-Zarr; by default that of IN, else 0.5 where that can hold the image, "
        f"else 0.6. {DRAFT} is {FEW_READ_IT}",
    )
    parser.add_argument(
        "--split",
        action="store_true",
        help="save an image of more axes than a released version holds as a series of images, one "
        "per channel",
    )
    parser.add_argument(
        "--levels",
        type=int,
        metavar="N",
        help="number of resolution levels of each image; by default those that IN has (a large "
        "image that has only one gets more when its pixels are re-encoded)",
    )
    parser.add_argument(
        "--labels-alone", action="store_true", help="save the labels without the images"
    )
    parser.add_argument(
        "--for-others",
        action="store_true",
        help="leave out what only napari shows: points, shapes, tracks, vectors, surfaces, and "
        "the view",
    )
    parser.add_argument(
        "--thumbnail",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="put a small picture of the image into the file, for previews (the default)",
    )
    _add_storage(parser)
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def _add_storage(parser: argparse.ArgumentParser) -> None:
    stored = parser.add_argument_group(
        "how pixels are stored", "Choosing any of these re-encodes all pixels."
    )
    stored.add_argument(
        "--chunk",
        type=int,
        metavar="PIXELS",
        help=f"edge of a chunk in y and x (for re-encoded pixels, {USUAL_CHUNK})",
    )
    stored.add_argument(
        "--shard",
        type=int,
        metavar="PIXELS",
        help=f"edge of a shard in y and x, 0 for no shards (for re-encoded pixels, {USUAL_SHARD})",
    )
    stored.add_argument(
        "--codec", choices=tuple(CODEC_LEVELS), help=f"for re-encoded pixels, {USUAL_CODEC}"
    )
    stored.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="compression level: higher is smaller and slower "
        f"(for re-encoded pixels, {USUAL_LEVEL})",
    )


def run(options: argparse.Namespace) -> int:
    """Save what a file holds as an archive, in any version."""
    if is_in_the_way(options.target, options.force):
        return FAILED
    chosen = SaveOptions(**{each: getattr(options, each) for each in _CHOICES})
    image = open_image(options.file)
    try:
        plan = plan_save(image, chosen)
    except DraftNeededError as needed:
        complain(_choices(needed))
        return FAILED
    for note in _limited([each for each in image.findings if each.is_seen], "repairs"):
        remark(note)
    for note in _limited(plan.lost, "changes"):
        remark(note)
    notes: list[Finding] = []
    with progress_bar("Converting", "B") as bar:
        made = save_composite(
            image, options.target, chosen, progress=bar, plan=plan, noted=notes.append
        )
    return finished(f"Converted to OME-Zarr {plan.version}", made, notes)


def _choices(needed: DraftNeededError) -> str:
    """What to choose instead, as it is called in a terminal."""
    choices = [f"--version {DRAFT}, {FEW_READ_IT}"]
    released = needed.released
    if released is not None and released.split:
        choices.append(f"--version {released.version} --split, one image per channel")
    elif released is not None:
        choices.append(f"--version {released.version}, which leaves that out")
    return f"{needed.explanation} Choose {', or '.join(choices)}. Nothing was written."


def _limited(findings: Sequence[Finding], kind: str) -> Iterator[str]:
    yield from (finding.message for finding in findings[:MAX_NOTES])
    if len(findings) > MAX_NOTES:
        yield f"And {len(findings) - MAX_NOTES:,} more {kind} like these."
