"""Reads the levels of an image, as far as all versions write them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import found_in, is_name, quoted, string
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.ome.transformations.reader import TransformationReader
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "multiscales metadata"
TRANSFORMATIONS = "coordinateTransformations metadata"

DATASETS_MISSING = Rule(
    "multiscale-datasets-missing",
    MUST,
    SECTION,
    "An image lists its resolution levels.",
    'List the arrays under "datasets", the largest first.',
    effect=Effect.NOT_SHOWN,
)
PATH_MISSING = Rule(
    "dataset-path-missing",
    MUST,
    SECTION,
    "Every resolution level has the path of its array, a string.",
    'Add the path of the array, for instance "0".',
    effect=Effect.NOT_SHOWN,
)
TRANSFORMATIONS_MISSING = Rule(
    "transformations-missing",
    MUST,
    SECTION,
    "Every resolution level says how its pixels map to the coordinate system of the image.",
    'Add "coordinateTransformations" with the pixel size as a scale.',
    effect=Effect.SIZE,
)


@dataclass(frozen=True)
class Context:
    """The version and the readers of transformations for the levels of one image."""

    read_as: Spec
    graph: bool
    """Whether there are coordinate systems and references to them (0.6), instead of axes."""
    levels: TransformationReader
    extra: TransformationReader
    """Reads the multiscale's own transformations."""


def dataset_entries(image: dict[str, Any], at: At) -> list[tuple[str, dict[str, Any], At]]:
    """Return path, object and place of each level; those without a path are left out."""
    value = image.get("datasets")
    if not isinstance(value, list | tuple) or not value:
        found = f"Image without resolution levels: found {found_in(image, 'datasets')}"
        at.report(DATASETS_MISSING, found, "there is nothing to show")
        return []
    entries = []
    for index, item in enumerate(value):
        here = at.down("datasets", index)
        level = item if isinstance(item, dict) else {"path": item}
        path = string(level.get("path"))
        done = f"{quoted(path)} is used" if path else "the level is left out"
        if level is not item:
            here.wrong_type(item, "an object", SECTION, done)
        elif not is_name(level.get("path")):
            found = f"Resolution level without a path: found {found_in(level, 'path')}"
            here.report(PATH_MISSING, found, done)
        if path:
            entries.append((path, level, here))
    return entries


def transformation_items(value: Any, at: At) -> list[Any]:
    """Return the list of transformations; a lone one is taken for a list of one."""
    if value is None:
        return []
    if isinstance(value, dict):
        done = "it is read as the only one"
        at.wrong_type(value, "a list of transformations", TRANSFORMATIONS, done, harmless=True)
        return [value]
    if not isinstance(value, list | tuple):
        at.wrong_type(value, "a list of transformations", TRANSFORMATIONS, "ignored")
        return []
    return list(value)


def with_ends(
    part: tf.Transformation,
    at: At,
    start: tf.SystemRef | None = None,
    end: tf.SystemRef | None = None,
) -> tf.Transformation:
    """Return a copy of a transformation with other ends, marked at the same place."""
    changed = replace(part, input=start, output=end)
    place = at.departures.place_of(part)
    return place.mark(changed) if place else changed


def usable_parts(
    parts: Sequence[tf.Transformation], ndim: int, at: At, rule: Rule
) -> tuple[tf.Transformation, ...]:
    """Return the parts if they can be applied to ``ndim`` axes (0: not known), else none.

    Parameters
    ----------
    parts
        Transformations, applied one after the other.
    ndim
        Number of axes.
    at
        Place of their list.
    rule
        The rule that a wrong number of parameters breaks.
    """
    if any(isinstance(inner, tf.Unknown) for part in parts for inner in part.walk()):
        return ()
    wrong = _wrong_length(parts, ndim, at) if ndim else None
    if wrong is None:
        return tuple(parts)
    kind, length, place = wrong
    found = f"{kind.capitalize()} has {length} numbers for {ndim} axes"
    place.key(kind).report(rule, found, "it is not applied")
    return ()


_Wrong = tuple[str, int, At]
_SAME_AXES = (tf.Identity, tf.MapAxis, tf.Scale, tf.SequenceTransformation, tf.Translation)


def _wrong_length(parts: Sequence[tf.Transformation], ndim: int, at: At) -> _Wrong | None:
    """Return the kind, length and place of the first part that does not fit the axes."""
    for index, part in enumerate(parts):
        match part:
            case tf.Scale(scale=tuple() as found) | tf.Translation(translation=tuple() as found):
                if len(found) != ndim:
                    return part.kind, len(found), at.item(index)
            case tf.Identity() | tf.MapAxis():
                pass
            case tf.SequenceTransformation(transformations=inner):
                wrong = _wrong_length(inner, ndim, at.down(index, "transformations"))
                if wrong is not None:
                    return wrong
                if not all(isinstance(each, _SAME_AXES) for each in part.walk()):
                    return None
            case _:
                return None  # the number of axes may change from here on
    return None
