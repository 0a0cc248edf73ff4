"""Layers of every kind that is no image, each with everything that such a layer can have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Layer, Points, Shapes, Surface, Tracks, Vectors

PLACE_2D: dict[str, Any] = {
    "scale": (0.5, 0.25),
    "rotate": 20,
    "shear": [0.2],
    "translate": (3, -4),
    "affine": [[1, 0.1, 2], [0, 1, 3], [0, 0, 1]],
    "units": ("um", "um"),
    "axis_labels": ("y", "x"),
}
PLACE_3D: dict[str, Any] = {
    "scale": (2, 0.5, 0.25),
    "translate": (1, 2, 3),
    "units": ("um", "um", "um"),
    "axis_labels": ("z", "y", "x"),
}
LOOK: dict[str, Any] = {"opacity": 0.4, "blending": "additive", "visible": False}
NOTED: dict[str, Any] = {"metadata": {"who": "Ada", "runs": [1, 2.5, None, True, {"deep": "é"}]}}
RANDOM = np.random.default_rng(5)


def features() -> pd.DataFrame:
    """Return three rows of every type that a column of napari's tables may have."""
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, np.inf],
            "count": np.array([3, -1, 7], np.int16),
            "good": [True, False, True],
            "name": ["α", "", "β"],
            "note": ["α", None, ""],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "class": pd.Categorical(["b", "a", None], categories=["c", "b", "a"], ordered=True),
            "size": pd.Categorical([10, 20, 10]),
            "when": pd.to_datetime(["2026-01-02T00:00:00", None, "2026-03-04T05:06:07"]),
            "lasts": pd.to_timedelta(["1h", "2s", None]),
            "mixed": np.array([1, "two", None], dtype=object),
            "lists": pd.Series([[1, 2], {"a": 3}, []], dtype=object),
        }
    )


def points() -> Points:
    return Points(
        RANDOM.random((3, 3)) * 20,
        name="spots",
        features=features(),
        feature_defaults=features().iloc[:1].assign(number=2.5, name="new"),
        text={"string": "{name}: {count}", "size": 7, "color": "yellow", "anchor": "upper_left"},
        symbol=["disc", "cross", "star"],
        size=[1, 2, 5],
        border_width=[0.1, 0.2, 0.3],
        border_color=["red", "#00ff0080", "blue"],
        face_color="number",
        face_colormap="magma",
        shown=[True, False, True],
        shading="spherical",
        antialiasing=2,
        canvas_size_limits=(3, 400),
        projection_mode="none",
        **PLACE_3D, **LOOK, **NOTED,
    )  # fmt: skip


def many_points() -> Points:
    """Return more points than are written in JSON, with a text and a color each."""
    names = [f"spot {number}" for number in range(300)]
    text = {"string": names, "color": RANDOM.random((300, 4)), "rotation": 30}
    symbols = ["o", "x", "+"] * 100
    return Points(RANDOM.random((300, 2)), features={"name": names}, text=text, symbol=symbols)


def no_points() -> Points:
    return Points(ndim=3, name="none yet", face_color="green", symbol="star", **PLACE_3D)


def shapes() -> Shapes:
    polygon = [[0, 0], [0, 9], [5, 12], [9, 4]]
    box = [[2, 2], [2, 8], [6, 8], [6, 2]]
    return Shapes(
        [np.array(polygon), np.array(box), np.array([[1, 1], [7, 3.5]])],
        shape_type=["polygon", "ellipse", "line"],
        name="regions",
        features=features(),
        text="{count}",
        edge_width=[1, 2, 0.5],
        edge_color=["red", "green", "blue"],
        face_color="name",
        face_color_cycle=["white", "yellow", "pink"],
        z_index=[2, 0, 1],
        **PLACE_2D, **LOOK, **NOTED,
    )  # fmt: skip


def vectors() -> Vectors:
    return Vectors(
        RANDOM.random((3, 2, 2)),
        name="flow",
        features=features(),
        edge_color="number",
        edge_colormap="inferno",
        edge_contrast_limits=(0, 4),
        edge_width=0.7,
        length=3,
        vector_style="arrow",
        **PLACE_2D, **LOOK, **NOTED,
    )  # fmt: skip


def tracks() -> Tracks:
    data = [[track, time, track + time, 2 * time] for track in (3, 5, 8) for time in range(3)]
    return Tracks(
        np.array(data, float),
        name="paths",
        graph={8: [3, 5], 5: [3]},
        features={"speed": np.arange(9) / 3},
        color_by="speed",
        colormap="viridis",
        tail_width=4,
        tail_length=5,
        head_length=2,
        hide_completed_tracks=True,
        **PLACE_3D, **LOOK, **NOTED,
    )  # fmt: skip


def surface() -> Surface:
    vertices = RANDOM.random((4, 3)) * 9
    return Surface(
        (vertices, np.array([[0, 1, 2], [1, 3, 2]]), np.array([0, 0.5, 1, 2.5])),
        name="skin",
        colormap="plasma",
        contrast_limits=(0.2, 2),
        gamma=0.7,
        shading="smooth",
        wireframe={"visible": True, "color": "red", "width": 2},
        normals={"face": {"visible": True, "length": 3}},
        features={"curvature": [1, 2, 3, 4]},
        **PLACE_3D, **LOOK, **NOTED,
    )  # fmt: skip


def painted_surface() -> Surface:
    """Return a surface with a color for each vertex."""
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    return Surface((RANDOM.random((4, 3)), triangles), vertex_colors=RANDOM.random((4, 3)))


def surface_over_time() -> Surface:
    """Return a surface with two values a vertex, one for each time."""
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    layer = Surface((RANDOM.random((4, 3)), triangles, RANDOM.random((2, 4))))
    layer.scale = (5, 2, 0.5, 0.5)
    layer.translate = (1, 2, 3, 4)
    return layer


def textured_surface() -> Surface:
    return Surface(
        (RANDOM.random((4, 3)), np.array([[0, 1, 2], [1, 3, 2]])),
        texture=RANDOM.random((8, 6, 3)),
        texcoords=RANDOM.random((4, 2)),
    )


ALL: tuple[Callable[[], Layer], ...] = (
    points, many_points, no_points, shapes, vectors, tracks, surface, painted_surface,
    surface_over_time, textured_surface,
)  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Whether two values of layers are equal, with their types."""
    if isinstance(one, dict):
        keys = isinstance(other, dict) and one.keys() == other.keys()
        return keys and all(same(one[key], other[key]) for key in one)
    if isinstance(one, pd.DataFrame):
        return one.equals(other) and list(one.dtypes) == list(other.dtypes)
    if isinstance(one, np.ndarray):
        floats = one.dtype.kind == "f"
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=floats)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)
