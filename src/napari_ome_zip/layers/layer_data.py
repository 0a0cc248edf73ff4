"""Layer data as napari has them, and the note in their metadata that says where they came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

type LayerData = tuple[Any, dict[str, Any], str]
"""Data, keyword arguments and layer type, as napari's readers return them."""


METADATA_KEY = "napari_ome_zip"
"""Key in a layer's ``metadata`` under which its source is noted."""


CONTRAST_RANGE = "contrast_limits_range"
"""Values that a layer's contrast slider offers: noted under `METADATA_KEY` when a file is read,
since layer data have no place for it; a keyword of layer data where the caller knows it."""


ATTRIBUTES = "attributes"
"""Key in a layer's note: what is to be set on a layer that is made of its data, by name."""


SHOWN_PLANE = "shown_plane"
"""The plane that is shown, as one index for each of a layer's dimensions: a keyword of layer data
where the caller knows it."""


DRAWING = "drawing"
"""Key in a layer's note: name of the group of points, shapes and the like that it was read from."""

REDRAWN = "redrawn"
"""Key in a layer's note: path of the table of regions that it was made of and that a person changed
before the file was saved."""

UNUSED = "unused"
"""Key in a layer's note: names of what a file says of such a layer and that is not usable."""


SHOWN = "shown"
"""Key in a layer's note for the time point and the z plane that a file asks to be shown first."""


LABELS_OF = "labels_of"
"""Key in the note of labels that lie in a file of their own: the image that they are of, a link, or
a path that is relative to that file, as if it were a folder."""


ORIENTATIONS = "orientations"
"""Key in a layer's note: where the axes that its dimensions lie along lead in a body, in JSON as
a document has it, None for an axis of which the file says nothing. Absent where it says nothing."""


def layer_note(keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """The note in a layer's metadata, made when it was read; it may have been changed since."""
    metadata = keywords.get("metadata")
    note = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    return note if isinstance(note, Mapping) else {}


def note_of(layer: Any) -> Mapping[str, Any]:
    """The note of a layer of a viewer, or of anything that has ``metadata``; empty for None."""
    return layer_note({"metadata": getattr(layer, "metadata", None)})


def genuine_note(note: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a note that are valid, as `to_layer_data` writes them, and no others."""
    return {key: value for key, value in note.items() if _CHECKS.get(key, _anything)(value)}


def _anything(_: object) -> bool:
    return True


def _is_string_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_integer_or_none(value: object) -> bool:
    return value is None or _is_integer(value)


def _are_integers(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_integer, value))


def _are_axes(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_axis, value))


def _is_axis(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    texts = [item for key, item in value.items() if key != "orientation"]
    return all(map(_is_string_or_none, texts)) and _is_orientation(value.get("orientation"))


def _is_orientation(value: object) -> bool:
    return value is None or (
        isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
    )


def _are_orientations(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_orientation, value))


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "source": _is_string_or_none,
    "path": _is_string_or_none,
    "image": _is_string_or_none,
    "name": _is_string_or_none,
    DRAWING: _is_string_or_none,
    REDRAWN: _is_string_or_none,
    LABELS_OF: _is_string_or_none,
    "system": _is_string_or_none,
    "multiscale": _is_integer,
    "channel": _is_integer_or_none,
    "levels": _is_integer,
    "virtual_levels": _is_integer,
    "order": _are_integers,
    "axes": _are_axes,
    ORIENTATIONS: _are_orientations,
}
