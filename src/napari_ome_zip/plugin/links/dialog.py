"""The dialog *Open a link…*."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QComboBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from napari_ome_zip.files import Link
from napari_ome_zip.plugin.links.opening import open_links
from napari_ome_zip.plugin.links.recent import recent_links
from napari_ome_zip.plugin.links.typed import typed_link
from napari_ome_zip.plugin.parts import text_label
from napari_ome_zip.plugin.proxies import viewer_itself

if TYPE_CHECKING:
    import napari.viewer

TITLE = "Open a link"
EXPLANATION = (
    "The link of an archive on the web or in a bucket. It is read where it lies: only what is "
    "needed is fetched."
)
NO_LINK = (
    "This is not a link. Links begin with https:// or s3://, such as https://example.org/a.ozx."
)
_TIP = (
    "Paste a link, or choose one that was opened before. Links with a password or a signature are "
    "not remembered."
)
_WIDTH = 560
"""In pixels: most links are seen as a whole."""


def open_link(viewer: napari.viewer.Viewer) -> None:
    """Ask for a link, and open it in a window.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Its layers are added here.
    """
    viewer = viewer_itself(viewer)
    dialog = LinkDialog(
        viewer.window.main_menu.window(), lambda link: open_links(viewer, [link]), TITLE, "Open"
    )
    dialog.open()


class LinkDialog(QDialog):
    """Asks for a link, with those that were opened last.

    Parameters
    ----------
    parent : QWidget
        What it belongs to.
    use : callable
        Is handed the link.
    title : str
        Of the dialog.
    verb : str
        What its button says.
    """

    def __init__(self, parent: QWidget, use: Callable[[Link], None], title: str, verb: str) -> None:
        super().__init__(parent)
        self._use = use
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.link = _line()
        self.problem = text_label()
        self.problem.setVisible(False)
        explanation = text_label()
        explanation.setText(EXPLANATION)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.link.editTextChanged.connect(lambda _: self._show_problem(False))
        self.setMinimumWidth(_WIDTH)
        layout = QVBoxLayout(self)
        for part in (explanation, self.link, self.problem, buttons):
            layout.addWidget(part)
        self._propose()

    def accept(self) -> None:
        """Hand the link over; where it is none, say so and stay."""
        link = typed_link(self.link.currentText())
        if link is None:
            self.problem.setText(NO_LINK)
            self._show_problem(True)
            return
        super().accept()
        self._use(link)

    def _show_problem(self, shown: bool) -> None:
        self.problem.setVisible(shown)
        self.adjustSize()

    def _propose(self) -> None:
        """Fill in the link that a person has just copied, ready to be typed over."""
        clipboard = QApplication.clipboard()
        copied = "" if clipboard is None else clipboard.text()
        self.link.setEditText(copied.strip() if typed_link(copied) else "")
        line = self.link.lineEdit()
        if line is not None:
            line.selectAll()
            line.setFocus()


def _line() -> QComboBox:
    """A line to type into, with the links that were opened last."""
    line = QComboBox()
    line.setEditable(True)
    line.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    line.setToolTip(_TIP)
    line.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    line.setMinimumContentsLength(40)
    for link in recent_links():
        line.addItem(link)
    edit = line.lineEdit()
    if edit is not None:
        edit.setPlaceholderText("https://…")
    return line
