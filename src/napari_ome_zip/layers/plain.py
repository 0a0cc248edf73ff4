"""Values of tables and names as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any

import numpy as np

MAX_DEPTH = 16
"""Lists and objects nested more deeply are kept as strings."""

_NOTHING = ("NAType", "NaTType", "NoneType")


def clean_text(text: Any) -> str:
    """A string that can be written: half characters (lone surrogates) become question marks."""
    return str(text).encode("utf-8", "replace").decode()


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON: nothing is dropped, and what JSON cannot hold becomes a string.

    Arrays and tuples become lists, dates and times ISO 8601 strings, infinite numbers and anything
    else strings. None stands for what is missing: NaN, NaT and NA.
    """
    if isinstance(value, np.datetime64 | np.timedelta64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if type(value).__name__ in _NOTHING:
        return None
    match value:
        case bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else (None if math.isnan(value) else str(value))
        case str():
            return clean_text(value)
        case date() | time():  # datetimes and pandas' time stamps are dates
            return value.isoformat()
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {clean_text(key): plain(item, depth + 1) for key, item in value.items()}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset | np.ndarray):
        items = np.atleast_1d(value) if isinstance(value, np.ndarray) else value
        return [plain(item, depth + 1) for item in items]
    return clean_text(value)
