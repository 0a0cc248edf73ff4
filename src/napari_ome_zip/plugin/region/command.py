"""The command *Save visible region…*: writes what a window shows as a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import NotificationSeverity

from napari_ome_zip.plugin.messages import notify
from napari_ome_zip.plugin.proxies import viewer_itself
from napari_ome_zip.plugin.region.dialog import RegionDialog
from napari_ome_zip.plugin.region.model import RegionScene
from napari_ome_zip.plugin.save.part import what_is_shown
from napari_ome_zip.plugin.save.proposal import REGION, proposed_file, sources_of
from napari_ome_zip.plugin.save.remembered import last_folder
from napari_ome_zip.plugin.viewer_state import layer_data_of

if TYPE_CHECKING:
    import napari.viewer
    from napari.components import ViewerModel

NOTHING = "Nothing to save: open or add layers first."
IN_3D = "In 3D there is no visible region to save. Switch the view to 2D first."


def save_region(viewer: napari.viewer.Viewer) -> None:
    """Ask what of the visible region is to be saved, and where.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose window shows it.
    """
    viewer = viewer_itself(viewer)
    if not viewer.layers or viewer.dims.ndisplay == 3:
        notify(IN_3D if viewer.layers else NOTHING, NotificationSeverity.INFO)
        return
    scene = visible_scene(viewer)
    names = [layer.name for layer in viewer.layers if layer.visible]
    file = proposed_file(scene.sources, names, last_folder(), REGION)
    RegionDialog(viewer.window.main_menu.window(), scene, str(file)).open()


def visible_scene(viewer: ViewerModel) -> RegionScene:
    """What a viewer shows now."""
    return RegionScene(
        layers=[(layer.unique_id, layer_data_of(layer, viewer)) for layer in viewer.layers],
        hidden=frozenset(layer.unique_id for layer in viewer.layers if not layer.visible),
        showing=what_is_shown(viewer),
        sources=tuple(sources_of(viewer.layers)),
    )
