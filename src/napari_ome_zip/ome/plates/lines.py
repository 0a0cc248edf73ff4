"""Reads the rows and columns of a plate: their names, and the index of each well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import found_in, is_name, quoted, string
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "plate metadata"
MAX_SIDE = 10_000
"""No plate has more rows or columns; a larger index is taken for an error."""
ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
"""Pattern of the name of a row or column."""

ROWS_MISSING = Rule(
    "plate-rows-missing",
    MUST,
    SECTION,
    "A plate lists its rows.",
    'List all rows of the physical plate, for instance {"name": "A"}.',
    effect=Effect.REFUSED,
)
COLUMNS_MISSING = Rule(
    "plate-columns-missing",
    MUST,
    SECTION,
    "A plate lists its columns.",
    'List all columns of the physical plate, for instance {"name": "1"}.',
    effect=Effect.REFUSED,
)
NAME_MISSING = Rule(
    "plate-line-name-missing",
    MUST,
    SECTION,
    "Every row and column has a name.",
    'Name the rows and columns, for instance "A" and "1".',
    effect=Effect.NAMES,
)
NAME_INVALID = Rule(
    "plate-line-name-invalid",
    MUST,
    SECTION,
    "Names of rows and columns consist of letters and digits only.",
    'Use letters and digits only, for instance "A" or "01".',
    effect=Effect.NAMES,
)
NAME_DUPLICATE = Rule(
    "plate-line-name-duplicate",
    MUST,
    SECTION,
    "No two rows share a name, nor do two columns.",
    "Give each row and each column a name of its own.",
    effect=Effect.NAMES,
)
NAME_CASE = Rule(
    "plate-line-name-case",
    SHOULD,
    SECTION,
    "Names of rows and columns differ by more than upper and lower case.",
    "Rename one of them: to Windows and macOS such names are the same.",
    effect=Effect.UNPACKING,
)

_LIST_MISSING: Mapping[str, Rule] = {"row": ROWS_MISSING, "column": COLUMNS_MISSING}


class Lines:
    """The rows or the columns of a plate, to which those that wells need are added.

    Parameters
    ----------
    kind : str
        ``row`` or ``column``.
    listed : list of str or None
        Names as the plate lists them, None for those that have none.
    """

    def __init__(self, kind: str, listed: list[str | None]) -> None:
        self.kind = kind
        self.listed = listed
        self.names = [name or str(index + 1) for index, name in enumerate(listed)]
        """Names of the listed ones, then of those that were added."""
        self._index: dict[str, int] = {}
        for index, name in enumerate(self.names):
            self._index.setdefault(name, index)

    def place(self, index: int | None, name: str) -> int:
        """Return the index that a well gives, else the index of the name in its path."""
        # Until 0.3 a well has only a path: "row name/column name".
        if index is None or not 0 <= index < MAX_SIDE:
            index = self._index.get(name, len(self.names))
        while len(self.names) <= index:
            new = name if len(self.names) == index else str(len(self.names) + 1)
            self._index.setdefault(new, len(self.names))
            self.names.append(new)
        return index

    def is_beyond(self, index: int) -> bool:
        """Whether an index lies outside of what the plate lists, where it lists any."""
        return 0 < len(self.listed) <= index

    def listed_name(self, index: int) -> str | None:
        """Return the name that the plate lists at an index, None where it lists none there."""
        return self.listed[index] if index < len(self.listed) else None

    def report_missing(self, plate: dict[str, Any], at: At) -> None:
        """Report that the plate does not list any; to be called after the wells were read."""
        if not self.listed:
            key = f"{self.kind}s"
            done = "" if isinstance(plate.get(key), list | tuple | None) else "ignored"
            done = "those of the wells are used" if self.names else done
            found = f"Plate without {key}: found {found_in(plate, key)}"
            at.report(_LIST_MISSING[self.kind], found, done)


def parse_lines(plate: dict[str, Any], kind: str, at: At) -> Lines:
    """Read the rows or the columns of a plate.

    Parameters
    ----------
    plate
        The object that describes the plate.
    kind
        ``row`` or ``column``.
    at
        Place of the plate.
    """
    value, here = plate.get(f"{kind}s"), at.key(f"{kind}s")
    items = value if isinstance(value, list | tuple) else ()
    listed = [_name(item, index, kind, here) for index, item in enumerate(items)]
    if at.judging:
        _judge_names([name for name in listed if name is not None], kind, here)
    return Lines(kind, listed)


def _name(value: Any, index: int, kind: str, lines: At) -> str | None:
    written = value.get("name") if isinstance(value, dict) else None
    if is_name(written):
        if lines.spec.details and lines.judging and not ALPHANUMERIC.fullmatch(written):
            found = f"Name of {kind} {quoted(written)} has characters other than letters and digits"
            lines.down(index, "name").report(NAME_INVALID, found)
        return written
    name = string(written if isinstance(value, dict) else value)
    done = f"it is called {quoted(str(index + 1))}" if name is None else ""
    lines.item(index).report(NAME_MISSING, f"A {kind} of the plate has no name", done)
    return name


def _judge_names(names: list[str], kind: str, at: At) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            at.report(NAME_DUPLICATE, f"{count} {kind}s are called {quoted(name)}")
    by_folded: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        by_folded.setdefault(name.casefold(), []).append(name)
    for same in by_folded.values():
        if len(same) > 1:
            at.report(NAME_CASE, f"Names of {kind}s differ in case only: {quoted(same)}")
