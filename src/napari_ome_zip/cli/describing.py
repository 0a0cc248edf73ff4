"""Describes the content of a file for the command ``info``, as JSON values and as text."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.files import shown_place
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedPart
from napari_ome_zip.image.load import open_image
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.orientation_text import orientation_text
from napari_ome_zip.image.tables.backends import TableSize
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.ome import OmeGroup, parse_group
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage import ArchiveStore, HierarchyStore, open_store
from napari_ome_zip.storage.array_layout import ArrayLayout
from napari_ome_zip.storage.hierarchy import Hierarchy, join

type Json = dict[str, Any]

MAX_TABLES = 20
"""Tables that the text names, at most; JSON has all of them."""


def describe_image(path: str | os.PathLike[str]) -> Json:
    """Describe the content of an archive or a folder as JSON values, without reading pixels.

    Raises
    ------
    FileNotFoundError, ArchiveError, MetadataError
        As `open_image` does.
    """
    store = open_store(path)
    image = open_image(store)
    hierarchy = Hierarchy(store)
    root = _group(hierarchy, "")
    described: Json = {
        "path": shown_place(path),
        "kind": "archive" if isinstance(store, ArchiveStore) else "folder",
        "version": root.version if root is not None else None,
        **_container(store),
        "display_system": _system(image),
        "parts": [_part(part, image.opened) for part in image.parts],
        "tables": [*map(_table, image.tables)],
        "findings": [
            {"code": f.code, "where": f.where, "message": f.message} for f in image.findings
        ],
    }
    return described


def _container(store: HierarchyStore) -> Json:
    if not isinstance(store, ArchiveStore):
        return {}
    return {"file_bytes": store.file.size, "entries": len(store.index), "root": store.root}


def _system(image: CompositeImage) -> Json:
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


def _part(part: PlacedPart, opened: Opened | None) -> Json:
    level = part.levels[0]
    matrix, matrix_axes = part.to_display.matrix, part.to_display.output_axes
    described: Json = {
        "name": part.name,
        "kind": "image" if isinstance(part, PlacedImage) else "labels",
        "path": part.path,
        "axes": [axis.name for axis in part.axes],
        "orientation": orientation_text(matrix_axes, part.orientations, part.axes),
        "shape": list(level.shape),
        "dtype": str(level.dtype),
        "pixel_bytes": int(sum(lvl.nbytes for lvl in part.levels)),
        "to_display": matrix.tolist(),
        "extent": _extent(matrix, level.shape),
        "levels": [*_levels(part, opened)],
    }
    if isinstance(part, PlacedImage):
        described["channels"] = [channel.name for channel in part.channels]
    return described


def _table(table: Table) -> Json:
    return {
        "path": table.path,
        "form": str(table.form),
        "type": table.type,
        "backend": table.backend,
        "rows": table.size.rows,
        "columns": table.size.columns,
        "labels": list(table.labels),
    }


def _extent(matrix: np.ndarray[Any, Any], shape: Sequence[int]) -> list[list[float]]:
    """Return the extent along each display axis, from border to border of the outermost voxels."""
    linear, offset = matrix[:, :-1], matrix[:, -1]
    ends = np.array([[-0.5, n - 0.5] for n in shape])
    reach = linear[:, :, None] * ends[None, :, :]
    low, high = reach.min(axis=2).sum(axis=1) + offset, reach.max(axis=2).sum(axis=1) + offset
    return [[float(a), float(b)] for a, b in zip(low, high, strict=True)]


def _group(hierarchy: Hierarchy, path: str) -> OmeGroup | None:
    node = hierarchy.node(path)
    if node is None or node.kind != "group":
        return None
    return parse_group(node.attributes, path=path, zarr_format=node.zarr_format).group


def _levels(part: PlacedPart, opened: Opened | None) -> Iterator[Json]:
    found = None if opened is None else opened.images.get(part.path)
    if opened is None or found is None:
        return
    for dataset in found.group.multiscales[part.multiscale].datasets:
        path = join(part.path, dataset.path)
        try:
            node = None if path is None else opened.hierarchy.node(path)
        except MetadataError:
            continue  # reported as a finding
        if node is not None and node.kind == "array":
            yield {"path": node.path, **asdict(ArrayLayout.of(node))}


def info_text(described: Json, width: int) -> str:
    """Return a description that `describe_image` made, as text."""
    lines = [described["path"], _about_container(described), _about_system(described)]
    for part in described["parts"]:
        lines += ["", *_about_part(part, described["display_system"]["axes"])]
    if described["tables"]:
        lines += ["", "Tables:", *_about_tables(described["tables"])]
    if described["findings"]:
        lines += ["", "Problems that were worked around:"]
        lines += [f"  {finding['message']}" for finding in described["findings"]]
    return "\n".join(_wrapped(line, width) for line in lines) + "\n"


def _wrapped(line: str, width: int) -> str:
    indent = len(line) - len(line.lstrip())
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _about_container(described: Json) -> str:
    version = f"OME-Zarr {described['version']}" if described["version"] else "OME-Zarr"
    if described["kind"] != "archive":
        return f"{version} in a folder"
    text = f"{version} in an archive of {readable_size(described['file_bytes'])}"
    text += f", {described['entries']:,} entries"
    return text + (f", in its folder '{described['root']}'" if described["root"] else "")


def _about_system(described: Json) -> str:
    axes = [
        axis["name"] + (f" ({axis['unit']})" if axis["unit"] else "")
        for axis in described["display_system"]["axes"]
    ]
    count = len(described["parts"])
    shown = "1 part" if count == 1 else f"{count:,} parts"
    return f"{shown}, shown in '{described['display_system']['name']}': {', '.join(axes)}"


def _about_part(part: Json, axes: Sequence[Json]) -> Iterator[str]:
    kind = "Image" if part["kind"] == "image" else "Labels"
    where = f" in {part['path']}" if part["path"] else ""
    yield f"{kind} '{part['name']}'{where}"
    sides = ", ".join(f"{a} {n:,}" for a, n in zip(part["axes"], part["shape"], strict=True))
    yield f"  {sides}; {part['dtype']}; {readable_size(part['pixel_bytes'])} of pixels"
    named = [name for name in part.get("channels", ()) if name]
    if named:
        yield f"  channels: {', '.join(named)}"
    yield f"  placed: {_about_place(part, axes)}"
    if part["orientation"]:
        yield f"  orientation: {part['orientation']}"
    for number, level in enumerate(part["levels"]):
        text = f"  level {number}: {_shape(level['shape'])}, chunks {_shape(level['chunks'])}"
        text += f" in shards {_shape(level['shards'])}" if level["shards"] else ""
        yield f"{text}, {', '.join(level['codecs']) or 'not compressed'}"


def _about_tables(tables: Sequence[Json]) -> Iterator[str]:
    for table in tables[:MAX_TABLES]:
        kind = (table["type"] or "table").replace("_", " ")
        size = TableSize(table["rows"], table["columns"])
        about = f"about {', '.join(table['labels'])}" if table["labels"] else ""
        facts = (f"  {table['path']}: {kind} ({table['form']})", str(size), about)
        yield ", ".join(filter(None, facts))
    if len(tables) > MAX_TABLES:
        yield f"  and {len(tables) - MAX_TABLES:,} more"


def _about_place(part: Json, axes: Sequence[Json]) -> str:
    spans = [
        f"{axis['name']} {low:.6g} to {high:.6g}{_unit(axis['unit'])}"
        for axis, (low, high) in zip(axes, part["extent"], strict=True)
    ]
    linear = np.array(part["to_display"])[:, :-1]
    aligned = all(np.count_nonzero(row) <= 1 for row in linear)
    return ", ".join(spans) + ("" if aligned else " (rotated or sheared)")


def _unit(unit: str | None) -> str:
    return f" {unit}" if unit else ""


def _shape(shape: Sequence[int] | None) -> str:
    return " × ".join(f"{n}" for n in shape) if shape else "of other kinds"
