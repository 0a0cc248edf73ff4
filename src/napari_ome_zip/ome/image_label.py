"""Image labels: colors and properties of the objects in a label image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.frozen_json import TooDeepError
from napari_ome_zip.ome.json_values import integer, number, shown
from napari_ome_zip.ome.label_table import LabelProperties, LabelTable, TableBuilder

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class LabelColor:
    """The color of one label value."""

    value: int
    rgba: Rgba | None = None
    """Red, green, blue, alpha, 0 to 255 each; None where absent or illegal."""


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What makes an image a label image (section "image-label")."""

    colors: tuple[LabelColor, ...] = ()
    properties: LabelTable | tuple[LabelProperties, ...] = ()
    """One row for each label value; a table, also where rows were given."""
    source: str | None = None
    """Path of the image the labels belong to, relative to this group; None: ``../../``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", LabelTable.of(self.properties))

    @property
    def table(self) -> LabelTable:
        """The properties as a table."""
        return LabelTable.of(self.properties)


def parse_image_label(value: Any, at: At) -> ImageLabel | None:
    """Read label metadata; None, with a finding, where they are no object."""
    at = at.owned()
    if not isinstance(value, dict):
        at.note("wrong-type", f"Image-label is {shown(value)}, not an object; ignored.")
        return None
    here = at.key("colors")
    colors = tuple(
        LabelColor(label, _usual_rgba(item) or _rgba(item.get("rgba"), here, index))
        for label, item, index in _entries(value, "colors", at)
    )
    properties = _properties(value, at)
    source = value.get("source")
    image = source.get("image") if isinstance(source, dict) else None
    return ImageLabel(colors, properties, image if isinstance(image, str) and image else None)


_DUPLICATE = {"colors": "label-color-duplicate", "properties": "label-properties-duplicate"}


def _entries(value: dict[str, Any], key: str, at: At) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield label value, object and index of each usable entry of a list."""
    listed, here = value.get(key), at.key(key)
    if listed is None:
        return
    if not isinstance(listed, list | tuple):
        here.note("wrong-type", f"Label {key} are {shown(listed)}; ignored.")
        return
    seen: set[int] = set()
    for index, item in enumerate(listed):
        found = item.get("label-value") if isinstance(item, dict) else item
        label = int(found) if isinstance(found, bool) else integer(found)
        if label is None or not isinstance(item, dict):
            here.item(index).note(
                "label-value-missing" if isinstance(item, dict) else "wrong-type",
                f"Label {key} without a whole label-value ({shown(found)}); ignored.",
            )
        elif label in seen:
            # Each label value has one entry.
            here.item(index).note(
                _DUPLICATE[key], f"Label {label} has two entries in {key}; the first one is used."
            )
        else:
            seen.add(label)
            yield label, item, index


def _usual_rgba(item: dict[str, Any]) -> Rgba | None:
    """A color as it should be written; None for every other."""
    rgba = item.get("rgba")
    if type(rgba) is not list or len(rgba) != 4 or set(map(type, rgba)) != {int}:
        return None
    red, green, blue, alpha = rgba
    return (red, green, blue, alpha) if min(rgba) >= 0 and max(rgba) <= 255 else None


def _rgba(value: Any, colors: At, index: int) -> Rgba | None:
    # Four integers between 0 and 255.
    if value is None:
        return None
    at = colors.item(index).key("rgba")
    found = [number(item) for item in value] if isinstance(value, list | tuple) else []
    parts = [item for item in found if item is not None]
    if len(parts) != len(found) or len(parts) not in (3, 4):
        _note_illegal_color(value, at)
        return None
    problem = "three numbers; it is made opaque" if len(parts) == 3 else None
    if any(isinstance(item, float) for item in value) and all(0 <= item <= 1 for item in parts):
        problem = "fractions of 1; they are multiplied by 255"
        parts = [round(item * 255) for item in parts]
    whole = [integer(item) for item in parts]
    channels = [item for item in whole if item is not None and 0 <= item <= 255]
    if len(channels) != len(parts):
        _note_illegal_color(value, at)
        return None
    if problem:
        at.note("label-rgba-invalid", f"Label color is given as {problem}.")
    red, green, blue, alpha = (*channels, 255)[:4]
    return red, green, blue, alpha


def _note_illegal_color(value: Any, at: At) -> None:
    at.note(
        "label-rgba-invalid",
        f"Label color {shown(value)} is not four integers 0-255; a default is used.",
    )


def _properties(value: dict[str, Any], at: At) -> LabelTable:
    builder, here = TableBuilder(), at.key("properties")
    for label, item, index in _entries(value, "properties", at):
        try:
            builder.add(label, item, without="label-value")
        except TooDeepError as problem:
            builder.add(label, {})
            message = f"Label properties are {problem}; left out."
            here.item(index).note("metadata-too-deep", message)
    table = builder.table()
    if builder.left_out:
        here.note(
            "label-properties-many",
            f"{len(table):,} labels have {len(table.columns) + builder.left_out:,} different "
            f"properties; the first {len(table.columns):,} are kept.",
        )
    return table
