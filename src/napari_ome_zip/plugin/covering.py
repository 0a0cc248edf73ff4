"""Fields of one scan cover one another, whichever of their channels are visible.

The first visible channel of a field covers what lies below it (`overlaying`). Which one that is
changes when a person hides a channel, moves layers, looks at volumes, or opens another file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.overlaying import BLENDED, SCAN, Overlaid, blendings
from napari_ome_zip.plugin.soon import Soon

if TYPE_CHECKING:
    import pint
    from napari.components import ViewerModel
    from napari.layers import Layer

_PLACE = ("visible", "scale", "translate", "rotate", "shear", "affine", "units")


def follow_scans(viewer: ViewerModel) -> None:
    """Let fields of scans cover one another, as long as a person does not blend them otherwise."""
    _FOLLOWED[viewer] = _Covering(viewer)


class _Covering:
    """Decides what covers what in one viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._chosen: WeakKeyDictionary[Layer, str] = WeakKeyDictionary()
        """What was chosen here, or when the file was opened: a person's choices are others."""
        # Many layers are hidden, or opened, together.
        self._decision = Soon(self._decide)
        layers = viewer.layers
        layers.events.inserted.connect(self._follow)
        for emitter in (
            layers.events.removed,
            layers.events.reordered,
            viewer.dims.events.ndisplay,
        ):
            emitter.connect(self._decision.ask)

    def _follow(self, event: Any) -> None:
        layer = event.value
        for name in _PLACE:
            getattr(layer.events, name).connect(self._decision.ask)
        note = note_of(layer)
        if SCAN in note and not note.get(BLENDED):
            self._chosen[layer] = layer.blending
        self._decision.ask()

    def _decide(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        layers = list(viewer.layers)
        scanned = [layer for layer in layers if layer in self._chosen]
        if not scanned:
            return
        # Pictures of two dimensions are beside each other from every side.
        flat = viewer.dims.ndisplay == 2 or all(layer.ndim == 2 for layer in scanned)
        wanted = blendings([_overlaid(layer) for layer in layers], flat=flat)
        for layer, blending in zip(layers, wanted, strict=True):
            chosen = self._chosen.get(layer)
            if blending is not None and chosen == layer.blending and chosen != blending:
                self._chosen[layer] = blending
                layer.blending = blending


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Covering] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _overlaid(layer: Layer) -> Overlaid:
    note = note_of(layer)
    source, scan = note.get("source"), note.get(SCAN)
    low, high = layer.extent.world[:, -2:] * _meters(layer.units[-2:])
    return Overlaid(
        image=(source, note.get("path"), note.get("multiscale")),
        scan=None if scan is None else (source, scan),
        visible=layer.visible,
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _meters(units: Sequence[pint.Unit]) -> list[float]:
    """Length of each unit, in meters; 1 of what is no length, such as a pixel."""
    return [_in_meters(unit) for unit in units]


@cache
def _in_meters(unit: pint.Unit) -> float:
    return float((1 * unit).to_base_units().magnitude)
