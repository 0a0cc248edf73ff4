"""Values of layers as JSON with arrays beside it, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.napari_group import ARRAY, NUMBER, TEXTS, is_simple, texts_arrays
from napari_ome_zip.layers.plain import clean_text

MAX_INLINE = 64
"""Numbers, or strings, that are written in JSON, at most; more become an array."""

MAX_TEXTS = 5_000_000
"""Strings of one list that are read, at most."""

MAX_DEPTH = 16

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_COLORMAP = ("name", "colors", "controls", "interpolation", "nan_color", "high_color", "low_color")


class CannotHoldError(ValueError):
    """A value that has no place in a file."""


class Encoder:
    """Turns values into JSON, and collects the arrays that stand beside it."""

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}
        """By name."""

    def array(self, values: Any, name: str) -> dict[str, str]:
        """An array of numbers or truth values, as what stands for it in JSON.

        Raises
        ------
        CannotHoldError
            If it is of anything else.
        """
        array = np.array(values)  # a copy: layers may change while they are saved
        if not is_simple(array.dtype):
            raise CannotHoldError(f"it holds {array.dtype}")
        name = self._free(name)
        self.arrays[name] = array.astype(array.dtype.newbyteorder("="), copy=False)
        return {ARRAY: name}

    def texts(self, texts: Sequence[str], name: str) -> dict[str, str]:
        """A list of strings: their bytes as UTF-8, and where in these each ends."""
        encoded = [clean_text(text).encode() for text in texts]
        name = self._free(name)
        content, ends = texts_arrays(name)
        self.arrays[content] = np.frombuffer(b"".join(encoded), np.uint8)
        self.arrays[ends] = np.cumsum([len(text) for text in encoded], dtype=np.uint64)
        return {TEXTS: name}

    def value(self, value: Any, name: str, depth: int = 0) -> Any:
        """Any value of a layer's keywords; small arrays become lists.

        Raises
        ------
        CannotHoldError
            If it is of a type that is not known.
        """
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return scalar(value)
        if depth >= MAX_DEPTH:
            raise CannotHoldError("it is nested too deeply")
        if isinstance(value, np.ndarray):
            return self._array(value, name, depth)
        if isinstance(value, Mapping):
            return {
                clean_text(key): self.value(item, f"{name}-{_safe(key)}", depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return self._list(value, name, depth)
        if hasattr(value, "colors") and hasattr(value, "controls"):
            return self.colormap(value, name)
        raise CannotHoldError(f"it is of type {type(value).__name__}")

    def colormap(self, colormap: Any, name: str) -> Any:
        """A colormap: its name where that is all there is, else its colors."""
        if isinstance(colormap, str):
            return clean_text(colormap)
        mapping = isinstance(colormap, Mapping)
        found = {
            key: colormap.get(key) if mapping else getattr(colormap, key, None) for key in _COLORMAP
        }
        return self.value({key: item for key, item in found.items() if item is not None}, name, 1)

    def _array(self, array: npt.NDArray[Any], name: str, depth: int) -> Any:
        if array.dtype.kind in "UO":
            return self.value(array.tolist(), name, depth)
        if array.size <= MAX_INLINE and array.dtype.kind in "biuf":
            return self.value(array.tolist(), name, depth)
        return self.array(array, name)

    def _list(self, items: Sequence[Any], name: str, depth: int) -> Any:
        if len(items) > MAX_INLINE:
            if all(isinstance(item, str) for item in items):
                return self.texts(items, name)
            kinds = set(map(type, items))
            if len(kinds) == 1 and issubclass(kinds.pop(), bool | int | float | np.number):
                return self.array(items, name)
        return [self.value(item, f"{name}-{n}", depth + 1) for n, item in enumerate(items)]

    def _free(self, name: str) -> str:
        """A name that no array has yet; strings have two arrays with this name in front."""
        candidate, number = name, 2
        while any(each in self.arrays for each in (candidate, *texts_arrays(candidate))):
            candidate, number = f"{name}-{number}", number + 1
        return candidate


def scalar(value: Any) -> Any:
    """One value as JSON."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {NUMBER: "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"}
    return value


def decode(value: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The value that JSON, with arrays beside it, stands for.

    Raises
    ------
    ValueError
        If it stands for nothing.
    """
    if isinstance(value, Mapping):
        if len(value) == 1:
            [(key, name)] = value.items()
            if key == ARRAY:
                return _array_named(name, arrays)
            if key == TEXTS:
                return _texts(name, arrays)
            if key == NUMBER:
                return _number(name)
        return {key: decode(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [decode(item, arrays) for item in value]
    return value


def _array_named(name: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    if not isinstance(name, str) or name not in arrays:
        raise ValueError(f"the array {name!r:.40} is missing")
    return arrays[name]


def _number(name: Any) -> float:
    if not isinstance(name, str) or name not in _NUMBERS:
        raise ValueError(f"{name!r:.40} is not a number")
    return _NUMBERS[name]


def _texts(name: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> list[str]:
    content, ends = (_array_named(each, arrays) for each in texts_arrays(str(name)))
    if content.ndim != 1 or ends.ndim != 1 or content.dtype != np.uint8 or ends.dtype.kind != "u":
        raise ValueError(f"strings {name!r:.40} are not bytes and their ends")
    if len(ends) > MAX_TEXTS:
        raise ValueError(f"there are {len(ends):,} strings in {name!r:.40}, too many to be read")
    stops = [0, *ends.tolist()]
    if stops[-1] != len(content) or any(a > b for a, b in pairwise(stops)):
        raise ValueError(f"strings {name!r:.40} do not end where their bytes do")
    raw = content.tobytes()
    return [raw[start:stop].decode() for start, stop in pairwise(stops)]


def _safe(key: Any) -> str:
    """A part of the name of an array, whatever a key is called."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in str(key))[:40]
