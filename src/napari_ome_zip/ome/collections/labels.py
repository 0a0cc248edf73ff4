"""Reads the attribute ``labels``: what makes a label image of an image."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.node import NodeLabels, NodeReference
from napari_ome_zip.ome.collections.references import read_reference
from napari_ome_zip.ome.images.image_label import parse_image_label
from napari_ome_zip.ome.json_values import found_in
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "RFC-8: Label maps and other derived images"

LABEL_VALUE = Rule(
    "label-attributes-value-missing",
    MUST,
    SECTION,
    "Every entry of labelAttributes says to which label it belongs, by its labelValue.",
    'Add "labelValue", the pixel value of the label.',
    effect=Effect.COLORS,
)


def read_labels(value: Any, at: At) -> NodeLabels | None:
    """Read the attribute ``labels``; None where it is not an object."""
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    label = parse_image_label(_as_before(value, at), at.regulated(False))
    return (
        None
        if label is None
        else NodeLabels(label, _sources(value.get("source"), at.key("source")))
    )


def _as_before(value: dict[str, Any], at: At) -> dict[str, Any]:
    """Return labels with their attributes as the colors and properties of 0.6."""
    listed = value.get("labelAttributes")
    here = at.key("labelAttributes")
    if listed is None:
        return {}
    if not isinstance(listed, list | tuple):
        here.wrong_type(listed, "a list of attributes of labels", SECTION, "ignored")
        return {}
    colors, properties = [], []
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            here.item(index).wrong_type(item, "an object", SECTION, "ignored")
            continue
        if "labelValue" not in item:
            found = f"Attributes of no label: found {found_in(item, 'labelValue')}"
            here.item(index).report(LABEL_VALUE, found, "ignored")
            continue
        label = item["labelValue"]
        rest = {key: each for key, each in item.items() if key not in ("labelValue", "color")}
        if item.get("color") is not None:
            colors.append({"label-value": label, "rgba": item["color"]})
        if rest:
            properties.append({"label-value": label, **rest})
    # An empty list of either would be reported: here both come from one list.
    lists = {"colors": colors, "properties": properties}
    return {key: entries for key, entries in lists.items() if entries}


def _sources(value: Any, at: At) -> tuple[NodeReference, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        at.wrong_type(value, "a list of references", SECTION, "ignored")
        return ()
    read = [read_reference(each, at.item(index), "ignored") for index, each in enumerate(value)]
    return tuple(reference for reference in read if reference is not None)
