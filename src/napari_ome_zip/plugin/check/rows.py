"""What a check found, gathered to rows: what it means first, what was found below.

A row at the top is one meaning of one severity. Below it is a row for each rule that is broken, and
below that, where a rule is broken in several ways, one for each of them. Knows nothing of Qt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from napari_ome_zip.plugin.check.places import place_of
from napari_ome_zip.rules import Severity
from napari_ome_zip.validation.grouping import by_rule
from napari_ome_zip.validation.report import Issue

MAX_SHOWN = 5
"""Messages, remedies or places that are told of one row, at most."""

type Key = tuple[str, ...]
"""Where a row lies: severity and effect, then the code of the rule, then the message."""


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A row of the tree."""

    key: Key
    severity: Severity
    text: str
    where: str
    count: str
    """How often, such as ``12×``; empty for once."""
    issues: tuple[Issue, ...]
    """All that lies in it."""
    rows: tuple[IssueRow, ...] = ()
    is_open: bool = False
    """Whether the rows below it are shown at first."""


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of the selected row."""

    meaning: str
    found: tuple[str, ...]
    remedies: tuple[str, ...]
    places: tuple[str, ...]
    """In words."""
    exact: tuple[str, ...]
    """Entries of the file, and fields in them."""
    rules: tuple[str, ...]
    """Sections of the specification, with the codes of the rules."""


def rows_of(issues: Iterable[Issue]) -> tuple[IssueRow, ...]:
    """Return the rows at the top: errors first, what means the worst first.

    Parameters
    ----------
    issues : iterable of Issue
        In any order; those of one rule keep it.
    """
    found: dict[Key, list[Issue]] = {}
    for issue in sorted(issues, key=lambda issue: (issue.severity.rank, issue.effect.rank)):
        found.setdefault((issue.severity.value, issue.effect.value), []).append(issue)
    return tuple(
        _row(
            key,
            same[0].effect.meaning,
            same,
            tuple(_rules(key, same)),
            is_open=same[0].severity is Severity.ERROR or len(found) == 1,
        )
        for key, same in found.items()
    )


def find_row(rows: Sequence[IssueRow], key: Key | None) -> IssueRow | None:
    """Return the row of a key, at any depth; None where there is none."""
    for row in rows:
        if row.key == key:
            return row
        below = find_row(row.rows, key)
        if below is not None:
            return below
    return None


def details_of(row: IssueRow) -> Details:
    """Return what is told of a row."""
    issues = row.issues
    places = [place for issue in issues for place in issue.places]
    total = sum(issue.count for issue in issues)
    return Details(
        meaning=issues[0].effect.meaning,
        found=_first([issue.message for issue in issues]),
        remedies=_first([issue.remedy for issue in issues]),
        places=_first([place_of(place) for place in places], total - len(places)),
        exact=_first([str(place) for place in places if str(place)], total - len(places)),
        rules=_first([f"{issue.rule} ({issue.code})" for issue in issues]),
    )


def _rules(key: Key, issues: Sequence[Issue]) -> Iterator[IssueRow]:
    for broken in by_rule(issues):
        own, same = (*key, broken.code), broken.issues
        single = (_row((*own, issue.message), issue.message, [issue]) for issue in same)
        yield _row(own, same[0].message, same, tuple(single) if len(same) > 1 else ())


def _row(
    key: Key,
    text: str,
    issues: Sequence[Issue],
    rows: tuple[IssueRow, ...] = (),
    *,
    is_open: bool = False,
) -> IssueRow:
    count = sum(issue.count for issue in issues)
    places = {place_of(place) for issue in issues for place in issue.places}
    where = places.pop() if len(places) == 1 else f"{count:,} places"
    times = f"{count}×" if count > 1 else ""
    return IssueRow(key, issues[0].severity, text, where, times, tuple(issues), rows, is_open)


def _first(texts: Sequence[str], more: int = 0) -> tuple[str, ...]:
    """The first few different ones; a last one says how many there are besides."""
    distinct = list(dict.fromkeys(texts))
    rest = len(distinct[MAX_SHOWN:]) + more
    return (*distinct[:MAX_SHOWN], *([f"and {rest:,} more"] if rest else []))
