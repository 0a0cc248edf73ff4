"""How large tables may be, and how they are refused where they are larger."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.errors import TableError
from napari_ome_zip.sizes import readable_size

LIBRARY_MISSING = "table-library-missing"
"""Code of the error where a table needs what is not installed."""

TOO_LARGE = "table-large"
"""Code of the error where a table has more rows or columns than are read."""


@dataclass(frozen=True)
class TableSize:
    """Rows and columns of a table; None where only reading it tells."""

    rows: int | None = None
    columns: int | None = None

    @property
    def cells(self) -> int:
        """Rows times columns; 0 where that is not known."""
        return (self.rows or 0) * (self.columns or 0)

    def __str__(self) -> str:
        counts = ((self.rows, "row"), (self.columns, "column"))
        known = [f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in counts if n is not None]
        return " and ".join(known)


@dataclass(frozen=True)
class Bounds:
    """What is read of one table, at most."""

    rows: int = 1 << 27
    columns: int = 20_000
    cells: int = 1 << 27
    stored: int = 1 << 29
    """Bytes of a file that has to be read as a whole to know how many rows it has (512 MiB)."""

    def check(self, path: str, size: TableSize) -> None:
        """Refuse a table of too many rows or columns.

        Raises
        ------
        TableError
        """
        rows, columns = size.rows or 0, size.columns or 0
        if rows > self.rows or columns > self.columns or size.cells > self.cells:
            raise too_large(path, str(size))

    def check_stored(self, path: str, stored: int) -> None:
        """Refuse a table that takes too many bytes.

        Raises
        ------
        TableError
        """
        if stored > self.stored:
            raise too_large(path, readable_size(stored))


AT_ONCE = Bounds(rows=100_000, columns=1_000, cells=1_000_000, stored=8 << 20)
"""What is read while a file is opened; larger tables are read when someone asks for them."""


def too_large(path: str, found: str) -> TableError:
    """The error for a table of more rows or columns than are read."""
    return TableError(f"Table '{path}' has {found}, more than are read at once.", code=TOO_LARGE)


def unreadable(path: str, reason: str | Exception) -> TableError:
    """The error for a table whose rows are not what they should be."""
    # A KeyError quotes its message.
    found = reason.args[0] if isinstance(reason, KeyError) and reason.args else reason
    text = " ".join(str(found).split()) or type(reason).__name__
    return TableError(f"Table '{path}' cannot be read: {text[:200].rstrip('.')}.")


def library(name: str, path: str) -> Any:
    """A library that reads tables, imported when the first one is read.

    Raises
    ------
    TableError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise TableError(
            f"Table '{path}' is read with {name}, which is not installed: "
            'pip install "napari-ome-zip[tables]".',
            code=LIBRARY_MISSING,
        ) from error
