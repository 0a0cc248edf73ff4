"""What all layers of a part have in common: their note, and levels as a viewer takes them."""

from __future__ import annotations

from typing import Any

import dask.array as da

from napari_ome_zip.image.composite import PlacedImage, PlacedPart
from napari_ome_zip.layers.channel_array import ChannelArray
from napari_ome_zip.layers.layer_data import SHOWN
from napari_ome_zip.ome import Axis

type Levels = tuple[da.Array, ...]


def layer_notes(part: PlacedPart, array: ChannelArray, levels: Levels) -> dict[str, Any]:
    """The entries of a note that every layer of a part has.

    Parameters
    ----------
    part : PlacedPart
    array : ChannelArray
        The channel that the layer shows.
    levels : tuple of dask.array.Array
        All that are shown, largest first.
    """
    return {**_part_note(part), **_level_note(part, levels), **_order_note(array)}


def _part_note(part: PlacedPart) -> dict[str, Any]:
    shown = (part.default_t, part.default_z) if isinstance(part, PlacedImage) else (0, 0)
    fields = [{"path": field.path, "offset": list(field.offset)} for field in part.fields]
    return {
        **({"fields": fields} if fields else {}),
        **({"nonlinear": True} if part.nonlinear else {}),
        **({SHOWN: list(shown)} if any(shown) else {}),
        "path": part.path,
        "multiscale": part.multiscale,
        "name": part.name,
        "axes": list(map(_axis_note, part.axes)),
    }


def _axis_note(axis: Axis) -> dict[str, Any]:
    note: dict[str, Any] = {"name": axis.name, "type": axis.type, "unit": axis.unit}
    return note if axis.orientation is None else note | {"orientation": axis.orientation.to_json()}


def _level_note(part: PlacedPart, levels: Levels) -> dict[str, int]:
    """How many of a layer's levels the file has, where some are computed: those are not saved."""
    if not part.overviews:
        return {}
    shown, stored = _shrinking(levels), _shrinking(levels[: len(part.sources)])
    return {"levels": len(stored), "virtual_levels": len(shown) - len(stored)}


def _order_note(array: ChannelArray) -> dict[str, list[int]]:
    """How axes were permuted, where they were."""
    return {} if array.order == sorted(array.order) else {"order": array.order}


def layer_levels(levels: Levels) -> list[da.Array] | da.Array:
    """Levels of decreasing size, as napari requires; a single one is not multiscale."""
    shrinking = _shrinking(levels)
    return shrinking if len(shrinking) > 1 else shrinking[0]


def _shrinking(levels: Levels) -> list[da.Array]:
    shrinking = [levels[0]]
    for level in levels[1:]:
        if level.size < shrinking[-1].size:
            shrinking.append(level)
    return shrinking
