"""The dock widget that shows the documentation, and its entry in napari's Help menu."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QTextBrowser

from napari_ome_zip.plugin.docks import open_documentation
from napari_ome_zip.plugin.documentation.text import documentation

if TYPE_CHECKING:
    from napari.components import ViewerModel

ENTRY = "Documentation of OME-Zarr archives"
"""What the Help menu says."""

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


def follow_help(viewer: ViewerModel) -> None:
    """Offer the documentation in the Help menu, which manifests cannot add to."""
    window = getattr(viewer, "window", None)
    if window is None:
        return
    shown_in = ref(viewer)

    def show() -> None:
        viewer = shown_in()
        if viewer is not None:
            open_documentation(viewer)

    window.help_menu.addAction(ENTRY).triggered.connect(show)
