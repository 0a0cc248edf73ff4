"""Napari layer data as a composite image: the inverse of `to_layers`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_ome_zip.errors import SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image import display
from napari_ome_zip.image.composite import (
    Channel,
    CompositeImage,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.appearance import has_same_order
from napari_ome_zip.layers.channel_stack import ChannelStack
from napari_ome_zip.layers.dimensions import (
    common_system,
    layer_axes,
    layer_orientations,
    placement,
    renamed_axes,
    with_channels,
)
from napari_ome_zip.layers.display_values import brightest_color, hex_color, inverted_color
from napari_ome_zip.layers.drawings.capture import capture_drawings
from napari_ome_zip.layers.edited import in_whole
from napari_ome_zip.layers.grouping import image_groups, image_of_labels, label_groups
from napari_ome_zip.layers.label_channels import describing, label_of, unshared
from napari_ome_zip.layers.layer_data import LayerData, layer_note
from napari_ome_zip.layers.losses import unsaved_layers, why_not
from napari_ome_zip.layers.older_tables import older_tables, unread_tables, with_own_features
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.plain import clean_text, plain
from napari_ome_zip.layers.sliders import contrast_range, shown_plane
from napari_ome_zip.layers.unchanged import as_opened
from napari_ome_zip.layers.understanding import UnderstoodLayer, understand
from napari_ome_zip.ome import CoordinateSystem
from napari_ome_zip.paths import target_path
from napari_ome_zip.pixels.computing import layer_errors
from napari_ome_zip.pixels.limits import estimate_limits
from napari_ome_zip.pixels.source import AnySource

NO_IMAGE = "Nothing to save as an image: an OME-Zarr file needs at least one image or labels layer."
_RGB = ("#FF0000", "#00FF00", "#0000FF")


def from_layer_data(
    layers: Sequence[LayerData],
    name: str = "image",
    *,
    snapshot: bool = True,
    target: str | os.PathLike[str] | None = None,
    view: Mapping[str, Any] | None = None,
    labels_alone: bool = False,
) -> CompositeImage:
    """The composite image that some layers show together.

    Channels that came from one image become one image again; otherwise layers of equal shape,
    type of pixels, axes and place are its channels, as far as OME-Zarr has dimensions for it.
    Labels belong to the image they came with, else to the one that lies at the same place, else
    to the first of those with most dimensions.

    Parameters
    ----------
    layers : sequence of LayerData
        Bottom layer first, as napari's writers receive them. Pixels stay lazy.
    name : str
        Name of the composite.
    snapshot : bool
        Keep labels that are in memory or lazy as they are now, so that painting on does not change
        what is saved (`Snapshot` says at what cost). Planning alone needs none.
    target : path, optional
        The file that will be written. Of several files that layers came from, the one that is
        replaced keeps what layers do not stand for; else the one of the lowest image.
    view : mapping, optional
        Camera, sliders, and what else makes up the view of a viewer, as plain JSON. Without it, the
        view stays that of the file.
    labels_alone : bool
        Whether labels will be saved without the file that they came from: features that it has in
        tables are properties of the labels then.

    Raises
    ------
    SaveError
        If none of the layers can be saved, or one of them is not what it should be; the
        message names it.
    """
    understood = [
        understand(data, {**keywords, "order": number}, kind, snapshot=snapshot)
        for number, (data, keywords, kind) in enumerate(map(in_whole, layers))
        if _can_be_saved(data, keywords, kind)
    ]
    if not understood:
        reasons = " ".join(finding.message for finding in unsaved_layers(layers))
        raise SaveError(f"{NO_IMAGE} {reasons}".strip())
    system = common_system(understood)
    opened = _opened(understood, target)
    understood = [
        layer
        if layer.opened is not None and layer.opened.opened is opened
        else replace(layer, opened=None, is_unchanged=False)
        for layer in understood
    ]
    taken: set[int] = set()
    groups = image_groups([layer for layer in understood if layer.kind == "image"], system)
    images = [(g[0], _image(g, system, f"/image-{n}", taken)) for n, g in enumerate(groups)]
    of_labels = label_groups(understood)
    unread = [f for group in of_labels if labels_alone for f in unread_tables(group[0])]
    if labels_alone:
        of_labels = [[*map(with_own_features, group)] for group in of_labels]
    labels = [
        _label_image(group, system, images, f"/labels-{number}", taken)
        for number, group in enumerate(of_labels)
    ]
    parts: tuple[PlacedPart, ...] = (*(image for _, image in images), *labels)
    if not has_same_order(understood):
        parts = tuple(map(_out_of_order, parts))
    napari, lost = capture_drawings(layers, opened, view)
    older = [
        finding
        for group, made in zip(of_labels, labels, strict=True)
        if made.kept is not None
        for finding in older_tables(describing(group))
    ]
    apart = [finding for group in of_labels for finding in unshared(group)]
    others = _of_other_files(layers, opened)
    findings = (*renamed_axes(understood, system), *others, *older, *unread, *apart, *lost)
    return CompositeImage(name, None, system, parts, findings, opened=opened, napari=napari)


def _of_other_files(layers: Sequence[LayerData], opened: Opened | None) -> Iterator[Finding]:
    """Files that layers came from besides the one whose other content is kept."""
    found: dict[int, Opened] = {}
    for _, keywords, _ in layers:
        other = opened_layer(layer_note(keywords))
        if other is not None and other.opened is not opened:
            found[id(other.opened)] = other.opened
    for each in found.values():
        name = each.store.name
        text = f"Only what the layers show of {name} is saved; the rest of that file is not."
        yield Finding("content-stays-behind", name, text)


def _out_of_order[P: PlacedPart](part: P) -> P:
    return part if part.kept is None else replace(part, kept=replace(part.kept, order=False))


def _can_be_saved(data: Any, keywords: Mapping[str, Any], kind: str) -> bool:
    with layer_errors(clean_text(keywords.get("name") or kind), "its data are not an array"):
        return why_not(data, kind) is None


def _opened(
    layers: Sequence[UnderstoodLayer], target: str | os.PathLike[str] | None
) -> Opened | None:
    """The file whose other content is kept: the one that is replaced, else that of an image."""
    known = [layer for layer in layers if layer.opened is not None]
    known.sort(key=lambda layer: layer.kind != "image")
    found = [layer.opened.opened for layer in known if layer.opened is not None]
    if target is not None:
        path = target_path(target).resolve()
        for opened in found:
            source = None if opened.store.is_remote else opened.store.source
            if source is not None and Path(source).resolve() == path:
                return opened
    with_images = [layer for layer in known if layer.kind == "image"]
    return found[0] if with_images else None


def _image(
    group: Sequence[UnderstoodLayer], system: CoordinateSystem, path: str, taken: set[int]
) -> PlacedImage:
    """The image that layers came from, as it is now, or a new one."""
    made = _new_image(group, system, path)
    part = _part_taken(group, taken)
    if not isinstance(part, PlacedImage):
        return made
    again = as_opened(part, group, placement(group[0], system, None)[1])
    if again is None:
        return made
    taken.add(id(part))
    return replace(
        again,
        channels=made.channels,
        display=made.display,
        default_t=made.default_t,
        default_z=made.default_z,
    )


def _part_taken(group: Sequence[UnderstoodLayer], taken: set[int]) -> PlacedPart | None:
    """The part of the file that layers stand for, where no other layers do."""
    opened = group[0].opened
    return None if opened is None or id(opened.part) in taken else opened.part


def _new_image(
    group: Sequence[UnderstoodLayer], system: CoordinateSystem, path: str
) -> PlacedImage:
    first = group[0]
    states = [_state(layer, system) for layer in group]
    if first.colors:
        arrays = [(level,) * first.colors for level in first.levels]
        channels = tuple(
            Channel(label, color, (0.0, 255.0) if first.levels[0].dtype == np.uint8 else None)
            for label, color in zip(("red", "green", "blue"), _RGB, strict=True)
        )
    elif len(group) > 1:
        arrays = list(zip(*(layer.levels for layer in group), strict=True))
        channels = tuple(_channel(layer) for layer in group)
    else:
        return _placed_image(first, first.levels, None, (_channel(first),), states, system, path)
    position = _channel_position(first, system)
    names = tuple(layer.name for layer in group) * max(1, first.colors)
    sources = tuple(
        ChannelStack(level, position, bool(first.colors), names=names) for level in arrays
    )
    return _placed_image(first, sources, position, channels, states, system, path)


def _state(layer: UnderstoodLayer, system: CoordinateSystem) -> dict[str, Any]:
    flat = layer.ndim < len(system.axes)
    with layer_errors(layer.name, "how it looks is not understood"):
        state = display_state.capture(layer.keywords, layer.kind, layer.ndim if flat else None)
    found: dict[str, Any] = plain(state)
    return found


def _channel_position(layer: UnderstoodLayer, system: CoordinateSystem) -> int:
    return with_channels(layer, layer_axes(layer, system))[1]


def _placed_image(
    layer: UnderstoodLayer,
    sources: tuple[AnySource, ...],
    channel_axis: int | None,
    channels: tuple[Channel, ...],
    states: Sequence[Mapping[str, Any]],
    system: CoordinateSystem,
    path: str,
) -> PlacedImage:
    axes, affine = placement(layer, system, channel_axis)
    default_t, default_z = shown_plane(layer, layer_axes(layer, system))
    return PlacedImage(
        path=path,
        name=layer.image_name,
        axes=axes,
        sources=sources,
        to_display=affine,
        orientations=layer_orientations(layer, system.axes),
        channel_axis=channel_axis,
        display=display.of_layers(states),
        channels=channels,
        default_t=default_t,
        default_z=default_z,
    )


def _channel(layer: UnderstoodLayer) -> Channel:
    with layer_errors(layer.name, "how it looks is not understood"):
        return _understood_channel(layer)


def _understood_channel(layer: UnderstoodLayer) -> Channel:
    keywords = layer.keywords
    limits = keywords.get("contrast_limits") or estimate_limits(layer.levels)
    colormap = keywords.get("colormap")
    inverted = inverted_color(colormap)
    label = layer.name.removeprefix(f"{layer.image_name}: ")
    return Channel(
        name=label,
        color=hex_color(colormap) or inverted or brightest_color(colormap),
        limits=None if limits is None else (float(limits[0]), float(limits[1])),
        visible=bool(keywords.get("visible", True)),
        contrast_range=contrast_range(layer),
        inverted=inverted is not None,
    )


def _label_image(
    group: Sequence[UnderstoodLayer],
    system: CoordinateSystem,
    images: Sequence[tuple[UnderstoodLayer, PlacedImage]],
    path: str,
    taken: set[int],
) -> PlacedLabels:
    """The label image that layers came from, as it is now, or a new one.

    A new one, as a second layer of the same labels is, is not what tables of the file are about.
    """
    made = _new_labels(group, system, images, path)
    part = _part_taken(group, taken)
    affine = made.to_display
    again = as_opened(part, group, affine, made.label) if isinstance(part, PlacedLabels) else None
    if again is None:
        own = [*map(with_own_features, group)]
        return made if own[0] is group[0] else _new_labels(own, system, images, path)
    taken.add(id(part))
    return replace(again, display=made.display, image_path=made.image_path, label=made.label)


def _new_labels(
    group: Sequence[UnderstoodLayer],
    system: CoordinateSystem,
    images: Sequence[tuple[UnderstoodLayer, PlacedImage]],
    path: str,
) -> PlacedLabels:
    layer = group[0]
    axes, affine = placement(layer, system, None)
    image = image_of_labels(layer, affine, images)
    label = label_of(describing(group))
    return PlacedLabels(
        path=path,
        name=layer.image_name,
        axes=axes,
        sources=layer.levels,
        to_display=affine,
        orientations=layer_orientations(layer, system.axes),
        channel_axis=None,
        display=display.of_layers([_state(each, system) for each in group]),
        image_path=None if image is None else image.path,
        label=label if image is None else replace(label, source=None),
    )
