"""The group that is named for napari, as it is written: see ``docs/format.md``."""

from __future__ import annotations

import math
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy.typing as npt

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.napari_group import (
    ATTRIBUTE,
    GROUP,
    INSTEAD_OF,
    VERSION,
    Drawing,
    NapariGroup,
    is_napari_group,
)
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan
from napari_ome_zip.saving.encoding.arrays import ArrayLayout, array_document
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.carrying import ROOT, Moves, moved
from napari_ome_zip.storage.json_writing import to_json

CHUNK_BYTES = 1 << 22
"""Uncompressed size of a chunk, about."""


def add_napari_group(
    image: CompositeImage,
    options: SaveOptions,
    moves: MutableMapping[str, str | None],
    documents: MutableMapping[str, bytes],
    arrays: list[ArrayPlan],
) -> tuple[Finding, ...]:
    """Write the group for napari where it is not what the file has already.

    Parameters
    ----------
    image : CompositeImage
    options : SaveOptions
    moves : dict
        Where entries of the file go; what is replaced is left out.
    documents : dict
        Documents that are written anew, by entry name.
    arrays : list of ArrayPlan
        Arrays that are encoded.

    Returns
    -------
    tuple of Finding
        What is lost.
    """
    opened, group = image.opened, _with_tables_moved(image.napari, moves)
    if options.for_others:
        moves[GROUP] = None
        return tuple(_left_out(group))
    if opened is not None and group is opened.napari:
        return ()
    there = _what_is_there(opened)
    if there == "other" or (there == "newer" and not group.drawings):
        return tuple(map(_no_place, group.drawings))
    if there != "nothing":
        moves[GROUP] = None
        moves.update({f"{GROUP}/{name}": f"{GROUP}/{name}" for name in group.unread})
    if group.drawings or group.view is not None or group.unread:
        _write(group, options, documents, arrays)
    return tuple(_removed(opened, group))


def _with_tables_moved(group: NapariGroup, moves: Moves) -> NapariGroup:
    """The group with the places that tables have in the new file; the same where none moves."""
    drawings = tuple(_with_table_moved(drawing, moves) for drawing in group.drawings)
    return group if drawings == group.drawings else replace(group, drawings=drawings)


def _with_table_moved(drawing: Drawing, moves: Moves) -> Drawing:
    table = drawing.instead_of
    place = None if table is None else moved(table, moves)
    if place == table:
        return drawing
    said = {key: value for key, value in drawing.description.items() if key != INSTEAD_OF}
    beside = {} if place is None else {INSTEAD_OF: place}
    return replace(drawing, description=FrozenMapping({**said, **beside}))


def _what_is_there(opened: Opened | None) -> str:
    """What the file has under the name of the group."""
    if opened is None or GROUP not in opened.store.child_names(""):
        return "nothing"
    try:
        node = opened.hierarchy.node(GROUP)
    except MetadataError:
        return "other"
    if node is None or not is_napari_group(node):
        return "other"
    return "ours" if node.attributes[ATTRIBUTE]["version"] == VERSION else "newer"


def _write(
    group: NapariGroup,
    options: SaveOptions,
    documents: MutableMapping[str, bytes],
    arrays: list[ArrayPlan],
) -> None:
    free = (name for name in map(str, range(10**6)) if name not in group.unread)
    named = list(zip(free, group.drawings, strict=False))
    said: dict[str, Any] = {
        "version": VERSION,
        "layers": [*(name for name, _ in named), *group.unread],
    }
    if group.view is not None:
        said["view"] = group.view.to_json()
    documents[f"{GROUP}/{ROOT}"] = _group_document(said)
    for name, drawing in named:
        path = f"{GROUP}/{name}"
        documents[f"{path}/{ROOT}"] = _group_document(drawing.description.to_json())
        for array_name, array in drawing.arrays.items():
            _add_array(f"{path}/{array_name}", array, drawing.name, options, documents, arrays)


def _group_document(said: dict[str, Any]) -> bytes:
    return to_json({"zarr_format": 3, "node_type": "group", "attributes": {ATTRIBUTE: said}})


def _add_array(
    path: str,
    array: npt.NDArray[Any],
    title: str,
    options: SaveOptions,
    documents: MutableMapping[str, bytes],
    arrays: list[ArrayPlan],
) -> None:
    arrangement = _layout(array)
    # Chunks of nothing but the fill value are not stored, and missed by whoever checks the file.
    documents[f"{path}/{ROOT}"] = array_document(
        array.shape, array.dtype, arrangement, None, options, fill_value=0 if array.any() else 1
    )
    if array.size:
        # Without a name of its own dask would make one from all the values.
        source: da.Array = da.from_array(array, name=False)
        arrays.append(ArrayPlan(path, array.shape, array.dtype, arrangement, source, title=title))


def _layout(array: npt.NDArray[Any]) -> ArrayLayout:
    """Chunks of whole rows."""
    row = array.dtype.itemsize * math.prod(array.shape[1:])
    rows = min(max(1, CHUNK_BYTES // max(1, row)), len(array))
    return ArrayLayout(tuple(max(1, n) for n in (rows, *array.shape[1:])), None)


def _left_out(group: NapariGroup) -> Iterator[Finding]:
    for drawing in group.drawings:
        code = "layer-not-saved" if drawing.path is None else "drawing-removed"
        text = f"'{drawing.name}' is left out: the file is for others only."
        yield Finding(code, drawing.name, text)


def _no_place(drawing: Drawing) -> Finding:
    text = (
        f"'{drawing.name}' is not saved: the file has something else under the name '{GROUP}', "
        "where such layers are kept. Save under another name from an empty window."
    )
    return Finding("layer-not-saved", drawing.name, text)


def _removed(opened: Opened | None, group: NapariGroup) -> Iterator[Finding]:
    """Layers of the file that are not saved again."""
    if opened is None:
        return
    there = {drawing.path for drawing in group.drawings}
    for drawing in opened.napari.drawings:
        if drawing.path not in there:
            text = (
                f"'{drawing.name}' of {opened.store.name} is not among the layers: the saved file "
                "is without it."
            )
            yield Finding("drawing-removed", f"{GROUP}/{drawing.path}", text)
