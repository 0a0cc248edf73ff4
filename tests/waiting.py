"""Waiting for what other threads do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

SECONDS = 60
"""That a test waits for something, at most."""


def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    tick = threading.Event()
    for _ in range(SECONDS * 100):
        if holds():
            return
        tick.wait(0.01)
    pytest.fail("it never was so")
