"""JSON values: checks of their type, lenient conversion, and their wording in messages."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard

_MAX_SHOWN = 40
"""Characters of a value that a message shows, at most."""


def number(value: Any) -> float | None:
    """Return a finite JSON number as float, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def integer(value: Any) -> int | None:
    """Return an integer, or a float without fraction, as int; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def string(value: Any) -> str | None:
    """Return a string that is not empty, or a number as a string; None for anything else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return str(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return None


def numbers(value: Any) -> tuple[float, ...] | None:
    """Return a list of finite numbers as a tuple, None for anything else."""
    if not isinstance(value, list | tuple):
        return None
    read = tuple(number(item) for item in value)
    return None if None in read else tuple(item for item in read if item is not None)


def indices(value: Any) -> tuple[int, ...] | None:
    """Return a list of different integers from 0 up as a tuple, None for anything else."""
    if not isinstance(value, list | tuple):
        return None
    read = [integer(item) for item in value]
    kept = tuple(item for item in read if item is not None and item >= 0)
    return kept if len(kept) == len(read) == len(set(kept)) else None


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, Mapping)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number (true and false are not)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_integer(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is an integer; ``1.0`` is, as in JSON Schema."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def is_name(value: object) -> TypeGuard[str]:
    """Whether a JSON value is a string that is not empty."""
    return isinstance(value, str) and bool(value)


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects in a list; an empty list for any other value."""
    return [item for item in value if is_object(item)] if is_list(value) else []


def described(value: object) -> str:
    """Return a JSON value in words, short enough for a message.

    >>> described("green"), described(7), described([1, 2])
    ('the string "green"', 'the number 7', 'a list of 2')
    """
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        written = string(value) or ""
        return f"the number {written}" if 0 < len(written) <= _MAX_SHOWN else "a huge number"
    if isinstance(value, str):
        return f"the string {json.dumps(shortened(value), ensure_ascii=False)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    return f"a value of type {type(value).__name__}"


def found_in(value: Mapping[str, object], field: str) -> str:
    """Return the value of a field in words, "nothing" where the object does not have the field."""
    return described(value[field]) if field in value else "nothing"


def quoted(names: object) -> str:
    """Return one name, or several, in quotation marks.

    >>> print(quoted("y"), "and", quoted(["z", "x"]))
    "y" and "z", "x"
    """
    if isinstance(names, str):
        return f'"{shortened(names)}"'
    if isinstance(names, list | tuple | set | frozenset):
        return ", ".join(quoted(str(name)) for name in names) or "none"
    return described(names)


def shortened(written: str) -> str:
    """Return a string cut to fit into a message."""
    return written if len(written) <= _MAX_SHOWN else written[: _MAX_SHOWN - 3] + "…"
