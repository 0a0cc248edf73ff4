"""What the dock widget that checks an archive shows, as frozen values; knows nothing of Qt.

`resolve` turns what a person chose (`CheckChoices`) and what is known of the file (`Facts`) into
everything that is shown (`State`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from napari_ome_zip.archive import rules
from napari_ome_zip.files import is_link
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name, file_name, plain_name, stem
from napari_ome_zip.plugin.check.places import place_of
from napari_ome_zip.plugin.check.rows import Details, IssueRow, Key, details_of, find_row, rows_of
from napari_ome_zip.rules import Severity
from napari_ome_zip.storage.json_document import DAMAGED
from napari_ome_zip.validation.report import Issue, Report


class Activity(StrEnum):
    """What is being done in the background."""

    CHECKING = "Checking"
    REPACKING = "Repacking"


class Tone(StrEnum):
    """How good the news is."""

    NEUTRAL = "neutral"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckChoices:
    """What a person has chosen."""

    deep: bool = False
    """Whether the next check reads every pixel."""
    severities: frozenset[Severity] = frozenset(Severity)
    """Which severities the table shows."""
    search: str = ""
    """Words that every row shown must contain."""
    selected: Key | None = None
    """The row whose details are wanted; the first one where it is not shown."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the file."""

    path: str = ""
    activity: Activity | None = None
    progress: tuple[int, int] = (0, 0)
    """Parts done, and parts in all: 0 where that is not known."""
    report: Report | None = None
    checked: datetime | None = None
    """When the report was made."""
    problem: str = ""
    """Why there is no report, in one sentence."""
    note: str = ""
    """The result of the last action other than a check."""
    fixed_copy: str = ""
    """Path of the repaired copy that was made last."""


@dataclass(frozen=True, slots=True)
class SeverityFilter:
    """A button that shows or hides one severity."""

    severity: Severity
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is shown."""

    name: str
    path: str
    deep: bool
    verdict: str
    tone: Tone
    activity: str
    """Empty while nothing is done in the background."""
    progress: tuple[int, int]
    filters: tuple[SeverityFilter, ...]
    search: str
    has_issues: bool
    """Whether there is anything to filter, be it shown or not."""
    rows: tuple[IssueRow, ...]
    selected: Key | None
    details: Details | None
    hint: str
    """Shown in place of details."""
    note: str
    fixed_copy: str
    can_check: bool
    can_deepen: bool
    """Whether pixels were left out of the check, and could be checked now."""
    can_cancel: bool
    can_export: bool
    can_repack: bool
    can_salvage: bool
    """Whether a copy of the file can only hold what is left of it."""


REPACK = "Repack a fixed copy…"
SALVAGE = "Salvage what is left…"
_DAMAGED = frozenset(
    {
        rules.INCOMPLETE.code,
        rules.CUT_SHORT.code,
        rules.ENTRY_DAMAGED.code,
        DAMAGED.code,
        rules.LOCAL_MISSING.code,
    }
)
NO_FILE = "Drop a file or link here, or choose one"
_FILTER_NAMES = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.INFO: ("info", "info"),
}


def resolve(choices: CheckChoices, facts: Facts) -> State:
    """Return what is shown for these choices and these facts."""
    issues = facts.report.issues if facts.report else ()
    rows = rows_of(issue for issue in issues if _is_shown(issue, choices))
    selected = find_row(rows, choices.selected) or next(iter(rows), None)
    verdict, tone = _verdict(facts)
    idle = facts.activity is None
    return State(
        name=file_name(facts.path) if facts.path else NO_FILE,
        path=facts.path,
        deep=choices.deep,
        verdict=verdict,
        tone=tone,
        activity=_activity(facts),
        progress=facts.progress,
        filters=_filters(choices, facts.report),
        search=choices.search,
        has_issues=bool(issues),
        rows=rows,
        selected=selected.key if selected else None,
        details=details_of(selected) if selected else None,
        hint="No row matches the search." if issues and not rows else "",
        note=facts.note,
        fixed_copy=facts.fixed_copy,
        can_check=bool(facts.path) and idle,
        can_deepen=idle and facts.report is not None and facts.report.pixels_checked is False,
        can_cancel=not idle,
        can_export=facts.report is not None,
        can_repack=idle and facts.report is not None and facts.report.kind == "archive",
        can_salvage=idle and any(issue.code in _DAMAGED for issue in issues),
    )


def _verdict(facts: Facts) -> tuple[str, Tone]:
    if facts.report is None:
        return facts.problem, Tone.BAD if facts.problem else Tone.NEUTRAL
    if facts.report.errors:
        return facts.report.verdict, Tone.BAD
    if facts.report.warnings:
        return facts.report.verdict, Tone.WARNING
    # Without a look at the pixels it is not known whether all is well.
    unread = facts.report.pixels_checked is False
    return facts.report.verdict, Tone.NEUTRAL if unread else Tone.GOOD


def _activity(facts: Facts) -> str:
    if facts.activity is None:
        return ""
    done, total = facts.progress
    return f"{facts.activity}… {100 * done // total} %" if total else f"{facts.activity}…"


def _filters(choices: CheckChoices, report: Report | None) -> tuple[SeverityFilter, ...]:
    counts: Mapping[Severity, int] = report.counts if report else {}
    return tuple(
        SeverityFilter(severity, f"{counts.get(severity, 0)} {_word(severity, counts)}", checked)
        for severity in Severity
        for checked in [severity in choices.severities]
    )


def _word(severity: Severity, counts: Mapping[Severity, int]) -> str:
    return _FILTER_NAMES[severity][counts.get(severity, 0) != 1]


def _is_shown(issue: Issue, choices: CheckChoices) -> bool:
    if issue.severity not in choices.severities:
        return False
    places = [text for at in (issue.location, *issue.also) for text in (str(at), place_of(at))]
    said = (issue.effect.meaning, issue.message, issue.code, issue.rule, issue.remedy)
    text = "\n".join([*said, *places]).casefold()
    return all(word in text for word in choices.search.casefold().split())


def layer_source(metadata: Mapping[str, Any], path: str | None) -> str | None:
    """Return the file that a layer was read from.

    Parameters
    ----------
    metadata
        The layer's ``metadata``: what this package's reader noted there counts first.
    path
        The path of the layer's ``source``; None for a layer that was made in napari.

    Returns
    -------
    str or None
        None where there is no such file.
    """
    note = metadata.get("napari_ome_zip")
    noted = note.get("source") if isinstance(note, Mapping) else None
    return str(noted or path) if noted or path else None


def suggested_copy(path: str, folder: Path) -> str:
    """Return a name for a repaired copy beside its file: ``a.ozx`` gives ``a fixed.ozx``.

    Parameters
    ----------
    path : str
        The file, or a link to it.
    folder : Path
        Where the copy of a file behind a link is proposed.
    """
    name = file_name(path).lower()
    ending = next((s for s in SAVED_SUFFIXES if name.endswith(s)), SAVED_SUFFIXES[0])
    place = folder if is_link(path) else Path(path).parent
    return str(complete_name(place / f"{plain_name(stem(path))} fixed{ending}", ending))
