"""Words at the edges of a window's canvas say which way is anterior, where its files say so.

They follow the axes that are displayed, and the camera. Each is an overlay of its own: the text and
the axis labels that a person sets stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.components.overlays import TextOverlay

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.orientations import noted_orientations
from napari_ome_zip.plugin.orientation.edges import at_edge, usable_ends, window_orientations
from napari_ome_zip.plugin.preferences import follow_orientation, shows_orientation
from napari_ome_zip.plugin.soon import Soon

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.components import ViewerModel
    from napari.components.camera import Camera

POSITIONS = {
    "left": "middle_left",
    "right": "middle_right",
    "top": "top_center",
    "bottom": "bottom_center",
}
"""Where on a canvas the overlay of each edge is."""


def follow_orientation_of_layers(viewer: ViewerModel) -> None:
    """Name the edges of a viewer's canvas as long as layers say where their axes lead."""
    _FOLLOWED[viewer] = _Edges(viewer)


def overlay_name(edge: str) -> str:
    """Name of the overlay of an edge among those of a canvas."""
    return f"orientation_{edge}"


class _Edges:
    """The words at the edges of one viewer's canvas."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        # Many layers come together; a camera turns while its canvas is drawn.
        self._decision = Soon(self._decide)
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        viewer.layers.events.inserted.connect(self._follow)
        for emitter in (
            viewer.layers.events.removed,
            dims.order,
            dims.ndim,
            dims.ndisplay,
            camera.angles,
            camera.orientation,
        ):
            emitter.connect(self._decision.ask)
        follow_orientation(self._decision.ask)

    def _follow(self, event: Any) -> None:
        for name in ("visible", "metadata"):
            getattr(event.value.events, name).connect(self._decision.ask)
        self._decision.ask()

    def _decide(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        for edge, text in _texts(viewer).items():
            _show(viewer, edge, text)


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Edges] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _texts(viewer: ViewerModel) -> dict[str, str]:
    """What is to stand at each edge; empty for nothing."""
    visible = [layer for layer in viewer.layers if layer.visible]
    said = [noted_orientations(note_of(layer)) for layer in visible]
    if not any(map(any, said)) or not shows_orientation():
        return dict.fromkeys(POSITIONS, "")
    ends = usable_ends(window_orientations(said, viewer.dims.ndim))
    displayed = [ends[axis] for axis in viewer.dims.displayed]
    right, down = _directions(viewer.scene.camera, viewer.dims.ndisplay)
    towards = {"left": -right, "right": right, "top": -down, "bottom": down}
    return {edge: at_edge(displayed, direction.tolist()) for edge, direction in towards.items()}


def _directions(
    camera: Camera, ndisplay: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where a canvas leads to its right and downwards, along the axes that are displayed."""
    if ndisplay == 2:
        _, vertical, horizontal = map(str, camera.orientation)
        right = np.array([0.0, 1.0 if horizontal == "right" else -1.0])
        return right, np.array([1.0 if vertical == "down" else -1.0, 0.0])
    up = np.array(camera.up_direction)
    right = np.cross(camera.view_direction, up)
    return right if str(camera.handedness) == "right" else -right, -up


def _show(viewer: ViewerModel, edge: str, text: str) -> None:
    overlays, name = viewer.canvas.overlays, overlay_name(edge)
    shown = overlays.get(name)
    if shown is None and text:
        overlays[name] = TextOverlay(text=text, position=POSITIONS[edge], visible=True)
    elif shown is not None and not text:
        del overlays[name]
    elif shown is not None and shown.text != text:
        shown.text = text
