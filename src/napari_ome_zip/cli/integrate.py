"""The command ``ome-zip integrate``."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable

from napari_ome_zip.cli.exits import BAD, GOOD, exit_statuses
from napari_ome_zip.cli.terminal import remark, width, write
from napari_ome_zip.desktop.integrate import Did, Outcome, Status, this_desktop

_WORDS = {
    Did.WRITTEN: "Written",
    Did.UNCHANGED: "As it was",
    Did.REMOVED: "Removed",
    Did.LEFT: "Left",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses(
        "everything is set up, or removed, as you asked",
        "--status found something that is not set up",
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--remove", action="store_true", help="remove everything that was set up")
    ways.add_argument(
        "--status", action="store_true", help="say what is set up, and change nothing"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="also replace or remove files that you or another program changed",
    )


def run(options: argparse.Namespace) -> int:
    """Set up the desktop of the person who asks, undo it, or say how it stands."""
    desktop = this_desktop()
    if options.status:
        return _show(desktop.status())
    if options.remove:
        outcome = desktop.remove(replace=options.force)
        _paragraph("Removed." if outcome.changes else "There was nothing to remove.")
    else:
        outcome = desktop.set_up(replace=options.force)
        _paragraph(f"Done. {desktop.promise}")
    _list(outcome)
    if not options.remove:
        for limit in desktop.limits:
            remark(limit)
        _paragraph("To remove all of it: ome-zip integrate --remove")
    for note in outcome.notes:
        remark(note)
    return GOOD


def _show(status: Status) -> int:
    _paragraph(status.headline)
    _columns((item.state.value, item.what, item.where) for item in status.items)
    return GOOD if status.is_complete else BAD


def _list(outcome: Outcome) -> None:
    _columns((_WORDS[change.did], change.what, change.where) for change in outcome.changes)


def _columns(rows: Iterable[tuple[str, str, str]]) -> None:
    """Write what and where, a path always whole and in a line of its own, to be copied."""
    for state, what, where in rows:
        write(f"  {state}: {what}\n    {where}\n")


def _paragraph(text: str) -> None:
    write(textwrap.fill(text, width(), break_long_words=False, break_on_hyphens=False) + "\n")
