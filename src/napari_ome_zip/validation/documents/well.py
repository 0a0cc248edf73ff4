"""Rules on wells: their fields of view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_integer, is_list, is_name, is_object, objects, quoted
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "well metadata"

IMAGES_MISSING = Rule(
    "well-images-missing",
    MUST,
    SECTION,
    "A well lists its fields of view.",
    'List the fields of view under "images", each with its path.',
)
PATH_MISSING = Rule(
    "well-path-missing",
    MUST,
    SECTION,
    "Every field of view has a path.",
    'Add the path of the field of view, for instance "0".',
)
PATH_INVALID = Rule(
    "well-path-invalid",
    MUST,
    SECTION,
    "The path of a field of view is one plain name.",
    "Rename the group of the field of view: letters and digits only (since 0.6 also - _ and .), "
    "no slash.",
)
PATH_DUPLICATE = Rule(
    "well-path-duplicate",
    MUST,
    SECTION,
    "Every field of view is listed once.",
    "Remove the repeated entries.",
)
ACQUISITION_INVALID = Rule(
    "well-acquisition-invalid",
    MUST,
    SECTION,
    "A field of view names its acquisition by a whole number.",
    "Write the id of one of the plate's acquisitions.",
)


def check_well(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``well``."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    images = raw.get("images")
    if not (is_list(images) and images):
        found = describe(images) if "images" in raw else "nothing"
        yield at.issue(IMAGES_MISSING, f"Well without fields of view: found {found}")
        return
    for i, image in enumerate(images):
        yield from _check_image(image, at.at("images", i))
    paths = Counter(image["path"] for image in objects(images) if is_name(image.get("path")))
    for path, count in paths.items():
        if count > 1:
            message = f"Field of view {quoted(path)} is listed {count} times"
            yield at.at("images").issue(PATH_DUPLICATE, message)


def _check_image(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    path = raw.get("path")
    if not is_name(path):
        found = describe(path) if "path" in raw else "nothing"
        yield at.issue(PATH_MISSING, f"Field of view without a path: found {found}")
    elif at.spec.details and not at.spec.field_name.fullmatch(path):
        yield at.at("path").issue(PATH_INVALID, f"Path of a field of view is {quoted(path)}")
    if "acquisition" in raw and not is_integer(raw["acquisition"]):
        found = describe(raw["acquisition"])
        message = f"Acquisition of a field is {found}: expected a whole number"
        yield at.at("acquisition").issue(ACQUISITION_INVALID, message)
