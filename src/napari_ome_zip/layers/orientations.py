"""Where the dimensions of layers lead in a body, as the notes of layers keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_ome_zip.image.composite import CompositeImage, PlacedPart
from napari_ome_zip.image.orientations import Orientations
from napari_ome_zip.image.planes import own_axes
from napari_ome_zip.layers.channel_array import noted_part
from napari_ome_zip.layers.layer_data import ORIENTATIONS, genuine_note
from napari_ome_zip.ome.orientation import Orientation


def orientations_note(part: PlacedPart) -> dict[str, Any]:
    """The entry of the note of a part's layers; none where the file says nothing of its axes."""
    own = own_axes(part)
    said = part.orientations if own is None else tuple(part.orientations[row] for row in own)
    if not any(said):
        return {}
    return {ORIENTATIONS: [None if each is None else each.to_json() for each in said]}


def moved_note(note: Mapping[str, Any], composite: CompositeImage) -> dict[str, Any]:
    """The note of a layer once it is shown in the display system of a composite of its file."""
    part = noted_part(composite, note)
    kept = {key: value for key, value in note.items() if key != ORIENTATIONS}
    return kept if part is None else kept | orientations_note(part)


def noted_orientations(note: Mapping[str, Any]) -> Orientations:
    """Where each dimension of a layer leads, as its note says; empty where it says nothing."""
    kept = {key: note[key] for key in (ORIENTATIONS,) if key in note}
    return tuple(map(Orientation.from_json, genuine_note(kept).get(ORIENTATIONS, ())))
