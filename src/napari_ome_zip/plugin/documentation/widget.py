"""The dock widget that shows the documentation."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument
from qtpy.QtWidgets import QTextBrowser

from napari_ome_zip.plugin.documentation.text import documentation

_COMFORTABLE = QSize(480, 600)
_READABLE = QColor("#4a90d9")
"""A color of links that is read on dark and on light ground."""


class DocumentationWidget(QTextBrowser):
    """The documentation of the installed version, to be read without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenExternalLinks(True)
        self.setAcceptDrops(False)
        self.setMarkdown(documentation())
        document = self.document()
        if document is not None:
            _color_links(document)

    def sizeHint(self) -> QSize:
        return _COMFORTABLE


def _color_links(document: QTextDocument) -> None:
    """Color links, to which Qt gives the color of the application whatever a widget asks for."""
    color = QTextCharFormat()
    color.setForeground(_READABLE)
    cursor = QTextCursor(document)
    for start, length in _links(document):
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(color)


def _links(document: QTextDocument) -> list[tuple[int, int]]:
    """Where links begin, and how many characters they have."""
    found = []
    block = document.begin()
    while block.isValid():
        part = block.begin()
        while not part.atEnd():
            fragment = part.fragment()
            if fragment.charFormat().isAnchor():
                found.append((fragment.position(), fragment.length()))
            part += 1
        block = block.next()
    return found
