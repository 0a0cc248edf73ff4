"""Tables that are one Parquet file, ``table.parquet`` (ngio: ``parquet``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from napari_ome_zip.errors import TableError
from napari_ome_zip.image.tables.backends.bounds import Bounds, TableSize, library, unreadable
from napari_ome_zip.image.tables.backends.whole_file import content
from napari_ome_zip.storage.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd


def read(hierarchy: Hierarchy, path: str, bounds: Bounds) -> pd.DataFrame:
    """All rows.

    Raises
    ------
    TableError
    """
    arrow = library("pyarrow", path)
    file = io.BytesIO(content(hierarchy, path, "parquet", bounds))
    library("pandas", path)
    parquet = library("pyarrow.parquet", path)
    try:
        opened = parquet.ParquetFile(file)
        bounds.check(path, _size(opened.metadata))
        frame: pd.DataFrame = opened.read().to_pandas()
    except TableError:
        raise
    except (arrow.ArrowException, ValueError, OSError, LookupError, TypeError) as error:
        raise unreadable(path, error) from error
    return frame


def _size(metadata: Any) -> TableSize:
    return TableSize(metadata.num_rows, metadata.num_columns)
