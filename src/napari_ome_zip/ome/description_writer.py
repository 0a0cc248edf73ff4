"""Writes omero, image-label, plate and well.

Versions write these alike but for what a contrast window consists of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Hashable
from typing import Any

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.ome.frozen_json import FrozenMapping, thaw
from napari_ome_zip.ome.images.image_label import ImageLabel
from napari_ome_zip.ome.images.label_table import LabelTable
from napari_ome_zip.ome.images.omero import Omero, OmeroChannel, Window
from napari_ome_zip.ome.plates.acquisition import Acquisition
from napari_ome_zip.ome.plates.plate import Plate
from napari_ome_zip.ome.plates.well import Well
from napari_ome_zip.ome.versions import Spec


def without_none(**values: Any) -> dict[str, Any]:
    """Return the values that are not None, as a JSON object."""
    return {key: value for key, value in values.items() if value is not None}


def check_unique(entries: Collection[Hashable], what: str) -> None:
    """Raise `MetadataError` where two entries are the same."""
    # Entries of a list MUST differ from each other.
    if len(set(entries)) != len(entries):
        raise MetadataError(f"Two of the {what} are the same. OME-Zarr wants each one once.")


def plain_json(mapping: FrozenMapping) -> dict[str, Any]:
    """Return any JSON object; numbers that JSON does not have (NaN, infinity) become null."""
    return {key: _finite(item) for key, item in mapping.to_json().items()}


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return None
    return value


def omero_to_json(omero: Omero, spec: Spec) -> dict[str, Any]:
    """Return rendering settings; a window with all limits that the version wants, or none."""
    rdefs = without_none(model=omero.model, defaultT=omero.default_t, defaultZ=omero.default_z)
    written: dict[str, Any] = {"channels": [_channel(each, spec) for each in omero.channels]}
    return written | ({"rdefs": rdefs} if rdefs else {})


def _channel(channel: OmeroChannel, spec: Spec) -> dict[str, Any]:
    return without_none(
        label=channel.label,
        color=channel.color,
        active=channel.active,
        window=None if channel.window is None else _window(channel.window, spec),
        inverted=channel.inverted,
    )


def _window(window: Window, spec: Spec) -> dict[str, float] | None:
    if spec.optional_display:
        return _written_window(window)
    # All four limits MUST be there: min and max stand in for start and end, and vice versa.
    limits = {
        "min": window.start if window.min is None else window.min,
        "max": window.end if window.max is None else window.max,
        "start": window.min if window.start is None else window.start,
        "end": window.max if window.end is None else window.end,
    }
    known = {
        key: limit for key, limit in limits.items() if limit is not None and math.isfinite(limit)
    }
    return known if len(known) == len(limits) else None


def _written_window(window: Window) -> dict[str, float] | None:
    """What is known of a window, where ``start`` and ``end`` suffice (0.9.dev1)."""
    limits = {"min": window.min, "max": window.max, "start": window.start, "end": window.end}
    known = {key: n for key, n in limits.items() if n is not None and math.isfinite(n)}
    return known if {"start", "end"} <= known.keys() else None


def image_label_to_json(label: ImageLabel) -> dict[str, Any]:
    """Return label metadata; empty lists are left out, which MUST hold an entry."""
    written: dict[str, Any] = {}
    check_unique([each.value for each in label.colors], "label colors")
    check_unique(label.table.values, "label properties")
    if label.colors:
        written["colors"] = [
            {"label-value": each.value} | ({"rgba": list(each.rgba)} if each.rgba else {})
            for each in label.colors
        ]
    if label.properties:
        written["properties"] = _properties(label.table)
    if label.source is not None:
        written["source"] = {"image": label.source}
    return written


def _properties(table: LabelTable) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"label-value": value} for value in table.values]
    for name, cells in table.columns.items():
        if name != "label-value":
            for number, cell in cells.items():
                rows[number][name] = _finite(thaw(cell))
    return rows


_NAME = re.compile(r"[A-Za-z0-9]+")
_WELL = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9]+")
_FIELD = re.compile(r"(?!\.+$)(?!__)[A-Za-z0-9_.-]+")


def plate_to_json(plate: Plate) -> dict[str, Any]:
    """Return a plate, which has rows, columns and wells."""
    if not plate.rows or not plate.columns or not plate.wells:
        raise MetadataError("The plate has no rows, columns or wells. OME-Zarr wants all three.")
    check_unique(plate.rows, "rows of the plate")
    check_unique(plate.columns, "columns of the plate")
    check_unique(plate.wells, "wells of the plate")
    for name in (*plate.rows, *plate.columns):
        if not _NAME.fullmatch(name):
            raise MetadataError(f"Plate row or column '{name}' is not made of letters and digits.")
    for well in plate.wells:
        if not _WELL.fullmatch(well.path):
            raise MetadataError(f"Well path '{well.path}' is not a row and a column, as 'A/1' is.")
    written: dict[str, Any] = {
        "rows": [{"name": name} for name in plate.rows],
        "columns": [{"name": name} for name in plate.columns],
        "wells": [
            {"path": well.path, "rowIndex": well.row_index, "columnIndex": well.column_index}
            for well in plate.wells
        ],
    }
    if plate.acquisitions:
        written["acquisitions"] = [_acquisition(each) for each in plate.acquisitions]
    return written | without_none(name=plate.name, field_count=plate.field_count)


def _acquisition(acquisition: Acquisition) -> dict[str, Any]:
    return without_none(
        id=acquisition.id,
        name=acquisition.name,
        description=acquisition.description,
        maximumfieldcount=acquisition.maximum_field_count,
        starttime=acquisition.start_time,
        endtime=acquisition.end_time,
    )


def well_to_json(well: Well) -> dict[str, Any]:
    """Return a well, which has at least one field of view."""
    if not well.images:
        raise MetadataError("The well has no fields of view. OME-Zarr wants at least one.")
    check_unique(well.images, "fields of view of the well")
    for image in well.images:
        if not _FIELD.fullmatch(image.path):
            raise MetadataError(
                f"Field of view path '{image.path}' is not made of letters, digits, '_', '.', '-'."
            )
    return {
        "images": [
            without_none(path=each.path, acquisition=each.acquisition) for each in well.images
        ]
    }
