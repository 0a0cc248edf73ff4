"""Describes the content of a file for the command ``info``, as JSON values, without its pixels."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_ome_zip.answers import Answer
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.files import shown_place
from napari_ome_zip.image.attachments import find_attachments
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedPart
from napari_ome_zip.image.load import open_image
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.orientation_text import orientation_text
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.storage import ArchiveStore, HierarchyStore, open_store
from napari_ome_zip.storage.array_layout import ArrayLayout
from napari_ome_zip.storage.hierarchy import join


def describe_image(path: str | os.PathLike[str]) -> Answer:
    """Describe the content of an archive or a folder as JSON values, without reading pixels.

    Raises
    ------
    FileNotFoundError, ArchiveError, MetadataError
        As `open_image` does.
    """
    store = open_store(path)
    image = open_image(store)
    opened = image.opened
    described: Answer = {
        "path": shown_place(path),
        "kind": "archive" if isinstance(store, ArchiveStore) else "folder",
        "version": None if opened is None else _version(image, opened),
        **_container(store),
        "display_system": _system(image),
        "plates": [] if opened is None else [*_plates(image, opened)],
        "parts": [_part(part, opened) for part in image.parts],
        "tables": [*map(_table, image.tables)],
        "layers": [{"name": each.name, "kind": each.kind} for each in image.napari.drawings],
        "has_view": image.napari.view is not None,
        "attachments": [] if opened is None else [*_attachments(image, opened)],
        "findings": [
            {"code": f.code, "where": f.where, "message": f.message} for f in image.findings
        ],
    }
    return described


def _container(store: HierarchyStore) -> Answer:
    if not isinstance(store, ArchiveStore):
        return {}
    return {"file_bytes": store.file.size, "entries": len(store.index), "root": store.root}


def _version(image: CompositeImage, opened: Opened) -> str | None:
    """The version that the root states, else that of the first image."""
    groups = map(opened.group, ("", image.parts[0].path))
    return next((group.version for group in groups if group and group.version), None)


def _system(image: CompositeImage) -> Answer:
    axes = [
        {
            "name": axis.name,
            "type": axis.type,
            "unit": axis.unit,
            "orientation": axis.orientation and axis.orientation.value,
        }
        for axis in image.system.axes
    ]
    return {"name": image.system.name, "axes": axes}


def _plates(image: CompositeImage, opened: Opened) -> Iterator[Answer]:
    """Each plate that fields of view are on, with what its document says of it."""
    fields = [field for part in image.images for field in part.fields or (part,)]
    positions = [field.position for field in fields if field.position is not None]
    for path in dict.fromkeys(position.plate for position in positions):
        group = opened.group(path)
        plate = None if group is None else group.plate
        if plate is None:
            continue  # a well without a plate
        here = [position for position in positions if position.plate == path]
        in_wells = Counter((position.row, position.column) for position in here)
        yield {
            "name": plate.name,
            "path": path,
            "rows": list(plate.rows),
            "columns": list(plate.columns),
            "wells": len(in_wells),
            "fields": len(here),
            "most_fields": max(in_wells.values()),
            "acquisitions": [{"id": each.id, "name": each.name} for each in plate.acquisitions],
        }


def _part(part: PlacedPart, opened: Opened | None) -> Answer:
    matrix, matrix_axes = part.to_display.matrix, part.to_display.output_axes
    described: Answer = {
        "name": part.name,
        "kind": "image" if isinstance(part, PlacedImage) else "labels",
        "path": part.path,
        "axes": [axis.name for axis in part.axes],
        "orientation": orientation_text(matrix_axes, part.orientations, part.axes),
        "shape": list(part.shape),
        "dtype": str(part.dtype),
        "pixel_bytes": int(sum(level.nbytes for level in part.levels)),
        "to_display": matrix.tolist(),
        "extent": _extent(matrix, part.shape),
        "levels": [*_levels(part, opened)],
    }
    if part.fields:
        sizes = {field.shape for field in part.fields}
        described["mosaic"] = {
            "fields": len(part.fields),
            "field_shape": [max(sides) for sides in zip(*sizes, strict=True)],
            "fields_differ": len(sizes) > 1,
        }
    if isinstance(part, PlacedImage):
        described["channels"] = [channel.name for channel in part.channels]
    return described


def _table(table: Table) -> Answer:
    return {
        "path": table.path,
        "form": str(table.form),
        "type": table.type,
        "backend": table.backend,
        "rows": table.size.rows,
        "columns": table.size.columns,
        "labels": list(table.labels),
    }


def _attachments(image: CompositeImage, opened: Opened) -> Iterator[Answer]:
    """What lies beside images, but for tables: they are described by themselves."""
    for each in find_attachments(opened, image.parts):
        if not each.is_table:
            yield {
                "path": each.path,
                "title": each.title,
                "form": str(each.form),
                "bytes": each.size,
                "is_thumbnail": each.is_thumbnail,
            }


def _extent(matrix: np.ndarray[Any, Any], shape: Sequence[int]) -> list[list[float]]:
    """Return the extent along each display axis, from border to border of the outermost voxels."""
    linear, offset = matrix[:, :-1], matrix[:, -1]
    ends = np.array([[-0.5, n - 0.5] for n in shape])
    reach = linear[:, :, None] * ends[None, :, :]
    low, high = reach.min(axis=2).sum(axis=1) + offset, reach.max(axis=2).sum(axis=1) + offset
    return [[float(a), float(b)] for a, b in zip(low, high, strict=True)]


def _levels(part: PlacedPart, opened: Opened | None) -> Iterator[Answer]:
    """How levels are stored; those of a mosaic as they are in its first field of view."""
    group = None if opened is None else opened.group(part.path)
    if opened is None or group is None or part.multiscale >= len(group.multiscales):
        return
    for dataset in group.multiscales[part.multiscale].datasets:
        path = join(part.path, dataset.path)
        try:
            node = None if path is None else opened.hierarchy.node(path)
        except MetadataError:
            continue  # reported as a finding
        if node is not None and node.kind == "array":
            yield {"path": node.path, **asdict(ArrayLayout.of(node))}
