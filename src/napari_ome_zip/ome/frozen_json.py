"""JSON values that cannot change: comparable, hashable, picklable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_DEPTH = 64
"""Deeper nesting than this is not kept: no writer needs it, and recursion must stay bounded."""


class TooDeepError(ValueError):
    """A JSON value is nested more than ``MAX_DEPTH`` levels."""


class FrozenMapping(Mapping[str, Any]):
    """A JSON object that cannot change; lists in it are tuples, objects are frozen mappings.

    Parameters
    ----------
    items : mapping, optional
        Plain JSON object; copied, nested values are frozen.

    Raises
    ------
    TooDeepError
        When the object is nested more than ``MAX_DEPTH`` levels.
    """

    __slots__ = ("_items",)
    _items: dict[str, Any]

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        frozen = {str(key): freeze(value, 1) for key, value in (items or {}).items()}
        object.__setattr__(self, "_items", frozen)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a frozen mapping cannot be changed")

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping):
            return self._items == other._items
        return NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __reduce__(self) -> tuple[type[FrozenMapping], tuple[dict[str, Any]]]:
        return type(self), (self.to_json(),)

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON object: dictionaries and lists."""
        return {key: thaw(value) for key, value in self._items.items()}


def freeze(value: Any, depth: int = 0) -> Any:
    """Return a JSON value with lists as tuples and objects as `FrozenMapping`.

    Raises
    ------
    TooDeepError
        When the value is nested more than ``MAX_DEPTH`` levels.
    """
    if depth > MAX_DEPTH:
        raise TooDeepError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, FrozenMapping):
        value = value.to_json()
    if isinstance(value, Mapping):
        frozen = FrozenMapping()
        items = {str(key): freeze(item, depth + 1) for key, item in value.items()}
        object.__setattr__(frozen, "_items", items)
        return frozen
    if isinstance(value, list | tuple):
        return tuple(freeze(item, depth + 1) for item in value)
    return value


def thaw(value: Any) -> Any:
    """Return a frozen JSON value as plain dictionaries and lists."""
    if isinstance(value, FrozenMapping):
        return value.to_json()
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    return value
