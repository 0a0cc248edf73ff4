"""A composite image as napari layer data: plain tuples, no napari needed.

One image layer a channel, one labels layer a label image, all with the dimensions of the
display system in one order, so that a viewer's sliders, scale bar and world coordinates are
shared by everything in the archive.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import NEGLIGIBLE, strays
from napari_ome_zip.image.channels import GRAY
from napari_ome_zip.image.composite import (
    Channel,
    CompositeImage,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.label_colors import HIDDEN_COLORS, hidden_note, shown_and_hidden
from napari_ome_zip.image.placement import independent_axes
from napari_ome_zip.image.planes import Planes, own_axes, planes_along
from napari_ome_zip.image.units import known_unit
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.opened_layer import NOTE, OpenedLayer, identities
from napari_ome_zip.ome import ImageLabel, LabelColor
from napari_ome_zip.ome.frozen_json import thaw
from napari_ome_zip.pixels.limits import estimate_limits

METADATA_KEY = "napari_ome_zip"
"""Key in a layer's ``metadata`` under which its source is noted."""

CONTRAST_RANGE = "contrast_limits_range"
"""Values that a layer's contrast slider offers: noted under `METADATA_KEY` when a file is read,
since layer data have no place for it; a keyword of layer data where whoever saves knows it."""

SHOWN_PLANE = "shown_plane"
"""The plane that is shown, as one index for each of a layer's dimensions: a keyword of layer data
where whoever saves knows it."""

SHOWN = "shown"
"""Notes which time and which plane in depth a file wants to be shown first."""

MAX_LAYERS = 512
"""Layers that one file becomes, at most. A viewer takes about a twentieth of a second for each, and
no list of layers is overlooked that is longer; real series and spectra have fewer. What is left
out stays in the file."""

WELL_NAMES = "well_names"
"""Marks the layer with the names of wells, in what `METADATA_KEY` holds."""

_RGB_COLORS = ("#FF0000", "#00FF00", "#0000FF")
_MAX_PERMUTED = 7

type _PlanesOfAxes = Sequence[Planes | None]
"""The planes that parts have along each axis of the display system."""

type LayerData = tuple[Any, dict[str, Any], str]
"""Data, keyword arguments and layer type, as napari's readers return them."""


def to_layer_data(composite: CompositeImage) -> list[LayerData]:
    """Layers of a composite image, images below labels, in document order.

    Parameters
    ----------
    composite : CompositeImage

    Returns
    -------
    list of tuple
        ``(data, keyword arguments, "image" | "labels" | "points")``. Data of images and labels are
        lists of dask arrays, largest first (multiscale), or one dask array; the names of a plate's
        wells are points. World coordinates are those of the composite's display system; a
        voxel's centre is its coordinate.
    """
    planes = _planes(composite)
    several = len({(part.path, part.multiscale) for part in composite.images}) > 1
    layers: list[LayerData] = []
    for part in sorted(composite.parts, key=lambda part: isinstance(part, PlacedLabels)):
        prefix = _prefix(composite, part, several=several)
        common = _axis_keywords(composite, own_axes(part))
        # Limits of contrast are not looked for where nothing is shown.
        room = MAX_LAYERS - len(layers)
        for data, keywords, kind in itertools.islice(_part_layers(part, prefix, planes), room):
            note = {"source": composite.source, **_system_note(composite), **keywords.pop("note")}
            keywords = {**common, **keywords}
            if composite.opened is not None and part.kept is not None:
                made = OpenedLayer(composite.opened, part, identities(data), keywords)
                note[NOTE] = made
            layers.append((data, {**keywords, "metadata": {METADATA_KEY: note}}, kind))
    layers = _in_saved_order(layers)
    if composite.wells:
        layers.append(_well_names(composite, _axis_keywords(composite)))
    _make_names_distinct(layers)
    return layers


def _well_names(composite: CompositeImage, common: dict[str, Any]) -> LayerData:
    """The names of wells as text at their upper left corners, hidden at first.

    The points have only the two dimensions of the plate: so they are seen at every time and depth.
    """
    wells = composite.wells
    size = float(
        np.median([b - a for well in wells for a, b in zip(well.low, well.high, strict=True)])
    )
    keywords = {
        **{key: values[-2:] for key, values in common.items()},
        "name": "well names",
        "features": {"well": [well.name for well in wells]},
        "text": {"string": "{well}", "size": 10, "color": "white", "anchor": "lower_left"},
        "size": size / 20,
        "face_color": "transparent",
        "border_color": "transparent",
        "visible": False,
        "metadata": {METADATA_KEY: {"source": composite.source, WELL_NAMES: True}},
    }
    return np.array([well.low for well in wells]), keywords, "points"


def is_well_names(layer: LayerData) -> bool:
    """Whether a layer shows the names of wells that were read with a plate."""
    return layer_note(layer[1]).get(WELL_NAMES) is True


def layer_note(keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was noted in a layer's metadata when it was read; anyone may have changed it since."""
    metadata = keywords.get("metadata")
    note = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    return note if isinstance(note, Mapping) else {}


def _system_note(composite: CompositeImage) -> dict[str, Any]:
    """The coordinate system shown in, where there are others to choose from."""
    if not composite.systems:
        return {}
    known = composite.system.name in composite.systems
    system = composite.system.name if known else composite.systems[0]
    return {"system": system, "systems": list(composite.systems)}


def layer_placement(
    composite: CompositeImage, note: Mapping[str, Any], ndim: int
) -> dict[str, Any] | None:
    """Where a layer that was made of the same archive lies in a composite's display system.

    Parameters
    ----------
    composite : CompositeImage
        Opened in the system in question.
    note : mapping
        What `to_layer_data` noted in the layer's metadata.
    ndim : int
        The layer's number of dimensions.

    Returns
    -------
    dict or None
        ``scale`` with ``translate`` or ``affine``, ``units`` and ``axis_labels``; None where the
        composite has no such part, the system has another number of axes, or a vector field bends
        the part in one of the two systems, so that moving it is not enough.
    """
    part = next((p for p in composite.parts if _is_noted(p, note)), None)
    if part is None or part.bent or note.get("bent"):
        return None
    own = own_axes(part)
    if len(composite.system.axes if own is None else own) != ndim:
        return None
    channel = note.get("channel")
    # The layer keeps its pixels as they are arranged, even where the system would exchange axes.
    order = note.get("order") or range(ndim)
    number = channel if isinstance(channel, int) else 0
    array = _channel_array(part, number, _planes(composite), order)
    return {**array.keywords, **_axis_keywords(composite, own)}


def _is_noted(part: PlacedPart, note: Mapping[str, Any]) -> bool:
    return (part.path, part.multiscale) == (note.get("path"), note.get("multiscale"))


def _planes(composite: CompositeImage) -> _PlanesOfAxes:
    parts = (*composite.images, *composite.labels)
    return [planes_along(parts, row) for row in range(len(composite.system.axes))]


def _axis_keywords(composite: CompositeImage, own: Sequence[int] | None = None) -> dict[str, Any]:
    """Keywords for layers with all dimensions of the display system, or with some of them."""
    axes = composite.system.axes
    if own is not None:
        axes = tuple(axes[row] for row in own)
    return {
        "units": tuple(known_unit(axis.unit) or "pixel" for axis in axes),
        "axis_labels": tuple(axis.name for axis in axes),
    }


def _in_saved_order(layers: list[LayerData]) -> list[LayerData]:
    """The order that a viewer had when it saved these layers, where all of them tell it."""
    positions = [keywords.get(display_state.ORDER) for _, keywords, _ in layers]
    if None in positions or len(set(positions)) < len(positions):
        return layers
    return [layer for _, layer in sorted(zip(positions, layers, strict=True), key=_first)]


def _first(item: tuple[Any, LayerData]) -> Any:
    return item[0]


def _part_layers(part: PlacedPart, prefix: str, planes: _PlanesOfAxes) -> Iterator[LayerData]:
    if isinstance(part, PlacedLabels):
        yield from _label_layers(part, prefix, planes)
    elif isinstance(part, PlacedImage) and _is_rgb(part):
        yield _rgb_layer(part, planes)
    elif isinstance(part, PlacedImage):
        yield from _image_layers(part, prefix, planes)


def _prefix(composite: CompositeImage, part: PlacedPart, *, several: bool) -> str:
    """What precedes a channel's or label's own name where there are several images."""
    if not several:
        return ""
    if isinstance(part, PlacedLabels):
        image = next((i for i in composite.images if i.path == part.image_path), None)
        return f"{image.name}: " if image is not None else ""
    return f"{part.name}: "


def _image_layers(part: PlacedImage, prefix: str, planes: _PlanesOfAxes) -> Iterator[LayerData]:
    overlaid = part.channel_count > 1 or part.bent  # whose corners hide nothing
    for number, channel in enumerate(part.channels):
        array = _channel_array(part, number, planes)
        levels = array.levels
        stored = len(part.sources)
        magnitude = levels[0].dtype.kind == "c"
        if magnitude:  # a viewer cannot show complex numbers; the name says what it shows
            levels = tuple(abs(level) for level in levels)
        name = _channel_name(part, channel, number, prefix)
        keywords = {
            **array.keywords,
            "name": f"{name} (magnitude)" if magnitude else name,
            "colormap": "gray" if channel.color in (None, GRAY) else channel.color,
            "blending": "additive" if overlaid else "translucent_no_depth",
            "visible": channel.visible,
            "note": {
                **_note(part),
                **_level_note(part, levels),
                **_order_note(array),
                "channel": number,
            },
            **display_state.restore(part.display, number, "image"),
        }
        keywords.pop("rgb", None)  # one channel is no colour picture, whatever was noted
        limits = channel.limits or estimate_limits(levels[:stored])
        if limits is not None:
            keywords["contrast_limits"] = limits
        keywords["note"] |= _range_note(channel, limits)
        yield _data(levels), keywords, "image"


def _range_note(channel: Channel, limits: tuple[float, float] | None) -> dict[str, Any]:
    if channel.contrast_range is None:
        return {}
    low, high = channel.contrast_range
    start, end = limits or channel.contrast_range
    return {CONTRAST_RANGE: [min(low, start), max(high, end)]}


def _channel_name(part: PlacedImage, channel: Channel, number: int, prefix: str) -> str:
    if part.channel_count == 1:
        return f"{prefix}{channel.name}" if channel.name else part.name
    return f"{prefix or part.name + ': ' if not channel.name else prefix}" + (
        channel.name or f"channel {number}"
    )


def _is_rgb(part: PlacedImage) -> bool:
    """Whether three 8-bit channels are the red, green and blue of one colour picture."""
    if part.channel_count == 3 and display_state.restore(part.display, 0, "image"):
        # It was saved from a viewer, which knew.
        return bool(display_state.restore(part.display, 0, "image").get("rgb"))
    return (
        part.channel_count == 3
        and part.dtype == np.uint8
        and tuple(channel.color for channel in part.channels) == _RGB_COLORS
        and all(channel.visible and channel.limits in (None, (0, 255)) for channel in part.channels)
        and part.channel_axis is not None
        and all(source.shape[part.channel_axis] == 3 for source in part.sources)
    )


def _is_one_layer(part: PlacedPart) -> bool:
    return isinstance(part, PlacedImage) and _is_rgb(part)


def _rgb_layer(part: PlacedImage, planes: _PlanesOfAxes) -> LayerData:
    channels = [_channel_array(part, number, planes) for number in range(3)]
    levels = tuple(
        da.stack(colors, axis=-1) for colors in zip(*(c.levels for c in channels), strict=True)
    )
    levels = tuple(level.rechunk({level.ndim - 1: 3}) for level in levels)
    note = {**_note(part), **_level_note(part, levels), **_order_note(channels[0]), "channel": None}
    keywords = {**channels[0].keywords, "name": part.name, "note": note}
    keywords |= display_state.restore(part.display, 0, "image")
    return _data(levels), {**keywords, "rgb": True}, "image"


def _label_layers(part: PlacedLabels, prefix: str, planes: _PlanesOfAxes) -> Iterator[LayerData]:
    for number in range(part.channel_count):
        array = _channel_array(part, number, planes)
        suffix = f" {number}" if part.channel_count > 1 else ""
        note = {**_note(part), **_level_note(part, array.levels), **_order_note(array)}
        keywords = {
            **array.keywords,
            "name": f"{prefix}{part.name}{suffix}",
            "note": {**note, "channel": number, "image": part.image_path},
        }
        if part.label is not None:
            shown, hidden = shown_and_hidden(part.label.colors)
            keywords["note"] |= hidden_note(hidden)
            colors = _label_colors(shown)
            if set(colors) - {0}:  # a colour for the background alone leaves the rest to napari
                # Labels whose color cannot be shown are not to vanish.
                others = "gray" if hidden else "transparent"
                keywords["colormap"] = {0: "transparent", **colors, None: others}
            features = _features(part.label)
            if features:
                keywords["features"] = features
        keywords |= display_state.restore(part.display, number, "labels")
        yield _data(array.levels), keywords, "labels"


def _label_colors(colors: Sequence[LabelColor]) -> dict[int, np.ndarray]:
    """Red, green, blue and opacity from 0 to 1 by label value."""
    fractions = np.array([color.rgba for color in colors], dtype=float) / 255
    return dict(zip([color.value for color in colors], fractions, strict=True))


def layer_findings(composite: CompositeImage, layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """What of the file a viewer is not given, although it is there.

    Parameters
    ----------
    composite : CompositeImage
    layers : sequence of LayerData
        What `to_layer_data` made of it.
    """
    found = []
    count = sum(1 if _is_one_layer(part) else part.channel_count for part in composite.parts)
    if count > MAX_LAYERS:
        message = (
            f"There are {count:,} channels and label images in {len(composite.parts):,} images; "
            f"the first {MAX_LAYERS} are shown as layers. Open the others one by one from a "
            "script, or put them into files of their own."
        )
        found.append(Finding("layers-many", "", message))
    for _, keywords, kind in layers:
        note = layer_note(keywords)
        hidden = note.get(HIDDEN_COLORS) if kind == "labels" else None
        if hidden:
            message = (
                f"{len(hidden):,} colors of '{keywords['name']}' cannot be shown without numba, "
                f"such as that of label {hidden[0][0]:,}; these labels are gray or in napari's "
                "own colors. The file's are kept for saving. Install numba to see them."
            )
            found.append(Finding("label-colors-hidden", note.get("path", ""), message))
    return tuple(found)


def _features(label: ImageLabel) -> dict[str, Any]:
    """A table of label properties with one row per label value, in column ``index``."""
    properties = label.table
    if not properties:
        return {}
    table: dict[str, Any] = {"index": list(properties.values)}
    for name, cells in properties.columns.items():
        # The column "index" tells napari the label value; a property of that name gives way.
        column = "index_" if name == "index" else name
        rows = (
            cells.values()
            if len(cells) == len(properties)
            else map(cells.get, range(len(properties)))
        )
        table[column] = _column(list(map(thaw, rows)))
    return table


def _column(values: list[Any]) -> Any:
    """One property of all labels; lists and objects stay whole, one a row."""
    if not any(isinstance(value, list | dict) for value in values):
        return values
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def _note(part: PlacedPart) -> dict[str, Any]:
    shown = (part.default_t, part.default_z) if isinstance(part, PlacedImage) else (0, 0)
    fields = [{"path": field.path, "offset": list(field.offset)} for field in part.fields]
    return {
        **({"fields": fields} if fields else {}),
        **({"bent": True} if part.bent else {}),
        **({SHOWN: list(shown)} if any(shown) else {}),
        "path": part.path,
        "multiscale": part.multiscale,
        "name": part.name,
        "axes": [{"name": a.name, "type": a.type, "unit": a.unit} for a in part.axes],
    }


def _level_note(part: PlacedPart, levels: tuple[da.Array, ...]) -> dict[str, int]:
    """How many of a layer's levels the file has, where some are computed: those are not saved."""
    if not part.overviews:
        return {}
    shown, stored = _shrinking(levels), _shrinking(levels[: len(part.sources)])
    return {"levels": len(stored), "virtual_levels": len(shown) - len(stored)}


@dataclass(frozen=True)
class _ChannelArray:
    """The pixels of one channel, with the dimensions that its layer has."""

    levels: tuple[da.Array, ...]
    keywords: dict[str, Any]
    """``scale`` and ``translate``, or an ``affine`` where these cannot say it."""
    order: list[int]
    """Which axis of the file, or added to it, each dimension is."""


def _order_note(array: _ChannelArray) -> dict[str, list[int]]:
    """How axes were permuted, where they were."""
    return {} if array.order == sorted(array.order) else {"order": array.order}


def _channel_array(
    part: PlacedPart, number: int, planes: _PlanesOfAxes, order: Sequence[int] | None = None
) -> _ChannelArray:
    matrix = part.to_display.matrix
    display = part.to_display.output_axes
    own = own_axes(part)
    if own is not None:
        matrix, display = matrix[list(own)], tuple(display[row] for row in own)
    levels = part.channel_levels(number) + part.channel_overviews(number)
    if part.channel_axis is not None:
        axis = part.channel_axis
        offset = matrix[:, -1] + number * matrix[:, axis]
        matrix = np.column_stack([np.delete(matrix[:, :-1], axis, axis=1), offset])
    linear, offset = matrix[:, :-1], matrix[:, -1]
    names = [axis.name for i, axis in enumerate(part.axes) if i != part.channel_axis]
    linear, added, offset = _squared(linear, offset, planes)
    names += [display[row] for row in added]
    order = _dimension_order(linear, names, display) if order is None else list(order)
    source = linear.shape[1] - len(added)
    levels = tuple(_arranged(level, source, order) for level in levels)
    keywords = _transform_keywords(linear[:, order], offset, levels[0].shape)
    return _ChannelArray(levels, keywords, order)


def _squared(
    linear: np.ndarray, offset: np.ndarray, planes: _PlanesOfAxes
) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Append one column for each display axis that no array axis runs along, and name those.

    Display axes are tried in order, and taken where they add a direction: a plane standing
    anywhere in space gets its normal, or what is nearest to it among the axes. Its thickness is
    that of the other parts' planes, so that a viewer's slider has no more steps than they need;
    where nothing says on which plane it lies (it is at 0), it lies on one of theirs.
    """
    offset = offset.copy()
    rank = independent_axes(linear)
    columns = linear
    added: list[int] = []
    empty_first = np.argsort(np.any(linear != 0, axis=1), kind="stable")
    for row in empty_first:
        if columns.shape[1] >= linear.shape[0]:
            break
        there = planes[row]
        step = there.step if there is not None else 1.0
        candidate = np.column_stack([columns, step * np.eye(linear.shape[0])[:, row]])
        if independent_axes(candidate) > rank:
            columns, rank = candidate, rank + 1
            added.append(int(row))
            if there is not None and not np.any(linear[row]) and offset[row] == 0:
                offset[row] = there.nearest(0.0)
    return columns, added, offset


def _dimension_order(linear: np.ndarray, names: Sequence[str], display: Sequence[str]) -> list[int]:
    """For each display axis the array axis that becomes the viewer's dimension there.

    Slicing a viewer's dimensions is exact when array axes lie along display axes, so axes that
    are merely permuted are put in order by (lazily) transposing. Axes that are turned otherwise
    keep their names' order, and where names do not tell, each goes where it runs most.
    """
    count = linear.shape[1]
    follows = np.abs(linear) > 1e-9 * np.linalg.norm(linear, axis=1, keepdims=True)
    if (follows.sum(axis=0) == 1).all() and (follows.sum(axis=1) == 1).all():
        return [int(column) for column in follows.argmax(axis=1)]
    if sorted(names) == sorted(display):
        return [list(names).index(name) for name in display]
    if count > _MAX_PERMUTED:
        return list(range(count))
    lengths = np.linalg.norm(linear, axis=0)
    share = np.abs(linear) / np.where(lengths == 0, 1, lengths)

    def along(order: Iterable[int]) -> float:
        return round(float(sum(share[row, column] for row, column in enumerate(order))), 9)

    orders: Iterator[tuple[int, ...]] = itertools.permutations(range(count))
    return list(max(orders, key=along))


def _arranged(level: da.Array, source: int, order: Sequence[int]) -> da.Array:
    """Add axes of length 1 behind the ``source`` axes there are, then bring all in order."""
    if source < len(order):
        level = level[(slice(None),) * source + (None,) * (len(order) - source)]
    return level if list(order) == sorted(order) else level.transpose(order)


def _transform_keywords(
    linear: np.ndarray, offset: np.ndarray, shape: Sequence[int]
) -> dict[str, Any]:
    scale = np.diag(linear)
    # Rounding leaves something beside the diagonal; a shear, however small, moves pixels.
    if np.all(strays(linear, shape) <= NEGLIGIBLE):
        return {"scale": tuple(scale.tolist()), "translate": tuple(offset.tolist())}
    # Voxel sizes stay visible in the layer's scale; the rest is one affine applied after it.
    lengths = np.linalg.norm(linear, axis=0)
    affine = np.eye(len(offset) + 1)
    affine[:-1, :-1] = linear / lengths
    affine[:-1, -1] = offset
    return {"scale": tuple(lengths.tolist()), "affine": affine}


def _data(levels: tuple[da.Array, ...]) -> list[da.Array] | da.Array:
    """Levels that get smaller, as napari wants them; a single one is no multiscale."""
    shrinking = _shrinking(levels)
    return shrinking if len(shrinking) > 1 else shrinking[0]


def _shrinking(levels: tuple[da.Array, ...]) -> list[da.Array]:
    shrinking = [levels[0]]
    for level in levels[1:]:
        if level.size < shrinking[-1].size:
            shrinking.append(level)
    return shrinking


def _make_names_distinct(layers: list[LayerData]) -> None:
    """Number layers of one name; the first that a viewer showed by that name keeps it."""
    counts = Counter(keywords["name"] for _, keywords, _ in layers)
    taken = set(counts)
    kept: set[str] = set()
    for _, keywords, _ in layers:
        name = keywords["name"]
        from_viewer = keywords.pop(display_state.ORDER, None) is not None
        if counts[name] < 2:
            continue
        if from_viewer and name not in kept:
            kept.add(name)
            continue
        number = 1
        while f"{name} [{number}]" in taken:
            number += 1
        keywords["name"] = f"{name} [{number}]"
        taken.add(keywords["name"])
