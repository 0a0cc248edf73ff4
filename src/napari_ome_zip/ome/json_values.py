"""JSON values: what they are, what they can be read as, and how a message names them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard


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
    """Return a string, or a number written out; None for anything else and for no letters."""
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


def is_vector(value: object) -> TypeGuard[list[int | float]]:
    """Whether a JSON value is a list of numbers."""
    return isinstance(value, list) and all(is_number(v) for v in value)


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects in a list, nothing where there is no list."""
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
        return f"the number {written}" if 0 < len(written) <= 40 else "a huge number"
    if isinstance(value, str):
        return f"the string {json.dumps(shortened(value), ensure_ascii=False)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    return f"a value of type {type(value).__name__}"


def shown(value: Any) -> str:
    """Return a few words for a JSON value, for use in a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'" if len(value) <= 40 else f"'{value[:37]}...'"
        case int() | float():
            written = string(value) or "a huge number"
            return written if len(written) <= 40 else "a huge number"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def found_in(value: Mapping[str, object], field: str) -> str:
    """Return in words what an object holds in a field: "nothing" where it has none."""
    return described(value[field]) if field in value else "nothing"


def quoted(names: object) -> str:
    """Return names as a readable list, such as ``"y", "x"``."""
    if isinstance(names, str):
        return f'"{shortened(names)}"'
    if isinstance(names, list | tuple | set | frozenset):
        return ", ".join(quoted(str(name)) for name in names) or "none"
    return described(names)


def shortened(string: str) -> str:
    """Return a string cut to 40 characters."""
    return string if len(string) <= 40 else string[:37] + "…"
