"""Units that a layer has in a viewer and its file does not state, or the other way round.

A viewer uses units only where all layers agree on what each dimension measures. A layer may so be
given other units than its file states; its note keeps both, so that none is saved that was not
stated, and none is lost that was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_ome_zip.image.units import known_unit
from napari_ome_zip.layers.layer_data import layer_note

UNITS = "units"
"""Key in a layer's note."""

type Units = tuple[str | None, ...]
"""The unit along each dimension of a layer; None where there is none, which is a pixel."""


def units_note(shown: Units, stated: Units) -> dict[str, Any]:
    """The entry of a note for a layer that is shown in other units than its file states."""
    return {UNITS: {"shown": list(shown), "stated": list(stated)}}


def stated_units(units: Sequence[str | None], note: Mapping[str, Any]) -> Units:
    """The units that a layer's file states, or those that a person gave it since."""
    now = tuple(known_unit(unit) for unit in units)
    kept = note.get(UNITS)
    if not isinstance(kept, Mapping) or not isinstance(kept.get("stated"), list):
        return now
    stated = tuple(kept["stated"])
    return stated if list(now) == kept.get("shown") and len(stated) == len(now) else now


def with_stated_units(keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keywords of a layer, in the units that its file states where it is shown in others."""
    note = layer_note(keywords)
    if UNITS not in note or "units" not in keywords:
        return keywords
    stated = stated_units([str(unit) for unit in keywords["units"]], note)
    return {**keywords, "units": tuple(unit or "pixel" for unit in stated)}
