"""A window that shows a text or a picture of a file, to read and not to change."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase, QPixmap
from qtpy.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.plugin.contents.reading import Readable

_SIZE = (640, 560)


class TextWindow(QDialog):
    """Shows something to read beside the viewer; closed, it is gone."""

    def __init__(self, readable: Readable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(readable.title)
        self.resize(*_SIZE)
        self.text = QPlainTextEdit(readable.text)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabStopDistance(16.0 * self.text.fontMetrics().averageCharWidth())
        self.note = QLabel(readable.note)
        self.note.setWordWrap(True)
        self.note.setVisible(bool(readable.note))
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the whole text to the clipboard")
        self.copy.clicked.connect(self._copy)
        self.copy.setEnabled(bool(readable.text))
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        self._lay_out(_picture(readable.picture), close)

    def _lay_out(self, picture: QWidget | None, close: QPushButton) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(self.text if picture is None else picture, 1)
        self.text.setVisible(picture is None)
        column.addWidget(self.note)
        column.addLayout(buttons)

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text.toPlainText())


def _picture(content: bytes) -> QWidget | None:
    """A picture to scroll about in; None where there is none that Qt can show."""
    pixels = QPixmap()
    if not content or not pixels.loadFromData(content):
        return None
    label = QLabel()
    label.setPixmap(pixels)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    area = QScrollArea()
    area.setWidget(label)
    area.setWidgetResizable(True)
    return area
