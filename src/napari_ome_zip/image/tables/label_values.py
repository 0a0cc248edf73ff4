"""The labels that rows of a table are about: whole numbers, however they are written."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.tables.backends.bounds import library

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2.0**53
"""Whole numbers below it are the same as floating point numbers."""


def label_values(names: pd.Index[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Label values, and which of them are some: texts of digits and whole floats are, NaN is not.

    Parameters
    ----------
    names : pandas.Index
        What rows are called.

    Returns
    -------
    ndarray of int64, shape (n,)
        0 where a name is no label.
    ndarray of bool, shape (n,)
    """
    pandas = library("pandas", "")
    found = names.to_numpy()
    if found.dtype.kind in "iu":
        good = found <= np.iinfo(np.int64).max
        return np.where(good, found, 0).astype(np.int64), good
    kind = pandas.api.types.infer_dtype(names, skipna=False)
    if kind == "boolean" or found.dtype.kind in "mM":
        return np.zeros(len(names), np.int64), np.zeros(len(names), np.bool_)
    # Read as such: a floating point number does not hold all of 64 bits. Python takes 1_2 for 12.
    if kind == "string" and not any("_" in name for name in found):
        with suppress(ValueError, OverflowError):
            return found.astype(np.int64), np.ones(len(names), np.bool_)
    floats = np.asarray(pandas.to_numeric(names, errors="coerce"), dtype=float)
    good = np.isfinite(floats) & (floats == np.rint(floats)) & (np.abs(floats) < _EXACT)
    return np.where(good, floats, 0).astype(np.int64), good


def with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by the labels that they are about, which AnnData writes as texts; if all are labels."""
    values, good = label_values(frame.index)
    if not good.all() or frame.index.dtype.kind in "iu":
        return frame
    return frame.set_axis(library("pandas", "").Index(values, name=frame.index.name), axis=0)
