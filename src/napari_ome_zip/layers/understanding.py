"""One layer, understood: its pixels, and where they lie in the world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.units import known_unit
from napari_ome_zip.layers.layer_data import genuine_note, layer_note
from napari_ome_zip.layers.losses import is_multiscale
from napari_ome_zip.layers.opened_layer import OpenedLayer, opened_layer
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.snapshot import Snapshot
from napari_ome_zip.layers.stated_units import stated_units
from napari_ome_zip.pixels.computing import layer_errors
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.source import PixelSource


@dataclass(frozen=True)
class UnderstoodLayer:
    """One layer: its pixels and where they lie in the world."""

    kind: str
    levels: tuple[da.Array, ...]
    """Largest first, all of one type of pixel; colors are a last axis."""
    matrix: npt.NDArray[np.float64]
    """World coordinates from indices, shape (ndim, ndim + 1)."""
    labels: tuple[str, ...]
    units: tuple[str | None, ...]
    keywords: Mapping[str, Any]
    note: Mapping[str, Any]
    colors: int = 0
    """3 for an RGB layer: that many colors are kept."""
    opened: OpenedLayer | None = None
    """What it was when it was opened, where it came from a file."""
    is_unchanged: bool = False
    """Whether its pixels are those of the file."""

    @property
    def ndim(self) -> int:
        """Number of dimensions without colors."""
        return len(self.matrix)

    @property
    def name(self) -> str:
        """As it is shown."""
        return str(self.keywords.get("name") or self.kind)

    @property
    def image_name(self) -> str:
        """Name of the image it came with, else its own."""
        return clean_text(self.note.get("name") or self.name)

    @property
    def origin(self) -> tuple[Any, ...]:
        """Its origin: file, group, and number of the image in the group."""
        note = self.note
        return (note.get("source"), note.get("path"), note.get("multiscale"))


def understand(
    data: Any, keywords: Mapping[str, Any], kind: str, snapshot: bool
) -> UnderstoodLayer:
    """Take layer data apart.

    Parameters
    ----------
    data, keywords, kind
        As napari's writers receive them.
    snapshot : bool
        Keep what is there now, whatever is painted from now on.

    Raises
    ------
    SaveError
        If the data or the keywords are not those of a layer; it names the layer.
    """
    name = clean_text(keywords.get("name") or kind)
    with layer_errors(name, "it is not understood"):
        layer = _understood(data, keywords, kind, snapshot)
    if not np.isfinite(layer.matrix).all():
        raise SaveError(
            f"'{name}' cannot be placed: its scale, translation, or what else moves it is infinite "
            "or not a number, expected numbers below 1e+300. Nothing was saved; an earlier file is "
            "untouched."
        )
    return layer


def _understood(
    data: Any, keywords: Mapping[str, Any], kind: str, snapshot: bool
) -> UnderstoodLayer:
    note = genuine_note(layer_note(keywords))
    opened = opened_layer(note)
    stored = stored_levels(list(data), note) if is_multiscale(data) else [data]
    title = clean_text(keywords.get("name") or kind)
    levels = tuple(_as_dask(level, kind, title, snapshot=snapshot) for level in stored)
    # A level of another type would wrap round in the type of the first: it is made anew.
    alike = [level.dtype == levels[0].dtype for level in levels]
    levels = levels[: (*alike, False).index(False)]
    if kind == "labels" and levels[0].dtype.kind == "b":
        levels = tuple(level.astype(np.uint8) for level in levels)
    if levels[0].dtype.kind == "c":
        levels = tuple(abs(level) for level in levels)
    colors = 3 if kind == "image" and keywords.get("rgb") else 0
    ndim = levels[0].ndim - bool(colors)
    if keywords.get("name"):
        keywords = {**keywords, "name": clean_text(keywords["name"])}
    return UnderstoodLayer(
        kind,
        levels,
        world_matrix(keywords, ndim),
        _axis_labels(keywords, ndim),
        stated_units(layer_units(keywords, ndim), note),
        keywords,
        note,
        colors,
        opened,
        opened is not None and opened.has_pixels_of(data),
    )


def stored_levels(levels: list[Any], note: Mapping[str, Any]) -> list[Any]:
    """The levels that came from a file, without the coarser ones computed for the screen."""
    stored, virtual = note.get("levels"), note.get("virtual_levels")
    if not (isinstance(stored, int) and isinstance(virtual, int)):
        return levels
    return levels[:stored] if stored > 0 and len(levels) == stored + virtual else levels


def _as_dask(level: Any, kind: str, title: str, *, snapshot: bool) -> da.Array:
    if not hasattr(level, "shape"):
        level = np.asarray(level)
    if isinstance(level, np.ndarray):
        level = np.ma.getdata(level)  # what lies below a mask is what a viewer shows
        level = Snapshot(level, title) if snapshot and kind == "labels" else _InMemory(level)
    array = _lazily(level)
    if any(math.isnan(n) for n in array.shape):
        raise ValueError(
            f"its shape is unknown, {array.shape}: call compute_chunk_sizes() of its dask array"
        )
    if snapshot:
        array = array.copy()  # painting changes a dask array in place; its pixels are shared
    native: da.Array = array.astype(array.dtype.newbyteorder("="))
    return native


@dataclass(frozen=True, eq=False)
class _InMemory(PixelSource):
    """An array that dask does not take for an `ndarray`, which would copy all its pixels."""

    pixels: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self.pixels.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return self.pixels.shape

    @property
    def is_in_memory(self) -> bool:
        # docstring inherited
        return True

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return self.pixels[region]


def _lazily(level: Any) -> da.Array:
    if isinstance(level, da.Array):
        return level
    in_memory = isinstance(level, Snapshot | _InMemory)
    meta = np.empty((0,) * level.ndim, level.dtype) if in_memory else None
    # Without a name of its own dask would make one from all the pixels.
    array: da.Array = da.from_array(level, name=False, meta=meta)
    return array


def world_matrix(keywords: Mapping[str, Any], ndim: int) -> npt.NDArray[np.float64]:
    """Napari's transformation of a layer: scale, then shear, rotate, translate, then affine.

    Parameters
    ----------
    keywords : mapping
        Keyword arguments of layer data.
    ndim : int
        The layer's number of dimensions.

    Returns
    -------
    ndarray, shape (ndim, ndim + 1)
    """
    scale = np.diag(_numbers(keywords.get("scale"), ndim, 1.0))
    linear = _rotation(keywords.get("rotate"), ndim) @ _shear(keywords.get("shear"), ndim) @ scale
    inner = np.eye(ndim + 1)
    inner[:-1, :-1] = linear
    inner[:-1, -1] = _numbers(keywords.get("translate"), ndim, 0.0)
    affine = keywords.get("affine")
    outer = np.eye(ndim + 1) if affine is None else np.asarray(affine, dtype=float)
    if outer.shape != inner.shape:
        raise ValueError(f"affine has the shape {outer.shape}, expected {inner.shape}")
    matrix: npt.NDArray[np.float64] = (outer @ inner)[:-1]
    return matrix


def _numbers(values: Any, ndim: int, default: float) -> npt.NDArray[np.float64]:
    found = np.full(ndim, default) if values is None else np.asarray(values, dtype=float)
    if found.shape != (ndim,):
        raise ValueError(f"scale or translate is {values}, expected {ndim} numbers")
    return found


def _rotation(rotate: Any, ndim: int) -> npt.NDArray[np.float64]:
    """A rotation matrix, or an angle in degrees about the last plane."""
    if rotate is None:
        return np.eye(ndim)
    found = np.asarray(rotate, dtype=float)
    if found.ndim == 2:
        return found
    angle = np.deg2rad(float(found.reshape(-1)[0]))
    matrix = np.eye(ndim)
    matrix[-2:, -2:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return matrix


def _shear(shear: Any, ndim: int) -> npt.NDArray[np.float64]:
    """A shear matrix, or the entries above the diagonal of one, row by row."""
    if shear is None:
        return np.eye(ndim)
    found = np.asarray(shear, dtype=float)
    if found.ndim == 2:
        return found
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = found
    return matrix


def _axis_labels(keywords: Mapping[str, Any], ndim: int) -> tuple[str, ...]:
    labels = tuple(clean_text(label) for label in keywords.get("axis_labels") or ())
    if labels and len(labels) != ndim:
        raise ValueError(f"axis_labels are {labels}, expected {ndim}")
    if all(label.lstrip("-").isdigit() for label in labels):
        return ()
    return labels


def layer_units(keywords: Mapping[str, Any], ndim: int) -> tuple[str | None, ...]:
    """Known units of a layer's dimensions; None where there is none that is known."""
    units = keywords.get("units")
    if units is None:
        return (None,) * ndim
    if isinstance(units, str):
        return (known_unit(units),) * ndim
    found = tuple(known_unit(str(unit)) for unit in units)
    if len(found) != ndim:
        raise ValueError(f"units are {units}, expected {ndim}")
    return found
