"""Reads ``image-label``: colors and properties of the labels in a label image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.frozen_json import TooDeepError
from napari_ome_zip.ome.images.label_colors import LabelColor, LabelColors, Rgba
from napari_ome_zip.ome.images.label_table import (
    MAX_CELLS,
    LabelProperties,
    LabelTable,
    TableBuilder,
)
from napari_ome_zip.ome.json_values import described, found_in, integer, is_name, numbers
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule

SECTION = "labels metadata"

COLORS_MISSING = Rule(
    "label-colors-missing",
    SHOULD,
    SECTION,
    "A label image says in which colors its labels are shown.",
    'Add "colors" with one entry per label value, or accept each viewer\'s own colors.',
    effect=Effect.COLORS,
)
COLORS_EMPTY = Rule(
    "label-colors-empty",
    MUST,
    SECTION,
    "A list of label colors holds at least one.",
    'Remove the empty "colors", or list colors.',
    effect=Effect.REFUSED,
)
PROPERTIES_EMPTY = Rule(
    "label-properties-empty",
    MUST,
    SECTION,
    "A list of label properties holds at least one.",
    'Remove the empty "properties", or list properties.',
    effect=Effect.REFUSED,
)
VALUE_MISSING = Rule(
    "label-value-missing",
    MUST,
    SECTION,
    "Every color and every set of properties says to which label it belongs, by an integer.",
    'Add "label-value", the pixel value of the label.',
    effect=Effect.COLORS,
)
COLOR_DUPLICATE = Rule(
    "label-color-duplicate",
    MUST,
    SECTION,
    "There is one color per label.",
    "Keep one entry per label value; readers that do not refuse the file use the last.",
    effect=Effect.COLORS,
)
PROPERTIES_DUPLICATE = Rule(
    "label-properties-duplicate",
    INFO,
    SECTION,
    "There is one set of properties per label.",
    "Write all properties of a label in one entry; programs differ in which of several they use.",
    effect=Effect.DIFFERENT,
)
PROPERTIES_MANY = Rule(
    "label-properties-many",
    INFO,
    SECTION,
    f"Labels times different properties are at most {MAX_CELLS:,}.",
    "Give all labels the same properties, or keep them in a table of their own.",
    effect=Effect.SLOW,
)
RGBA_INVALID = Rule(
    "label-rgba-invalid",
    MUST,
    SECTION,
    "A label color is four integers from 0 to 255: red, green, blue, opacity.",
    "Write four integers from 0 to 255, for instance [255, 0, 0, 255].",
    effect=Effect.COLORS,
)
VERSION_UNSTATED = Rule(
    "label-version-missing",
    SHOULD,
    "image-label metadata",
    "image-label says which version it follows (0.4).",
    'Add "version": "0.4" to image-label.',
    effect=Effect.DETAIL,
)


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """The metadata of a label image (section "image-label")."""

    colors: tuple[LabelColor, ...] | LabelColors = ()
    properties: LabelTable | tuple[LabelProperties, ...] = ()
    """One row for each label value; rows that are passed in become a table."""
    source: str | None = None
    """Path of the image the labels belong to, relative to this group; None: ``../../``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", LabelTable.of(self.properties))

    @property
    def table(self) -> LabelTable:
        """The properties as a table."""
        return LabelTable.of(self.properties)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two lists in ``image-label``, which have one entry for each label value."""

    name: str
    entries: str
    empty: Rule
    duplicate: Rule


_COLORS = _Kind("colors", "colors", COLORS_EMPTY, COLOR_DUPLICATE)
_PROPERTIES = _Kind("properties", "sets of properties", PROPERTIES_EMPTY, PROPERTIES_DUPLICATE)


def parse_image_label(value: Any, at: At) -> ImageLabel | None:
    """Read label metadata; None where they are not an object.

    Examples
    --------
    >>> from napari_ome_zip.ome.at import At, Departures, Document
    >>> colors = [{"label-value": 1, "rgba": [0, 255, 0, 255]}]
    >>> parse_image_label({"colors": colors}, At(Document(""), Departures())).colors
    (LabelColor(value=1, rgba=(0, 255, 0, 255)),)
    """
    at = at.owned()
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    if "colors" not in value and at.spec.details:
        at.report(COLORS_MISSING, "No colors for the labels: every viewer chooses its own")
    if "version" not in value and at.spec.version == "0.4":
        at.report(VERSION_UNSTATED, "image-label does not say which version it follows")
    colors = _colors(value, at.key("colors"))
    properties = _properties(value, at.key("properties"))
    return at.mark(ImageLabel(colors, properties, _source(value, at.key("source"))))


def _source(value: dict[str, Any], at: At) -> str | None:
    source = value.get("source")
    if not isinstance(source, dict):
        if "source" in value:
            at.wrong_type(source, "an object", SECTION)
        return None
    image = source.get("image")
    if not isinstance(image, str) and "image" in source:
        at.key("image").wrong_type(image, "the relative path of an image", SECTION)
    return image if is_name(image) else None


def _usual_labels(listed: Any) -> list[int] | None:
    """Return the labels of a list that is written as it should be, None for any other.

    A million entries are looked at together, in a tenth of the time that each by itself takes.
    """
    if type(listed) is not list or set(map(type, listed)) != {dict}:
        return None
    try:
        labels = [entry["label-value"] for entry in listed]
    except KeyError:
        return None
    if set(map(type, labels)) != {int} or len(set(labels)) < len(labels):
        return None
    return labels


def _entries(
    value: dict[str, Any], kind: _Kind, at: At
) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield label value, object and index of each usable entry of a list."""
    if kind.name not in value:
        return
    listed = value[kind.name]
    if not isinstance(listed, list | tuple):
        done = "ignored" if listed is not None else ""
        at.wrong_type(listed, f"a list of label {kind.name}", SECTION, done)
        return
    if not listed:
        at.report(kind.empty, f"The list of label {kind.name} is empty")
    seen: set[int] = set()
    repeated: Counter[int] = Counter()
    for index, item in enumerate(listed):
        # There may be a million entries: a place is made only for what departs.
        label = item.get("label-value") if isinstance(item, dict) else None
        if type(label) is not int:
            label = _label_value(item, at.item(index))
        if label in seen:
            repeated[label] += 1
        elif label is not None:
            seen.add(label)
            yield label, item, index
    for label, more in repeated.items():
        found = f"{more + 1} {kind.entries} for label {label}"
        at.report(kind.duplicate, found, "the first one is used")


def _label_value(entry: Any, at: At) -> int | None:
    """Read a label value that is not a plain integer."""
    if not isinstance(entry, dict):
        at.wrong_type(entry, "an object", SECTION, "ignored")
        return None
    written = entry.get("label-value")
    label = int(written) if isinstance(written, bool) else integer(written)
    if label is None or isinstance(written, bool):
        found = f"Entry belongs to no label: found {found_in(entry, 'label-value')}, not an integer"
        at.report(VALUE_MISSING, found, "ignored" if label is None else "")
    return label


def _colors(value: dict[str, Any], at: At) -> tuple[LabelColor, ...] | LabelColors:
    labels = _usual_labels(value.get("colors"))
    if labels is not None:
        colors = LabelColors.written(labels, value["colors"])
        if colors is not None:
            return colors
    return tuple(
        LabelColor(label, _usual_rgba(item) or _rgba(item, at, index))
        for label, item, index in _entries(value, _COLORS, at)
    )


def _usual_rgba(item: dict[str, Any]) -> Rgba | None:
    """Return a color that is written as it should be; None for any other."""
    rgba = item.get("rgba")
    if type(rgba) is not list or len(rgba) != 4 or set(map(type, rgba)) != {int}:
        return None
    red, green, blue, alpha = rgba
    return (red, green, blue, alpha) if min(rgba) >= 0 and max(rgba) <= 255 else None


def _rgba(item: dict[str, Any], colors: At, index: int) -> Rgba | None:
    if "rgba" not in item:
        return None
    written = item["rgba"]
    color, done = _converted(written)
    if color is None or done:
        found = f"Label color is {described(written)}, not four integers from 0 to 255"
        colors.down(index, "rgba").report(RGBA_INVALID, found, done)
    return color


def _converted(written: Any) -> tuple[Rgba | None, str]:
    """Return a color that is written otherwise, and the repair in words; none for null."""
    if written is None:
        return None, ""
    parts = numbers(written)
    if parts is None or len(parts) not in (3, 4):
        return None, "a default is used"
    steps = []
    if any(isinstance(part, float) for part in written) and all(0 <= n <= 1 for n in parts):
        steps.append("its fractions are multiplied by 255")
        parts = tuple(float(round(part * 255)) for part in parts)
    if not all(part.is_integer() and 0 <= part <= 255 for part in parts):
        return None, "a default is used"
    if len(parts) == 3:
        steps.append("it is made opaque")
    red, green, blue, alpha = (*map(int, parts), 255)[:4]
    return (red, green, blue, alpha), " and ".join(steps)


def _properties(value: dict[str, Any], at: At) -> LabelTable:
    builder = TableBuilder()
    labels = _usual_labels(value.get("properties"))
    at_once = labels is not None and builder.add_alike(labels, value["properties"], "label-value")
    for label, item, index in () if at_once else _entries(value, _PROPERTIES, at):
        try:
            builder.add(label, item, without="label-value")
        except TooDeepError as problem:
            builder.add(label, {})
            found = f"Label properties are {problem}"
            at.item(index).report(TOO_DEEP, found, "left out", section=SECTION)
    table = builder.table()
    if builder.left_out:
        kept = len(table.columns)
        found = f"{len(table):,} labels have {kept + builder.left_out:,} different properties"
        at.report(PROPERTIES_MANY, found, f"the first {kept:,} are kept")
    return table
