"""Napari layer data as a composite image: what `layers` does, the other way round."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip import display_state
from napari_ome_zip.errors import SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import (
    Channel,
    CompositeImage,
    PlacedImage,
    PlacedLabels,
)
from napari_ome_zip.image.limits import estimate_limits
from napari_ome_zip.image.units import conversion, known_unit
from napari_ome_zip.layers import METADATA_KEY, LayerData
from napari_ome_zip.names import stem
from napari_ome_zip.ome import (
    Axis,
    CoordinateSystem,
    FrozenMapping,
    ImageLabel,
    LabelColor,
    LabelProperties,
)
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.save import Cancelled, Progress
from napari_ome_zip.saving.save import save_image as save_composite

SAVED_KINDS = ("image", "labels")
_RGB = ("#FF0000", "#00FF00", "#0000FF")


@dataclass(frozen=True)
class _Layer:
    """One layer, understood: its pixels and where they lie in the world."""

    kind: str
    levels: tuple[da.Array, ...]
    """Without colour axis: an RGB layer is three of these."""
    matrix: npt.NDArray[np.float64]
    """World coordinates from indices, shape (ndim, ndim + 1)."""
    labels: tuple[str, ...]
    units: tuple[str | None, ...]
    keywords: Mapping[str, Any]
    note: Mapping[str, Any]
    colors: int = 0
    """3 for the parts of an RGB layer."""

    @property
    def ndim(self) -> int:
        return len(self.matrix)

    @property
    def name(self) -> str:
        return str(self.keywords.get("name") or self.kind)


def save_image(
    source: CompositeImage | Sequence[LayerData],
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Save a composite image, or napari layer data, as a single-image archive.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
        Layer data are ``(data, keyword arguments, type)``; layers other than images and labels
        are left out (`unsaved_layers` names them).
    path, options, progress, cancelled
        As for `napari_ome_zip.saving.save.save_image`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    SaveError, SaveCancelledError
        As there.
    """
    if not isinstance(source, CompositeImage):
        source = from_layer_data(source, name=stem(path))
    return save_composite(source, path, options, progress=progress, cancelled=cancelled)


def unsaved_layers(layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """Which layers an OME-Zarr image cannot hold, and why; one finding each."""
    found = []
    for data, keywords, kind in layers:
        name = keywords.get("name", kind)
        problem = _why_not(data, kind)
        if problem is not None:
            found.append(Finding("layer-not-saved", str(name), f"'{name}' {problem}."))
    return tuple(found)


def _why_not(data: Any, kind: str) -> str | None:
    if kind not in SAVED_KINDS:
        return f"is a {kind} layer: an OME-Zarr image holds images and labels only"
    first = data[0] if isinstance(data, list | tuple) or hasattr(data, "_data") else data
    if 0 in getattr(first, "shape", ()):
        return "is empty"
    if np.dtype(getattr(first, "dtype", float)).kind not in "biufc":
        return f"holds {first.dtype}, which is no kind of pixel"
    return None


def from_layer_data(
    layers: Sequence[LayerData], name: str = "image", *, snapshot: bool = True
) -> CompositeImage:
    """The composite image that some layers show together.

    Channels that came from one image become one image again; otherwise layers of equal shape,
    type of pixels, axes and place are its channels. Labels belong to the image they came with,
    else to the one that lies at the same place, else to the first.

    Parameters
    ----------
    layers : sequence of LayerData
        Bottom layer first, as napari's writers receive them. Pixels stay lazy.
    name : str
        Name of the composite.
    snapshot : bool
        Copy labels that are in memory, so that painting on does not change what is saved.
        Planning alone needs no copy.

    Raises
    ------
    SaveError
        If none of the layers can be saved.
    """
    understood = [
        _understand(data, {**keywords, "order": number}, kind, snapshot)
        for number, (data, keywords, kind) in enumerate(layers)
        if _why_not(data, kind) is None
    ]
    if not understood:
        raise SaveError("Nothing to save: there is no image and no labels layer among the layers.")
    system = _system(understood)
    groups = _image_groups([layer for layer in understood if layer.kind == "image"])
    images = [(g[0], _image(g, system, f"image-{n}")) for n, g in enumerate(groups)]
    labels = [
        _label_image(layer, system, images, f"labels-{number}")
        for number, layer in enumerate(understood)
        if layer.kind == "labels"
    ]
    return CompositeImage(name, None, system, (*(image for _, image in images), *labels))


def _understand(data: Any, keywords: Mapping[str, Any], kind: str, snapshot: bool) -> _Layer:
    multiscale = isinstance(data, list | tuple) or hasattr(data, "_data")
    copied = snapshot and kind == "labels"
    metadata = keywords.get("metadata") or {}
    note = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    note = note if isinstance(note, Mapping) else {}
    stored = _stored_levels(list(data), note) if multiscale else [data]
    levels = tuple(_as_dask(level, copied) for level in stored)
    colors = 0
    if kind == "image" and keywords.get("rgb"):
        colors = 3  # transparency has no place in an OME-Zarr image
        levels = tuple(da.moveaxis(level[..., :3], -1, 0) for level in levels)
    if kind == "labels" and levels[0].dtype.kind == "b":
        levels = tuple(level.astype(np.uint8) for level in levels)
    if levels[0].dtype.kind == "c":
        levels = tuple(abs(level) for level in levels)
    ndim = levels[0].ndim - bool(colors)
    return _Layer(
        kind,
        levels,
        _world_matrix(keywords, ndim),
        _axis_labels(keywords, ndim),
        _units(keywords, ndim),
        keywords,
        note,
        colors,
    )


def _stored_levels(levels: list[Any], note: Mapping[str, Any]) -> list[Any]:
    """The levels that came from a file, without those computed for the screen behind them."""
    stored, virtual = note.get("levels"), note.get("virtual_levels")
    if not (isinstance(stored, int) and isinstance(virtual, int)):
        return levels
    return levels[:stored] if stored > 0 and len(levels) == stored + virtual else levels


def _as_dask(level: Any, copied: bool) -> da.Array:
    if isinstance(level, np.ndarray) and copied:
        level = level.copy()
    # Without a name of its own dask would make one from all the pixels.
    array: da.Array = level if isinstance(level, da.Array) else da.from_array(level, name=False)
    native: da.Array = array.astype(array.dtype.newbyteorder("="))
    return native


def _world_matrix(keywords: Mapping[str, Any], ndim: int) -> npt.NDArray[np.float64]:
    """Napari's transformation of a layer: scale, then shear, rotate, translate, then affine."""
    scale = np.diag(_numbers(keywords.get("scale"), ndim, 1.0))
    linear = _rotation(keywords.get("rotate"), ndim) @ _shear(keywords.get("shear"), ndim) @ scale
    inner = np.eye(ndim + 1)
    inner[:-1, :-1] = linear
    inner[:-1, -1] = _numbers(keywords.get("translate"), ndim, 0.0)
    affine = keywords.get("affine")
    outer = np.eye(ndim + 1) if affine is None else np.asarray(affine, dtype=float)
    matrix: npt.NDArray[np.float64] = (outer @ inner)[:-1]
    return matrix


def _numbers(values: Any, ndim: int, default: float) -> npt.NDArray[np.float64]:
    return np.full(ndim, default) if values is None else np.asarray(values, dtype=float)


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
    labels = tuple(str(label) for label in keywords.get("axis_labels") or ())
    if len(labels) != ndim or all(label.lstrip("-").isdigit() for label in labels):
        return ()
    return labels


def _units(keywords: Mapping[str, Any], ndim: int) -> tuple[str | None, ...]:
    units = keywords.get("units")
    if units is None:
        return (None,) * ndim
    if isinstance(units, str):
        return (known_unit(units),) * ndim
    return tuple(known_unit(str(unit)) for unit in units)


def _system(layers: Sequence[_Layer]) -> CoordinateSystem:
    """The viewer's dimensions: named by the layer that has most of them."""
    ndim = max(len(layer.matrix) for layer in layers)
    full = [layer for layer in layers if len(layer.matrix) == ndim]
    names = next((layer.labels for layer in full if layer.labels), _default_names(ndim))
    if len({name.lower() for name in names}) < ndim:
        names = _default_names(ndim)
    axes = []
    for number, name in enumerate(names):
        given = [
            layer.units[number - ndim] for layer in layers if len(layer.matrix) >= ndim - number
        ]
        unit = next((unit for unit in given if unit is not None), None)
        axes.append(_axis(name, unit or _unknown_unit(name, layers), names))
    return CoordinateSystem("world", tuple(axes))


def _axis(name: str, unit: str | None, names: Sequence[str]) -> Axis:
    """An axis with its type; without a telling name the last ones are space."""
    kind = TYPES_BY_NAME.get(name.lower())
    if kind in (None, "channel"):
        told = sum(TYPES_BY_NAME.get(other.lower()) == "space" for other in names)
        kind = "space" if told < 2 and name in names[-2:] else None
    return Axis(name, kind, unit)


def _default_names(ndim: int) -> tuple[str, ...]:
    known = ("t", "z", "y", "x")
    return tuple(f"dim_{i}" for i in range(ndim - len(known))) + known[-ndim:]


def _unknown_unit(name: str, layers: Sequence[_Layer]) -> str | None:
    """A unit that napari does not know, as the file had it."""
    for layer in layers:
        for axis in layer.note.get("axes") or ():
            if axis.get("name") == name and axis.get("unit") and not known_unit(axis["unit"]):
                return str(axis["unit"])
    return None


def _image_groups(layers: Sequence[_Layer]) -> list[list[_Layer]]:
    groups: dict[Any, list[_Layer]] = {}
    for number, layer in enumerate(layers):
        key = (
            _origin(layer),
            tuple(level.shape for level in layer.levels),
            layer.levels[0].dtype,
            layer.matrix.tobytes(),
            layer.units,
            number if layer.colors else None,
        )
        groups.setdefault(key, []).append(layer)
    return [sorted(group, key=_channel_number) for group in groups.values()]


def _origin(layer: _Layer) -> tuple[Any, ...]:
    note = layer.note
    return (note.get("source"), note.get("path"), note.get("multiscale"))


def _channel_number(layer: _Layer) -> int:
    number = layer.note.get("channel")
    return number if isinstance(number, int) else 0


def _image(group: Sequence[_Layer], system: CoordinateSystem, path: str) -> PlacedImage:
    first = group[0]
    states = [display_state.capture(layer.keywords, "image") for layer in group]
    if first.colors:
        levels = first.levels
        channels = tuple(
            Channel(label, color, (0.0, 255.0) if levels[0].dtype == np.uint8 else None)
            for label, color in zip(("red", "green", "blue"), _RGB, strict=True)
        )
    elif len(group) > 1:
        stacked = zip(*(layer.levels for layer in group), strict=True)
        levels = tuple(da.stack(level, axis=0) for level in stacked)
        channels = tuple(_channel(layer) for layer in group)
    else:
        return _placed_image(first, first.levels, None, (_channel(first),), states, system, path)
    position = _channel_position(first, system)
    levels = tuple(da.moveaxis(level, 0, position) for level in levels)
    return _placed_image(first, levels, position, channels, states, system, path)


def _channel_position(layer: _Layer, system: CoordinateSystem) -> int:
    """Behind time, before space, as versions up to 0.5 want it."""
    axes = system.axes[len(system.axes) - len(layer.matrix) :]
    return sum(axis.type == "time" for axis in axes)


def _placed_image(
    layer: _Layer,
    levels: tuple[da.Array, ...],
    channel_axis: int | None,
    channels: tuple[Channel, ...],
    states: Sequence[Mapping[str, Any]],
    system: CoordinateSystem,
    path: str,
) -> PlacedImage:
    axes, affine = _placement(layer, system, channel_axis)
    name = layer.note.get("name") or layer.name
    return PlacedImage(
        path=path,
        name=str(name),
        axes=axes,
        sources=levels,
        to_display=affine,
        channel_axis=channel_axis,
        display=display_state.to_display(states),
        channels=channels,
    )


def _placement(
    layer: _Layer, system: CoordinateSystem, channel_axis: int | None
) -> tuple[tuple[Axis, ...], Affine]:
    """Axes of the stored array, and its map to the system; dimensions count from the last."""
    missing = len(system.axes) - len(layer.matrix)
    own = system.axes[missing:]
    factors = [conversion(u, axis.unit) for u, axis in zip(layer.units, own, strict=True)]
    matrix = np.zeros((len(system.axes), len(own) + 1))
    matrix[missing:] = layer.matrix * np.array(factors)[:, np.newaxis]
    axes = list(own)
    if channel_axis is not None:
        axes.insert(channel_axis, Axis(_channel_name(own), "channel"))
        matrix = np.insert(matrix, channel_axis, 0.0, axis=1)
    names = tuple(axis.name for axis in axes)
    return tuple(axes), Affine(matrix, names, tuple(axis.name for axis in system.axes))


def _channel_name(axes: Sequence[Axis]) -> str:
    return "channel" if any(axis.name.lower() == "c" for axis in axes) else "c"


def _channel(layer: _Layer) -> Channel:
    keywords = layer.keywords
    limits = keywords.get("contrast_limits") or estimate_limits(layer.levels)
    colormap = keywords.get("colormap")
    image = str(layer.note.get("name") or "")
    label = layer.name.removeprefix(f"{image}: ") if image else layer.name
    return Channel(
        name=label,
        color=display_state.hex_color(colormap) or display_state.brightest_color(colormap),
        limits=None if limits is None else (float(limits[0]), float(limits[1])),
        visible=bool(keywords.get("visible", True)),
    )


def _label_image(
    layer: _Layer,
    system: CoordinateSystem,
    images: Sequence[tuple[_Layer, PlacedImage]],
    path: str,
) -> PlacedLabels:
    axes, affine = _placement(layer, system, None)
    image = _image_of(layer, affine, images)
    state = display_state.capture(layer.keywords, "labels")
    return PlacedLabels(
        path=path,
        name=str(layer.note.get("name") or layer.name),
        axes=axes,
        sources=layer.levels,
        to_display=affine,
        channel_axis=None,
        display=FrozenMapping({display_state.LAYERS: [state]}),
        image_path=None if image is None else image.path,
        label=ImageLabel(_label_colors(layer), _label_properties(layer)),
    )


def _image_of(
    layer: _Layer, affine: Affine, images: Sequence[tuple[_Layer, PlacedImage]]
) -> PlacedImage | None:
    """The image that labels belong to: where they came from, else by place, else the first."""
    if not images:
        return None
    source, parent = layer.note.get("source"), layer.note.get("image")
    for first, image in images:
        if parent is not None and _origin(first)[:2] == (source, parent):
            return image
    for _, image in images:
        channel = image.channel_axis
        kept = [i for i in range(len(image.axes)) if i != channel]
        own = image.to_display.select(inputs=[image.axes[i].name for i in kept])
        size = tuple(image.shape[i] for i in kept)
        if size == layer.levels[0].shape and own.is_close(affine):
            return image
    return images[0][1]


def _label_colors(layer: _Layer) -> tuple[LabelColor, ...]:
    """Colours that a person (or file) chose; those that napari makes up are not kept."""
    colormap = layer.keywords.get("colormap")
    table = getattr(colormap, "color_dict", colormap)
    if not isinstance(table, Mapping):
        return ()
    colors = []
    for value, color in table.items():
        if value is None or isinstance(color, str):
            continue
        if int(value) == 0 and not color[3]:
            continue  # background is transparent, unless someone coloured it
        rgba = [min(255, max(0, round(255 * float(part)))) for part in color]
        if len(rgba) == 4:
            colors.append(LabelColor(int(value), (rgba[0], rgba[1], rgba[2], rgba[3])))
    return tuple(colors)


def _label_properties(layer: _Layer) -> tuple[LabelProperties, ...]:
    """One set of properties for each label value, from a table with a column ``index``."""
    features = layer.keywords.get("features")
    if features is None:
        return ()
    columns = {str(name): list(features[name]) for name in features}
    if not columns:
        return ()
    rows = len(next(iter(columns.values())))
    values = columns.pop("index", list(range(rows)))
    properties = []
    for row, value in enumerate(values):
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):
            continue  # a row that belongs to no label
        cells = {name: _plain(column[row]) for name, column in columns.items()}
        known = {name: cell for name, cell in cells.items() if cell is not None}
        properties.append(LabelProperties(int(value), FrozenMapping(known)))
    return tuple(properties)


def _plain(value: Any) -> Any:
    """A cell of a table as JSON; None where there is nothing."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict) else None
