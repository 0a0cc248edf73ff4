"""Layers of a new file in units that agree with those of the layers in a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from napari.layers import Layer

from napari_ome_zip.image.units import known_unit
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData, layer_note, note_of
from napari_ome_zip.layers.stated_units import Units, stated_units, units_note
from napari_ome_zip.names import file_name
from napari_ome_zip.plugin.notices import Notice
from napari_ome_zip.plugin.shared_units import Measured, agree

if TYPE_CHECKING:
    from napari.components import ViewerModel


def share_units(layers: Sequence[LayerData], viewer: ViewerModel) -> list[Notice]:
    """Give new layers units that fit to those of a viewer, and its layers those that they lack.

    Notes of the layers keep what their files state.

    Parameters
    ----------
    layers : sequence of LayerData
        Those of one or several files, as they were read; their keywords are changed.
    viewer : ViewerModel
        Where they will be shown.

    Returns
    -------
    list of Notice
        What a person is told of it, once for a file.
    """
    if viewer.layers and viewer.layers.extent.units is None:
        return []  # they do not agree among themselves
    beside: list[_Layer] = [_Shown(layer) for layer in viewer.layers]
    notices: list[Notice] = []
    for _, of_file in groupby(layers, key=lambda layer: layer_note(layer[1]).get("source")):
        new = [
            _New(keywords)
            for _, keywords, _ in of_file
            if "units" in keywords and not _are_others(keywords["units"])
        ]
        for layer in new:
            notices += _fit(layer, beside)
        beside += new
    return list(dict.fromkeys(notices))


class _Layer(Protocol):
    """A layer of a viewer, or one that will be."""

    @property
    def measured(self) -> Measured: ...

    @property
    def note(self) -> Mapping[str, Any]: ...

    def show_in(self, units: Units, note: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class _New:
    keywords: dict[str, Any]

    @property
    def measured(self) -> Measured:
        units = tuple(known_unit(str(unit)) for unit in self.keywords["units"])
        return Measured(units, tuple(self.keywords["axis_labels"]))

    @property
    def note(self) -> Mapping[str, Any]:
        return layer_note(self.keywords)

    def show_in(self, units: Units, note: Mapping[str, Any]) -> None:
        self.keywords["units"] = _for_napari(units)
        self.keywords["metadata"] = {**self.keywords["metadata"], METADATA_KEY: note}


@dataclass(frozen=True)
class _Shown:
    layer: Layer

    @property
    def measured(self) -> Measured:
        units = tuple(known_unit(str(unit)) for unit in self.layer.units)
        is_ours = bool(self.note.get("source")) and not _are_others(self.layer.units)
        return Measured(units, tuple(self.layer.axis_labels), is_ours)

    @property
    def note(self) -> Mapping[str, Any]:
        return note_of(self.layer)

    def show_in(self, units: Units, note: Mapping[str, Any]) -> None:
        self.layer.metadata = {**self.layer.metadata, METADATA_KEY: note}
        self.layer.units = _for_napari(units)


def _fit(new: _Layer, beside: Sequence[_Layer]) -> list[Notice]:
    agreed = agree(new.measured, [layer.measured for layer in beside])
    pairs = zip([new, *beside], [agreed.new, *agreed.shown], strict=True)
    return [notice for layer, units in pairs for notice in _changed(layer, units)]


def _changed(layer: _Layer, units: Units) -> list[Notice]:
    """Show a layer in these units, and tell of it where they are others."""
    before = layer.measured.units
    if units == before:
        return []
    note = layer.note
    layer.show_in(units, {**note, **units_note(units, stated_units(before, note))})
    added = {unit for unit, old in zip(units, before, strict=True) if unit and not old}
    path = str(note.get("source") or "")
    if added:
        taken = " and ".join(map(_plural, sorted(added)))
        text = (
            f"Its size may be wrong: no unit is stated. The numbers in {file_name(path)} are taken "
            f"as {taken}, like those of the other layers. The file itself is not changed."
        )
    else:
        text = (
            f"Its units are not used: other layers have none. The numbers in {file_name(path)} are "
            "taken as they are. Its units are kept for saving."
        )
    return [Notice(path, text)]


def _plural(unit: str) -> str:
    return f"{unit}s" if unit.isalpha() and not unit.endswith("z") else unit


def _are_others(units: Sequence[object]) -> bool:
    """Whether there are units that are not known, which are left alone."""
    return any(str(unit) != "pixel" and known_unit(str(unit)) is None for unit in units)


def _for_napari(units: Units) -> tuple[str, ...]:
    return tuple(unit or "pixel" for unit in units)
