"""Rules on what the documents of an image refer to: wells, fields of view, labels, a series."""

from __future__ import annotations

from napari_ome_zip.ome.bioformats2raw import SECTION as SERIES
from napari_ome_zip.ome.images.image_label import SECTION as LABELS
from napari_ome_zip.ome.plates.lines import SECTION as PLATE
from napari_ome_zip.ome.plates.well import SECTION as WELL
from napari_ome_zip.rules import MUST, Effect, Rule

IMAGE_NOT_FOUND = Rule(
    "scene-image-not-found",
    MUST,
    "scene metadata",
    "Every image that a scene places exists.",
    "Correct the path, or write the missing image.",
    effect=Effect.NOT_SHOWN,
)
WELL_NOT_FOUND = Rule(
    "plate-well-not-found",
    MUST,
    PLATE,
    "Every well that a plate lists exists, and describes its fields of view.",
    "Remove the well from the list, or write its group; readers show a gap in its place.",
    effect=Effect.NOT_SHOWN,
)
ROW_NOT_GROUP = Rule(
    "plate-row-not-group",
    MUST,
    "storage format, high-content screening",
    "Every row of a plate that has wells is a group of its own.",
    "Add a group document (zarr.json) to the folder of the row.",
    effect=Effect.NOT_SHOWN,
)
FIELD_NOT_FOUND = Rule(
    "well-field-not-found",
    MUST,
    WELL,
    "Every field of view that a well lists is an image that exists.",
    "Remove the field from the list, or write its image.",
    effect=Effect.NOT_SHOWN,
)
SERIES_NOT_FOUND = Rule(
    "series-not-found",
    MUST,
    SERIES,
    "Every image of a series exists.",
    "Remove the path from the series, or write the missing image.",
    effect=Effect.NOT_SHOWN,
)
SERIES_NUMBERS = Rule(
    "series-not-consecutive",
    MUST,
    SERIES,
    "Without a list, the images of a series are numbered 0, 1, 2 and so on, without a gap.",
    'Rename the groups, or list their paths under "series" in the OME group.',
    effect=Effect.NOT_SHOWN,
)
LABEL_NOT_FOUND = Rule(
    "label-not-found",
    MUST,
    LABELS,
    "Every label image that is listed exists.",
    "Remove the name from the list, or write the missing label image.",
    effect=Effect.NOT_SHOWN,
)
LABEL_NOT_IMAGE = Rule(
    "label-not-image",
    MUST,
    LABELS,
    "A label image is an image: it describes its axes and levels under multiscales.",
    'Add "multiscales" to the label image.',
    effect=Effect.NOT_SHOWN,
)
