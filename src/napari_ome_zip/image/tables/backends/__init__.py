"""What rows of tables are stored as: a module for each way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from napari_ome_zip.image.tables.backends import (
    anndata_elements,
    delimited,
    json_lists,
    parquet,
    whole_file,
)
from napari_ome_zip.image.tables.backends.bounds import AT_ONCE, Bounds, TableSize
from napari_ome_zip.storage.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AT_ONCE", "BACKENDS", "Backend", "Bounds", "TableSize"]


class Backend(NamedTuple):
    """How rows are read that are stored in one way."""

    size: Callable[[Hierarchy, str], TableSize]
    """Rows and columns of the table at a path, as far as documents say; never raises."""
    read: Callable[[Hierarchy, str, Bounds], pd.DataFrame]
    """All rows; raises `TableError` where they cannot be read, or are more than the bounds."""
    read_described: Callable[[Hierarchy, str, Bounds], pd.DataFrame] | None = None
    """The same without measurements, where these are stored apart from what describes the rows."""


BACKENDS: Mapping[str, Backend] = MappingProxyType(
    {
        "anndata": Backend(
            anndata_elements.size, anndata_elements.read, anndata_elements.read_described
        ),
        "json": Backend(json_lists.size, json_lists.read),
        "csv": Backend(whole_file.size, delimited.read),
        "parquet": Backend(whole_file.size, parquet.read),
    }
)
"""By name, without what marks versions and experiments (``experimental_json_v1``)."""
