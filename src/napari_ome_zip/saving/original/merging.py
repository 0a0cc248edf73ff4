"""New values in an existing document: fields that are not understood stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_ome_zip.ome import DISPLAY_KEY
from napari_ome_zip.ome.collections.attributes import DISPLAY
from napari_ome_zip.ome.collections.node import MULTISCALE
from napari_ome_zip.ome.collections.reader import is_node

OME = "ome"
LABELS = "labels"
LABEL_VALUE = "label-value"

_KNOWN_OF_CHANNEL = ("label", "color", "active", "window")
_KNOWN_OF_MULTISCALE = (
    "name", "type", "metadata", "axes", "datasets", "coordinateSystems",
    "coordinateTransformations", "version",
)  # fmt: skip
_KNOWN_OF_AXIS = ("name", "type", "unit", "discrete", "longName", "orientation")
_KNOWN_OF_DATASET = ("path", "coordinateTransformations")
_KNOWN_OF_LABEL = ("colors", "properties", "version")
_KNOWN_OF_PLATE = (
    "acquisitions", "columns", "field_count", "name", "rows", "version", "wells",
)  # fmt: skip
_KNOWN_OF_WELL = ("images", "version")
_NAMED_BY = {
    "acquisitions": "id", "columns": "name", "images": "path", "rows": "name", "wells": "path",
}  # fmt: skip
"""By lists of plates and wells, what tells their entries apart."""
STRUCTURE = ("plate", "well", "scene", "series", "bioformats2raw.layout")
"""Keys that state which other groups belong to a group."""
_KNOWN_OF_GROUP = ("version", "multiscales", "omero", "image-label", "labels", *STRUCTURE)

type Json = dict[str, Any]


def ome_of(attributes: Mapping[str, Any]) -> Json:
    """The attributes of OME-Zarr: under ``ome``, or before 0.5 among all others."""
    found = attributes.get(OME)
    if isinstance(found, dict):
        return {} if is_node(found) else dict(found)
    return {key: value for key, value in attributes.items() if key in _KNOWN_OF_GROUP}


def stated_version(attributes: Mapping[str, Any]) -> str | None:
    """The version that a group states, as since 0.5; None where it states none."""
    ome = attributes.get(OME)
    stated = ome.get("version") if isinstance(ome, dict) else None
    return stated if isinstance(stated, str) else None


def attributes_of_others(attributes: Mapping[str, Any]) -> Json:
    """Attributes that other conventions have put beside those of OME-Zarr."""
    ome = attributes.get(OME)
    namespaced = isinstance(ome, dict)
    ours = (OME, DISPLAY_KEY) if namespaced else (*_KNOWN_OF_GROUP, DISPLAY_KEY)
    others = {key: value for key, value in attributes.items() if key not in ours}
    inner = ome.get("attributes") if isinstance(ome, dict) and is_node(ome) else None
    of_node = {k: v for k, v in inner.items() if is_foreign(k)} if isinstance(inner, dict) else {}
    return of_node | others


def holds_nodes(attributes: Mapping[str, Any]) -> bool:
    """Whether a document describes a collection, which says how a file is arranged (RFC-8)."""
    ome = attributes.get(OME)
    return isinstance(ome, dict) and is_node(ome) and ome.get("type") != MULTISCALE


def is_foreign(key: str) -> bool:
    """Whether an attribute of a node is one of another program, by its prefix."""
    return ":" in key and key != DISPLAY


def merged_attributes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """The attributes ``new`` of a group, with everything else in ``old``."""
    result = attributes_of_others(old)
    if OME in new:
        result[OME] = _merged_group(ome_of(old), new[OME])
    return result | {key: value for key, value in new.items() if key != OME}


def merged_omero(old: Any, new: Json) -> Json:
    """Rendering settings with the channels of ``new``; fields that are not understood stay."""
    old = old if isinstance(old, dict) else {}
    channels = [
        _updated(before, after, _KNOWN_OF_CHANNEL)
        for before, after in _paired(old.get("channels"), new["channels"])
    ]
    for (before, new_channel), channel in zip(
        _paired(old.get("channels"), new["channels"]), channels, strict=True
    ):
        if "window" in channel:
            channel["window"] = _updated(
                before.get("window"), channel["window"], ("min", "max", "start", "end")
            )
        if before.get("inverted") is True:
            channel["inverted"] = new_channel.get("inverted", False)
    result = {**old, "channels": channels}
    if "rdefs" in new:
        before = old.get("rdefs")
        before = before if isinstance(before, dict) else {}
        result["rdefs"] = {**before, **new["rdefs"]}
        if all(channel.get("color") == "FFFFFF" for channel in channels):
            # Gray is gray in either model; any other color would not be seen in "greyscale".
            result["rdefs"]["model"] = before.get("model", new["rdefs"]["model"])
    return result


def merged_label(old: Any, new: Json) -> Json:
    """Colors and properties of ``new``; the source and what is not understood of ``old``."""
    result = _updated(old, new, _KNOWN_OF_LABEL)
    if isinstance(new.get("source"), dict) and isinstance(old, dict):
        result["source"] = _updated(old.get("source"), new["source"], ())
    before = old.get("colors") if isinstance(old, dict) else None
    known = {
        entry.get(LABEL_VALUE): entry
        for entry in (before if isinstance(before, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get(LABEL_VALUE), int | float)
    }
    if "colors" in new:
        result["colors"] = [
            _updated(known.get(entry[LABEL_VALUE]), entry, (LABEL_VALUE, "rgba"))
            for entry in new["colors"]
        ]
    return result


def merged_multiscale(old: Any, new: Json) -> Json:
    """The multiscale ``new`` with the unknown fields of ``old``, of its axes and its datasets."""
    result = _updated(old, new, _KNOWN_OF_MULTISCALE)
    known = {axis.get("name"): axis for axis in reversed(_axes_of(old))}
    for axis in _axes_of(result):
        axis |= _updated(known.get(axis["name"]), axis, _KNOWN_OF_AXIS)
    listed = old.get("datasets") if isinstance(old, dict) else None
    result["datasets"] = merged_datasets(listed, new["datasets"])
    return result


def _axes_of(multiscale: Any) -> list[Json]:
    """The axes of a multiscale, in whichever version, those of its first system first."""
    multiscale = multiscale if isinstance(multiscale, dict) else {}
    systems = multiscale.get("coordinateSystems")
    places = [multiscale, *(systems if isinstance(systems, list) else ())]
    lists = [place.get("axes") for place in places if isinstance(place, dict)]
    listed = [axis for axes in lists if isinstance(axes, list) for axis in axes]
    return [axis for axis in listed if isinstance(axis, dict) and isinstance(axis.get("name"), str)]


def merged_datasets(old: Any, new: Sequence[Json]) -> list[Json]:
    """Levels of ``new``; each keeps what is not understood of the level that it takes over."""
    return [_updated(before, after, _KNOWN_OF_DATASET) for before, after in _paired(old, new)]


def _merged_group(old: Json, new: Json) -> Json:
    result = _updated(old, new, _KNOWN_OF_GROUP)
    if "multiscales" in new:
        pairs = _paired(old.get("multiscales"), new["multiscales"])
        result["multiscales"] = [merged_multiscale(before, after) for before, after in pairs]
    if "omero" in new:
        result["omero"] = merged_omero(old.get("omero"), new["omero"])
    if "image-label" in new:
        result["image-label"] = merged_label(old.get("image-label"), new["image-label"])
    for key, known in (("plate", _KNOWN_OF_PLATE), ("well", _KNOWN_OF_WELL)):
        if key in new:
            result[key] = _with_unknown_of_entries(old.get(key), new[key])
            result[key] = _updated(old.get(key), result[key], known)
    return result


def _with_unknown_of_entries(old: Any, new: Json) -> Json:
    """A plate or well whose rows, columns, wells and so on have the unknown fields of ``old``."""
    result = dict(new)
    for name, key in _NAMED_BY.items():
        listed = old.get(name) if isinstance(old, dict) else None
        before = listed if isinstance(listed, list) else []
        known = {
            each[key]: each
            for each in reversed(before)
            if isinstance(each, dict) and isinstance(each.get(key), str | int)
        }
        if name in new:
            result[name] = [_updated(known.get(each.get(key)), each, ()) for each in new[name]]
    return result


def _updated(old: Any, new: Json, known: Sequence[str]) -> Json:
    """``new`` with the fields of ``old`` that are not known."""
    old = old if isinstance(old, dict) else {}
    return {**new, **{k: v for k, v in old.items() if k not in known and k not in new}}


def _paired(old: Any, new: Sequence[Json]) -> list[tuple[Json, Json]]:
    """Each entry of ``new`` with the one at the same position in ``old``, if there is one."""
    before = list(old) if isinstance(old, list) else []
    before = [entry if isinstance(entry, dict) else {} for entry in before[: len(new)]]
    before += [{}] * (len(new) - len(before))
    return list(zip(before, new, strict=True))
