"""Read the group that is named for napari; what is wrong with it costs a layer, never the file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import (
    ArchiveError,
    DamagedEntryError,
    MetadataError,
    UnreadableChunkError,
    raise_line_failure,
)
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import (
    ATTRIBUTE,
    GROUP,
    KINDS,
    MAX_BYTES,
    MAX_DRAWINGS,
    METADATA,
    VERSION,
    Drawing,
    NapariGroup,
    array_names,
    is_napari_group,
    is_simple,
)
from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.ome.frozen_json import TooDeepError
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.hierarchy import Hierarchy

MAX_DIMENSIONS = 32
MAX_ARRAYS = 4096
"""Arrays of one layer, at most."""
MAX_CHUNKS = 1 << 16
"""Chunks of one array, at most: each takes time, stored or not."""
MAX_NAME = 255


class _UnusableError(Exception):
    """Why a layer cannot be read."""


def read_napari_group(hierarchy: Hierarchy) -> tuple[NapariGroup, tuple[Finding, ...]]:
    """What the group for napari holds, and what of it cannot be read.

    Arrays are read at once: they are small beside images, and `MAX_BYTES` bounds them.
    """
    findings: list[Finding] = []
    try:
        said = _said(hierarchy, GROUP)
    except _UnusableError as error:
        return NapariGroup(), (_finding(GROUP, f"What lies in '{GROUP}' is not shown: {error}."),)
    if said is None:
        return NapariGroup(), ()
    if said.get("version") != VERSION:
        text = (
            f"Layers in '{GROUP}' are not shown: their layout is version "
            f"{said.get('version')!r:.20}, which this program does not know. Update it."
        )
        return NapariGroup(), (_finding(GROUP, text),)
    reader = _Reader(hierarchy)
    drawings, unread = [], []
    for name in _listed(said.get("layers"), findings):
        try:
            drawing = reader.drawing(name)
        except _UnusableError as error:
            text = f"The layer '{GROUP}/{name}' is not shown: {error}."
            findings.append(_finding(f"{GROUP}/{name}", text))
            continue
        if drawing is None:
            unread.append(name)
            text = f"The layer '{GROUP}/{name}' is not shown: it is of a kind that is not known."
            findings.append(_finding(f"{GROUP}/{name}", text))
        else:
            drawings.append(drawing)
    view = said.get("view")
    frozen = FrozenMapping(view) if isinstance(view, dict) else None
    return NapariGroup(tuple(drawings), frozen, tuple(unread)), tuple(findings)


def _listed(names: Any, findings: list[Finding]) -> list[str]:
    listed = names if isinstance(names, list) else []
    good = list(dict.fromkeys(filter(_is_name, listed)))
    if len(good) > MAX_DRAWINGS:
        text = f"The first {MAX_DRAWINGS} of {len(good):,} layers in '{GROUP}' are shown."
        findings.append(_finding(GROUP, text))
    return good[:MAX_DRAWINGS]


def _is_name(name: Any) -> bool:
    """Whether a string names something directly in a group."""
    return (
        isinstance(name, str) and 0 < len(name) <= MAX_NAME and "/" not in name
        and name.strip(".") != ""
    )  # fmt: skip


def _said(hierarchy: Hierarchy, path: str) -> Mapping[str, Any] | None:
    """What a group says about layers; None where there is no such group."""
    try:
        node = hierarchy.node(path)
    except (ArchiveError, MetadataError) as error:
        raise _UnusableError(str(error).rstrip(".")) from error
    if node is None or node.kind != "group":
        return None
    said = node.attributes.get(ATTRIBUTE)
    if not isinstance(said, dict) or (path == GROUP and not is_napari_group(node)):
        return None
    try:
        FrozenMapping(said)
    except TooDeepError as error:
        raise _UnusableError(f"its description is {error}") from error
    return said


class _Reader:
    """Reads layers, as long as there is room for them."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._room = MAX_BYTES

    def drawing(self, name: str) -> Drawing | None:
        """One layer; None where it is of a kind that is not known."""
        path = f"{GROUP}/{name}"
        said = _said(self._hierarchy, path)
        if said is None:
            raise _UnusableError("it is listed but missing")
        kind = said.get("type")
        if not isinstance(kind, str):
            raise _UnusableError("it does not say what it is")
        if kind not in KINDS:
            return None
        names = list(dict.fromkeys(array_names(_without_metadata(said))))
        if len(names) > MAX_ARRAYS:
            raise _UnusableError(f"it has {len(names):,} arrays, expected {MAX_ARRAYS:,} at most")
        arrays = dict(self._arrays(path, names))
        title = said.get("name")
        title = title if isinstance(title, str) and title else kind
        return Drawing(kind, title, FrozenMapping(said), arrays, name)

    def _arrays(self, path: str, names: list[str]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        for name in names:
            if not _is_name(name):
                raise _UnusableError(f"its array {name!r:.40} lies elsewhere")
            yield name, self._array(f"{path}/{name}")

    def _array(self, path: str) -> npt.NDArray[Any]:
        try:
            node = self._hierarchy.node(path)
            if node is None or node.kind != "array":
                raise _UnusableError(f"its array '{path}' is missing")
            array = ChunkedArray(self._hierarchy.store, node)
        except (ArchiveError, MetadataError) as error:
            raise _UnusableError(str(error).rstrip(".")) from error
        self._take_room(array)
        if 0 in array.shape:
            return np.empty(array.shape, array.dtype)
        try:
            with strict_reading():
                return array.read(tuple(slice(0, n) for n in array.shape))
        except (ArchiveError, DamagedEntryError, UnreadableChunkError, OSError) as error:
            raise_line_failure(error)
            raise _UnusableError(f"'{path}' cannot be read") from error

    def _take_room(self, array: ChunkedArray) -> None:
        """Refuse an array that takes more memory, or time, than layers of napari need."""
        path, shape, grid = array.path, array.shape, array.grid_chunk_shape
        if not is_simple(array.dtype) or len(shape) > MAX_DIMENSIONS:
            raise _UnusableError(f"'{path}' holds {array.dtype}, expected numbers")
        size, chunk = (math.prod(each) * array.dtype.itemsize for each in (shape, grid))
        if max(size, chunk) > self._room:
            raise _UnusableError(
                f"it is too large to be read: '{path}' has {readable_size(max(size, chunk))}, and "
                f"all such layers of a file may have {readable_size(MAX_BYTES)}"
            )
        chunks = math.prod(-(-n // edge) for n, edge in zip(shape, grid, strict=True))
        if chunks > MAX_CHUNKS:
            raise _UnusableError(
                f"'{path}' is in {chunks:,} chunks, expected {MAX_CHUNKS:,} at most"
            )
        self._room -= size


def _without_metadata(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, without the metadata of a person, in which nothing stands for an array."""
    return {key: value for key, value in said.items() if key != METADATA}


def _finding(where: str, message: str) -> Finding:
    return Finding("napari-layer-unusable", where, message)
