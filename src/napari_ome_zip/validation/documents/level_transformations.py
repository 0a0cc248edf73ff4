"""Rules on scales and translations, each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_object, is_vector
from napari_ome_zip.ome.listed_levels import KIND
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "coordinateTransformations metadata"
_KINDS = ("scale", "translation")

PARAMETERS = Rule(
    "transformation-parameters",
    MUST,
    SECTION,
    "A transformation holds its parameters: lists of numbers.",
    "Write the numbers, one per axis, under the name of the transformation.",
)
SCALE_ZERO = Rule(
    "scale-zero",
    SHOULD,
    SECTION,
    "The numbers of a scale are pixel sizes, negative where an axis is flipped, and never zero.",
    "Write the pixel size, or 1 where it is unknown.",
)


def check_one(raw: object, at: Place) -> Iterator[Issue]:
    """Check one transformation of 0.4 or 0.5."""
    if not is_object(raw):
        yield at.wrong_type(raw, "a transformation object", SECTION)
        return
    kind = raw.get("type")
    if isinstance(kind, str) and kind in _KINDS:
        yield from check_vector(raw, kind, at)
        return
    found = describe(kind) if "type" in raw else "none"
    message = f"Type of the transformation is {found}: scale or translation expected"
    yield at.issue(KIND, message)


def check_vector(raw: Mapping[str, object], kind: str, at: Place) -> Iterator[Issue]:
    """Check the numbers of a scale or a translation."""
    values = raw.get(kind)
    if not is_vector(values):
        found = describe(values) if kind in raw else "nothing"
        if is_list(values):
            found = "a list with " + next(describe(v) for v in values if not is_vector([v]))
        message = f"{kind.capitalize()} without its numbers: found {found}, expected one per axis"
        yield at.issue(PARAMETERS, message)
    elif kind == "scale" and any(value == 0 for value in values):
        message = f"Pixel size is zero: scale {values}"
        yield at.at(kind).issue(SCALE_ZERO, message)
