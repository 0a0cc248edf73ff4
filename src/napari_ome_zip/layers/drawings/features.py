"""Tables of features, one row for each point, shape or vertex: as JSON with arrays, and back.

A column says its type: ``numbers`` (truth values among them), ``strings``, ``times`` and
``durations``, ``categories``, or ``cells``, each of which is JSON of its own. What is missing is
missing again, and types of pandas come back where pandas knows them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.napari_group import is_simple
from napari_ome_zip.layers.drawings.values import Encoder, decode, scalar
from napari_ome_zip.layers.plain import clean_text, plain

type Column = dict[str, Any]

_TIMES = {"M": "times", "m": "durations"}
_MAX_DEFAULT = 10_000


def encode_features(
    features: Any, defaults: Any, encoder: Encoder
) -> tuple[list[Column], list[str]]:
    """The columns of a table, and what cannot be kept of it as it is.

    Parameters
    ----------
    features : DataFrame or mapping of str to sequence, or None
    defaults : DataFrame or mapping of str to value, or None
        The values of rows that are added; those of columns that are not there do not count.
    encoder : Encoder
        Takes the arrays.
    """
    columns: list[Column] = []
    lost: list[str] = []
    for number, (name, values) in enumerate(() if features is None else features.items()):
        title = clean_text(name)
        if any(column["name"] == title for column in columns):
            lost.append(f"a second feature '{title}'")
            continue
        column, as_text = _encoded(values, f"feature-{number}", encoder)
        if as_text:
            lost.append(f"the type of feature '{title}' (it is kept as text)")
        default = _first(defaults, name)
        if default is not None:
            column["default"] = default
        columns.append({"name": title, **column})
    return columns, lost


def _encoded(values: Any, name: str, encoder: Encoder) -> tuple[Column, bool]:
    """One column, and whether values of it became text."""
    categories = getattr(values, "cat", None)
    if categories is not None:
        inner, as_text = _encoded(categories.categories, f"{name}-categories", encoder)
        codes = encoder.array(np.asarray(categories.codes, np.int32), f"{name}-codes")
        found = {"type": "categories", "codes": codes, "categories": inner}
        return {**found, "ordered": bool(categories.ordered)}, as_text
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) or dtype is None:
        return _of_numpy(np.asarray(values), name, encoder)
    said = {"pandas": str(dtype)}
    base = getattr(dtype, "numpy_dtype", None)
    missing = np.asarray(values.isna() if hasattr(values, "isna") else values.isnull(), dtype=bool)
    if isinstance(base, np.dtype) and is_simple(base):
        whole = values.to_numpy(dtype=base, na_value=base.type(0))
        column = {"type": "numbers", "values": encoder.array(whole, name), **said}
        return column | _missing(missing, name, encoder), False
    column, as_text = _of_objects(list(values), name, encoder)
    return ({**column, **said} if column["type"] == "strings" else column), as_text


def _of_numpy(values: npt.NDArray[Any], name: str, encoder: Encoder) -> tuple[Column, bool]:
    if values.ndim != 1:
        values = _rows(values)
    kind = values.dtype.kind
    if is_simple(values.dtype):
        return {"type": "numbers", "values": encoder.array(values, name)}, False
    if kind in _TIMES:
        unit, step = np.datetime_data(values.dtype)
        if step == 1 and unit != "generic":
            stored = encoder.array(values.astype(np.int64), name)
            return {"type": _TIMES[kind], "unit": unit, "values": stored}, False
    return _of_objects(values.tolist(), name, encoder)


def _rows(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of more dimensions as one cell a row."""
    rows = np.empty(len(values), dtype=object)
    for number, row in enumerate(values):
        rows[number] = row.tolist()
    return rows


def _of_objects(items: Sequence[Any], name: str, encoder: Encoder) -> tuple[Column, bool]:
    missing = np.array([_is_missing(item) for item in items], dtype=bool)
    if all(gone or isinstance(item, str) for item, gone in zip(items, missing, strict=True)):
        texts = ["" if gone else str(item) for item, gone in zip(items, missing, strict=True)]
        column = {"type": "strings", "values": encoder.texts(texts, name)}
        return column | _missing(missing, name, encoder), False
    cells = [json.dumps(plain(item), ensure_ascii=False) for item in items]
    as_text = any(
        plain(item) != item for item, gone in zip(items, missing, strict=True) if not gone
    )
    return {"type": "cells", "values": encoder.texts(cells, name)}, as_text


def _is_missing(item: Any) -> bool:
    return (
        item is None
        or type(item).__name__ in ("NAType", "NaTType")
        or (isinstance(item, float) and item != item)
    )


def _missing(missing: npt.NDArray[np.bool_], name: str, encoder: Encoder) -> Column:
    return {"missing": encoder.array(missing, f"{name}-missing")} if missing.any() else {}


def _first(defaults: Any, name: Any) -> Any:
    """The default of a column as JSON; None where there is none."""
    if defaults is None or name not in defaults:
        return None
    column = defaults[name]
    item = column if isinstance(column, str) or np.ndim(column) == 0 else next(iter(column))
    if _is_missing(item):
        return None
    item = item.item() if isinstance(item, np.generic) else item
    if isinstance(item, bool | int | float | str):
        return scalar(item) if len(str(item)) <= _MAX_DEFAULT else None
    return plain(item)


def decode_features(
    columns: Any, rows: int, arrays: Mapping[str, npt.NDArray[Any]]
) -> tuple[Any, Any]:
    """The table that columns stand for, and the defaults for further rows.

    Tables of pandas where pandas is there, and else columns by name: napari takes either.

    Raises
    ------
    ValueError
        If they are not those of so many rows.
    """
    if not isinstance(columns, list):
        raise ValueError("its features are not a list of columns")
    table: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for column in columns:
        name = column.get("name") if isinstance(column, dict) else None
        if not isinstance(name, str):
            raise ValueError("a column of its features has no name")
        values = _decoded(column, arrays)
        if len(values) != rows:
            raise ValueError(f"feature '{name}' has {len(values)} rows, expected {rows}")
        table[name] = values
        if "default" in column:
            defaults[name] = decode(column["default"], arrays)
    pandas = _pandas()
    if pandas is None or not table:
        return table, None
    frame = pandas.DataFrame(table, index=range(rows))
    return frame, _defaults_of(frame, defaults, pandas)


def _defaults_of(frame: Any, defaults: Mapping[str, Any], pandas: Any) -> Any:
    """One row of the types that the columns have; None where these cannot hold it."""
    row = {}
    try:
        for name in frame.columns:
            default, dtype = defaults.get(name), frame[name].dtype
            is_category = isinstance(dtype, pandas.CategoricalDtype) and default is not None
            if is_category and default not in dtype.categories:
                return None
            row[name] = pandas.Series([default]).astype(dtype)
    except (ValueError, TypeError, OverflowError):
        return None
    return pandas.DataFrame(row, index=range(1))


def _decoded(column: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The values of a column: a series of pandas where that is needed to say what they are."""
    kind = column.get("type")
    if kind == "categories":
        return _categories(column, arrays)
    values = decode(column.get("values"), arrays)
    missing = decode(column.get("missing"), arrays)
    if kind in ("numbers", "times", "durations"):
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise ValueError("a column of its features is not a list of numbers")
        if kind == "numbers":
            return _typed(values, missing, column.get("pandas"))
        return _times(values, str(kind), column.get("unit"))
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(
            f"a column of its features is of type {kind!r:.20}, and no list of strings"
        )
    if kind == "strings":
        return _typed(values, missing, column.get("pandas"))
    if kind != "cells":
        raise ValueError(f"a column of its features is of type {kind!r:.20}, which is not known")
    cells = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        cells[row] = json.loads(value)
    return cells


def _typed(values: Any, missing: Any, dtype: Any) -> Any:
    """Values with those that are missing, of a type of pandas if there is one of that name."""
    if missing is None and dtype is None:
        return values if isinstance(values, np.ndarray) else _objects(values)
    if missing is not None:
        if not isinstance(missing, np.ndarray) or missing.shape != (len(values),):
            raise ValueError("it is not said of each row of a feature whether it is missing")
        items = values.tolist() if isinstance(values, np.ndarray) else list(values)
        values = [None if gone else item for item, gone in zip(items, missing, strict=True)]
    pandas = _pandas()
    if pandas is not None and isinstance(dtype, str):
        try:
            return pandas.Series(values, dtype=dtype)
        except (TypeError, ValueError, OverflowError):
            pass  # of another version of pandas
    return values if isinstance(values, np.ndarray) else _objects(values)


def _objects(items: Sequence[Any]) -> npt.NDArray[Any]:
    """Strings as they are, where pandas would choose a type for them."""
    values = np.empty(len(items), dtype=object)
    values[:] = items
    return values


def _times(values: npt.NDArray[Any], kind: str, unit: Any) -> npt.NDArray[Any]:
    if values.dtype != np.int64 or unit not in ("D", "h", "m", "s", "ms", "us", "ns"):
        raise ValueError("a column of its features is not a list of times")
    return values.view(f"{'M8' if kind == 'times' else 'm8'}[{unit}]")


def _categories(column: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    codes = decode(column.get("codes"), arrays)
    inner = column.get("categories")
    if not isinstance(inner, dict) or inner.get("type") == "categories":
        raise ValueError("a column of its features has no categories")
    categories = _decoded(inner, arrays)
    good = isinstance(codes, np.ndarray) and codes.ndim == 1 and codes.dtype.kind in "iu"
    if not good or (len(codes) and not (codes.min() >= -1 and codes.max() < len(categories))):
        raise ValueError("a column of its features names categories that are not there")
    pandas = _pandas()
    if pandas is None:
        items = [*list(categories), None]
        return _objects([items[code] for code in codes.tolist()])
    ordered = column.get("ordered") is True
    return pandas.Series(pandas.Categorical.from_codes(codes, pandas.Index(categories), ordered))


def _pandas() -> Any:
    """Pandas, which comes with napari; None where it is not installed."""
    try:
        import pandas
    except ImportError:
        return None
    return pandas
