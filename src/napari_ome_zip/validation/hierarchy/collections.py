"""Checks that the images of plates, wells and series exist."""

from __future__ import annotations

from napari_ome_zip.image.reference_rules import (
    FIELD_NOT_FOUND,
    ROW_NOT_GROUP,
    SERIES_NOT_FOUND,
    SERIES_NUMBERS,
    WELL_NOT_FOUND,
)
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.plates.plate import Plate
from napari_ome_zip.ome.plates.well import SECTION as WELL
from napari_ome_zip.ome.plates.well import Well
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy

ACQUISITION_MISSING = Rule(
    "well-acquisition-missing",
    MUST,
    WELL,
    "In a plate of several acquisitions, every field of view names its own.",
    'Add "acquisition" with the id of the acquisition to each field of view.',
    effect=Effect.DETAIL,
)
ACQUISITION_UNKNOWN = Rule(
    "well-acquisition-unknown",
    MUST,
    WELL,
    "The acquisition that a field of view names is one of the plate's.",
    "Correct the id, or list the acquisition in the plate.",
    effect=Effect.DETAIL,
)


def check_collections(judged: JudgedHierarchy) -> None:
    """Check all plates, wells and series."""
    for path, parsed in judged.groups.items():
        group = parsed.group
        if group.plate is not None:
            _check_plate(path, group.plate, judged)
        if group.well is not None:
            _check_fields(path, group.well, judged)
        if group.series is not None:
            _check_series(path, group.series, judged)
        if "bioformats2raw.layout" in parsed.namespace.keys and group.plate is None:
            _check_numbered(path, judged)


def _check_plate(path: str, plate: Plate, judged: JudgedHierarchy) -> None:
    rows: dict[str, None] = {}
    acquisitions = frozenset(each.id for each in plate.acquisitions)
    for well in plate.wells:
        target = join(path, well.path)
        if target is None:
            continue
        found = judged.group(target)
        if found is None or found.group.well is None:
            what = "is not a well" if target in judged.folders else "does not exist"
            at = judged.place(path, well)
            at.report(WELL_NOT_FOUND, f"Well {quoted(well.path)} {what}")
            continue
        rows.setdefault(target.rpartition("/")[0])
        _check_acquisitions(target, found.group.well, acquisitions, judged)
    for row in rows:
        if row != path and not judged.is_group(row):
            message = f"Row {quoted(row)} of the plate is a bare folder, not a group"
            judged.place(path, plate).report(ROW_NOT_GROUP, message)


def _check_acquisitions(
    path: str, well: Well, acquisitions: frozenset[int], judged: JudgedHierarchy
) -> None:
    for image in well.images:
        number = image.acquisition
        if number is None:
            if len(acquisitions) > 1 and not judged.is_faulty(path, image):
                message = "Field of view does not say to which acquisition it belongs"
                judged.place(path, image).report(ACQUISITION_MISSING, message)
        elif acquisitions and number not in acquisitions:
            message = f"Acquisition {number} is not one of the plate's"
            judged.place(path, image).report(ACQUISITION_UNKNOWN, message)


def _check_fields(path: str, well: Well, judged: JudgedHierarchy) -> None:
    for image in well.images:
        target = join(path, image.path)
        if not judged.is_image(target):
            what = "is not an image" if target in judged.folders else "does not exist"
            message = f"Field of view {quoted(image.path)} {what}"
            judged.place(path, image).report(FIELD_NOT_FOUND, message)


def _check_series(path: str, series: tuple[str, ...], judged: JudgedHierarchy) -> None:
    # The list lies in the group OME; its paths are relative to the parent of that group.
    parent = path.rpartition("/")[0]
    for name, at in judged.places(path, series):
        target = join(parent, name)
        if not judged.is_image(target):
            what = "is not an image" if target in judged.folders else "does not exist"
            at.report(SERIES_NOT_FOUND, f"Image {quoted(name)} of the series {what}")


def _check_numbered(path: str, judged: JudgedHierarchy) -> None:
    listed = judged.group(f"{path}/OME" if path else "OME")
    if (listed is not None and "series" in listed.namespace.keys) or judged.is_image(path):
        return
    parent = f"{path}/" if path else ""
    below = (image.removeprefix(parent) for image in judged.images_below.get(path, ()))
    names = [name for name in below if "/" not in name]
    if not names or set(names) != {str(n) for n in range(len(names))}:
        message = f"Images of the series are {quoted(sorted(names))}: 0, 1, 2, … are expected"
        judged.groups[path].at.report(SERIES_NUMBERS, message)
