"""Tables whose columns are lists in the attributes of a group ``table`` (ngio: ``json``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.image.tables.backends.bounds import Bounds, TableSize, library, unreadable
from napari_ome_zip.storage.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd

_GROUP = "table"


def size(hierarchy: Hierarchy, path: str) -> TableSize:
    """Rows of the longest column, and the number of columns."""
    try:
        columns = _columns(hierarchy, path)
    except (ArchiveError, MetadataError):
        return TableSize()
    if columns is None:
        return TableSize()
    lengths = [len(cells) for cells in columns.values() if isinstance(cells, list)]
    return TableSize(max(lengths, default=0), len(columns))


def read(hierarchy: Hierarchy, path: str, bounds: Bounds) -> pd.DataFrame:
    """All rows; null is a missing value.

    Raises
    ------
    TableError
    """
    pandas = library("pandas", path)
    try:
        columns = _columns(hierarchy, path)
    except (ArchiveError, MetadataError) as error:
        raise unreadable(path, error) from error
    if columns is None:
        raise unreadable(path, f"its group '{_GROUP}' is missing")
    bounds.check(path, size(hierarchy, path))
    wrong = next((name for name, cells in columns.items() if not isinstance(cells, list)), None)
    if wrong is not None:
        raise unreadable(path, f"its column '{wrong:.40}' is not a list")
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        longest, shortest = max(lengths, key=_of(lengths)), min(lengths, key=_of(lengths))
        raise unreadable(
            path,
            f"its column '{longest:.40}' has {lengths[longest]:,} rows, "
            f"'{shortest:.40}' has {lengths[shortest]:,}",
        )
    try:
        frame: pd.DataFrame = pandas.DataFrame(dict(columns))
    except (ValueError, TypeError, OverflowError) as error:
        raise unreadable(path, error) from error
    return frame


def _of(lengths: Mapping[str, int]) -> Any:
    return lengths.__getitem__


def _columns(hierarchy: Hierarchy, path: str) -> Mapping[str, Any] | None:
    node = hierarchy.node(f"{path}/{_GROUP}")
    return None if node is None else node.attributes
