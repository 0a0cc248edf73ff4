"""Issues that checks found, with their places, and the report that collects them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import Departure
from napari_ome_zip.rules import Effect, Location, Severity
from napari_ome_zip.version import program

_LOCATIONS_KEPT = 5
_ISSUES_SHOWN_PER_CODE = 5


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault or note, with its place and a remedy."""

    code: str
    """Stable kebab-case name of the rule that was broken."""
    severity: Severity
    location: Location
    message: str
    """What was found and what was expected; the point comes first."""
    rule: str
    """The specification and its section."""
    remedy: str
    """What to do about it."""
    count: int = 1
    """Number of equal issues that are merged into this one."""
    also: tuple[Location, ...] = ()
    """Places of the first few other merged issues."""
    effect: Effect = Effect.DETAIL
    """What it means for a person who looks at the image."""

    @classmethod
    def of(cls, departure: Departure) -> Issue:
        """Return a departure that a reader of documents reported, as an issue."""
        rule, at = departure.rule, departure.at
        section = departure.section or rule.section
        # What an unknown version says is not known.
        version = f" {at.spec.version}" if at.spec.is_known else ""
        return cls(
            code=rule.code,
            severity=rule.severity,
            location=at.location,
            message=departure.found,
            rule=f"OME-Zarr{version}, {section}",
            remedy=rule.remedy,
            effect=rule.effect,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the issue as JSON values."""
        entry: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity.value,
            "effect": self.effect.value,
            "meaning": self.effect.meaning,
            "entry": self.location.entry,
            "json_path": self.location.json_path,
            "message": self.message,
            "rule": self.rule,
            "remedy": self.remedy,
        }
        if self.count > 1:
            entry["count"] = self.count
            entry["also"] = [{"entry": a.entry, "json_path": a.json_path} for a in self.also]
        return entry


def aggregate(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Merge issues with equal messages, and sort them by severity.

    Returns
    -------
    tuple of Issue
        Errors first, otherwise in the order given. A merged issue has the number of occurrences
        in ``count`` and a few further places in ``also``.
    """
    merged: dict[tuple[str, Severity, str], list[Issue]] = {}
    for issue in issues:
        merged.setdefault((issue.code, issue.severity, issue.message), []).append(issue)
    result = []
    for same in merged.values():
        places = [place for issue in same for place in (issue.location, *issue.also)]
        count = sum(issue.count for issue in same)
        result.append(replace(same[0], count=count, also=tuple(places[1:_LOCATIONS_KEPT])))
    return tuple(sorted(result, key=lambda issue: issue.severity.rank))


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one file, directory or document."""

    path: str
    """Path of what was checked, as the user gave it."""
    kind: str
    """``archive``, ``directory`` or ``document``."""
    version: str | None
    """Version of OME-Zarr it was judged by; None where none was found."""
    issues: tuple[Issue, ...]
    pixels_checked: bool | None = None
    """Whether every pixel was read; None where there are none to read."""

    @classmethod
    def of(
        cls,
        path: str,
        kind: str,
        version: str | None,
        issues: Iterable[Issue],
        *,
        pixels_checked: bool | None = None,
    ) -> Report:
        """Return a report with equal issues merged, errors first."""
        return cls(path, kind, version, aggregate(issues), pixels_checked)

    @property
    def valid(self) -> bool:
        """Whether no MUST is broken."""
        return not self.errors

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The broken MUSTs."""
        return self._with(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The broken SHOULDs."""
        return self._with(Severity.WARNING)

    def _with(self, severity: Severity) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.issues if issue.severity is severity)

    @property
    def counts(self) -> dict[Severity, int]:
        """Number of occurrences per severity; merged issues count as often as they occur."""
        return {s: sum(issue.count for issue in self._with(s)) for s in Severity}

    @property
    def verdict(self) -> str:
        """One line: valid or not, the number of issues by severity, and what was not checked."""
        counts = self.counts
        found = [_counted(counts[s], s) for s in Severity if counts[s]]
        head = "Valid" if self.valid else "Not valid"
        name = f" OME-Zarr {self.version}" if self.version else " OME-Zarr"
        unread = "; pixels not checked" if self.pixels_checked is False else ""
        return f"{head}{name}: {', '.join(found) if found else 'nothing to complain about'}{unread}"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "program": program(),
            "path": self.path,
            "kind": self.kind,
            "version": self.version,
            "valid": self.valid,
            "pixels_checked": self.pixels_checked,
            "counts": {severity.value: count for severity, count in self.counts.items()},
            "issues": [issue.to_dict() for issue in self.issues],
        }

    def to_json(self, indent: int | None = 2) -> str:
        """Return the report as a JSON string."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_text(self, width: int = 80) -> str:
        """Return the report as plain text, wrapped at `width` characters."""
        lines = [self.path, self.verdict]
        shown: dict[str, int] = {}
        hidden: dict[str, int] = {}
        for issue in self.issues:
            shown[issue.code] = shown.get(issue.code, 0) + 1
            if shown[issue.code] > _ISSUES_SHOWN_PER_CODE:
                hidden[issue.code] = hidden.get(issue.code, 0) + issue.count
            else:
                lines += ["", *_issue_lines(issue, width)]
        if hidden:
            lines += ["", *(f"… and {n} more of {code}" for code, n in hidden.items())]
        return "\n".join(lines) + "\n"


def _counted(count: int, severity: Severity) -> str:
    if severity is Severity.INFO:
        return f"{count} for information"
    return f"{count} {severity.value}{'' if count == 1 else 's'}"


def _issue_lines(issue: Issue, width: int) -> list[str]:
    head = f"{issue.severity.value.upper()} {issue.code}"
    if issue.count > 1:
        head += f" ({issue.count} times)"
    places = [str(place) for place in (issue.location, *issue.also) if str(place)]
    lines = [head]
    lines += _wrapped("  ", issue.effect.meaning, width)
    lines += _wrapped("  found:  ", issue.message, width)
    if places:
        more = issue.count - len(places)
        text = "; ".join(places) + (f"; and {more} more" if more > 0 else "")
        lines += _wrapped("  where:  ", text, width)
    lines += _wrapped("  rule:   ", issue.rule, width)
    lines += _wrapped("  remedy: ", issue.remedy, width)
    return lines


def _wrapped(start: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width=max(width, 30),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
    )
