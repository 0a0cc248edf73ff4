"""The napari of this environment, started with files to open."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence

from napari_ome_zip.errors import NapariStartError

_PLUGIN = "napari-ome-zip"
_ENDED_BY_A_PERSON = frozenset({0, -signal.SIGINT, -signal.SIGTERM})
_KEPT_LINES, _LONGEST_LINE = 20, 300
_LAST_WORDS_WITHIN = 1.0
"""Seconds in which what napari wrote is read to its end: its own children may hold the pipe."""


class NapariProcess:
    """A napari that was started.

    Where nobody reads what it writes to the standard error, as after a double click, its last line
    is part of the error if it fails.

    Parameters
    ----------
    places : sequence of str
        Absolute paths, and links.

    Raises
    ------
    NapariStartError
        If napari is not there, or cannot be started.
    """

    def __init__(self, places: Sequence[str]) -> None:
        if importlib.util.find_spec("napari") is None:
            raise NapariStartError(
                f"There is no napari in this environment, {sys.prefix}, to open files with. "
                "Install it there: pip install 'napari-ome-zip[all]'."
            )
        # -P: the folder that napari starts in may hold a napari.py that came along with an image.
        command = [sys.executable, "-P", "-m", "napari", "--plugin", _PLUGIN, *places]
        is_read = sys.stderr is not None and sys.stderr.isatty()
        try:
            self._process = subprocess.Popen(command, stderr=None if is_read else subprocess.PIPE)
        except OSError as error:
            raise NapariStartError(f"napari cannot be started: {error.strerror}.") from error
        self._last: deque[bytes] = deque(maxlen=_KEPT_LINES)
        self._listener = threading.Thread(target=self._pass_on, daemon=True)
        self._listener.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Return when it has ended.

        Raises
        ------
        NapariStartError
            If it ended with an error.
        """
        status = self._process.wait()
        self._listener.join(_LAST_WORDS_WITHIN)
        if status not in _ENDED_BY_A_PERSON:
            said = self._last_words()
            raise NapariStartError(
                f"napari ended with an error (status {status})" + (f": {said}" if said else ".")
            )

    def _pass_on(self) -> None:
        """Pass on what it writes, and keep the last of it."""
        pipe = self._process.stderr
        if pipe is None:
            return
        with pipe:
            while line := pipe.readline(1 << 16):
                self._last.append(line)
                if sys.stderr is not None:
                    sys.stderr.write(line.decode(errors="replace"))
                    sys.stderr.flush()

    def _last_words(self) -> str:
        lines = (line.decode(errors="replace").strip() for line in reversed(self._last))
        return next((line[:_LONGEST_LINE] for line in lines if line), "")
