"""Pixels for someone who looks at them: what is known at once, and the rest when it is there."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Hashable
from typing import Any

import numpy.typing as npt

from napari_ome_zip.pixels.background import BACKGROUND, Wish
from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.source import PixelSource

PATIENCE = 0.04
"""Seconds that a viewer waits for final pixels before it is given others."""
PAUSE = 0.1
"""Seconds without a question after which it waits again."""


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
        shown = self._shown_again(key)
        if shown is not None:
            return shown
        known = source.best_known(region)
        if known is None:
            return None
        gone = [key for key, handed in self._handed_out.copy().items() if handed.is_gone]
        for each in gone:
            self._handed_out.pop(each, None)
        if known.missing:
            wish = Wish(known, self._changed, self._failed)
            self._handed_out[key] = _HandedOut(known, wish)
            BACKGROUND.add(wish)
            wish.wait(_patience.left())
            _patience.asked()
            BACKGROUND.hold()
        return known.shown(known.whole)

    def _shown_again(self, key: Hashable) -> npt.NDArray[Any] | None:
        handed = self._handed_out.get(key)
        return None if handed is None else handed.again()


def _key(source: PixelSource, region: Region) -> Hashable:
    return source, tuple((s.start, s.stop) for s in region)


class _HandedOut:
    """An array that was handed out, for as long as whoever got it keeps it."""

    def __init__(self, known: BestKnown, wish: Wish) -> None:
        self._whole = weakref.ref(known.whole)
        self._shown = known.shown
        self._wish = wish

    @property
    def is_gone(self) -> bool:
        return self._whole() is None

    def again(self) -> npt.NDArray[Any] | None:
        whole = self._whole()
        if whole is None:
            return None
        self._wish.raise_()
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
