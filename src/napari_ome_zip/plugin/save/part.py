"""Which part of the layers is saved: what is visible, and ranges of time and depth; without Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers.cropping import Bounds, WorldBox
from napari_ome_zip.layers.dimensions import default_names
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.plugin.view.capture import capture_view
from napari_ome_zip.plugin.view.visible import visible_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel

type Range = tuple[int, int]
"""First and last step of a slider, both included, counted from 0 as the slider does."""


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
    units = viewer.layers.extent.units or ()
    sliders: dict[str, Slider] = {}
    for number, name in enumerate(names[:-2]):
        kind = "time" if TYPES_BY_NAME.get(name.lower()) == "time" else "depth"
        slider = _slider(viewer, number, name)
        known = kind == "time" or TYPES_BY_NAME.get(name.lower()) == "space"
        if known and slider.count > 1:
            sliders.setdefault(kind, slider)
    return Showing(
        names=names,
        units=tuple(map(str, units)),
        symbols=tuple("" if f"{unit}" == "pixel" else f"{unit:~P}" for unit in units),
        visible=_visible(viewer) if viewer.dims.ndisplay == 2 else None,
        time=sliders.get("time"),
        depth=sliders.get("depth"),
        state=capture_view(viewer).to_json(),
    )


def _axis_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of dimensions; usual ones where a viewer has only numbers for them."""
    named = zip(labels, default_names(len(labels)), strict=True)
    return tuple(usual if label.lstrip("-").isdigit() else label for label, usual in named)


def _slider(viewer: ViewerModel, number: int, name: str) -> Slider:
    start, _, step = viewer.dims.range[number]
    return Slider(number, name, float(start), float(step), int(viewer.dims.nsteps[number]))


def _visible(viewer: ViewerModel) -> tuple[Bounds, ...]:
    """The region of the displayed dimensions that lies in the canvas, or in a cell of its grid."""
    bounds: list[Bounds] = [None] * viewer.dims.ndim
    low, high = visible_plane(viewer)
    for dimension, first, last in zip(viewer.dims.displayed, low, high, strict=True):
        bounds[dimension] = (float(first), float(last))
    return tuple(bounds)


def part_of(
    showing: Showing, *, visible_only: bool, time: Range | None, depth: Range | None
) -> Part | None:
    """The part that is chosen; None where everything is.

    Parameters
    ----------
    showing : Showing
    visible_only : bool
        Only what the canvas shows.
    time, depth : tuple of int or None
        Steps of the sliders; None for all.

    Raises
    ------
    SaveError
        If only what is visible shall be saved, and that is no region: in 3D.
    """
    bounds: list[Bounds] = [None] * len(showing.names)
    texts = []
    if visible_only:
        if showing.visible is None:
            raise SaveError(
                "In 3D there is no visible region to save. Switch the view to 2D, or uncheck "
                "'Visible region only'."
            )
        bounds = list(showing.visible)
        texts.append(f"the visible region ({_region_text(showing)})")
    for slider, chosen in ((showing.time, time), (showing.depth, depth)):
        if slider is not None and chosen is not None and not slider.is_whole(chosen):
            bounds[slider.dimension] = slider.bounds(chosen)
            texts.append(_range_text(slider, chosen))
    if not texts:
        return None
    return Part(WorldBox(tuple(bounds), showing.units), ", ".join(texts))


def _region_text(showing: Showing) -> str:
    symbols = showing.symbols or ("",) * len(showing.names)
    return ", ".join(
        f"{name} {bounds[0]:.4g} to {bounds[1]:.4g} {symbol}".rstrip()
        for name, bounds, symbol in zip(showing.names, showing.visible or (), symbols, strict=True)
        if bounds is not None
    )


def _range_text(slider: Slider, chosen: Range) -> str:
    low, high = slider.clipped(chosen)
    steps = str(low) if low == high else f"{low} to {high}"
    return f"{slider.name} {steps} of 0 to {slider.count - 1}"
