"""Reads lists of paths: the label images of an image, the images of a series."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.bioformats2raw import SECTION as SERIES
from napari_ome_zip.ome.images.image_label import SECTION as LABELS
from napari_ome_zip.ome.json_values import is_name, quoted, string


def parse_labels(value: Any, at: At) -> tuple[str, ...] | None:
    """Read the paths of label images, each once; None where there is no list."""
    # Label images that no list names are shown as well, so what is ignored here changes nothing.
    return _paths(value, "a label image", LABELS, at.owned(), harmless=True)


def parse_series(value: Any, at: At) -> tuple[str, ...] | None:
    """Read the paths of the images of a series, each once; None where there is no list."""
    return _paths(value, "an image", SERIES, at.owned())


def _paths(
    value: Any, kind: str, section: str, at: At, *, harmless: bool = False
) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        done = "read as one path" if is_name(value) else "ignored" if value is not None else ""
        at.wrong_type(value, "a list of paths", section, done, harmless=harmless)
        return at.mark_entries((value,), ()) if is_name(value) else None
    positions: dict[str, int] = {}
    for index, item in enumerate(value):
        path = string(item)
        if not is_name(item):
            done = f"read as {quoted(path)}" if path else "ignored"
            is_read = harmless or path is not None
            at.item(index).wrong_type(item, f"the path of {kind}", section, done, harmless=is_read)
        if path:
            positions.setdefault(path, index)
    return at.mark_entries(tuple(positions), tuple(positions.values()))
