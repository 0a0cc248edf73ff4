"""Tables as AnnData stores them: measurements in ``X``, named by ``var``, all else in ``obs``.

Documents say how large everything is before anything is read, and each array is looked through by
this program's own careful reader first (`sound_arrays`): anndata then meets nothing but what it
expects, of the size that it expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import zarr

from napari_ome_zip.errors import ArchiveError, MetadataError, raise_line_failure
from napari_ome_zip.image.tables.backends.bounds import Bounds, TableSize, library, unreadable
from napari_ome_zip.image.tables.backends.sound_arrays import look_through
from napari_ome_zip.image.tables.column_names import distinct
from napari_ome_zip.storage.hierarchy import Hierarchy, Node

if TYPE_CHECKING:
    import pandas as pd

_CATEGORIES = "categories"
_SPARSE = ("csr_matrix", "csc_matrix")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "categorical": ("codes", _CATEGORIES),
    "nullable-integer": ("values", "mask"),
    "nullable-boolean": ("values", "mask"),
    "nullable-string-array": ("values", "mask"),
    "csr_matrix": ("data", "indices", "indptr"),
    "csc_matrix": ("data", "indices", "indptr"),
}
"""Arrays that elements consist of which are groups."""
_INDEX = "_index"


def size(hierarchy: Hierarchy, path: str) -> TableSize:
    """Rows, and columns of ``X`` and ``obs`` together."""
    try:
        shape = _matrix_shape(hierarchy, f"{path}/X")
    except (ArchiveError, MetadataError):
        return TableSize()
    own = described_size(hierarchy, path)
    if shape is None or own.columns is None:
        return own
    return TableSize(shape[0] if own.rows is None else own.rows, own.columns + shape[1])


def described_size(hierarchy: Hierarchy, path: str) -> TableSize:
    """Rows, and columns of ``obs`` alone."""
    try:
        columns, index = _columns(hierarchy, f"{path}/obs")
        return TableSize(_length(hierarchy, f"{path}/obs/{index}"), len(columns))
    except (ArchiveError, MetadataError):
        return TableSize()


def read_described(hierarchy: Hierarchy, path: str, bounds: Bounds) -> pd.DataFrame:
    """As `read`, without the measurements: cells have tens of thousands of genes.

    Raises
    ------
    TableError
    """
    return _read(hierarchy, path, bounds, measured=False)


def read(hierarchy: Hierarchy, path: str, bounds: Bounds) -> pd.DataFrame:
    """All rows: columns of ``X`` by the names in ``var``, then those of ``obs``, whose index it is.

    Raises
    ------
    TableError

    Notes
    -----
    AnnData, "on-disk format": https://anndata.readthedocs.io/en/stable/fileformat-prose.html
    """
    return _read(hierarchy, path, bounds, measured=True)


def _read(hierarchy: Hierarchy, path: str, bounds: Bounds, *, measured: bool) -> pd.DataFrame:
    anndata = library("anndata", path)
    bounds.check(path, (size if measured else described_size)(hierarchy, path))
    look_through(hierarchy, path, [*_elements(hierarchy, path, measured=measured)], bounds)
    elements = ["obs"]
    if measured and _has(hierarchy, f"{path}/X"):
        elements += ["X", f"var/{_columns(hierarchy, f'{path}/var')[1]}"]
    try:
        group = zarr.open_group(hierarchy.store, path=path, mode="r", use_consolidated=False)
        frame, *matrix = (anndata.io.read_elem(group[element]) for element in elements)
    # It has no public error for an encoding that it does not know, and what else is not as it
    # should be makes it, zarr or pandas raise anything.
    except Exception as error:
        raise_line_failure(error)
        raise unreadable(path, error) from error
    return _with_measured(path, frame, *matrix) if matrix else frame


def _with_measured(path: str, frame: pd.DataFrame, matrix: Any, names: Any) -> pd.DataFrame:
    dense = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    if dense.shape != (len(frame), len(names)):
        shape = " × ".join(map(str, dense.shape))
        found = f"X is {shape} for {len(frame):,} rows and {len(names):,} names of columns"
        raise unreadable(path, found)
    pandas = library("pandas", path)
    # The column that names rows, and what they are about, is one of obs.
    columns = distinct(names, set(map(str, frame.columns)))
    measured = pandas.DataFrame(dense, index=frame.index, columns=columns)
    joined: pd.DataFrame = pandas.concat([measured, frame], axis=1)
    return joined


# What documents say


def _node(hierarchy: Hierarchy, path: str) -> Node:
    node = hierarchy.node(path)
    if node is None:
        raise MetadataError(f"'{path}' is missing")
    return node


def _has(hierarchy: Hierarchy, path: str) -> bool:
    """Whether there is something in the place of an element; null stands for nothing."""
    node = hierarchy.node(path)
    return node is not None and node.attributes.get("encoding-type") != "null"


def _columns(hierarchy: Hierarchy, path: str) -> tuple[list[str], str]:
    """Names of the columns of a data frame, and of its index."""
    attributes = _node(hierarchy, path).attributes
    listed, index = attributes.get("column-order"), attributes.get(_INDEX)
    columns = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return columns, index if isinstance(index, str) else _INDEX


def _length(hierarchy: Hierarchy, path: str) -> int | None:
    """Rows of a column, of whatever it is encoded as."""
    node = hierarchy.node(path)
    parts = () if node is None else _PARTS.get(str(node.attributes.get("encoding-type")), ())
    shape = _shape(hierarchy.node(f"{path}/{parts[0]}") if parts else node)
    return None if shape is None or len(shape) != 1 else shape[0]


def _matrix_shape(hierarchy: Hierarchy, path: str) -> tuple[int, int] | None:
    node = hierarchy.node(path)
    if node is None:
        return None
    is_sparse = node.attributes.get("encoding-type") in _SPARSE
    shape = _integers(node.attributes.get("shape")) if is_sparse else _shape(node)
    return (shape[0], shape[1]) if shape is not None and len(shape) == 2 else None


def _shape(node: Node | None) -> tuple[int, ...] | None:
    return None if node is None or node.kind != "array" else _integers(node.document.get("shape"))


def _integers(value: Any) -> tuple[int, ...] | None:
    """A list of sizes; None for anything else."""
    if not isinstance(value, list) or not all(type(n) is int and n >= 0 for n in value):
        return None
    return tuple(value)


def _elements(hierarchy: Hierarchy, path: str, *, measured: bool) -> Iterator[str]:
    """The arrays that will be read.

    Raises
    ------
    TableError
        If something is encoded in a way that is not known.
    """
    try:
        columns, index = _columns(hierarchy, f"{path}/obs")
        elements = [f"{path}/obs/{name}" for name in (*columns, index)]
        if measured and _has(hierarchy, f"{path}/X"):
            _, names = _columns(hierarchy, f"{path}/var")
            elements += [f"{path}/X", f"{path}/var/{names}"]
        for element in elements:
            yield from _arrays(hierarchy, element)
    except (ArchiveError, MetadataError) as error:
        raise unreadable(path, error) from error


def _arrays(hierarchy: Hierarchy, element: str, *, is_part: bool = False) -> Iterator[str]:
    node = _node(hierarchy, element)
    if node.kind == "array":
        yield element
        return
    encoding = node.attributes.get("encoding-type")
    parts = _PARTS.get(str(encoding))
    if parts is None or (is_part and _CATEGORIES in parts):
        raise MetadataError(f"'{element}' is encoded as {encoding!r:.40}, which is not known")
    for part in parts:
        where = f"{element}/{part}"
        if part == _CATEGORIES:  # texts, of which some versions store which are missing
            yield from _arrays(hierarchy, where, is_part=True)
        # A mask may be left out where nothing is missing.
        elif part != "mask" or hierarchy.node(where) is not None:
            yield where
