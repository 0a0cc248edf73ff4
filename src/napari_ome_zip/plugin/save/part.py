"""Which part of the layers is saved: what is visible, and ranges of time and depth; without Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers.dimensions import default_names
from napari_ome_zip.layers.world_box import Bounds, WorldBox
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.plugin.view.capture import capture_view
from napari_ome_zip.plugin.view.visible import visible_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel

type Range = tuple[int, int]
"""First and last step of a slider, both included, counted from 0 as the slider does."""


_FEW, _MANY = 4, 12
"""Digits of coordinates that are shown: usually, and where they are almost equal."""


@dataclass(frozen=True, slots=True)
class Slider:
    """A dimension that a viewer shows one step of at a time."""

    dimension: int
    name: str
    """As the slider calls it."""
    start: float
    """World coordinate of its first step."""
    step: float
    count: int
    at: int = 0
    """The step that is shown."""
    shown: float | None = None
    """World coordinate that is shown, for layers that were added since may have moved all steps;
    None where it is that of the step."""

    @property
    def is_time(self) -> bool:
        """Whether its steps are time points, as far as its name says."""
        return TYPES_BY_NAME.get(self.name.lower()) == "time"

    @property
    def is_depth(self) -> bool:
        """Whether its steps are planes of a volume, as far as its name says."""
        return TYPES_BY_NAME.get(self.name.lower()) == "space"

    def clipped(self, chosen: Range) -> Range:
        """A range within the steps that there are."""
        last = self.count - 1
        low, high = (min(max(int(at), 0), last) for at in chosen)
        return min(low, high), max(low, high)

    def is_whole(self, chosen: Range | None) -> bool:
        """Whether a range is all of it."""
        return chosen is None or self.clipped(chosen) == (0, self.count - 1)

    def bounds(self, chosen: Range) -> tuple[float, float]:
        """World coordinates of the first and the last step of a range."""
        low, high = self.clipped(chosen)
        if low == high == self.at and self.shown is not None:
            return self.shown, self.shown
        return self.start + low * self.step, self.start + high * self.step


@dataclass(frozen=True, slots=True)
class Showing:
    """What a viewer shows of the world."""

    names: tuple[str, ...] = ()
    """One for each dimension of the viewer; so are all others."""
    units: tuple[str, ...] = ()
    """Of world coordinates, by their full names."""
    symbols: tuple[str, ...] = ()
    """The same, as a person reads them."""
    visible: tuple[Bounds, ...] | None = None
    """What the canvas shows, along the dimensions that it shows; None in 3D."""
    extent: tuple[Bounds, ...] = ()
    """From where to where all layers reach."""
    pixel: float | None = None
    """How much of the world a pixel of the canvas shows; None in 3D."""
    sliders: tuple[Slider, ...] = ()
    """The dimensions of several steps that the canvas does not show; none in 3D."""
    time: Slider | None = None
    depth: Slider | None = None
    state: Mapping[str, Any] | None = None
    """All that is kept to show it again, as a file holds it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the world, and how it is called."""

    box: WorldBox
    text: str


def what_is_shown(viewer: ViewerModel) -> Showing:
    """What a viewer shows now."""
    names = _axis_names(viewer.dims.axis_labels)
    extent = viewer.layers.extent
    units = extent.units or ()
    steps = [_slider(viewer, number, name) for number, name in enumerate(names)]
    several = [slider for slider in steps if slider.count > 1]
    before = [slider for slider in several if slider.dimension < len(names) - 2]
    in_2d = viewer.dims.ndisplay == 2
    return Showing(
        names=names,
        units=tuple(map(str, units)),
        symbols=tuple("" if f"{unit}" == "pixel" else f"{unit:~P}" for unit in units),
        visible=_visible(viewer) if in_2d else None,
        extent=tuple((float(low), float(high)) for low, high in extent.world.T),
        pixel=1 / float(viewer.scene.camera.zoom) if in_2d else None,
        sliders=tuple(s for s in several if s.dimension not in viewer.dims.displayed and in_2d),
        time=next((slider for slider in before if slider.is_time), None),
        depth=next((slider for slider in before if slider.is_depth), None),
        state=capture_view(viewer).to_json(),
    )


def _axis_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of dimensions; usual ones where a viewer has only numbers for them."""
    named = zip(labels, default_names(len(labels)), strict=True)
    return tuple(usual if label.lstrip("-").isdigit() else label for label, usual in named)


def _slider(viewer: ViewerModel, number: int, name: str) -> Slider:
    start, _, step = viewer.dims.range[number]
    count, at = int(viewer.dims.nsteps[number]), int(viewer.dims.current_step[number])
    shown = float(viewer.dims.point[number])
    return Slider(number, name, float(start), float(step), count, at, shown)


def _visible(viewer: ViewerModel) -> tuple[Bounds, ...]:
    """The region of the displayed dimensions that lies in the canvas, or in a cell of its grid."""
    bounds: list[Bounds] = [None] * viewer.dims.ndim
    low, high = visible_plane(viewer)
    for dimension, first, last in zip(viewer.dims.displayed, low, high, strict=True):
        bounds[dimension] = (float(first), float(last))
    return tuple(bounds)


def part_of(
    showing: Showing,
    *,
    visible_only: bool,
    ranges: Sequence[tuple[Slider | None, Range | None]],
    as_shown: bool = False,
) -> Part | None:
    """The part that is chosen; None where everything is.

    Parameters
    ----------
    showing : Showing
    visible_only : bool
        Only what the canvas shows.
    ranges : sequence of (Slider, tuple of int)
        Steps of sliders; None for all. Sliders that there are not are None.
    as_shown : bool
        No more pixels than the canvas has, as far as the file has fewer.

    Raises
    ------
    SaveError
        If only what is visible shall be saved, and that is no region: in 3D.
    """
    count = len(showing.names)
    bounds: list[Bounds] = [None] * count
    margins = [0.0] * count
    pixels: list[float | None] = [None] * count
    texts = []
    if visible_only:
        if showing.visible is None:
            raise SaveError(
                "In 3D there is no visible region to save. Switch the view to 2D, or uncheck "
                "'Visible region only'."
            )
        bounds = list(showing.visible)
        texts.append(f"the visible region ({_region_text(showing)})")
    for slider, chosen in ranges:
        if slider is not None and chosen is not None and not slider.is_whole(chosen):
            bounds[slider.dimension] = slider.bounds(chosen)
            margins[slider.dimension] = abs(slider.step) / 2
            texts.append(_range_text(slider, chosen))
    if as_shown and showing.visible is not None:
        pixels = [None if each is None else showing.pixel for each in showing.visible]
        texts.append("in the resolution shown")
    if not texts:
        return None
    box = WorldBox(tuple(bounds), showing.units, tuple(pixels), tuple(margins))
    return Part(box, ", ".join(texts))


def _region_text(showing: Showing) -> str:
    """From where to where the canvas shows layers, as a person reads it."""
    count = len(showing.names)
    symbols = showing.symbols or ("",) * count
    extent = showing.extent or (None,) * count
    found = zip(showing.names, showing.visible or (), extent, symbols, strict=True)
    return ", ".join(
        f"{name} {_within(bounds, most)} {symbol}".rstrip()
        for name, bounds, most, symbol in found
        if bounds is not None
    )


def _within(bounds: tuple[float, float], extent: Bounds) -> str:
    """Bounds where layers are: a canvas may show more than there is."""
    low, high = bounds
    if extent is not None and low <= extent[1] and high >= extent[0]:
        low, high = max(low, extent[0]), min(high, extent[1])
    digits = _digits(low, high)
    return f"{_plain(low, digits)} to {_plain(high, digits)}"


def _plain(value: float, digits: int) -> str:
    """A number with so many digits that count, and without an exponent as far as one reads it."""
    rounded = f"{value:.{digits}g}"
    is_long = not 1e-6 < abs(value) < 1e9
    return rounded if is_long else np.format_float_positional(float(rounded), trim="-")


def _digits(low: float, high: float) -> int:
    """How many it takes to tell two numbers from one another, and where between them one is."""
    largest, apart = max(abs(low), abs(high)), abs(high - low)
    if not 0 < apart < largest < math.inf:
        return _FEW
    return min(_MANY, _FEW - 1 + math.ceil(math.log10(largest / apart)))


def _range_text(slider: Slider, chosen: Range) -> str:
    low, high = slider.clipped(chosen)
    steps = str(low) if low == high else f"{low} to {high}"
    return f"{slider.name} {steps} of 0 to {slider.count - 1}"
