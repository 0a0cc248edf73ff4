"""Finds what files hold beside their images, in a thread: plates have very many entries."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from weakref import WeakKeyDictionary

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal  # type: ignore[attr-defined]

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.attachments import Attachment
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.contents.file_state import FindAttachments


class AttachmentFinder(QObject):
    """Remembers what was found in each file for as long as it is open."""

    found = Signal()
    """Emitted when more is known of some file."""
    failed = Signal(str)
    """Emitted with what to say where a file cannot be listed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: WeakKeyDictionary[Opened, tuple[Attachment, ...]] = WeakKeyDictionary()

    def known(self, opened: Opened | None) -> tuple[Attachment, ...]:
        """What is known so far."""
        return () if opened is None else self._known.get(opened, ())

    def look_for(self, opened: Opened | None, parts: Iterable[PlacedPart]) -> None:
        """Look through a file; once, however often this is called."""
        if opened is None or opened in self._known:
            return
        self._known[opened] = ()
        task = FindAttachments(opened, tuple(parts))
        self.destroyed.connect(task.cancel)
        worker = TaskWorker(task)
        worker.returned.connect(partial(self._on_found, opened))
        worker.errored.connect(self._on_failed)
        worker.start()

    def _on_found(self, opened: Opened, found: tuple[Attachment, ...]) -> None:
        self._known[opened] = found
        # The dock may have been closed meanwhile.
        if found and isalive(self):  # type: ignore[no-untyped-call]
            self.found.emit()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, OmeZipError | OSError):
            raise error
        self.failed.emit(f"What else is in the file cannot be listed. {error}")
