"""Pixels that are not all known yet, and what completes them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.files.byte_file import Expectation
from napari_ome_zip.pixels.grid import Region


@dataclass(frozen=True, eq=False)
class Missing:
    """A block of pixels that is not known yet."""

    key: Hashable = field(repr=False)
    """The same wherever the same block is missing."""
    compute: Callable[[], npt.NDArray[Any]] = field(repr=False)
    """Computes the block, in any thread."""
    inside: Region
    """Which part of the block is asked for."""
    target: Region
    """Where that part belongs in `BestKnown.whole`."""
    sketch: Missing | None = None
    """A rougher version of it that takes far less time, where nothing better stands there yet."""
    is_overview: bool = False
    """Whether it belongs to the coarsest level, which is the one that can wait."""


def _as_it_is(whole: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return whole


@dataclass(frozen=True, eq=False)
class BestKnown:
    """Pixels of a region as far as they are known, and what is missing to make them final."""

    whole: npt.NDArray[Any]
    """Filled with the best there is; it owns its memory."""
    missing: tuple[Missing, ...]
    """Most wanted first; empty where all pixels are final."""
    shown: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] = _as_it_is
    """What of ``whole`` was asked for, as a view of it."""
    expect: Callable[[], Expectation] | None = None
    """Begins to fetch all that is missing together, where it lies behind a line; in any thread,
    which may have to wait."""
    underlay: Missing | None = None
    """Coarser pixels for all of ``whole``, where nothing better stands there yet; only blocks that
    are missing are made of them."""
    is_first: bool = False
    """Whether its blocks come before those of others, since these are seen through them."""


class NotWantedError(ReadCancelledError):
    """Nobody wants what is being computed any more."""


_is_wanted: ContextVar[Callable[[], bool] | None] = ContextVar("is_wanted", default=None)


def compute_while_wanted(
    compute: Callable[[], npt.NDArray[Any]], is_wanted: Callable[[], bool]
) -> npt.NDArray[Any]:
    """Compute a block in this thread.

    Raises
    ------
    NotWantedError
        If it was not wanted any more when `stop_if_unwanted` was called on the way.
    """
    token = _is_wanted.set(is_wanted)
    try:
        return compute()
    finally:
        _is_wanted.reset(token)


def stop_if_unwanted() -> None:
    """Called by what takes long, now and then: what reads for its own sake goes on."""
    is_wanted = _is_wanted.get()
    if is_wanted is not None and not is_wanted():
        raise NotWantedError
