"""What the plugin does in a window from the first file on that is opened in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari_ome_zip.plugin.covering import follow_scans
from napari_ome_zip.plugin.documentation.help_menu import follow_help
from napari_ome_zip.plugin.edit_labels.hint import follow_locked_labels
from napari_ome_zip.plugin.first_selected import follow_additions
from napari_ome_zip.plugin.orientation.overlays import follow_orientation_of_layers
from napari_ome_zip.plugin.readable_names import follow_zoom
from napari_ome_zip.plugin.running_window import take_files
from napari_ome_zip.plugin.three_d import follow_dimensions
from napari_ome_zip.plugin.viewer_state import follow_attributes
from napari_ome_zip.plugin.where_am_i import follow_pointer

if TYPE_CHECKING:
    from napari.components import ViewerModel

_ATTENDED: WeakSet[ViewerModel] = WeakSet()

_ATTENTIONS: tuple[Callable[[ViewerModel], None], ...] = (
    follow_scans,
    follow_attributes,
    follow_additions,
    follow_pointer,
    follow_zoom,
    follow_help,
    follow_locked_labels,
    follow_dimensions,
    follow_orientation_of_layers,
    take_files,
)
"""Each is called once for a viewer, before layers of a file are first added to it. It connects to
what it follows, and needs no end: the viewer's events end with the viewer."""


def attend(viewer: ViewerModel) -> None:
    """Follow a viewer from now on; once, however often files are opened in it."""
    if viewer in _ATTENDED:
        return
    _ATTENDED.add(viewer)
    for begin in _ATTENTIONS:
        begin(viewer)
