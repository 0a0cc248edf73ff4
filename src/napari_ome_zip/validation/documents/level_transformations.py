"""Rules on the transformations of 0.4 and 0.5: one scale, then at most one translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_object, is_vector, objects
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "coordinateTransformations metadata"
_IMAGE = "multiscales metadata"
_KINDS = ("scale", "translation")

EMPTY = Rule(
    "transformations-missing",
    MUST,
    _IMAGE,
    "Every resolution level says how its pixels map to the coordinate system of the image.",
    'Add "coordinateTransformations" with the pixel size as a scale.',
)
KIND = Rule(
    "transformation-kind",
    MUST,
    _IMAGE,
    "Resolution levels are placed by scale and translation only (until 0.5).",
    "Write a scale and a translation; anything more general needs OME-Zarr 0.6.",
)
SCALE_COUNT = Rule(
    "transformation-scale-count",
    MUST,
    _IMAGE,
    "There is exactly one scale.",
    "Write one scale: the pixel size along each axis, or 1 where it is unknown.",
)
TRANSLATION_COUNT = Rule(
    "transformation-translation-count",
    MUST,
    _IMAGE,
    "There is at most one translation.",
    "Add the translations up and write their sum.",
)
ORDER = Rule(
    "transformation-order",
    MUST,
    _IMAGE,
    "The scale comes before the translation, which is then in physical units.",
    "Write the scale first, and the translation in physical units after it.",
)
PARAMETERS = Rule(
    "transformation-parameters",
    MUST,
    SECTION,
    "A transformation holds its parameters: lists of numbers.",
    "Write the numbers, one per axis, under the name of the transformation.",
)
LENGTH = Rule(
    "transformation-length",
    MUST,
    _IMAGE,
    "Scale and translation hold one number per axis.",
    "Write one number per axis, in the order of the axes; 1 (scale) or 0 (translation) where "
    "nothing happens.",
)
SCALE_ZERO = Rule(
    "scale-zero",
    SHOULD,
    SECTION,
    "The numbers of a scale are pixel sizes, negative where an axis is flipped, and never zero.",
    "Write the pixel size, or 1 where it is unknown.",
)


def check_list(raw: object, ndim: int | None, at: Place) -> Iterator[Issue]:
    """Check the transformations of a level, or of all levels, in 0.4 and 0.5.

    Parameters
    ----------
    raw
        The value of ``coordinateTransformations``.
    ndim
        Number of axes; None where it is unknown.
    at
        Its place.
    """
    if raw is None:
        yield at.issue(EMPTY, "No coordinateTransformations: the pixel size is unknown")
        return
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of transformations", SECTION)
        return
    if not raw:
        yield at.issue(EMPTY, "The list of coordinateTransformations is empty")
        return
    for i, item in enumerate(raw):
        if is_object(item):
            yield from _check_one(item, ndim, at.at(i))
        else:
            yield at.at(i).wrong_type(item, "a transformation object", SECTION)
    kinds = [item.get("type") for item in objects(raw)]
    scales, translations = kinds.count("scale"), kinds.count("translation")
    if scales != 1:
        yield at.issue(SCALE_COUNT, f"{scales or 'no'} scale transformations, expected one")
    if translations > 1:
        message = f"{translations} translations, expected at most one"
        yield at.issue(TRANSLATION_COUNT, message)
    if scales and translations and kinds.index("translation") < kinds.index("scale"):
        yield at.issue(ORDER, "Translation before scale: the scale comes first")


def _check_one(raw: Mapping[str, object], ndim: int | None, at: Place) -> Iterator[Issue]:
    kind = raw.get("type")
    if not (isinstance(kind, str) and kind in _KINDS):
        found = describe(kind) if "type" in raw else "none"
        yield at.issue(
            KIND, f"Type of the transformation is {found}: scale or translation expected"
        )
        return
    if ndim is not None and is_vector(raw.get(kind)):
        length = len(objects_or_values(raw[kind]))
        if length != ndim:
            message = f"{kind.capitalize()} has {length} numbers for {ndim} axes"
            yield at.at(kind).issue(LENGTH, message)
    yield from check_vector(raw, kind, at)


def objects_or_values(raw: object) -> list[object]:
    """Return a JSON list as it is, an empty one for anything else."""
    return raw if is_list(raw) else []


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
