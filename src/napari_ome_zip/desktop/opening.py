"""Opens archives in napari: in a window that is running, else in one that is started."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from napari_ome_zip.desktop.napari_process import NapariProcess
from napari_ome_zip.desktop.running_window import hand_over, window_sockets
from napari_ome_zip.desktop.telling import has_terminal, tell
from napari_ome_zip.desktop.window_socket import sockets_folder
from napari_ome_zip.names import file_name

STARTS_WITHIN = 60.0
"""Seconds in which a napari that was started listens; until then others wait for it."""

_LOOK_EVERY = 0.1


def open_in_napari(places: Sequence[str], *, new_window: bool = False) -> None:
    """Open archives in napari; where it has to be started, return when it is closed.

    Whoever is impatient and opens a file twice gets one window: a second call waits for the napari
    that the first one is starting.

    Parameters
    ----------
    places : sequence of str
        Absolute paths, and links.
    new_window : bool
        Whether to start napari even where a window is running.

    Raises
    ------
    NapariStartError
        If napari is not there, cannot be started, or ends with an error.

    Examples
    --------
    >>> open_in_napari(["/data/cells.ozx"])  # doctest: +SKIP
    """
    if new_window:
        _started(places).wait()
        return
    if hand_over(places):
        return
    with _turn_to_start() as is_mine:
        if not is_mine() and _is_taken_by_the_next(places, is_mine):
            return
        napari = _started(places)
        _wait_until_it_listens(napari)
    napari.wait()


def _started(places: Sequence[str]) -> NapariProcess:
    """Start napari; who sees no terminal is told, for it takes seconds until a window is there."""
    napari = NapariProcess(places)
    if not has_terminal():
        others = f" and {len(places) - 1} more" if len(places) > 1 else ""
        tell(f"napari is starting, to show {file_name(places[0])}{others} …", passing=True)
    return napari


@contextmanager
def _turn_to_start() -> Iterator[Callable[[], bool]]:
    """Give what tells whether nobody else is starting napari, who would have to be waited for."""
    folder = sockets_folder()
    if folder is None:
        yield lambda: True
        return
    # Where there is such a folder, there is this module, which Windows has not.
    import fcntl

    # The folder itself is locked: so nothing is left behind.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)

    def is_mine() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield is_mine
    finally:
        os.close(descriptor)


def _is_taken_by_the_next(places: Sequence[str], is_mine: Callable[[], bool]) -> bool:
    """Hand files to the window that another is starting; False where that one never listens."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        is_over = is_mine()  # asked before: it may end by listening
        if hand_over(places):
            return True
        if is_over:
            return False
        time.sleep(_LOOK_EVERY)
    return False


def _wait_until_it_listens(napari: NapariProcess) -> None:
    """Return when there is a new window to hand files to, or there will be none."""
    before = set(window_sockets())
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and napari.is_running:
        if not before.issuperset(window_sockets()):
            return
        time.sleep(_LOOK_EVERY)
