"""The view of a viewer, as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_ome_zip.layers.view_state import Camera, Grid, Sliders, ViewState

if TYPE_CHECKING:
    from napari.components import ViewerModel


def capture_view(viewer: ViewerModel) -> ViewState:
    """What a viewer shows of its layers, from where and how."""
    return ViewState(
        ndisplay=int(viewer.dims.ndisplay),
        sliders=_sliders(viewer),
        camera=_camera(viewer),
        grid=_grid(viewer),
        selected=tuple(layer.name for layer in viewer.layers if layer in viewer.layers.selection),
        overlays=tuple((name, bool(each.visible)) for name, each in overlays(viewer).items()),
    )


def overlays(viewer: ViewerModel) -> dict[str, Any]:
    """The scale bar and the axes of a viewer, by the names that files give them."""
    return {
        "scale_bar": viewer.canvas.overlays["scale_bar"],
        "axes": viewer.scene.overlays["axes"],
        "canvas_axes": viewer.canvas.overlays["axes"],
    }


def _sliders(viewer: ViewerModel) -> Sliders:
    dims = viewer.dims
    return Sliders(
        order=tuple(map(int, dims.order)),
        point=tuple(map(float, dims.point)),
        margin_left=tuple(map(float, dims.margin_left)),
        margin_right=tuple(map(float, dims.margin_right)),
        axis_labels=tuple(map(str, dims.axis_labels)),
        units=tuple(map(str, dims.units or ())),
    )


def _camera(viewer: ViewerModel) -> Camera:
    camera = viewer.scene.camera
    height, width = viewer.canvas.size
    return Camera(
        center=tuple(map(float, camera.center)),
        zoom=float(camera.zoom),
        angles=tuple(map(float, camera.angles)),
        perspective=float(camera.perspective),
        canvas=(int(height), int(width)),
        orientation=tuple(str(direction.value) for direction in camera.orientation),
    )


def _grid(viewer: ViewerModel) -> Grid:
    grid = viewer.canvas.grid
    rows, columns = grid.shape
    return Grid(
        bool(grid.enabled), (int(rows), int(columns)), int(grid.stride), float(grid.spacing)
    )
