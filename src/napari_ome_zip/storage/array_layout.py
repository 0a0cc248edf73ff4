"""How the document of an array says that it is stored: chunks, shards and codecs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.storage.hierarchy import Node


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """What of the layout of an array a document says; None for what is of another kind."""

    shape: list[int] | None
    chunks: list[int] | None
    shards: list[int] | None
    """None where there are none, too."""
    codecs: list[str]
    """Names of the codecs of a chunk, but for the one that only says the order of bytes."""

    @classmethod
    def of(cls, node: Node) -> ArrayLayout:
        """Return the layout that an array's document describes."""
        return _v3(node.document) if node.zarr_format == 3 else _v2(node.document)


def _v2(document: Mapping[str, Any]) -> ArrayLayout:
    compressor = document.get("compressor")
    name = compressor.get("id") if isinstance(compressor, Mapping) else None
    codecs = [str(name)] if name else []
    return ArrayLayout(_sides(document.get("shape")), _sides(document.get("chunks")), None, codecs)


def _v3(document: Mapping[str, Any]) -> ArrayLayout:
    grid = _settings(document.get("chunk_grid")).get("chunk_shape")
    codecs = _codecs(document)
    shards = None
    sharding = next((c for c in codecs if c.get("name") == "sharding_indexed"), None)
    if sharding is not None:
        settings = _settings(sharding)
        shards, grid = grid, settings.get("chunk_shape")
        codecs = _codecs(settings)
    names = [str(codec.get("name")) for codec in codecs]
    return ArrayLayout(
        _sides(document.get("shape")),
        _sides(grid),
        _sides(shards),
        [name for name in names if name != "bytes"],
    )


def _codecs(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = value.get("codecs")
    return [c for c in listed if isinstance(c, Mapping)] if isinstance(listed, list) else []


def _sides(value: object) -> list[int] | None:
    """Return sizes along axes as written (a lone number is one axis); None for anything else."""
    if isinstance(value, int):
        return [value]
    if not isinstance(value, list) or not all(isinstance(side, int) for side in value):
        return None
    return value


def _settings(value: object) -> Mapping[str, Any]:
    settings = value.get("configuration") if isinstance(value, Mapping) else None
    return settings if isinstance(settings, Mapping) else {}
