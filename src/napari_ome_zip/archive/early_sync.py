"""Keeps the disk at work while bytes are still appended to a file."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

SYNC_EVERY_BYTES = 1 << 27
"""Bytes that are appended before the disk is asked to take them (128 MiB)."""
THREAD_NAME = "ome-zip-sync"


class EarlySync:
    """Writes a growing file to the disk, a part at a time, in a thread of its own.

    A program that waits for the disk only when its file is complete waits for all of it. Here most
    of it is there by then. Nothing is promised of the parts: the last sync is the caller's.

    Parameters
    ----------
    descriptor : int
        The file; it may be closed at any time.

    Notes
    -----
    Only systems with ``fdatasync`` are helped (Linux); on others nothing happens. Windows would
    not remove a file that another descriptor holds.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = 0
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def grown(self, size: int) -> None:
        """Note the size of the file now; begin a sync where enough was added since the last.

        Raises
        ------
        OSError
            The disk did not take an earlier part. The system tells that once only.
        """
        self._check()
        if sys.platform != "linux" or size - self._begun < SYNC_EVERY_BYTES:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._begun = size
        own = os.dup(self._descriptor)
        self._thread = threading.Thread(
            target=self._sync, args=(own,), name=THREAD_NAME, daemon=True
        )
        self._thread.start()

    def finish(self) -> None:
        """Wait for the sync that runs.

        Raises
        ------
        OSError
            As of `grown`.
        """
        if self._thread is not None:
            self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _sync(self, descriptor: int) -> None:
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            self._error = error
        finally:
            with suppress(OSError):
                os.close(descriptor)
