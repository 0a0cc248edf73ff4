"""The attribute of a group in which it is kept how its layers looked, one state a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_ome_zip.ome import FrozenMapping

LAYERS = "layers"
"""Where the attribute keeps the states of the layers, in channel order."""

NDIM = "ndim"
"""Number of dimensions of a layer that was saved beside others with more."""


def layer_states(display: FrozenMapping | None) -> list[Any]:
    """What the attribute says of each layer; any JSON, since it is read from a file."""
    states = display.to_json().get(LAYERS) if display is not None else None
    return states if isinstance(states, list) else []


def of_layers(states: Sequence[Mapping[str, Any]]) -> FrozenMapping:
    """The attribute of a group from the states of its layers, in channel order."""
    return FrozenMapping({LAYERS: [dict(state) for state in states]})


def of_channel(display: FrozenMapping | None, number: int) -> FrozenMapping | None:
    """The attribute of a group that holds one channel of another one alone."""
    states = layer_states(display)[number : number + 1]
    return FrozenMapping({LAYERS: states}) if states else None
