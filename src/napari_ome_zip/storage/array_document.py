"""Reads the document of an array as far as it is legal, without opening the array."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.storage.hierarchy import Node

_INTEGER = re.compile(r"u?int(8|16|32|64)")
_V2_INTEGER = re.compile(r"[<>|=]?[iu][1248]")


@dataclass(frozen=True, slots=True)
class ArrayDocument:
    """Shape, data type and dimension names of an array, as far as they are legal."""

    shape: tuple[int, ...]
    data_type: str
    """Name of the data type as written, without byte order."""
    is_integer: bool
    dimension_names: tuple[object, ...] | None
    separator: str | None
    """Separator of the parts of a chunk's name in Zarr v2; None in Zarr v3."""

    @classmethod
    def of(cls, node: Node) -> ArrayDocument:
        """Return the content of an array's document."""
        return _v3(node.document) if node.zarr_format == 3 else _v2(node.document)


def _shape(raw: Any) -> tuple[int, ...]:
    listed = raw if isinstance(raw, list) else []
    whole = [n for n in listed if isinstance(n, int | float) and not isinstance(n, bool)]
    return tuple(int(n) for n in whole if isinstance(n, int) or n.is_integer())


def _v2(raw: Mapping[str, Any]) -> ArrayDocument:
    dtype = str(raw.get("dtype"))
    return ArrayDocument(
        shape=_shape(raw.get("shape")),
        data_type=dtype.lstrip("<>|="),
        is_integer=_V2_INTEGER.fullmatch(dtype) is not None,
        dimension_names=None,
        separator=str(raw.get("dimension_separator", ".")),
    )


def _v3(raw: Mapping[str, Any]) -> ArrayDocument:
    data_type = raw.get("data_type")
    name = str(data_type.get("name")) if isinstance(data_type, dict) else str(data_type)
    names = raw.get("dimension_names")
    return ArrayDocument(
        shape=_shape(raw.get("shape")),
        data_type=name,
        is_integer=_INTEGER.fullmatch(name) is not None,
        dimension_names=tuple(names) if isinstance(names, list) else None,
        separator=None,
    )
