"""Issues that checks found, with their places, and the report that collects them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.answers import answers_json
from napari_ome_zip.ome.at import Departure
from napari_ome_zip.rules import Effect, Location, Severity
from napari_ome_zip.validation.profiles import PROFILES, RFC9, Profile
from napari_ome_zip.validation.report_text import report_text

MOST_PLACES = 1000
"""Places that are kept of equal issues, at most; the others are counted."""

PLACES_TOLD = 5
"""Places that are told of equal issues where not all are asked for."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault or note, with its place and a remedy.

    Examples
    --------
    >>> from napari_ome_zip import validate
    >>> issue = validate("spots.ozx").warnings[0]
    >>> issue.code, issue.severity.value, str(issue.location)
    ('axis-unit-missing', 'warning', 'zarr.json: ome.multiscales[0].axes[0]')
    """

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
    """Places of the other merged issues, `MOST_PLACES` in all at most."""
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

    @property
    def places(self) -> tuple[Location, ...]:
        """Where it was found, as far as that is kept."""
        return (self.location, *self.also)

    def to_dict(self, most_places: int = PLACES_TOLD) -> dict[str, Any]:
        """Return the issue as JSON values, with so many places at most."""
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
            also = self.places[1:most_places]
            entry["count"] = self.count
            entry["also"] = [{"entry": a.entry, "json_path": a.json_path} for a in also]
        return entry


def aggregate(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Merge issues with equal messages, and sort them by severity.

    Returns
    -------
    tuple of Issue
        Errors first, otherwise in the order given. A merged issue has the number of occurrences
        in ``count`` and further places in ``also``.
    """
    merged: dict[tuple[str, Severity, str], list[Issue]] = {}
    for issue in issues:
        merged.setdefault((issue.code, issue.severity, issue.message), []).append(issue)
    result = []
    for same in merged.values():
        places = [place for issue in same for place in issue.places]
        count = sum(issue.count for issue in same)
        result.append(replace(same[0], count=count, also=tuple(places[1:MOST_PLACES])))
    return tuple(sorted(result, key=lambda issue: issue.severity.rank))


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one file, directory or document.

    Examples
    --------
    >>> from napari_ome_zip import validate
    >>> report = validate("plate.ozx", deep=True)
    >>> report.valid, report.issues
    (True, ())
    >>> report.verdict
    'Valid OME-Zarr 0.5: nothing to complain about'
    """

    path: str
    """Path of what was checked, as the user gave it."""
    kind: str
    """``archive``, ``directory`` or ``document``."""
    version: str | None
    """Version of OME-Zarr it was judged by; None where none was found."""
    issues: tuple[Issue, ...]
    pixels_checked: bool | None = None
    """Whether every pixel was read; None where there are none to read."""
    profile: str = RFC9.name
    """Name of the profile by which it was judged what is an error."""

    @classmethod
    def of(
        cls,
        path: str,
        kind: str,
        version: str | None,
        issues: Iterable[Issue],
        *,
        pixels_checked: bool | None = None,
        profile: Profile = RFC9,
    ) -> Report:
        """Return a report with equal issues merged, errors first, as a profile judges them."""
        judged = aggregate(_judged(issues, profile))
        return cls(path, kind, version, judged, pixels_checked, profile.name)

    @property
    def valid(self) -> bool:
        """Whether nothing is broken that the profile takes for an error, by default a MUST."""
        return not self.errors

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What is broken that the profile takes for an error, by default a MUST."""
        return self._with(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is broken that the profile warns of, by default a SHOULD."""
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
        counts, profile = self.counts, PROFILES[self.profile]
        found = [_counted(counts[s], s) for s in Severity if counts[s]]
        head = profile.good if self.valid else profile.bad
        name = f" OME-Zarr {self.version}" if self.version else " OME-Zarr"
        unread = "; pixels not checked" if self.pixels_checked is False else ""
        return f"{head}{name}: {', '.join(found) if found else 'nothing to complain about'}{unread}"

    def to_dict(self, most_places: int = PLACES_TOLD) -> dict[str, Any]:
        """Return the report as JSON values, with so many places of each issue at most."""
        return {
            "path": self.path,
            "kind": self.kind,
            "version": self.version,
            "profile": self.profile,
            "valid": self.valid,
            "pixels_checked": self.pixels_checked,
            "counts": {severity.value: count for severity, count in self.counts.items()},
            "issues": [issue.to_dict(most_places) for issue in self.issues],
        }

    def to_json(self, most_places: int = PLACES_TOLD, **more: str) -> str:
        """Return the report as JSON, an answer on one file as ``docs/answers.schema.json`` says.

        Parameters
        ----------
        most_places : int
            Places that are told of each issue, at most.
        **more : str
            What else is said, such as when it was checked.
        """
        return answers_json([self.to_dict(most_places)], **more)

    def to_text(self, width: int = 80, *, everything: bool = False) -> str:
        """Return the report as plain text, wrapped at `width` characters.

        What breaks one rule stands together; of many messages and places the first few are told,
        and all that are kept where `everything` is asked for.
        """
        return report_text(self.path, self.verdict, self.issues, width, everything=everything)


def _judged(issues: Iterable[Issue], profile: Profile) -> Iterable[Issue]:
    for issue in issues:
        severity = profile.severity(issue.code, issue.severity)
        if severity is not None:
            yield issue if severity is issue.severity else replace(issue, severity=severity)


def _counted(count: int, severity: Severity) -> str:
    if severity is Severity.INFO:
        return f"{count:,} for information"
    return f"{count:,} {severity.value}{'' if count == 1 else 's'}"
