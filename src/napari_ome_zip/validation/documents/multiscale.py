"""Rules on the transformations of images, each by itself."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.ome.json_values import is_list, is_object
from napari_ome_zip.ome.versions import AxesForm
from napari_ome_zip.validation.documents import level_transformations
from napari_ome_zip.validation.documents.references import (
    check_level_references,
    check_named_references,
)
from napari_ome_zip.validation.documents.transformations import check_transformation
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place


def check_multiscales(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``multiscales``."""
    for i, image in enumerate(raw if is_list(raw) else ()):
        if not is_object(image):
            continue
        place = at.at(i)
        datasets = image.get("datasets")
        for j, dataset in enumerate(datasets if is_list(datasets) else ()):
            if is_object(dataset):
                inner = place.at("datasets", j, "coordinateTransformations")
                yield from _check_list(dataset.get("coordinateTransformations"), inner, True)
        inner = place.at("coordinateTransformations")
        yield from _check_list(image.get("coordinateTransformations"), inner, False)


def _check_list(raw: object, at: Place, level: bool) -> Iterator[Issue]:
    for i, item in enumerate(raw if is_list(raw) else ()):
        if at.spec.graph:
            yield from check_transformation(item, at.at(i))
            if is_object(item):
                check = check_level_references if level else check_named_references
                yield from check(item, at.at(i))
        elif at.spec.axes is AxesForm.OBJECTS:
            yield from level_transformations.check_one(item, at.at(i))
