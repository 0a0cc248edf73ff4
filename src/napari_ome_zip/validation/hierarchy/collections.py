"""Rules on collections: do plates, wells and series find their images?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.bioformats2raw import SECTION as SERIES
from napari_ome_zip.ome.json_values import is_integer, is_list, is_name, is_object, objects, quoted
from napari_ome_zip.ome.plate_lines import SECTION as PLATE
from napari_ome_zip.ome.well import SECTION as WELL
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.documents.group import Metadata
from napari_ome_zip.validation.documents.raw import as_objects
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

WELL_NOT_FOUND = Rule(
    "plate-well-not-found",
    MUST,
    PLATE,
    "Every well that a plate lists exists, and describes its fields of view.",
    "Remove the well from the list, or write its group; readers show a gap in its place.",
)
ROW_NOT_GROUP = Rule(
    "plate-row-not-group",
    MUST,
    "storage format, high-content screening",
    "Every row of a plate that has wells is a group of its own.",
    "Add a group document (zarr.json) to the folder of the row.",
)
FIELD_NOT_FOUND = Rule(
    "well-field-not-found",
    MUST,
    WELL,
    "Every field of view that a well lists is an image that exists.",
    "Remove the field from the list, or write its image.",
)
ACQUISITION_MISSING = Rule(
    "well-acquisition-missing",
    MUST,
    WELL,
    "In a plate of several acquisitions, every field of view names its own.",
    'Add "acquisition" with the id of the acquisition to each field of view.',
)
ACQUISITION_UNKNOWN = Rule(
    "well-acquisition-unknown",
    MUST,
    WELL,
    "The acquisition that a field of view names is one of the plate's.",
    "Correct the id, or list the acquisition in the plate.",
)
SERIES_NOT_FOUND = Rule(
    "series-not-found",
    MUST,
    SERIES,
    "Every image of a series exists.",
    "Remove the path from the series, or write the missing image.",
)
SERIES_NUMBERS = Rule(
    "series-not-consecutive",
    MUST,
    SERIES,
    "Without a list, the images of a series are numbered 0, 1, 2 and so on, without a gap.",
    'Rename the groups, or list their paths under "series" in the OME group.',
)


def check_collections(documents: DocumentSet) -> Iterator[Issue]:
    """Check all plates, wells and series."""
    for path, metadata in documents.metadata.items():
        plate = metadata.content.get("plate")
        if is_object(plate):
            yield from _check_plate(plate, path, metadata.place.at("plate"), documents)
        well = metadata.content.get("well")
        if is_object(well):
            yield from _check_fields(well, path, metadata.place.at("well"), documents)
        if "series" in metadata.content:
            yield from _check_series(path, metadata, documents)
        if "bioformats2raw.layout" in metadata.content and not is_object(plate):
            yield from _check_numbered(path, metadata, documents)


def _check_plate(
    plate: Mapping[str, object], path: str, at: Place, documents: DocumentSet
) -> Iterator[Issue]:
    rows: dict[str, None] = {}
    acquisitions = [a.get("id") for a in objects(plate.get("acquisitions"))]
    for i, item in enumerate(as_objects(plate.get("wells"))):
        name = item.get("path")
        target = join(path, name) if is_name(name) else None
        if not is_name(name) or target is None:
            continue
        well = documents.metadata.get(target)
        if well is None or "well" not in well.content:
            found = "does not exist" if target not in documents.folders else "is no well"
            yield at.at("wells", i).issue(WELL_NOT_FOUND, f"Well {quoted(name)} {found}")
            continue
        rows.setdefault(target.rpartition("/")[0])
        yield from _check_acquisitions(well, acquisitions)
    for row in rows:
        if row != path and not documents.is_group(row):
            message = f"Row {quoted(row)} of the plate is a bare folder, not a group"
            yield at.issue(ROW_NOT_GROUP, message)


def _check_acquisitions(well: Metadata, acquisitions: list[object]) -> Iterator[Issue]:
    raw = well.content.get("well")
    images = as_objects(raw.get("images")) if is_object(raw) else []
    for i, image in enumerate(images):
        at = well.place.at("well", "images", i)
        number = image.get("acquisition")
        if number is None:
            if len(acquisitions) > 1:
                message = "Field of view does not say to which acquisition it belongs"
                yield at.issue(ACQUISITION_MISSING, message)
        elif is_integer(number) and acquisitions and number not in acquisitions:
            message = f"Acquisition {number} is not one of the plate's"
            yield at.issue(ACQUISITION_UNKNOWN, message)


def _check_fields(
    well: Mapping[str, object], path: str, at: Place, documents: DocumentSet
) -> Iterator[Issue]:
    for i, image in enumerate(as_objects(well.get("images"))):
        name = image.get("path")
        target = join(path, name) if is_name(name) else None
        if is_name(name) and not documents.is_image(target):
            found = "is no image" if target in documents.folders else "does not exist"
            yield at.at("images", i).issue(FIELD_NOT_FOUND, f"Field {quoted(name)} {found}")


def _check_series(path: str, metadata: Metadata, documents: DocumentSet) -> Iterator[Issue]:
    # The list lies in the group OME; its paths count from the group above.
    parent = path.rpartition("/")[0]
    series = metadata.content.get("series")
    for i, name in enumerate(series if is_list(series) else ()):
        target = join(parent, name) if is_name(name) else None
        if is_name(name) and not documents.is_image(target):
            found = "is no image" if target in documents.folders else "does not exist"
            message = f"Image {quoted(name)} of the series {found}"
            yield metadata.place.at("series", i).issue(SERIES_NOT_FOUND, message)


def _check_numbered(path: str, metadata: Metadata, documents: DocumentSet) -> Iterator[Issue]:
    listed = documents.metadata.get(f"{path}/OME" if path else "OME")
    if (listed is not None and "series" in listed.content) or "multiscales" in metadata.content:
        return
    parent = f"{path}/" if path else ""
    below = (image.removeprefix(parent) for image in documents.images_below.get(path, ()))
    names = [name for name in below if "/" not in name]
    expected = {str(n) for n in range(len(names))}
    if not names or set(names) != expected:
        message = f"Images of the series are {quoted(sorted(names))}: 0, 1, 2, … are expected"
        yield metadata.place.issue(SERIES_NUMBERS, message)
