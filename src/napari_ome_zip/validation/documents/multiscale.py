"""Rules on images (``multiscales``): axes, resolution levels, transformations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_name, is_object, objects
from napari_ome_zip.ome.versions import AxesForm
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.documents import level_transformations
from napari_ome_zip.validation.documents.references import (
    check_level_references,
    check_named_references,
)
from napari_ome_zip.validation.documents.transformations import check_transformation
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "multiscales metadata"

EMPTY = Rule(
    "multiscales-empty",
    MUST,
    SECTION,
    "The list of images of a group holds at least one.",
    'Describe the image under "multiscales", or remove the key.',
)
DATASETS_MISSING = Rule(
    "multiscale-datasets-missing",
    MUST,
    SECTION,
    "An image lists its resolution levels.",
    'List the arrays under "datasets", the largest first.',
)
PATH_MISSING = Rule(
    "dataset-path-missing",
    MUST,
    SECTION,
    "Every resolution level has the path of its array, a text.",
    'Add the path of the array, for instance "0".',
)
NAME_MISSING = Rule(
    "multiscale-name-missing",
    SHOULD,
    SECTION,
    "An image has a name.",
    'Add the "name" of the image: viewers show it.',
)
TYPE_MISSING = Rule(
    "multiscale-type-missing",
    SHOULD,
    SECTION,
    "An image says how its smaller levels were computed.",
    'Add "type", for instance "gaussian".',
)
METADATA_MISSING = Rule(
    "multiscale-metadata-missing",
    SHOULD,
    SECTION,
    "An image holds details of how its smaller levels were computed.",
    'Add "metadata", for instance the function and its arguments.',
)
LEVEL_COUNT = Rule(
    "level-transformation-count",
    MUST,
    SECTION,
    "Every resolution level has exactly one transformation (since 0.6).",
    'Combine several by a "sequence" of a scale and a translation.',
)
LEVEL_KIND = Rule(
    "level-transformation-kind",
    MUST,
    SECTION,
    "A resolution level is placed by a scale, an identity, or a sequence of a scale and a "
    "translation (since 0.6).",
    "Write anything more general under the coordinateTransformations of the image, which lead "
    "from its own coordinate system to another one.",
)


def check_multiscales(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``multiscales``."""
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of images", SECTION)
    elif not raw:
        yield at.issue(EMPTY, "No image in the list of images: multiscales is empty")
    else:
        for i, image in enumerate(raw):
            yield from _check_image(image, at.at(i))


def _check_image(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an image object", SECTION)
        return
    yield from _check_datasets(raw, at)
    transformations = raw.get("coordinateTransformations")
    if transformations is not None:
        place = at.at("coordinateTransformations")
        if at.spec.graph:
            yield from _check_additional(transformations, place)
        elif at.spec.axes is AxesForm.OBJECTS:
            ndim = number_of_axes(raw)
            yield from level_transformations.check_list(transformations, ndim, place)
    yield from _check_description(raw, at)


def number_of_axes(image: Mapping[str, object]) -> int | None:
    """Return how many axes an image (0.3 to 0.5) lists; judges nothing."""
    axes = image.get("axes")
    return len(axes) if is_list(axes) else None


def _check_description(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    if "name" not in raw:
        yield at.issue(NAME_MISSING, "Image without a name")
    elif not isinstance(raw["name"], str):
        yield at.at("name").wrong_type(raw["name"], "a text", SECTION)
    if len(objects(raw.get("datasets"))) < 2:
        return  # nothing was downsampled
    if "type" not in raw:
        yield at.issue(TYPE_MISSING, 'Image does not say how it was downsampled ("type")')
    if "metadata" not in raw:
        message = 'Image gives no details of its downsampling ("metadata")'
        yield at.issue(METADATA_MISSING, message)


def _check_datasets(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    datasets = raw.get("datasets")
    if not (is_list(datasets) and datasets):
        found = describe(datasets) if "datasets" in raw else "nothing"
        yield at.issue(DATASETS_MISSING, f"Image without resolution levels: found {found}")
        return
    ndim = number_of_axes(raw)
    for i, dataset in enumerate(datasets):
        place = at.at("datasets", i)
        if not is_object(dataset):
            yield place.wrong_type(dataset, "an object", SECTION)
            continue
        if not is_name(dataset.get("path")):
            found = describe(dataset["path"]) if "path" in dataset else "nothing"
            yield place.issue(PATH_MISSING, f"Resolution level without a path: found {found}")
        transformations = dataset.get("coordinateTransformations")
        inner = place.at("coordinateTransformations")
        if at.spec.graph:
            yield from _check_level(transformations, inner)
        elif at.spec.axes is AxesForm.OBJECTS:
            yield from level_transformations.check_list(transformations, ndim, inner)


def _check_level(raw: object, at: Place) -> Iterator[Issue]:
    """Check the transformation of a level (0.6)."""
    if raw is None:
        yield at.issue(
            level_transformations.EMPTY,
            "No coordinateTransformations: the pixel size is unknown",
        )
        return
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of transformations", level_transformations.SECTION)
        return
    if len(raw) != 1:
        yield at.issue(LEVEL_COUNT, f"{len(raw)} transformations of one level, expected one")
    for i, item in enumerate(raw):
        place = at.at(i)
        problems = list(check_transformation(item, place))
        yield from problems
        if is_object(item):
            if not problems and not _places_a_level(item):
                message = f"A level cannot be placed by {_kinds(item)}"
                yield place.issue(LEVEL_KIND, message)
            yield from check_level_references(item, place)


def _places_a_level(raw: Mapping[str, object]) -> bool:
    if raw.get("type") != "sequence":
        return raw.get("type") in ("scale", "identity")
    return [part.get("type") for part in objects(raw.get("transformations"))] == [
        "scale",
        "translation",
    ]


def _kinds(raw: Mapping[str, object]) -> str:
    parts = [str(part.get("type")) for part in objects(raw.get("transformations"))]
    inside = f" of {', '.join(parts)}" if parts else ""
    return f"{raw.get('type')}{inside}"


def _check_additional(raw: object, at: Place) -> Iterator[Issue]:
    """Check the transformations beside those of the levels (0.6)."""
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of transformations", level_transformations.SECTION)
        return
    for i, item in enumerate(raw):
        yield from check_transformation(item, at.at(i))
        if is_object(item):
            yield from check_named_references(item, at.at(i))
