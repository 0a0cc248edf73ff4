"""Rules on series of images as bioformats2raw lays them out."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "bioformats2raw.layout metadata"

LAYOUT = Rule(
    "bioformats2raw-layout",
    MUST,
    SECTION,
    "The layout of a series of images is number 3.",
    "Write 3, or convert the images again with a current bioformats2raw.",
)


def check_layout(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``bioformats2raw.layout``."""
    if isinstance(raw, bool) or raw != 3:
        yield at.issue(LAYOUT, f"Layout of the series is {describe(raw)}: expected the number 3")


def check_series(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``series``: paths of images."""
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of paths to images", SECTION)
        return
    for i, path in enumerate(raw):
        if not isinstance(path, str):
            yield at.at(i).wrong_type(path, "the path of an image", SECTION)
