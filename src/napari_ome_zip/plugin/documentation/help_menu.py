"""The entry in napari's Help menu that leads to the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari_ome_zip.plugin.docks import open_documentation

if TYPE_CHECKING:
    from napari.components import ViewerModel

ENTRY = "Documentation of OME-Zarr archives"
"""What the Help menu says."""


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
