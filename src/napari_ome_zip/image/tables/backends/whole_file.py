"""What tables have in common that are one file in their group: its size and its bytes."""

from __future__ import annotations

from napari_ome_zip.errors import OmeZipError, TableError, raise_line_failure
from napari_ome_zip.image.tables.backends.bounds import Bounds, TableSize, unreadable
from napari_ome_zip.storage.hierarchy import Hierarchy


def size(hierarchy: Hierarchy, path: str) -> TableSize:
    """Unknown: only reading it tells."""
    return TableSize()


def content(hierarchy: Hierarchy, path: str, suffix: str, bounds: Bounds) -> bytes:
    """The bytes of ``table.SUFFIX``.

    Raises
    ------
    TableError
        If it is missing, too large or damaged.
    """
    name = f"{path}/table.{suffix}"
    try:
        stored = hierarchy.store.size_of(name)
        bounds.check_stored(path, stored or 0)
        read = None if stored is None else hierarchy.store.read(name)
    except TableError:
        raise
    except (OmeZipError, OSError) as error:
        raise_line_failure(error)
        raise unreadable(path, error) from error
    if read is None:
        raise unreadable(path, f"its file 'table.{suffix}' is missing")
    return bytes(read)
