"""Units that the layers of a window share, where a file states others; knows nothing of napari.

napari uses no units at all, and warns at each drawing, where a dimension is measured in pixels by
one layer and in micrometers by another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_ome_zip.layers.stated_units import Units


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of the dimensions of a layer."""

    units: Units
    names: tuple[str, ...]
    takes_units: bool = True
    """Whether it may be shown in units that its file does not state."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Units in which everything is shown together."""

    new: Units
    """Those of the new layer."""
    shown: tuple[Units, ...]
    """Those of each layer that is there already."""


def agree(new: Measured, shown: Sequence[Measured]) -> Agreement:
    """Return units that fit together; dimensions are counted from the last, as a viewer does.

    Where one side states no unit, its numbers are taken in that of the other. Beside layers that
    take none, what is new is shown without. Dimensions of different names, such as a time and a
    depth, are left alone.

    Parameters
    ----------
    new : Measured
        A new layer, as its file states it.
    shown : sequence of Measured
        The layers beside which it is shown.
    """
    own = list(new.units)
    units = [list(layer.units) for layer in shown]
    for axis in range(-len(own), 0):
        others = [n for n, layer in enumerate(shown) if _have_same_axis(new, layer, axis)]
        known = next((units[n][axis] for n in others if units[n][axis]), None)
        if own[axis] is None:
            own[axis] = known
        elif others and known is None:
            if all(shown[n].takes_units for n in others):
                for n in others:
                    units[n][axis] = own[axis]
            else:
                own[axis] = None
    return Agreement(tuple(own), tuple(tuple(of_layer) for of_layer in units))


def _have_same_axis(one: Measured, other: Measured, axis: int) -> bool:
    return -axis <= len(other.units) and one.names[axis] == other.names[axis]
