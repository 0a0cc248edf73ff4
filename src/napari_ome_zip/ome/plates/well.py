"""Reads wells: the fields of view of one well of a plate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, found_in, integer, is_name, quoted, string
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "well metadata"

IMAGES_MISSING = Rule(
    "well-images-missing",
    MUST,
    SECTION,
    "A well lists its fields of view.",
    'List the fields of view under "images", each with its path.',
    effect=Effect.NOT_SHOWN,
)
PATH_MISSING = Rule(
    "well-path-missing",
    MUST,
    SECTION,
    "Every field of view has a path.",
    'Add the path of the field of view, for instance "0".',
    effect=Effect.NOT_SHOWN,
)
PATH_INVALID = Rule(
    "well-path-invalid",
    MUST,
    SECTION,
    "The path of a field of view is one plain name.",
    "Rename the group of the field of view: letters and digits only (since 0.6 also - _ and .), "
    "no slash.",
    effect=Effect.NOT_SHOWN,
)
PATH_DUPLICATE = Rule(
    "well-path-duplicate",
    MUST,
    SECTION,
    "Every field of view is listed once.",
    "Remove the repeated entries.",
    effect=Effect.DIFFERENT,
)
ACQUISITION_INVALID = Rule(
    "well-acquisition-invalid",
    MUST,
    SECTION,
    "A field of view names its acquisition by an integer.",
    "Write the id of one of the plate's acquisitions.",
    effect=Effect.DETAIL,
)


@dataclass(frozen=True, slots=True)
class WellImage:
    """One field of view."""

    path: str
    """Path of the image, relative to the well's group."""
    acquisition: int | None = None
    """Identifier of the acquisition in the plate."""


@dataclass(frozen=True, slots=True)
class Well:
    """One well (section "well")."""

    images: tuple[WellImage, ...] = ()


def parse_well(value: Any, at: At) -> Well | None:
    """Read a well; None where it is not an object."""
    at = at.owned()
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    listed = value.get("images")
    if not isinstance(listed, list | tuple) or not listed:
        done = "" if listed is None or isinstance(listed, list | tuple) else "ignored"
        at.report(
            IMAGES_MISSING, f"Well without fields of view: found {found_in(value, 'images')}", done
        )
        return at.mark(Well())
    here = at.key("images")
    read = (_image(item, here, index) for index, item in enumerate(listed))
    images = tuple(image for image in read if image is not None)
    if at.judging:
        _judge_duplicates(images, here)
    return at.mark(Well(images))


def _image(value: Any, images: At, index: int) -> WellImage | None:
    if not images.judging and isinstance(value, dict) and is_name(value.get("path")):
        # Nothing to repair, and there may be thousands: no place is made for it.
        return WellImage(value["path"], integer(value.get("acquisition")))
    at = images.item(index)
    if not isinstance(value, dict):
        path = string(value)
        at.wrong_type(value, "an object", SECTION, "left out" if path is None else "")
        return None if path is None else at.mark(WellImage(path))
    written, path = value.get("path"), string(value.get("path"))
    if not is_name(written):
        done = "left out" if path is None else ""
        at.report(
            PATH_MISSING, f"Field of view without a path: found {found_in(value, 'path')}", done
        )
    elif at.spec.details and not at.spec.field_name.fullmatch(written):
        at.key("path").report(PATH_INVALID, f"Path of a field of view is {quoted(written)}")
    acquisition = integer(value.get("acquisition"))
    if "acquisition" in value and acquisition is None:
        found = f"Acquisition of a field of view is {described(value['acquisition'])}"
        at.key("acquisition").report(ACQUISITION_INVALID, f"{found}, not an integer")
    return None if path is None else at.mark(WellImage(path, acquisition))


def _judge_duplicates(images: tuple[WellImage, ...], at: At) -> None:
    for path, count in Counter(image.path for image in images).items():
        if count > 1:
            found = f"Field of view {quoted(path)} is listed {count} times"
            at.report(PATH_DUPLICATE, found)
