"""Layer data of several channels in one array, as scripts have them, as one layer a channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData
from napari_ome_zip.layers.losses import is_multiscale
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.typed import layer_list

CHANNEL_AXIS = "channel_axis"

_OF_ALL = ("affine", "axis_labels", "metadata", "rotate", "scale", "shear", "translate", "units")
"""Keywords that all channels share, also where they are lists."""


def split_channels(layers: Sequence[LayerData], name: str = "image") -> list[LayerData]:
    """One layer for each channel of the layer data that have ``channel_axis``.

    As napari takes it apart: that axis is none of the layers', so `scale`, `axis_labels` and the
    like have no value for it, and any other keyword may be a list with one value a channel.

    Parameters
    ----------
    layers : sequence of LayerData
    name : str
        Name of an image whose ``name`` does not give one: it is a list of names of channels, that
        do not all begin with the name of the image and ``": "``.

    Returns
    -------
    list of LayerData
        Those without ``channel_axis`` are as they were.

    Raises
    ------
    SaveError
        If there is no such axis, or a list has not one value for each channel.
    TypeError
        If these are no layer data.

    Examples
    --------
    >>> pixels = np.zeros((2, 8, 8))
    >>> keywords = {"channel_axis": 0, "name": ["DAPI", "GFP"], "scale": (0.5, 0.5)}
    >>> for data, said, _ in split_channels([(pixels, keywords, "image")], "cells"):
    ...     print(data.shape, said["name"], said["scale"])
    (8, 8) DAPI (0.5, 0.5)
    (8, 8) GFP (0.5, 0.5)
    """
    return [channel for layer in layer_list(layers) for channel in _channels(layer, name)]


def _channels(layer: LayerData, image: str) -> Iterator[LayerData]:
    data, keywords, kind = layer
    if kind != "image" or keywords.get(CHANNEL_AXIS) is None:
        yield layer
        return
    levels = list(data) if is_multiscale(data) else [data]
    levels = [level if hasattr(level, "ndim") else np.asarray(level) for level in levels]
    axis = _axis(keywords, levels[0].ndim)
    count = int(levels[0].shape[axis])
    names = keywords.get("name") or image
    if isinstance(names, str):
        names = [f"{clean_text(names)}: {number}" for number in range(1, count + 1)]
    keywords = {**keywords, "name": names}
    image = _shared_name(names) or image
    for number in range(count):
        said = {key: _value(key, value, number, count) for key, value in keywords.items()}
        del said[CHANNEL_AXIS]
        note = {"name": image, "channel": number}
        said["metadata"] = {**(said.get("metadata") or {}), METADATA_KEY: note}
        channel = [_channel(level, axis, number) for level in levels]
        yield (channel if is_multiscale(data) else channel[0]), said, kind


def _shared_name(names: Sequence[str]) -> str:
    """The name of the image that names of all channels begin with, as those of layers do."""
    found = {str(name).partition(": ")[0] if ": " in str(name) else "" for name in names}
    return clean_text(found.pop()) if len(found) == 1 else ""


def _axis(keywords: Mapping[str, Any], ndim: int) -> int:
    axis = keywords[CHANNEL_AXIS]
    if not -ndim <= axis < ndim:
        raise SaveError(
            f"'{_title(keywords)}' has {ndim} dimensions and channel_axis {axis}, expected "
            f"0 to {ndim - 1}."
        )
    return int(axis) % ndim


def _value(key: str, value: Any, number: int, count: int) -> Any:
    """What a keyword says of one channel."""
    if key in _OF_ALL or isinstance(value, str) or not isinstance(value, Sequence):
        return value
    if key == "contrast_limits" and not isinstance(value[0], Sequence):
        return value
    if len(value) != count:
        raise SaveError(f"{key} has {len(value)} values, expected {count}, one for each channel.")
    return value[number]


def _channel(level: Any, axis: int, number: int) -> Any:
    lazy = level if isinstance(level, np.ndarray | da.Array) else da.asarray(level)
    return lazy[(slice(None),) * axis + (number,)]


def _title(keywords: Mapping[str, Any]) -> str:
    name = keywords.get("name")
    return clean_text(name) if isinstance(name, str) else "image"
