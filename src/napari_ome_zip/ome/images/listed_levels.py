"""Reads levels up to version 0.5: each has one scale, then at most one translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.images.level_reader import (
    SECTION,
    TRANSFORMATIONS_MISSING,
    Context,
    transformation_items,
    usable_parts,
    with_ends,
)
from napari_ome_zip.ome.images.multiscale import PHYSICAL, Dataset
from napari_ome_zip.ome.transformations.reader import KIND
from napari_ome_zip.ome.transformations.transformation import (
    SequenceTransformation,
    SystemRef,
    Transformation,
    Unknown,
)
from napari_ome_zip.rules import MUST, Effect, Rule

SCALE_COUNT = Rule(
    "transformation-scale-count",
    MUST,
    SECTION,
    "There is exactly one scale.",
    "Write one scale: the pixel size along each axis, or 1 where it is unknown.",
    effect=Effect.SIZE,
)
TRANSLATION_COUNT = Rule(
    "transformation-translation-count",
    MUST,
    SECTION,
    "There is at most one translation.",
    "Add the translations up and write their sum.",
    effect=Effect.PLACE,
)
ORDER = Rule(
    "transformation-order",
    MUST,
    SECTION,
    "The scale comes before the translation, which is then in physical units.",
    "Write the scale first, and the translation in physical units after it.",
    effect=Effect.PLACE,
)
LENGTH = Rule(
    "transformation-length",
    MUST,
    SECTION,
    "Scale and translation hold one number per axis.",
    "Write one number per axis, in the order of the axes; 1 (scale) or 0 (translation) where "
    "nothing happens.",
    effect=Effect.PLACE,
)

_KINDS = ("scale", "translation")


def listed_dataset(
    path: str,
    item: dict[str, Any],
    at: At,
    context: Context,
    shared: tuple[Transformation, ...],
    ndim: int,
    *,
    first: bool,
) -> Dataset:
    """Read a level of version 0.5 or earlier: a scale, then perhaps a translation.

    Parameters
    ----------
    path, item, at
        The level's path, its object and the place of that.
    context
        How transformations are read.
    shared
        Transformations that are applied after those of every level.
    ndim
        Number of axes; 0 where it is not known.
    first
        Whether it is the first level, which is placed by ``shared`` alone if need be.
    """
    here = at.key("coordinateTransformations")
    given = item.get("coordinateTransformations")
    items = transformation_items(given, here)
    if not items:
        # Until 0.3 levels had no transformations; from 0.4 on they MUST have a scale.
        if given in (None, []):
            needed = context.read_as.places_levels
            report_missing(given, here, PLACED_BY_SIZE if needed else "")
        if not first or not shared:
            return Dataset(path)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    own = usable_parts(read, ndim, here, LENGTH)
    if read:
        judge_kinds(read, here, applied=bool(own))
    if read and not own:
        return Dataset(path)
    parts = own + shared
    start, end = SystemRef(path=path), SystemRef(name=PHYSICAL)
    if len(parts) == 1:
        return Dataset(path, with_ends(parts[0], here, start, end))
    bare = tuple(with_ends(part, here) for part in parts)
    whole = SequenceTransformation(bare, input=start, output=end)
    return Dataset(path, here.mark(whole))


PLACED_BY_SIZE = "1, or the ratio of the sizes, is used"
"""The repair of a level whose pixel size is unknown."""


def report_missing(given: Any, at: At, done: str = "") -> None:
    """Report that transformations are missing, or that their list is empty."""
    found = "The list of coordinateTransformations is empty"
    if given is None:
        found = "No coordinateTransformations: the pixel size is unknown"
    at.report(TRANSFORMATIONS_MISSING, found, done)


def judge_kinds(read: Sequence[Transformation], at: At, *, applied: bool) -> None:
    """Judge the kinds of the transformations in a list, their number and their order.

    Parameters
    ----------
    read
        All transformations of the list.
    at
        Its place.
    applied
        Whether they place a level, and are applied in the order written.
    """
    kinds = [part.kind for part in read]
    for index, part in enumerate(read):
        if part.kind not in _KINDS and not isinstance(part, Unknown):
            found = f'Type of the transformation is "{part.kind}": scale or translation expected'
            at.item(index).report(KIND, found)
    scales, translations = kinds.count("scale"), kinds.count("translation")
    as_written = "they are applied in the order written" if applied else ""
    if scales != 1:
        done = as_written if scales else "1 is used" if applied and translations else ""
        at.report(SCALE_COUNT, f"{scales or 'No'} scale transformations, expected one", done)
    if translations > 1:
        found = f"{translations} translations, expected at most one"
        at.report(TRANSLATION_COUNT, found, as_written)
    if scales and translations and kinds.index("translation") < kinds.index("scale"):
        at.report(ORDER, "Translation before scale: the scale comes first", as_written)
