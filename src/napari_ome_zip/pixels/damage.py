"""Chunks that cannot be read: what is said of them, and how often."""

from __future__ import annotations

import threading
import warnings

from napari_ome_zip.errors import (
    DamagedEntryError,
    LinkError,
    OmeZipError,
    ReadCancelledError,
    UnreadableChunkError,
)
from napari_ome_zip.findings import as_sentence
from napari_ome_zip.storage import HierarchyStore

NOT_DAMAGE = MemoryError, LinkError, ReadCancelledError
"""What says nothing of a chunk. Of a line that fails nothing is shown: empty pixels would be taken
for right ones."""

MAX_DAMAGE_REPORTS = 3
"""Damaged chunks that are named for each array, at most."""


class DamagedChunkWarning(UserWarning):
    """A chunk cannot be read; the fill value is shown in its place."""


class DamageReports:
    """Reports each damaged chunk of one array once, and of many only the first.

    Parameters
    ----------
    store : HierarchyStore
        Whose `on_damage` is called; where nobody set it, it is a warning.
    path : str
        Of the array.
    """

    # A plate has tens of thousands of arrays, and damage is rare: nothing is made for it before.
    __slots__ = ("_path", "_store", "reported")
    _lock = threading.Lock()

    def __init__(self, store: HierarchyStore, path: str) -> None:
        self._store = store
        self._path = path
        self.reported: frozenset[str] = frozenset()
        """Names of damaged stored objects, and of chunks within them."""

    def report(
        self,
        name: str,
        inner: tuple[int, ...] | None,
        error: Exception,
        shown: str = "shown empty",
    ) -> None:
        """Report a stored object, or one chunk within it, unless that was done before."""
        within = f", inner chunk {inner}" if inner is not None else ""
        with self._lock:
            known = not self.reported.isdisjoint((name, name + within))
            if known or len(self.reported) > MAX_DAMAGE_REPORTS:
                return
            self.reported |= {name + within}
            last = len(self.reported) > MAX_DAMAGE_REPORTS
        what = "Unreadable" if is_from_system(error) else "Damaged"
        message = (
            f"More chunks of '{self._path}' are damaged; they are not listed here."
            if last
            else f"{what} chunk {name}{within}: {shown}. {as_sentence(error)}"
        )
        if self._store.on_damage is not None:
            self._store.on_damage(message)
        else:
            warnings.warn(message, DamagedChunkWarning, stacklevel=2)


def unreadable(store: HierarchyStore, name: str, error: Exception) -> UnreadableChunkError:
    """The error for a chunk that is read to be kept, and cannot be."""
    file = store.label
    if is_from_system(error) or not _is_damage(error):
        return UnreadableChunkError(
            f"Chunk {name} of {file} cannot be read: {as_sentence(error)}",
            f"Make sure that {file} can be reached, and try again.",
            getattr(error, "errno", None),
        )
    return UnreadableChunkError(
        f"Chunk {name} of {file} is damaged: {as_sentence(error)}",
        f"Use an intact copy of {file}, or leave this image out.",
    )


def is_from_system(error: Exception) -> bool:
    """Whether the operating system refused: codecs raise errors of that kind without a number."""
    return (
        isinstance(error, OSError)
        and not isinstance(error, DamagedEntryError)
        and error.errno is not None
    )


def _is_damage(error: Exception) -> bool:
    return isinstance(error, DamagedEntryError) or not isinstance(error, OmeZipError)
