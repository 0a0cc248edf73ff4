"""Tables of regions as layers of shapes: a hidden one for each table, called as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import TableError
from napari_ome_zip.image.composite import CompositeImage, PlacedImage
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.tables.regions import regions_of
from napari_ome_zip.image.tables.table import Table, TableKind
from napari_ome_zip.layers.channel_array import axis_keywords
from napari_ome_zip.layers.joined_table import are_same
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData, layer_note
from napari_ome_zip.layers.region_shapes import MAX_SHAPES, rectangles
from napari_ome_zip.layers.table_features import as_cells, shown_tables
from napari_ome_zip.layers.understanding import world_matrix

if TYPE_CHECKING:
    import pandas as pd

REGIONS = "regions"
"""Key in the note of a layer of regions."""

_NEAR = 1e-6

_EDGE, _FACE = (1.0, 1.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class RegionLayer:
    """A layer of regions as it was when it was made."""

    opened: Opened
    table: Table
    data: tuple[npt.NDArray[np.float64], ...]
    keywords: Mapping[str, Any]

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        # As the record of an image: what opens the file is left out with its secret.
        if self.opened.store.holds_secrets:
            return _nothing, ()
        return super().__reduce_ex__(protocol)

    def __deepcopy__(self, memo: dict[int, Any]) -> RegionLayer:
        return self


def _nothing() -> None:
    """What is left of a record in a pickle, where it would hold a secret."""


def region_layers(composite: CompositeImage) -> Iterator[LayerData]:
    """The layers of all tables of regions that lie in an image that is shown by itself.

    One that a person changed is a drawing of the file, which is shown instead of its table.

    Parameters
    ----------
    composite : CompositeImage
    """
    for table, rows, image in _tables(composite):
        layer = _region_layer(composite, table, rows, image)
        if layer is not None:
            yield layer


def _tables(composite: CompositeImage) -> Iterator[tuple[Table, pd.DataFrame, PlacedImage]]:
    images = {image.path: image for image in reversed(composite.images) if not image.fields}
    redrawn = {drawing.instead_of for drawing in composite.napari.drawings}
    for table, rows in shown_tables(composite):
        image = images.get(table.image)
        if table.kind is not TableKind.REGIONS or table.path in redrawn:
            continue
        if image and not isinstance(rows, TableError):
            yield table, rows, image


def _region_layer(
    composite: CompositeImage, table: Table, rows: pd.DataFrame, image: PlacedImage
) -> LayerData | None:
    regions = regions_of(rows, image, composite.system)
    if regions is None or not regions.good.any():
        return None
    if np.count_nonzero(regions.good) > MAX_SHAPES:
        return None
    corners, which, own = rectangles(regions, image)
    said = rows[regions.good].iloc[which]
    features = {
        str(rows.index.name or "name"): np.asarray(said.index),
        **{str(name): as_cells(said[name]) for name in said if name not in regions.columns},
    }
    keywords = {
        **axis_keywords(composite, own),
        "name": table.name,
        "shape_type": "rectangle",
        "edge_color": [_EDGE] * len(corners),
        "face_color": [_FACE] * len(corners),
        "edge_width": [_width(corners, image, regions.plane)] * len(corners),
        "features": features,
        "visible": False,
    }
    note: dict[str, Any] = {"source": composite.source}
    if composite.opened is not None:
        note[REGIONS] = RegionLayer(composite.opened, table, tuple(corners), keywords)
    return [*corners], {**keywords, "metadata": {METADATA_KEY: note}}, "shapes"


def _width(corners: npt.NDArray[np.float64], image: PlacedImage, plane: tuple[int, int]) -> float:
    """How thick edges are: seen where all of the image is, and thin beside the boxes."""
    steps = np.linalg.norm(image.to_display.linear[:, plane], axis=0)
    extent = float((steps * [image.shape[axis] for axis in plane]).max())
    sides = np.linalg.norm(np.diff(corners, axis=1), axis=2)
    return min(extent / 250, float(np.median(sides)) / 15)


def is_in_table(layer: LayerData, opened: Opened | None) -> bool:
    """Whether a layer shows a table of regions as it is in a file, so that it need not be saved.

    Parameters
    ----------
    layer : LayerData
    opened : Opened, optional
        The file whose other content is kept, with its tables.
    """
    data, keywords, kind = layer
    made = region_layer(keywords)
    if made is None or kind != "shapes" or opened is None or made.opened.store is not opened.store:
        return False
    if len(data) != len(made.data) or not all(map(_are_near, data, made.data)):
        return False
    return _is_in_place(keywords, len(made.keywords["units"])) and _looks_alike(keywords, made)


def _are_near(now: npt.NDArray[Any], then: npt.NDArray[np.float64]) -> bool:
    """Whether corners are where they were: napari has them as 32-bit numbers."""
    return now.shape == then.shape and bool(np.allclose(now, then, rtol=_NEAR, atol=0))


def region_layer(keywords: Mapping[str, Any]) -> RegionLayer | None:
    """The record of a layer of regions, in its keywords."""
    return region_layer_of(layer_note(keywords))


def region_layer_of(note: Mapping[str, Any]) -> RegionLayer | None:
    """The record that was put into the note of a layer of regions."""
    found = note.get(REGIONS)
    return found if isinstance(found, RegionLayer) else None


def _is_in_place(keywords: Mapping[str, Any], ndim: int) -> bool:
    matrix = world_matrix(keywords, ndim)
    return bool(np.array_equal(matrix, np.eye(ndim, ndim + 1)))


def _looks_alike(keywords: Mapping[str, Any], made: RegionLayer) -> bool:
    """Whether name, colors and features are those that the layer was made with."""
    then = made.keywords
    for key in ("edge_color", "face_color", "edge_width"):
        now = np.asarray(keywords.get(key, then[key]), dtype=float)
        if now.shape != np.shape(then[key]) or not np.allclose(now, then[key]):
            return False
    features = keywords.get("features", {})
    columns = then["features"]
    return str(keywords.get("name", "")).startswith(then["name"]) and (
        list(map(str, features)) == list(columns)
        and all(are_same(columns[name], features[name]) for name in columns)
    )
