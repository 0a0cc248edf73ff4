"""What all readers of documents share: places, notes of repairs, legal values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.findings import Finding


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the document of one group."""

    group: str
    """Path of the group in the hierarchy, empty for the root."""
    steps: str = ""
    """JSON location, such as ``multiscales[0].datasets[1]``."""
    owner: str = ""
    """JSON location of the object the place belongs to: one repair is reported once per object."""

    def key(self, name: str) -> Place:
        """Return the place of a member of this object."""
        steps = f"{self.steps}.{name}" if self.steps else name
        return Place(self.group, steps, self.owner)

    def item(self, index: int) -> Place:
        """Return the place of an entry of this list."""
        return Place(self.group, f"{self.steps}[{index}]", self.owner)

    def owned(self) -> Place:
        """Return this place as the object that repairs further down are counted for."""
        return Place(self.group, self.steps, self.steps)

    @property
    def field(self) -> str:
        """Name of the field that the place is, or that is the list it lies in."""
        return self.steps.rpartition(".")[2].partition("[")[0]

    def __str__(self) -> str:
        if not self.group or not self.steps:
            return self.group or self.steps
        return f"{self.group}: {self.steps}"


class Notes:
    """Collects findings; the same repair in one object becomes one finding that counts.

    The codes are those of the rules that a check judges by: one fault has one name.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, str, str], Finding] = {}
        self._more: dict[tuple[str, str, str], int] = {}

    def add(self, code: str, place: Place, message: str, *, harmless: bool = False) -> None:
        """Note a repair: its stable code, its place, one sentence with a full stop.

        It is harmless where what was meant is seen all the same.
        """
        kind = (code, place.owner, place.field)
        if kind in self._first:
            self._more[kind] += 1
        else:
            self._first[kind] = Finding(code, str(place), message, harmless)
            self._more[kind] = 0

    def findings(self) -> tuple[Finding, ...]:
        """Return what was noted, in the order of first occurrence."""
        return tuple(
            replace(finding, message=f"{finding.message[:-1]} (and {more} more alike).")
            if (more := self._more[kind])
            else finding
            for kind, finding in self._first.items()
        )


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


def text(value: Any) -> str | None:
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
            written = text(value) or "a huge number"
            return written if len(written) <= 40 else "a huge number"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return "an object"
