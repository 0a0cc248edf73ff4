"""Pixels for someone who looks at them: what is known at once, and the rest when it is there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from napari_ome_zip.pixels.background import BACKGROUND, LINE, Wish
from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.reading_ahead import AHEAD
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.standing_in import with_coarser

PATIENCE = 0.04
"""Seconds that a viewer waits for final pixels before it is given others."""
PAUSE = 0.1
"""Seconds without a question after which it waits again."""
RETRY = 3.0
"""Seconds after which what a line did not bring is asked for again, when something is looked at."""


class View:
    """What is shown of the levels of one image.

    Arrays that are read for a view hold the best pixels that are known, and are completed in
    place. Nothing else is: whoever reads the same array for another purpose gets final pixels.

    Parameters
    ----------
    is_asking : callable
        Whether it is the viewer that reads, in this thread.
    changed : callable
        Called in any thread when pixels that were handed out changed.
    failed : callable
        Called in any thread with what was raised while pixels were computed.
    """

    def __init__(
        self,
        is_asking: Callable[[], bool],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.is_asking = is_asking
        self._changed = changed
        self._failed = failed
        self.levels: Sequence[PixelSource] = ()
        """All levels of the image, largest first: coarser ones stand in for what a line brings."""
        self._handed_out: dict[Hashable, _HandedOut] = {}
        self._prepared: tuple[Hashable, npt.NDArray[Any]] | None = None

    def prepare(self, source: PixelSource, region: Region, pixels: npt.NDArray[Any]) -> None:
        """Keep final pixels of a region for when they are asked for, until `forget`."""
        self._prepared = _key(source, region), pixels

    def forget(self) -> None:
        """Let go of the pixels that were prepared."""
        self._prepared = None

    def pixels(self, source: PixelSource, region: Region) -> npt.NDArray[Any] | None:
        """The best pixels there are; None where the source knows no better than to read them.

        A region that is asked for again while its pixels are still shown is the same array.
        """
        key = _key(source, region)
        prepared = self._prepared
        if prepared is not None and prepared[0] == key:
            return prepared[1]
        self._try_again()
        shown = self._shown_again(key)
        if shown is not None:
            return shown
        if source.is_remote:
            with AHEAD.after(source, region):
                return self._known(key, source, region)
        return self._known(key, source, region)

    def _known(self, key: Hashable, source: PixelSource, region: Region) -> npt.NDArray[Any] | None:
        known = source.best_known(region)
        if known is None:
            return None
        if known.missing and source.is_remote:
            known = self._with_coarser(known, source, region)
        gone = [key for key, handed in self._handed_out.copy().items() if handed.is_gone]
        for each in gone:
            self._handed_out.pop(each, None)
        if known.missing:
            wish = Wish(known, self._changed, self._failed)
            self._handed_out[key] = _HandedOut(known, wish)
            threads = LINE if source.is_remote else BACKGROUND
            threads.add(wish)
            wish.wait(_patience.left())
            _patience.asked()
            threads.hold()
        return known.shown(known.whole)

    def _with_coarser(self, known: BestKnown, source: PixelSource, region: Region) -> BestKnown:
        if source not in self.levels:
            return known
        coarser = self.levels[self.levels.index(source) + 1 :]
        return with_coarser(known, source, region, coarser) if coarser else _first(known)

    def _try_again(self) -> None:
        """Try again to complete what is still shown, and could not be completed."""
        for handed in list(self._handed_out.values()):
            if handed.may_be_tried_again:
                LINE.add(handed.wish.again())

    def _shown_again(self, key: Hashable) -> npt.NDArray[Any] | None:
        handed = self._handed_out.get(key)
        return None if handed is None else handed.again()


def _key(source: PixelSource, region: Region) -> Hashable:
    return source, tuple((s.start, s.stop) for s in region)


def _first(known: BestKnown) -> BestKnown:
    return replace(known, is_first=True)


class _HandedOut:
    """An array that was handed out, for as long as whoever got it keeps it."""

    def __init__(self, known: BestKnown, wish: Wish) -> None:
        self._whole = weakref.ref(known.whole)
        self._shown = known.shown
        self.wish = wish

    @property
    def may_be_tried_again(self) -> bool:
        failed = self.wish.failed
        return failed is not None and time.monotonic() > failed + RETRY and not self.is_gone

    @property
    def is_gone(self) -> bool:
        return self._whole() is None

    def again(self) -> npt.NDArray[Any] | None:
        whole = self._whole()
        if whole is None:
            return None
        self.wish.raise_()
        return self._shown(whole)


class _Patience:
    """How long may be waited: many layers that are shown together share it."""

    def __init__(self) -> None:
        self._until = self._last = 0.0

    def left(self) -> float:
        now = time.monotonic()
        if now - self._last > PAUSE:
            self._until = now + PATIENCE
        return max(0.0, self._until - now)

    def asked(self) -> None:
        self._last = time.monotonic()


_patience = _Patience()
