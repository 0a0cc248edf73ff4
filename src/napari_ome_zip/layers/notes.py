"""What a layer's metadata say of its origin: anyone may have written it, so it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def genuine_note(note: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a note that are of the kind that `to_layer_data` writes, and no others."""
    return {key: value for key, value in note.items() if _CHECKS.get(key, _anything)(value)}


def _anything(_: object) -> bool:
    return True


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number_or_none(value: object) -> bool:
    return value is None or _is_number(value)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_number, value))


def _are_axes(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(axis, Mapping) and all(map(_is_text_or_none, axis.values())) for axis in value
    )


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "source": _is_text_or_none,
    "path": _is_text_or_none,
    "image": _is_text_or_none,
    "name": _is_text_or_none,
    "system": _is_text_or_none,
    "multiscale": _is_number,
    "channel": _is_number_or_none,
    "levels": _is_number,
    "virtual_levels": _is_number,
    "order": _are_numbers,
    "axes": _are_axes,
}
