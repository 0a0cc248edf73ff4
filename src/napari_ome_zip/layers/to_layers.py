"""A composite image as napari layer data: plain tuples, no napari needed.

One image layer a channel, one labels layer a label image, all with the dimensions of the
display system in one order, so that a viewer's sliders, scale bar and world coordinates are
shared by everything in the archive.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.files import Expectation
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.channels import GRAY
from napari_ome_zip.image.composite import (
    Channel,
    CompositeImage,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.label_colors import HIDDEN_COLORS, hidden_note, shown_and_hidden
from napari_ome_zip.image.label_source import seen_from
from napari_ome_zip.image.planes import own_axes
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.channel_array import (
    ChannelArray,
    PlanesOfAxes,
    axis_keywords,
    channel_array,
    planes_of,
)
from napari_ome_zip.layers.display_values import inverted_colormap
from napari_ome_zip.layers.drawings.restore import drawing_findings, restored_drawings
from napari_ome_zip.layers.label_tables import color_table, features_table
from napari_ome_zip.layers.layer_data import (
    ATTRIBUTES,
    CONTRAST_RANGE,
    LABELS_OF,
    METADATA_KEY,
    SHOWN,
    LayerData,
    layer_note,
)
from napari_ome_zip.layers.layer_names import channel_name, make_names_distinct, name_prefix
from napari_ome_zip.layers.opened_layer import NOTE, OpenedLayer, identities, opened_layer
from napari_ome_zip.layers.orientations import orientations_note
from napari_ome_zip.layers.overlaying import BLENDED, SCAN, Overlay
from napari_ome_zip.layers.region_layers import region_layers
from napari_ome_zip.layers.table_features import FeatureTables, table_findings
from napari_ome_zip.layers.well_names import well_names_layer
from napari_ome_zip.ome import Axis
from napari_ome_zip.pixels.arranged import in_true_color, magnitudes
from napari_ome_zip.pixels.lazy import expect_pixels, is_remote

MAX_LAYERS = 512
"""Maximum number of layers made of one file. A viewer takes about a twentieth of a second for each,
and nobody can survey a longer list; real series and spectra have fewer. The others stay in the
file."""


_RGB_COLORS = ("#FF0000", "#00FF00", "#0000FF")


def to_layer_data(composite: CompositeImage) -> list[LayerData]:
    """Layers of a composite image, images below labels, in document order.

    Fields of a scan that are not fused, which cover one another where they overlap, lie below
    what is to be added to them (see `overlaying`).

    Parameters
    ----------
    composite : CompositeImage

    Returns
    -------
    list of tuple
        ``(data, keyword arguments, "image" | "labels" | "points" | "shapes")``. Data of images and
        labels are lists of dask arrays, largest first (multiscale), or one dask array; the names
        of a plate's wells are points, regions of tables shapes. World coordinates are those of the
        composite's display system; a voxel's center is its coordinate.
    """
    planes = planes_of(composite)
    several = len({(part.path, part.multiscale) for part in composite.images}) > 1
    tables = FeatureTables(composite)
    layers: list[LayerData] = []
    # Whatever lies further up has no layer.
    overlay = Overlay(composite.images[:MAX_LAYERS], _is_rgb)
    for part in sorted(composite.parts, key=partial(_rank, overlay)):
        prefix = name_prefix(composite, part, several=several)
        common = axis_keywords(composite, own_axes(part))
        # Limits of contrast are not looked for where nothing is shown.
        room = MAX_LAYERS - len(layers)
        for data, keywords, kind in itertools.islice(
            _part_layers(part, prefix, planes, overlay, tables), room
        ):
            note = {
                "source": composite.source,
                **_system_note(composite),
                **orientations_note(part),
                **keywords.pop("note"),
            }
            joined = keywords.pop("tables", ())
            keywords = {**common, **keywords}
            if composite.opened is not None and part.kept is not None:
                made = OpenedLayer(composite.opened, part, identities(data), keywords, joined)
                note[NOTE] = made
            layers.append((data, {**keywords, "metadata": {METADATA_KEY: note}}, kind))
    layers = _in_saved_order(layers, restored_drawings(composite.napari, composite.source))
    layers.extend(region_layers(composite))
    if composite.wells:
        layers.append(well_names_layer(composite, axis_keywords(composite)))
    make_names_distinct(layers)
    return layers


def _system_note(composite: CompositeImage) -> dict[str, Any]:
    """The name of the display system, where there are others to choose from."""
    if not composite.systems:
        return {}
    known = composite.system.name in composite.systems
    system = composite.system.name if known else composite.systems[0]
    return {"system": system, "systems": list(composite.systems)}


def _in_saved_order(images: list[LayerData], drawings: list[LayerData]) -> list[LayerData]:
    """The order in the viewer that saved these layers, if all images state it."""
    layers = [*images, *drawings]
    positions = [keywords.get(display_state.ORDER) for _, keywords, _ in layers]
    if None in positions or len(set(positions)) < len(positions):
        return layers
    return [layer for _, layer in sorted(zip(positions, layers, strict=True), key=_first)]


def _first(item: tuple[Any, LayerData]) -> Any:
    return item[0]


def _rank(overlay: Overlay, part: PlacedPart) -> tuple[bool, int]:
    """The lower, the lower it lies."""
    return (False, overlay.rank(part)) if isinstance(part, PlacedImage) else (True, 0)


def _part_layers(
    part: PlacedPart,
    prefix: str,
    planes: PlanesOfAxes,
    overlay: Overlay,
    tables: FeatureTables,
) -> Iterator[LayerData]:
    if isinstance(part, PlacedLabels):
        yield from _label_layers(part, prefix, planes, tables)
    elif isinstance(part, PlacedImage) and _is_rgb(part):
        yield _rgb_layer(part, planes)
    elif isinstance(part, PlacedImage):
        yield from _image_layers(part, prefix, planes, overlay)


def _image_layers(
    part: PlacedImage, prefix: str, planes: PlanesOfAxes, overlay: Overlay
) -> Iterator[LayerData]:
    arrays = [channel_array(part, number, planes) for number in range(len(part.channels))]
    with _limits_expected(part, arrays):
        yield from _channel_layers(part, arrays, prefix, overlay)


def _limits_expected(part: PlacedImage, arrays: Sequence[ChannelArray]) -> Expectation:
    """Let come together what all channels' limits are estimated from."""
    stored = len(part.sources)
    pairs = zip(arrays, part.channels, strict=True)
    lacking = (a for a, c in pairs if not c.limits and is_remote(a.stored[stored - 1]))
    return expect_pixels(each for a in lacking for each in a.looked_at(a.levels[:stored]))


def _channel_layers(
    part: PlacedImage, arrays: Sequence[ChannelArray], prefix: str, overlay: Overlay
) -> Iterator[LayerData]:
    scan = overlay.scan(part)
    stored = len(part.sources)
    for number, (channel, array) in enumerate(zip(part.channels, arrays, strict=True)):
        levels = array.levels
        magnitude = levels[0].dtype.kind == "c"
        if magnitude:  # a viewer cannot show complex numbers; the name says what it shows
            levels = tuple(map(magnitudes, levels))
        name = channel_name(part, channel, number, prefix)
        keywords = {
            **array.keywords,
            "name": f"{name} (magnitude)" if magnitude else name,
            "colormap": _colormap(channel),
            "blending": overlay.blending(part, number),
            "visible": channel.visible,
            "note": {
                **_note(part),
                **_level_note(part, levels),
                **_order_note(array),
                **({} if scan is None else {SCAN: scan}),
                "channel": number,
            },
            **display_state.restore(part.display, number, "image"),
        }
        if scan is not None and keywords["blending"] != overlay.blending(part, number):
            keywords["note"][BLENDED] = True
        keywords.pop("rgb", None)  # one channel is not a color picture, whatever the note says
        limits = channel.limits or array.limits(levels[:stored])
        if limits is not None:
            keywords["contrast_limits"] = limits
        keywords["note"] |= _range_note(channel, limits)
        yield _data(levels), keywords, "image"


def _colormap(channel: Channel) -> str | dict[str, Any]:
    if channel.inverted:
        return inverted_colormap(channel.color)
    return "gray" if channel.color in (None, GRAY) else channel.color


def _range_note(channel: Channel, limits: tuple[float, float] | None) -> dict[str, Any]:
    if channel.contrast_range is None:
        return {}
    low, high = channel.contrast_range
    start, end = limits or channel.contrast_range
    return {CONTRAST_RANGE: [min(low, start), max(high, end)]}


def _is_rgb(part: PlacedImage) -> bool:
    """Whether three 8-bit channels are the red, green and blue of one color picture."""
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


def _rgb_layer(part: PlacedImage, planes: PlanesOfAxes) -> LayerData:
    first = channel_array(part, 0, planes)
    axis = part.channel_axis or 0
    sources = (*part.sources, *part.overviews)
    levels = tuple(in_true_color(source, axis, first.order) for source in sources)
    note = {**_note(part), **_level_note(part, levels), **_order_note(first), "channel": None}
    keywords = {**first.keywords, "name": part.name, "note": note}
    keywords |= display_state.restore(part.display, 0, "image")
    return _data(levels), {**keywords, "rgb": True}, "image"


def _label_layers(
    part: PlacedLabels, prefix: str, planes: PlanesOfAxes, tables: FeatureTables
) -> Iterator[LayerData]:
    joined = tables.join(part, {} if part.label is None else features_table(part.label))
    for number in range(part.channel_count):
        array = channel_array(part, number, planes)
        suffix = f" {number}" if part.channel_count > 1 else ""
        note = {**_note(part), **_level_note(part, array.levels), **_order_note(array)}
        keywords = {
            **array.keywords,
            "name": f"{prefix}{part.name}{suffix}",
            "note": {**note, "channel": number, "image": part.image_path},
        }
        if part.label is not None:
            keywords["note"] |= _image_elsewhere(part)
            shown, hidden = shown_and_hidden(part.label.colors)
            keywords["note"] |= hidden_note(hidden)
            colors = color_table(shown)
            if any(colors):  # a color for the background alone leaves the rest to napari
                # Labels whose color cannot be shown are not to vanish.
                others = "gray" if hidden else "transparent"
                keywords["colormap"] = {0: "transparent", **colors, None: others}
        if joined.features:
            keywords["features"] = joined.features
        if joined.tables:
            keywords["tables"] = joined.tables
        keywords |= display_state.restore(part.display, number, "labels")
        attributes = display_state.take_attributes(keywords)
        keywords["note"] |= {ATTRIBUTES: attributes} if attributes else {}
        yield _data(array.levels), keywords, "labels"


def _image_elsewhere(part: PlacedLabels) -> dict[str, str]:
    """The image in another file that labels are of, as seen from the root of theirs."""
    said = part.label.source if part.label is not None and part.image_path is None else None
    found = None if said is None else seen_from("", said, part.path)
    return {} if found is None else {LABELS_OF: found}


def layer_findings(composite: CompositeImage, layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """Findings for parts of the file that a viewer is not given.

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
    records = (opened_layer(layer_note(keywords)) for _, keywords, _ in layers)
    joined = (table for record in records if record is not None for table in record.tables)
    return (
        *found,
        *table_findings(composite, joined),
        *drawing_findings(composite.napari, layers),
    )


def _note(part: PlacedPart) -> dict[str, Any]:
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


def _level_note(part: PlacedPart, levels: tuple[da.Array, ...]) -> dict[str, int]:
    """How many of a layer's levels the file has, where some are computed: those are not saved."""
    if not part.overviews:
        return {}
    shown, stored = _shrinking(levels), _shrinking(levels[: len(part.sources)])
    return {"levels": len(stored), "virtual_levels": len(shown) - len(stored)}


def _order_note(array: ChannelArray) -> dict[str, list[int]]:
    """How axes were permuted, where they were."""
    return {} if array.order == sorted(array.order) else {"order": array.order}


def _data(levels: tuple[da.Array, ...]) -> list[da.Array] | da.Array:
    """Levels of decreasing size, as napari requires; a single one is not multiscale."""
    shrinking = _shrinking(levels)
    return shrinking if len(shrinking) > 1 else shrinking[0]


def _shrinking(levels: tuple[da.Array, ...]) -> list[da.Array]:
    shrinking = [levels[0]]
    for level in levels[1:]:
        if level.size < shrinking[-1].size:
            shrinking.append(level)
    return shrinking
