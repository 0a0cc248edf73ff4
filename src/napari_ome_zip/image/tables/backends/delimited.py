"""Tables that are one file of comma-separated values, ``table.csv`` (ngio: ``csv``)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_ome_zip.image.tables.backends.bounds import Bounds, TableSize, library, unreadable
from napari_ome_zip.image.tables.backends.whole_file import content
from napari_ome_zip.storage.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pandas as pd


def read(hierarchy: Hierarchy, path: str, bounds: Bounds) -> pd.DataFrame:
    """All rows; an empty cell is a missing value.

    Raises
    ------
    TableError
    """
    pandas = library("pandas", path)
    text = content(hierarchy, path, "csv", bounds)
    # Counted first: of a million columns pandas makes a million objects. The first line names them.
    lines = text.rstrip(b"\n").count(b"\n")
    bounds.check(path, TableSize(lines, _columns(path, text)))
    try:
        frame: pd.DataFrame = pandas.read_csv(io.BytesIO(text))
    except (ValueError, OverflowError) as error:  # pandas' own errors are of these
        raise unreadable(path, error) from error
    if not isinstance(frame.index, pandas.RangeIndex):  # it took the first cells for names of rows
        raise unreadable(path, "its rows have more cells than its first line has names")
    bounds.check(path, TableSize(*frame.shape))
    return frame


def _columns(path: str, text: bytes) -> int:
    first = text[: text.find(b"\n")] if b"\n" in text else text
    try:
        return len(next(csv.reader([first.decode()]), []))
    except (UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error
