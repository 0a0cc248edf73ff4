"""The part of several layers that lies in a box, as layers of a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from napari_ome_zip.errors import CropError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.napari_group import KINDS
from napari_ome_zip.layers.channel_axis import split_channels
from napari_ome_zip.layers.cropping import apart, cropped
from napari_ome_zip.layers.dimensions import default_names
from napari_ome_zip.layers.drawings.cropping import drawn_part
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.losses import IMAGE_KINDS, is_multiscale
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.to_layers import to_layer_data
from napari_ome_zip.layers.understanding import layer_units, world_matrix
from napari_ome_zip.layers.well_names import is_well_names
from napari_ome_zip.layers.world_box import WorldBox
from napari_ome_zip.pixels.computing import layer_errors

type Side = float | tuple[float, float]
"""A coordinate, or the lowest and the highest one."""


@dataclass(frozen=True, slots=True)
class CroppedLayers:
    """What of some layers lies in a box."""

    inside: tuple[LayerData, ...]
    """Parts of layers, bottom layer first."""
    beside: tuple[Finding, ...] = ()
    """Layers of which nothing does."""
    cut: tuple[Finding, ...] = ()
    """Layers of points, shapes and the like of which not everything does."""
    is_part: bool = True
    """Whether that is less than all pixels; where it is not, all layers are as they were."""


def crop(
    source: CompositeImage | Sequence[LayerData],
    bounds: Mapping[str, Side],
    *,
    pixel_size: float | None = None,
) -> list[LayerData]:
    """The part of an image, or of layers, between world coordinates: to be saved, or shown.

    Everything stays where it lies, so that the part, opened beside the whole, covers it exactly.
    Pixels that the bounds only touch belong to it, and stay lazy: only what lies in the part is
    read, when it is saved. To one coordinate belong the planes that a viewer shows there, and
    points up to half a plane beside it. Colors, contrast limits, names, units and orientations are
    kept, and so are properties of labels, with the columns of tables that are shown as such. What
    else a file holds beside its images stays behind: tables, attachments, wells, other coordinate
    systems.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
        What `open_image` returns, or layers of a viewer, ``(data, keyword arguments, type)``.
    bounds : mapping of str to number or pair of numbers
        Lowest and highest world coordinate by the name of the axis, in the axis's unit, or one
        coordinate: that of a time point or a plane. Along other axes everything is kept.
    pixel_size : float, optional
        The coarsest resolution level whose pixels are no larger than this, along the last two
        axes and in their units, is taken instead of full resolution.

    Returns
    -------
    list of LayerData
        Bottom layer first; layers of which nothing lies in the part are not among them. Where it
        is everything, the layers are as they were.

    Raises
    ------
    CropError
        If there is no such axis, a bound or the size of pixels is not a number, or nothing lies
        between the bounds.
    SaveError
        If a layer is not what it should be; the message names it.

    Examples
    --------
    >>> from napari_ome_zip import crop, open_image, save_image
    >>> part = crop(open_image("cells.ozx"), {"z": 12, "y": (0, 80), "x": (40, 120)})
    >>> save_image(part, "region.ozx").name
    'region.ozx'
    >>> open_image("region.ozx").images[0].shape
    (2, 1, 161, 161)
    """
    layers = to_layer_data(source) if isinstance(source, CompositeImage) else split_channels(source)
    names, units, steps = _axes(layers)
    if not names:
        raise CropError("There is no image and no labels to crop: expected one of them at least.")
    if pixel_size is not None and not (_is_number(pixel_size) and pixel_size > 0):
        raise CropError(f"The size of pixels is {pixel_size!r}, expected a number above 0.")
    unknown = [name for name in bounds if name not in names]
    if unknown:
        raise CropError(
            f"There is no axis '{unknown[0]}' to crop along: expected {', '.join(names)}."
        )
    sides = tuple(_side(name, bounds[name]) if name in bounds else None for name in names)
    pixels = (None,) * (len(names) - 2) + (pixel_size,) * min(2, len(names))
    margins = tuple(
        step / 2 if name in bounds and _is_number(bounds[name]) else 0.0
        for name, step in zip(names, steps, strict=True)
    )
    found = crop_layers(layers, WorldBox(sides, units, pixels, margins))
    if not found.inside:
        said = ", ".join(f"{name} {bounds[name]}" for name in bounds)
        raise CropError(f"Nothing lies at {said}: look up where layers do in their extent.")
    return list(found.inside)


def crop_layers(layers: Sequence[LayerData], box: WorldBox) -> CroppedLayers:
    """The parts of layers that lie in a box; where that is all of the pixels, all layers.

    Of a part nothing counts as opened from a file, not even layers that are whole: it is a file of
    its own, without what else there is in that file.

    Parameters
    ----------
    layers : sequence of LayerData
        Bottom layer first.
    box : WorldBox

    Raises
    ------
    SaveError
        If a layer is not what it should be; the message names it.
    """
    pixels = [_pixels_in(layer, box) for layer in layers]
    if all(part is layer for part, layer in zip(pixels, layers, strict=True)):
        return CroppedLayers(tuple(layers), is_part=False)
    inside: list[LayerData] = []
    beside: list[Finding] = []
    cut: list[Finding] = []
    for layer, part in zip(layers, pixels, strict=True):
        if is_well_names(layer):
            continue  # they are read from the plate, which is not kept
        name = clean_text(layer[1].get("name") or layer[2])
        if part is not None and layer[2] in KINDS:
            drawn = drawn_part(layer, box)
            part = drawn.layer
            if part is not None and drawn.count < drawn.total:
                text = f"{drawn.total - drawn.count:,} of {drawn.total:,} {layer[2]} of '{name}'"
                cut.append(Finding(OUTSIDE, name, f"{text} lie outside of the part."))
        if part is None:
            text = f"'{name}' does not lie in the chosen part."
            beside.append(Finding("layer-not-saved", name, text))
        else:
            inside.append(apart(part))
    return CroppedLayers(tuple(inside), tuple(beside), tuple(cut))


OUTSIDE = "drawing-outside"
"""Code of the findings of `CroppedLayers.cut`."""


def _pixels_in(layer: LayerData, box: WorldBox) -> LayerData | None:
    if layer[2] not in IMAGE_KINDS:
        return layer
    with _understanding(layer):
        return cropped(layer, box)


def _understanding(layer: LayerData) -> AbstractContextManager[None]:
    title = clean_text(layer[1].get("name") or layer[2])
    return layer_errors(title, "where it lies is not understood")


type _Axes = tuple[tuple[str, ...], tuple[str | None, ...], tuple[float, ...]]


def _axes(layers: Sequence[LayerData]) -> _Axes:
    """Names, units and size of pixels along the axes that layers share.

    Those of the one with most dimensions.
    """
    found: _Axes = ((), (), ())
    for layer in layers:
        data, keywords, kind = layer
        if kind not in IMAGE_KINDS:
            continue
        with _understanding(layer):
            ndim = np.ndim(data[0] if is_multiscale(data) else data)
            ndim -= bool(kind == "image" and keywords.get("rgb"))
            if ndim > len(found[0]):
                labels = keywords.get("axis_labels")
                names = tuple(map(str, labels)) if labels else tuple(default_names(ndim))
                steps = np.abs(world_matrix(keywords, ndim)[:, :-1]).max(axis=1)
                found = names, layer_units(keywords, ndim), tuple(steps.tolist())
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _side(name: str, side: Any) -> tuple[float, float]:
    try:
        low, high = (side, side) if _is_number(side) else side
        found = float(low), float(high)
    except (TypeError, ValueError) as error:
        raise CropError(
            f"Bounds along '{name}' are {side!r}, expected a number or a pair of numbers."
        ) from error
    if np.isnan(found).any():
        raise CropError(f"Bounds along '{name}' are {side!r}, expected numbers.")
    return found
