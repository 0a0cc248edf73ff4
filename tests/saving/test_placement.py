"""Nothing of a layer's place is dropped when it is saved, however little it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer

from napari_ome_zip import open_image, save_image, to_layer_data


def affine(linear: Any, offset: Any = None) -> np.ndarray:
    """Return the matrix of homogeneous coordinates that napari takes."""
    size = len(linear)
    matrix = np.eye(size + 1)
    matrix[:size, :size] = linear
    matrix[:size, size] = 0 if offset is None else offset
    return matrix


def corners(shape: tuple[int, ...]) -> np.ndarray:
    """Return the corners of an image, half a pixel beyond its outer pixels' centres."""
    ends = [(-0.5, size - 0.5) for size in shape]
    return np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, len(shape))


def turned(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin], [sin, cos]])


CASES = {
    "a shear small beside the other row": ([[1, 0.5], [0, 1e6]], (3, 1000)),
    "the same the other way": ([[1e6, 0], [0.5, 1]], (1000, 3)),
    "a shear of a millionth of a pixel a column": ([[1, 1e-6], [0, 1]], (3, 100_000)),
    "a shear of a pixel across a long image": ([[1, 1e-5], [0, 1]], (3, 100_000)),
    "a small turn": (turned(1e-4), (50, 2000)),
    "a small turn of flat pixels": (turned(1e-3) @ np.diag([1e-3, 1e3]), (50, 60)),
    "a turn and a flip": (turned(30) @ np.diag([-2, 0.25]), (7, 9)),
    "small units": (np.array([[1, 0.25], [0, 1]]) * 1e-9, (40, 50)),
    "three dimensions": ([[1e-3, 0, 2e-5], [0, 1e3, 0], [0, 7, 0.5]], (2, 6, 400)),
}


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
@pytest.mark.parametrize(("linear", "shape"), CASES.values(), ids=CASES.keys())
def test_every_corner_stays_where_it_was(linear: Any, shape: Any, tmp_path: Path) -> None:
    offset = np.arange(1.0, len(shape) + 1)
    keywords = {"name": "a", "affine": affine(linear, offset)}
    pixels = np.zeros(shape, np.uint8)
    expected = corners(shape) @ np.array(linear).T + offset
    (item,) = to_layer_data(
        open_image(save_image([(pixels, keywords, "image")], tmp_path / "a.ozx"))
    )
    layer = Layer.create(*item)
    assert layer.data.shape == shape
    world = affine(layer.affine.linear_matrix, layer.affine.translate) @ affine(
        np.diag(layer.scale), layer.translate
    )
    found = corners(shape) @ world[:-1, :-1].T + world[:-1, -1]
    # In pixels of the image: a thousandth at most.
    apart = np.linalg.solve(np.array(linear, dtype=float), (found - expected).T)
    assert abs(apart).max() < 1e-3


def test_what_rounding_leaves_is_no_shear(tmp_path: Path) -> None:
    quarter = affine(np.round(turned(90)) + 1e-17)
    data = (np.zeros((5, 6), np.uint8), {"name": "a", "affine": quarter @ quarter}, "image")
    ((_, keywords, _),) = to_layer_data(open_image(save_image([data], tmp_path / "a.ozx")))
    assert "affine" not in keywords
    np.testing.assert_allclose(keywords["scale"], (-1, -1))
