"""The dialog *Open by double click…*: what it will do, how it stands, and two buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari.utils.notifications import NotificationSeverity
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.desktop.integrate import Desktop, Outcome, this_desktop
from napari_ome_zip.errors import IntegrationError
from napari_ome_zip.plugin.messages import notify
from napari_ome_zip.plugin.parts import text_label, tipped_button
from napari_ome_zip.plugin.proxies import viewer_itself

if TYPE_CHECKING:
    import napari.viewer

TITLE = "Open by double click"
SET_UP, REMOVE = "Set up", "Remove"
REMOVED, NOTHING = "Removed.", "There was nothing to remove."
_SIZE = 760, 440
"""In pixels: most paths are seen as a whole."""


def open_dialog(viewer: napari.viewer.Viewer) -> None:
    """Show how the desktop opens archives, and offer to change that.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The dialog belongs to its window.
    """
    viewer = viewer_itself(viewer)
    try:
        desktop = this_desktop()
    except IntegrationError as error:
        notify(str(error), NotificationSeverity.ERROR)
        return
    IntegrateDialog(viewer.window.main_menu.window(), desktop).open()


class IntegrateDialog(QDialog):
    """Sets up a desktop, or undoes that, after it has said what this means.

    Parameters
    ----------
    parent : QWidget
        What it belongs to.
    desktop : Desktop
        Of the person.
    """

    def __init__(self, parent: QWidget, desktop: Desktop) -> None:
        super().__init__(parent)
        self._desktop = desktop
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        explanation, self.headline, self.notes = text_label(), text_label(), text_label()
        explanation.setText("\n\n".join([desktop.promise, *desktop.limits]))
        self.list = _list()
        self.set_up = tipped_button(SET_UP, "Write what is listed, or repair it")
        self.set_up.clicked.connect(self._set_up)
        self.remove = tipped_button(
            REMOVE, "Remove what is listed, and restore what was there before"
        )
        self.remove.clicked.connect(self._remove)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.set_up, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.remove, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for part in (explanation, self.headline, self.list, self.notes, buttons):
            layout.addWidget(part)
        layout.setStretchFactor(self.list, 1)
        self.resize(*_SIZE)
        self._show_status()
        self._say("")

    def _set_up(self) -> None:
        self._do(self._desktop.set_up, lambda outcome: "")

    def _remove(self) -> None:
        self._do(self._desktop.remove, lambda outcome: REMOVED if outcome.changes else NOTHING)

    def _do(self, work: Callable[[], Outcome], done: Callable[[Outcome], str]) -> None:
        with _busy():
            try:
                outcome = work()
                said = "\n".join(filter(None, [done(outcome), *outcome.notes]))
            except IntegrationError as error:
                said = str(error)
            self._show_status()
        self._say(said)

    def _show_status(self) -> None:
        self.list.clear()
        try:
            status = self._desktop.status()
        except IntegrationError as error:
            self.headline.setText(str(error))
            return
        self.headline.setText(status.headline)
        for item in status.items:
            row = QTreeWidgetItem([item.what, item.state.value, item.where])
            row.setToolTip(2, item.where)
            self.list.addTopLevelItem(row)
        for column in range(2):
            self.list.resizeColumnToContents(column)
        self.remove.setEnabled(not status.is_absent)

    def _say(self, text: str) -> None:
        self.notes.setText(text)
        self.notes.setVisible(bool(text))


def _list() -> QTreeWidget:
    made = QTreeWidget()
    made.setHeaderLabels(["What", "State", "Where"])
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    made.setAccessibleName("What is written")
    return made


@contextmanager
def _busy() -> Iterator[None]:
    """Show that work goes on, which takes a second at most."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()
