"""What the dock widget that checks an archive shows, as frozen values; knows nothing of Qt.

`resolve` turns what a person chose (`CheckChoices`) and what is known of the file (`Facts`) into
everything that is shown (`State`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from napari_ome_zip.archive import rules
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name, stem
from napari_ome_zip.rules import Location, Severity
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
    selected: Issue | None = None
    """The issue whose details are wanted; the first one shown where it is not shown."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the file."""

    path: str = ""
    activity: Activity | None = None
    progress: tuple[int, int] = (0, 0)
    """Parts done, and parts in all: 0 where that is not known."""
    report: Report | None = None
    problem: str = ""
    """Why there is no report, in one sentence."""
    note: str = ""
    """The result of the last action other than a check."""
    fixed_copy: str = ""
    """Path of the repaired copy that was made last."""


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A row of the table."""

    issue: Issue
    message: str
    where: str
    count: str
    """How often, such as ``12×``; empty for once."""


@dataclass(frozen=True, slots=True)
class SeverityFilter:
    """A button that shows or hides one severity."""

    severity: Severity
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of the selected row."""

    message: str
    remedy: str
    places: tuple[str, ...]
    rule: str
    code: str


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
    selected: int | None
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
REPACK_BUTTON = f"the button “{REPACK}” below writes a repaired copy"
SALVAGE = "Salvage what is left…"
SALVAGE_BUTTON = f"the button “{SALVAGE}” below"
_SALVAGE_COMMAND = "'ome-zip repack --salvage'"
_DAMAGED = frozenset(
    {
        rules.INCOMPLETE.code,
        rules.CUT_SHORT.code,
        rules.ENTRY_DAMAGED.code,
        DAMAGED.code,
        rules.LOCAL_MISSING.code,
    }
)
_REPACK_COMMAND = "'ome-zip repack' writes a repaired copy"
NO_FILE = "Drop a file here, or choose one"
_FILTER_NAMES = {
    Severity.ERROR: ("error", "errors"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.INFO: ("info", "info"),
}


def resolve(choices: CheckChoices, facts: Facts) -> State:
    """Return what is shown for these choices and these facts."""
    issues = facts.report.issues if facts.report else ()
    rows = tuple(_row(issue) for issue in issues if _is_shown(issue, choices))
    shown = [row.issue for row in rows]
    selected = shown.index(choices.selected) if choices.selected in shown else 0
    verdict, tone = _verdict(facts)
    idle = facts.activity is None
    return State(
        name=Path(facts.path).name if facts.path else NO_FILE,
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
        selected=selected if rows else None,
        details=_details(rows[selected].issue) if rows else None,
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


def _row(issue: Issue) -> IssueRow:
    count = f"{issue.count}×" if issue.count > 1 else ""
    message = issue.message.replace(_SALVAGE_COMMAND, SALVAGE_BUTTON)
    return IssueRow(issue, message, _place(issue.location), count)


def _place(location: Location) -> str:
    return str(location) or "whole file"


def _is_shown(issue: Issue, choices: CheckChoices) -> bool:
    if issue.severity not in choices.severities:
        return False
    places = [str(place) for place in (issue.location, *issue.also)]
    text = "\n".join([issue.message, issue.code, issue.rule, issue.remedy, *places]).casefold()
    return all(word in text for word in choices.search.casefold().split())


def _details(issue: Issue) -> Details:
    places = [_place(place) for place in (issue.location, *issue.also)]
    more = issue.count - len(places)
    if more > 0:
        places.append(f"and {more} more")
    message, remedy = (
        text.replace(_REPACK_COMMAND, REPACK_BUTTON).replace(_SALVAGE_COMMAND, SALVAGE_BUTTON)
        for text in (issue.message, issue.remedy)
    )
    return Details(message, remedy, tuple(places), issue.rule, issue.code)


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


def suggested_copy(path: str) -> str:
    """Return a name for a repaired copy beside its file: ``a.ozx`` gives ``a fixed.ozx``."""
    ending = next((s for s in SAVED_SUFFIXES if path.lower().endswith(s)), SAVED_SUFFIXES[0])
    return str(complete_name(Path(path).with_name(f"{stem(path)} fixed{ending}"), ending))


def explain(error: OmeZipError | OSError, path: str) -> str:
    """Return in one sentence why a file could not be checked or copied."""
    named = error.filename if isinstance(error, OSError) else None
    name = Path(named if isinstance(named, str) else path).name
    if isinstance(error, OmeZipError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"There is no file {name}: it was moved, renamed or deleted."
    if isinstance(error, PermissionError):
        return f"No permission to open {name}: ask the owner of the file or its folder."
    return f"{name} could not be read or written: {error.strerror or error}."
