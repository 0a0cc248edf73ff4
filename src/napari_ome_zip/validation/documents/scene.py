"""Rules on scenes (0.6): images that share a space."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_object
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.documents.references import check_named_references
from napari_ome_zip.validation.documents.transformations import check_transformation
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "scene metadata"

TRANSFORMATIONS_MISSING = Rule(
    "scene-transformations-missing",
    MUST,
    SECTION,
    "A scene lists the transformations between its images.",
    'Add "coordinateTransformations": one per image, from its coordinate system to a common one.',
)


def check_scene(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``scene``."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    transformations = raw.get("coordinateTransformations")
    if not (is_list(transformations) and transformations):
        found = describe(transformations) if "coordinateTransformations" in raw else "nothing"
        message = f"Scene without transformations: found {found}"
        yield at.issue(TRANSFORMATIONS_MISSING, message)
        return
    for i, item in enumerate(transformations):
        place = at.at("coordinateTransformations", i)
        yield from check_transformation(item, place)
        if is_object(item):
            yield from check_named_references(item, place)
