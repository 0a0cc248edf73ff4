"""The dock widget that shows the documentation."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QPalette
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
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Link, _READABLE)
        self.setPalette(palette)
        self.setMarkdown(documentation())

    def sizeHint(self) -> QSize:
        return _COMFORTABLE
