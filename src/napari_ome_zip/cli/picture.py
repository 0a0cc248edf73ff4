"""The command ``ome-zip picture``."""

from __future__ import annotations

import argparse

from napari_ome_zip.cli.exits import FAILED, GOOD, exit_statuses
from napari_ome_zip.cli.terminal import complain, progress_bar, remark, write
from napari_ome_zip.cli.writing import is_in_the_way
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.load import open_image
from napari_ome_zip.paths import target_path
from napari_ome_zip.picture_file import write_picture
from napari_ome_zip.rendering import render
from napari_ome_zip.rendering.render import SIZE
from napari_ome_zip.storage import open_store

_MAX_REMARKS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("the picture was written")
    parser.add_argument("file", metavar="FILE", help="an archive, a link to one, or a folder")
    parser.add_argument("picture", metavar="OUT.png", help="the picture to write")
    parser.add_argument(
        "--size",
        type=int,
        default=SIZE,
        metavar="PIXELS",
        help=f"longest edge of the picture ({SIZE} by default)",
    )
    parser.add_argument("--t", type=int, metavar="STEP", help="time, counted from 0 as sliders do")
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--z", type=int, metavar="STEP", help="plane in depth, counted from 0")
    depth.add_argument(
        "--max", action="store_true", help="the brightest pixels of all planes in depth"
    )
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        type=_step,
        metavar="NAME=STEP",
        help="step of the slider of this name; may be given for several",
    )
    parser.add_argument(
        "--system", metavar="NAME", help="coordinate system that everything is placed in"
    )
    parser.add_argument(
        "--labels",
        choices=("fill", "outline", "none"),
        default="fill",
        help="how labels are drawn (by default as the file shows them, filled if it does not say)",
    )
    parser.add_argument("--scale-bar", action="store_true", help="draw a scale bar")
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> int:
    """Write a picture of a file."""
    target = target_path(options.picture)
    if target.suffix.lower() != ".png":
        complain(f"A picture is written as PNG: give it a name that ends in .png, not {target}.")
        return FAILED
    if is_in_the_way(options.picture, options.force):
        return FAILED
    if not target.parent.is_dir():
        complain(f"There is no folder {target.parent} to write the picture to.")
        return FAILED
    damage = _Damage()
    store = open_store(options.file)
    store.on_damage = damage
    composite = open_image(store, system=options.system)
    at = dict(options.at)
    at |= {name: step for name in ("t", "z") if (step := getattr(options, name)) is not None}
    notes = _repairs(composite)
    with progress_bar("Drawing", "pixels") as bar:
        picture = render(
            composite,
            options.size,
            at=at,
            projection="max" if options.max else None,
            labels=options.labels,
            scale_bar=options.scale_bar,
            noted=notes.append,
            progress=bar,
        )
    write_picture(target, picture)
    rows, columns = picture.shape[:2]
    write(f"Drawn as {target} ({columns} × {rows} pixels)\n")
    for note in notes:
        remark(note.message)
    damage.report()
    return GOOD


class _Damage:
    """Counts what cannot be read; any thread may come upon it."""

    def __init__(self) -> None:
        self._messages: list[str] = []

    def __call__(self, message: str) -> None:
        self._messages.append(message)

    def report(self) -> None:
        """Say so, with the first one."""
        if self._messages:
            more = len(self._messages) - 1
            others = f" And {more:,} more like this." if more else ""
            remark(f"Not all of it could be read; the rest is empty. {self._messages[0]}{others}")


def _repairs(composite: CompositeImage) -> list[Finding]:
    """What was repaired or left out when the file was opened, so that it is drawn otherwise."""
    return [finding for finding in composite.findings if finding.is_seen][:_MAX_REMARKS]


def _step(text: str) -> tuple[str, int]:
    name, _, step = text.rpartition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"expected NAME=STEP, such as z=12, not {text!r}")
    try:
        return name, int(step)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"the step of {name} is not a whole number: {step!r}"
        ) from None
