"""Pictures beside what napari's canvas shows of the same layers, of the same box at the same size.

Scenes are made so that pixels of the image are whole pixels of the picture, or change little from
one to the next: then both differ by no more than rounding, but along edges that lie between
pixels. A thousandth of all pixels along such edges, each as different as black and white, is 0.25
of the 255 that a color goes to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hierarchy_builder import HierarchyBuilder, ramp, to_world
from napari_ome_zip import open_image, render, to_layer_data

if TYPE_CHECKING:
    import napari

type LayerTuple = tuple[Any, dict[str, Any], str]

DIFFERENCE = 0.5
"""Of 255, on average over a picture: rounding to 8 bits, and edges between pixels."""
EDGES = 0.01
"""Part of the pixels that may differ by more than rounding."""

SIDE = 240


def slope(shape: tuple[int, int], dtype: Any = np.uint8, *, turned: bool = False) -> np.ndarray:
    """Values from 0 to 240 that grow from one end to the other."""
    length = shape[1 if turned else 0]
    along = np.linspace(0, 240, length)
    return np.broadcast_to(along if turned else along[:, None], shape).astype(dtype)


def image(pixels: np.ndarray | list[np.ndarray], **keywords: Any) -> LayerTuple:
    return pixels, {"contrast_limits": (0, 255), "name": "image", **keywords}, "image"


def labels(pixels: np.ndarray, **keywords: Any) -> LayerTuple:
    return pixels, {"name": "labels", **keywords}, "labels"


def blocks() -> np.ndarray:
    found = np.zeros((24, 24), np.int32)
    found[2:10, 3:12], found[8:20, 14:22], found[15:20, 2:8] = 1, 2, 70000
    return found


COLORS = {0: "transparent", 1: "#FF0000", 2: "#00FFFF", 70000: "#FFFF00", None: "#0000FF"}
TURN = np.array([[0.866, -0.5, 30.0], [0.5, 0.866, 5.0], [0, 0, 1]])
STEPS = {
    "name": "steps",
    "colors": [[0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1]],
    "controls": [0.0, 0.25, 0.6, 1.0],
    "interpolation": "zero",
}
THREE = {
    "name": "three",
    "colors": [[0, 0, 0.5, 1], [1, 0, 0, 0.5], [1, 1, 1, 1]],
    "controls": [0.0, 0.3, 1.0],
    "low_color": [0, 1, 0, 1],
    "high_color": [1, 0, 1, 1],
}

down, across = slope((24, 24)), slope((24, 24), turned=True)
halves = [slope((n, n)) for n in (960, 480, 240)]
color_picture = np.stack([down, across, 255 - down], axis=-1)
with_gap = np.where(blocks() > 0, np.nan, down.astype(np.float32))

corners = np.array([[-0.5, -0.5, 1], [-0.5, 39.5, 1], [39.5, -0.5, 1], [39.5, 39.5, 1]])
turned = (corners @ TURN.T)[:, :2]

type Box = tuple[float, float, float, float]
"""Lowest y and x, highest y and x."""
ONE: Box = (-0.5, -0.5, 23.5, 23.5)
BESIDE: Box = (-0.5, -0.5, 23.5, 47.5)
HALF_BESIDE: Box = (-0.5, -0.5, 23.5, 35.5)

SCENES: dict[str, tuple[Box, list[LayerTuple]]] = {
    "two channels that add up": (ONE, [
        image(down, colormap="#FF00FF", blending="additive"),
        image(across, colormap="#00FF00", blending="additive"),
    ]),
    "light beyond what there is": (ONE, [
        image(down, colormap="gray", blending="additive"),
        image(across, colormap="gray", blending="additive", opacity=0.8),
    ]),
    "a gamma, and limits within the values": (ONE, [
        image(down, gamma=0.5, contrast_limits=(40, 180)),
    ]),
    "a part that is turned": (
        (-0.5, min(-0.5, turned[:, 1].min()), turned[:, 0].max(), 59.5),
        [
            image(slope((60, 60)), colormap="blue", blending="additive"),
            image(slope((40, 40)), affine=TURN, colormap="red", blending="additive"),
        ],
    ),
    "a part that is sheared": ((-1, -0.5 - 0.25, 47, 23.5 + 11.75), [
        image(down, shear=[[1, 0], [0.5 / 2, 1]], scale=(2, 1)),
    ]),
    "parts that are mirrored": ((-23.5, -23.5, 1.5 + 22, 23.5), [
        image(down, scale=(-1, 1)),
        image(across, scale=(1, -1), colormap="red", blending="additive"),
    ]),
    "labels whose colors are stated": (ONE, [image(down), labels(blocks(), colormap=COLORS)]),
    "labels alone": (ONE, [labels(blocks(), colormap=COLORS, opacity=1.0)]),
    "true color": (ONE, [image(color_picture, rgb=True)]),
    "one picture half over another": (HALF_BESIDE, [
        image(down, colormap="red", blending="translucent"),
        image(across, translate=(0, 12), opacity=0.5, blending="translucent_no_depth"),
    ]),
    "one picture opaque over another": ((-0.5, -0.5, 29.5, 35.5), [
        image(down, colormap="red"),
        image(across, translate=(6, 12), opacity=0.5, blending="opaque"),
    ]),
    "the darker of two": (HALF_BESIDE, [
        image(down, blending="minimum"),
        image(across, translate=(0, 12), blending="minimum", colormap="gray_r"),
    ]),
    "the product of two": (HALF_BESIDE, [
        image(down, blending="translucent"),
        image(across, translate=(0, 12), blending="multiplicative", colormap="red"),
    ]),
    "the lowest is opaque, and half as bright": (ONE, [
        image(down, blending="opaque", opacity=0.5),
    ]),
    "colormaps of many colors": (BESIDE, [
        image(down, colormap=THREE, contrast_limits=(30, 200)),
        image(across, colormap=STEPS, translate=(0, 24), blending="additive"),
    ]),
    "what is not a number": (ONE, [
        image(across, colormap="blue"),
        image(with_gap, blending="translucent", colormap="red"),
    ]),
    "levels": ((-0.5, -0.5, 959.5, 959.5), [image(halves)]),
    "a hidden layer": (ONE, [image(down), image(across, visible=False, translate=(0, 100))]),
    "a stack beside a picture of one plane": (BESIDE, [
        image(ramp((5, 24, 24), np.uint16) // 12, colormap="green", scale=(2, 1, 1)),
        image(across, translate=(0, 24), blending="additive"),
    ]),
    "a part that does not reach to the plane": (BESIDE, [
        image(np.stack([down] * 5)),
        image(np.stack([across] * 2), translate=(9, 0, 24)),
    ]),
    "parts in different units": ((-500, -500, 23_500, 35_500), [
        image(down, units=("micrometer", "micrometer")),
        image(
            across, units=("nanometer", "nanometer"), scale=(500, 500), translate=(0, 23_750),
            blending="additive",
        ),
    ]),
}  # fmt: skip


def shot(window: napari.Viewer, box: Box, shape: Sequence[int]) -> np.ndarray:
    """What the canvas shows of a box of the world, one pixel for each of a picture."""
    low, high = np.array(box[:2]), np.array(box[2:])
    camera = window.scene.camera
    camera.center = tuple(((low + high) / 2).tolist())
    camera.zoom = float(max(shape) / (high - low).max())
    size = (int(shape[0]), int(shape[1]))
    found: np.ndarray = window.screenshot(canvas_only=True, size=size, scale=1, flash=False)
    return found[..., :3]


def assert_alike(window: napari.Viewer, box: Box, picture: np.ndarray, of: str = "") -> None:
    """Compare a picture, transparent parts of it over black, with what a window shows."""
    shown = shot(window, box, picture.shape)
    drawn = np.where(picture[..., 3:] == 255, picture[..., :3], 0)
    assert shown.shape == drawn.shape, of
    differences = np.abs(shown.astype(int) - drawn.astype(int))
    assert differences.mean() <= DIFFERENCE, of
    assert (differences.max(axis=2) > 8).mean() <= EDGES, of


def test_layers(make_napari_viewer: Callable[..., napari.Viewer]) -> None:
    from napari.layers import Layer

    window = make_napari_viewer(show=True)
    for name, (box, layers) in SCENES.items():
        window.layers.clear()
        for layer in layers:
            window.add_layer(Layer.create(*layer))
        assert_alike(window, box, render(layers, SIDE), name)


def show(window: napari.Viewer, composite: Any) -> None:
    from napari.layers import Layer

    for layer in to_layer_data(composite):
        if layer[2] != "points":  # names of wells are no part of the picture
            window.add_layer(Layer.create(*layer))


def tile(number: int) -> np.ndarray:
    return np.full((12, 12), 20 * (number + 1), np.uint8)


def test_a_mosaic_of_tiles(make_napari_viewer: Callable[..., napari.Viewer]) -> None:
    places = [divmod(number, 4) for number in range(12)]
    steps = [
        to_world(f"tile{number}", "translation", translation=[14.0 * row, 14.0 * column])
        for number, (row, column) in enumerate(places)
    ]
    builder = HierarchyBuilder().scene("yx", *steps)
    for number in range(len(places)):
        builder.image_of_0_6(tile(number), "yx", f"tile{number}")
    composite = open_image(builder.entries)
    assert len(composite.images) == 1
    window = make_napari_viewer(show=True)
    show(window, composite)
    assert_alike(window, (-0.5, -0.5, 39.5, 53.5), render(composite, 270))


def test_a_plate(make_napari_viewer: Callable[..., napari.Viewer]) -> None:
    builder = HierarchyBuilder()
    wells = [
        {"path": f"{row}/{column}", "rowIndex": "AB".index(row), "columnIndex": int(column) - 1}
        for row in "AB"
        for column in "12"
    ]
    plate = {
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": wells,
    }
    builder.group(plate=plate)
    for number, well in enumerate(wells):
        builder.group(str(well["path"]), well={"images": [{"path": "0"}]})
        builder.image(tile(number), "yx", f"{well['path']}/0")
    composite = open_image(builder.entries)
    window = make_napari_viewer(show=True)
    show(window, composite)
    extent = window.layers[0].extent.world
    low, high = extent[0] - 0.5, extent[1] + 0.5
    picture = render(composite, 10 * round(float((high - low).max())))
    assert_alike(window, (low[0], low[1], high[0], high[1]), picture)
    # Wells lie in their rows and columns.
    quarters = [picture[y, x, 0] for y in (10, -10) for x in (10, -10)]
    assert quarters == sorted(quarters)
    assert len(set(quarters)) == 4
