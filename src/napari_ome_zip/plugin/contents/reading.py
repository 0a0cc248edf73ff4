"""The text of what a file holds beside its images, bounded in size; no Qt."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.dom import minidom
from xml.parsers.expat import ExpatError

import numpy as np
from zarr.abc.store import RangeByteRequest

from napari_ome_zip.errors import OmeZipError, ReadCancelledError, TableError
from napari_ome_zip.image.attachments import Attachment, Form
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.tables.backends import AT_ONCE
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.sizes import readable_size

MAX_BYTES = 1 << 20
"""Of a file, as many are shown at most."""
MAX_ROWS = 200
"""Of a table or an array, as many are shown at most."""
MAX_COLUMNS = 50
MAX_DECODED = 64 << 20
"""Bytes that are decoded for the first values of an array, at most (64 MiB)."""
_MAX_ITEM = 60

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")


@dataclass(frozen=True)
class Readable:
    """Something to read: a text, or a picture."""

    title: str
    text: str = ""
    note: str = ""
    """What is not shown, and why."""
    picture: bytes = b""


def read_attachment(opened: Opened, attachment: Attachment) -> Readable:
    """Return what is to be read of an attachment; of one that is damaged, why it is not shown."""
    try:
        if attachment.form is Form.ENTRY:
            return _entry(opened, attachment)
        return _node(opened, attachment)
    except ReadCancelledError:
        raise
    except (OmeZipError, OSError) as error:
        return Readable(attachment.path, note=f"It cannot be read. {error}")


def _entry(opened: Opened, attachment: Attachment) -> Readable:
    path, size = attachment.path, opened.store.size_of(attachment.path) or 0
    is_whole = size <= MAX_BYTES
    part = None if is_whole else RangeByteRequest(0, MAX_BYTES)
    content = bytes(opened.store.read(path, part) or b"")
    note = "" if is_whole else f"The first {readable_size(MAX_BYTES)} of {readable_size(size)}."
    if path.lower().endswith(_PICTURES) and is_whole:
        return Readable(path, picture=content)
    if b"\0" in content[:4096]:
        return Readable(path, note=f"It is not text: {readable_size(size)} of other data.")
    text = content.decode(errors="replace")
    return Readable(path, _pretty(path, text) if is_whole else text, note)


def _pretty(path: str, text: str) -> str:
    """Text with lines and indents where it is JSON or XML; as it is where it is not quite."""
    try:
        if path.lower().endswith((".json", ".zattrs", ".zgroup", ".zarray")):
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        # Entities can make a short text very long.
        if path.lower().endswith(".xml") and "<!" not in text.replace("<!--", ""):
            return _indented(text)
    except (ValueError, RecursionError, ExpatError):
        pass
    return text


def _indented(text: str) -> str:
    with minidom.parseString(text.encode()) as document:
        lines = document.toprettyxml(indent="  ").splitlines()
    return "\n".join(line for line in lines if line.strip())


def _node(opened: Opened, attachment: Attachment) -> Readable:
    """The values of an array or the columns of a table, and then the attributes."""
    node = opened.hierarchy.node(attachment.path)
    if node is None:
        return Readable(attachment.path, note="There is nothing with this name anymore.")
    attributes = json.dumps(dict(node.attributes), indent=2, ensure_ascii=False, default=str)
    if attachment.table is not None:
        table, note = _rows(opened, attachment, attachment.table)
    elif attachment.form is Form.ARRAY:
        table, note = _values(ChunkedArray(opened.store, node))
    else:
        table, note = _table(opened, attachment)
    return Readable(attachment.path, "\n\n".join(filter(None, [table, attributes])), note)


def _values(array: ChunkedArray) -> tuple[str, str]:
    """Values of an array of one or two dimensions; of others, what it is."""
    about = f"{' × '.join(f'{n:,}' for n in array.shape)} values of {array.dtype}"
    if not 1 <= array.ndim <= 2 or not all(array.shape) or not _is_small(array):
        return about, ""
    shown = tuple(slice(0, min(n, MAX_ROWS)) for n in array.shape)
    lines = ["\t".join(map(_item, np.atleast_1d(row))) for row in array[shown]]
    note = "" if max(array.shape) <= MAX_ROWS else f"The first {MAX_ROWS} along each axis."
    return "\n".join([about, "", *lines]), note


def _rows(opened: Opened, attachment: Attachment, table: Table) -> tuple[str, str]:
    """The first rows of a table; of one that cannot be read, what of it can, and why."""
    try:
        rows = table.read(AT_ONCE)
    except TableError as error:
        return _table(opened, attachment)[0], str(error)
    named = rows if rows.index.name is None else rows.reset_index()
    part = named.iloc[:MAX_ROWS, :MAX_COLUMNS]
    lines = ["\t".join(map(str, part.columns))]
    lines += ["\t".join(map(_item, row)) for row in part.astype(object).itertuples(index=False)]
    return "\n".join(lines), "" if len(rows) <= MAX_ROWS else _first_of(len(rows))


def _first_of(rows: int) -> str:
    return f"The first {MAX_ROWS} of {rows:,} rows."


def _table(opened: Opened, attachment: Attachment) -> tuple[str, str]:
    """The columns that a group holds, or its group ``obs``, as AnnData has them."""
    columns = list(itertools.islice(_columns(opened, attachment), MAX_COLUMNS))
    rows = max((array.shape[0] for _, array in columns), default=0)
    if not rows:
        return "", ""
    values = [array[slice(0, min(MAX_ROWS, array.shape[0]))] for _, array in columns]
    texts = ([*map(_item, each)] for each in values)
    lines = itertools.zip_longest(*texts, fillvalue="")
    table = "\n".join(map("\t".join, [[name for name, _ in columns], *lines]))
    return table, "" if rows <= MAX_ROWS else _first_of(rows)


def _columns(opened: Opened, attachment: Attachment) -> Iterator[tuple[str, ChunkedArray]]:
    for held in attachment.held:
        if held.form is Form.GROUP and held.name == "obs":
            yield from _columns(opened, held)
        node = opened.hierarchy.node(held.path) if held.form is Form.ARRAY else None
        if node is None:
            continue
        array = ChunkedArray(opened.store, node)
        if array.ndim == 1 and array.shape[0] and _is_small(array):
            yield held.name, array


def _is_small(array: ChunkedArray) -> bool:
    """Whether one chunk can be decoded just to look at its first values."""
    item = array.dtype.itemsize
    return math.prod(array.grid_chunk_shape) * item <= MAX_DECODED


def _item(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _MAX_ITEM else f"{text[: _MAX_ITEM - 1]}…"
