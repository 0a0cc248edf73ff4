"""Rules on label images (``labels``, ``image-label``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_integer, is_list, is_object
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "labels metadata"

COLORS_MISSING = Rule(
    "label-colors-missing",
    SHOULD,
    SECTION,
    "A label image says in which colors its labels are shown.",
    'Add "colors" with one entry per label value, or accept each viewer\'s own colors.',
)
COLORS_EMPTY = Rule(
    "label-colors-empty",
    MUST,
    SECTION,
    "A list of label colors holds at least one.",
    'Remove the empty "colors", or list colors.',
)
PROPERTIES_EMPTY = Rule(
    "label-properties-empty",
    MUST,
    SECTION,
    "A list of label properties holds at least one.",
    'Remove the empty "properties", or list properties.',
)
VALUE_MISSING = Rule(
    "label-value-missing",
    MUST,
    SECTION,
    "Every color and every set of properties says to which label it belongs, by a whole number.",
    'Add "label-value", the pixel value of the label.',
)
COLOR_DUPLICATE = Rule(
    "label-color-duplicate",
    MUST,
    SECTION,
    "There is one color per label.",
    "Keep one entry per label value; readers that do not refuse the file use the last.",
)
RGBA_INVALID = Rule(
    "label-rgba-invalid",
    MUST,
    SECTION,
    "A label color is four whole numbers from 0 to 255: red, green, blue, opacity.",
    "Write four whole numbers from 0 to 255, for instance [255, 0, 0, 255].",
)
VERSION_UNSTATED = Rule(
    "label-version-missing",
    SHOULD,
    "image-label metadata",
    "image-label says which version it follows (0.4).",
    'Add "version": "0.4" to image-label.',
)


def check_labels(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``labels``: paths of label images."""
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of paths to label images", SECTION)
        return
    for i, path in enumerate(raw):
        if not isinstance(path, str):
            yield at.at(i).wrong_type(path, "the path of a label image", SECTION)


def check_image_label(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``image-label``."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    if "colors" in raw:
        yield from _check_colors(raw["colors"], at.at("colors"))
    elif at.spec.details:
        yield at.issue(COLORS_MISSING, "No colors for the labels: every viewer chooses its own")
    if "properties" in raw:
        yield from _check_properties(raw["properties"], at.at("properties"))
    if "source" in raw:
        yield from _check_source(raw["source"], at.at("source"))
    if at.spec.version == "0.4" and "version" not in raw:
        yield at.issue(VERSION_UNSTATED, "image-label does not say which version it follows")


def _check_colors(raw: object, at: Place) -> Iterator[Issue]:
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of colors", SECTION)
        return
    if not raw:
        yield at.issue(COLORS_EMPTY, "The list of label colors is empty")
    values: Counter[int | float] = Counter()
    for i, color in enumerate(raw):
        yield from _check_value(color, at.at(i))
        if is_object(color):
            value = color.get("label-value")
            if is_integer(value):
                values[value] += 1
            if "rgba" in color and not _is_rgba(color["rgba"]):
                found = describe(color["rgba"])
                message = f"Label color is no color: {found}, expected four numbers 0 to 255"
                yield at.at(i, "rgba").issue(RGBA_INVALID, message)
    for value, count in values.items():
        if count > 1:
            yield at.issue(COLOR_DUPLICATE, f"{count} colors for label {value}")


def _check_properties(raw: object, at: Place) -> Iterator[Issue]:
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of label properties", SECTION)
        return
    if not raw:
        yield at.issue(PROPERTIES_EMPTY, "The list of label properties is empty")
    for i, properties in enumerate(raw):
        yield from _check_value(properties, at.at(i))


def _check_value(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
    elif not is_integer(raw.get("label-value")):
        found = describe(raw["label-value"]) if "label-value" in raw else "no label-value"
        message = f"Entry belongs to no label: found {found}, expected a whole number"
        yield at.issue(VALUE_MISSING, message)


def _is_rgba(raw: object) -> bool:
    if not (is_list(raw) and len(raw) == 4):
        return False
    return all(is_integer(value) and 0 <= value <= 255 for value in raw)


def _check_source(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
    elif "image" in raw and not isinstance(raw["image"], str):
        yield at.at("image").wrong_type(raw["image"], "the relative path of an image", SECTION)
