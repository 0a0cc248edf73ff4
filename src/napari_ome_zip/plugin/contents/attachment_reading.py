"""Shows what is to be read of an attachment; one behind a link is fetched in a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.compat import isalive
from qtpy.QtWidgets import QWidget

from napari_ome_zip.image.attachments import Attachment
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.plugin.contents.reading import Readable, read_attachment
from napari_ome_zip.plugin.contents.text_window import TextWindow
from napari_ome_zip.plugin.window_run import WorkRun
from napari_ome_zip.progress import Cancelled, Progress


def show_attachment(
    opened: Opened,
    attachment: Attachment,
    parent: QWidget,
    window: QWidget,
    say: Callable[[str], None],
) -> None:
    """Open an attachment to be read.

    Parameters
    ----------
    opened : Opened
        The file that holds it.
    attachment : Attachment
    parent : QWidget
        What it is shown beside; nothing is shown where that is closed meanwhile.
    window : QWidget
        The main window, which has the bar.
    say : callable
        Is handed why there is nothing to be read.
    """
    if not opened.store.is_remote:
        _show(parent, read_attachment(opened, attachment))
        return

    def read(_progress: Progress, _cancelled: Cancelled) -> Readable:
        return read_attachment(opened, attachment)

    def failed(error: Exception) -> None:
        if isalive(parent):  # type: ignore[no-untyped-call]
            say(str(error))

    WorkRun(window, f"Reading {attachment.title}", read, partial(_show, parent), failed).start()


def _show(parent: QWidget, readable: Readable) -> None:
    if isalive(parent):  # type: ignore[no-untyped-call]
        TextWindow(readable, parent).show()
