"""A layer of images or labels as a picture needs it: pixels, their place, how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import PictureError
from napari_ome_zip.image.units import conversion
from napari_ome_zip.layers.layer_data import LayerData, layer_note
from napari_ome_zip.layers.losses import is_multiscale
from napari_ome_zip.layers.understanding import layer_units, world_matrix

DRAWN_KINDS = ("image", "labels")
"""Types of layers that a picture shows."""

_MIN_DIMENSIONS = 2


@dataclass(frozen=True, eq=False)
class DrawnLayer:
    """One layer of images or labels."""

    kind: str
    """One of `DRAWN_KINDS`."""
    levels: tuple[Any, ...]
    """Largest first: dask's arrays, or others that are sliced as NumPy's are. Colors are a last
    axis."""
    matrix: npt.NDArray[np.float64]
    """World coordinates from indices of level 0, shape (ndim, ndim + 1)."""
    colors: int
    """3 or 4 for a picture in true color, else 0."""
    keywords: Mapping[str, Any]

    @property
    def ndim(self) -> int:
        """Number of dimensions without colors."""
        return len(self.matrix)

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels of level 0 along each dimension, without colors."""
        return tuple(map(int, self.levels[0].shape[: self.ndim]))

    @property
    def name(self) -> str:
        """As it is shown."""
        return str(self.keywords.get("name") or self.kind)

    @property
    def is_visible(self) -> bool:
        """Whether it is shown at all."""
        return self.keywords.get("visible") is not False

    @property
    def note(self) -> Mapping[str, Any]:
        """What was noted of it when it was read."""
        return layer_note(self.keywords)

    @property
    def plane(self) -> npt.NDArray[np.float64]:
        """The part of the matrix that places a plane, shape (2, 3)."""
        return self.matrix[-2:, -3:]

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """Distance between two planes along each dimension, as napari's sliders count it."""
        steps: npt.NDArray[np.float64] = np.abs(np.diag(np.linalg.qr(self.matrix[:, :-1]).R))
        return steps

    def extent(self, margin: float) -> npt.NDArray[np.float64]:
        """Lowest and highest world coordinates, shape (2, ndim).

        Parameters
        ----------
        margin : float
            In pixels around the outermost centers: 0.5 for all that pixels cover.
        """
        linear, offset = self.matrix[:, :-1], self.matrix[:, -1]
        ends = np.array([[-margin] * self.ndim, [n - 1 + margin for n in self.shape]])
        products = linear[np.newaxis] * ends[:, np.newaxis]
        low = products.min(axis=0).sum(axis=1)
        high = products.max(axis=0).sum(axis=1)
        return np.array([low, high]) + offset

    def index_at(self, point: Sequence[float], whole: int | None = None) -> tuple[int, ...] | None:
        """The plane at a point of the world, an index for each dimension but the last two.

        As napari slices: of a layer that is turned out of the plane, the part of the inverse
        that leads from sliders to these dimensions.

        Parameters
        ----------
        point : sequence of float
            World coordinates of all dimensions but the last two; those of the layer are the last
            ones.
        whole : int, optional
            A dimension along which it does not matter where that is.

        Returns
        -------
        tuple of int or None
            None where the layer does not reach there.
        """
        depth = self.ndim - 2
        if not depth:
            return ()
        square = np.vstack([self.matrix, np.eye(self.ndim + 1)[-1]])
        inverse = np.linalg.inv(square)[:depth]
        place = np.asarray(point, dtype=float)[-depth:]
        found = np.rint(inverse[:, :depth] @ place + inverse[:, -1])
        if whole is not None:
            found[whole] = 0
        inside = (found >= 0) & (found <= np.array(self.shape[:depth]) - 1)
        return tuple(map(int, found)) if inside.all() else None


def drawn_layer(layer: LayerData, units: Sequence[str | None] | None = None) -> DrawnLayer:
    """Take layer data apart.

    Parameters
    ----------
    layer : LayerData
        Of one of `DRAWN_KINDS`.
    units : sequence of str or None, optional
        Units of the world; the layer's dimensions are the last ones. By default its own.

    Raises
    ------
    PictureError
        If it cannot be placed, or has no planes.
    """
    data, keywords, kind = layer
    levels = tuple(data) if is_multiscale(data) else (data,)
    levels = tuple(level if hasattr(level, "shape") else np.asarray(level) for level in levels)
    is_rgb = kind == "image" and bool(keywords.get("rgb"))
    name = keywords.get("name") or kind
    ndim = len(levels[0].shape) - is_rgb
    if ndim < _MIN_DIMENSIONS:
        raise PictureError(f"'{name}' has {ndim} dimensions, expected at least two: leave it out.")
    try:
        matrix = world_matrix(keywords, ndim)
        own = layer_units(keywords, ndim)
    except ValueError as error:
        raise PictureError(f"'{name}' cannot be placed: {error}.") from error
    if units is not None:
        theirs = (None,) * max(0, ndim - len(units)) + tuple(units)[-ndim:]
        matrix *= np.array([[conversion(a, b)] for a, b in zip(own, theirs, strict=True)])
    if not np.isfinite(matrix).all() or not np.linalg.det(with_unit_columns(matrix[:, :-1])):
        raise PictureError(
            f"'{name}' cannot be placed: its scale, translation or affine matrix is 0, infinite or "
            "not a number."
        )
    return DrawnLayer(kind, levels, matrix, int(levels[0].shape[-1]) * is_rgb, keywords)


def with_unit_columns(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A matrix with columns of length 1: that voxels are tiny makes no determinant 0."""
    lengths = np.linalg.norm(linear, axis=0)
    scaled: npt.NDArray[np.float64] = linear / np.where(lengths == 0, 1, lengths)
    return scaled
