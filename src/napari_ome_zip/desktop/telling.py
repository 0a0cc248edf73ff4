"""Tells something to a person who sees no terminal, as after a double click."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys

_TITLE = "OME-Zarr archives"
_SHOWN_MS = 10_000
_TAKEN_WITHIN = 5.0
"""Seconds that a desktop has to take a notification."""


def has_terminal() -> bool:
    """Whether there is a terminal to write to: programs that a file manager starts have none."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return any(stream is not None and stream.isatty() for stream in streams)


def tell(message: str, *, passing: bool = False) -> bool:
    """Show a notification of the desktop.

    Parameters
    ----------
    message : str
        A sentence.
    passing : bool
        Whether it is of no use later, and need not be kept.

    Returns
    -------
    bool
        Whether there is a program for that, and a desktop that took it.
    """
    return any(_is_taken(command) for command in _commands(message, passing=passing))


def _commands(message: str, *, passing: bool) -> list[list[str]]:
    """Programs that show notifications: of libnotify, else of GLib, which most desktops have."""
    text = html.escape(message, quote=False)  # desktops understand some tags in it
    hints = "{'transient': <true>}" if passing else "@a{sv} {}"
    where = ["--dest=org.freedesktop.Notifications", "--object-path=/org/freedesktop/Notifications"]
    method = "--method=org.freedesktop.Notifications.Notify"
    kept = ["--hint=int:transient:1"] if passing else []
    # Numbers and texts of the method, as GLib's text format has them.
    values = [json.dumps(_TITLE), "uint32 0", '""', json.dumps(_TITLE), json.dumps(text), "@as []"]
    return [
        ["notify-send", f"--app-name={_TITLE}", *kept, "--", _TITLE, text],
        ["gdbus", "call", "--session", *where, method, "--", *values, hints, str(_SHOWN_MS)],
    ]


def _is_taken(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        finished = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TAKEN_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return finished.returncode == 0
