"""Gathers issues by the rule that they break."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_ome_zip.rules import Effect, Severity

if TYPE_CHECKING:
    from napari_ome_zip.validation.report import Issue


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """All issues of one rule."""

    issues: tuple[Issue, ...]
    """At least one."""

    @property
    def code(self) -> str:
        """Of the rule."""
        return self.issues[0].code

    @property
    def severity(self) -> Severity:
        """Of its issues."""
        return self.issues[0].severity

    @property
    def effect(self) -> Effect:
        """What they mean for a person."""
        return self.issues[0].effect

    @property
    def count(self) -> int:
        """How often it was broken."""
        return sum(issue.count for issue in self.issues)


def by_rule(issues: Iterable[Issue]) -> tuple[BrokenRule, ...]:
    """Return issues by the rule that they break: errors first, what means the worst first.

    Parameters
    ----------
    issues : iterable of Issue
        In any order; those of one rule keep it.
    """
    found: dict[tuple[Severity, str], list[Issue]] = {}
    for issue in issues:
        found.setdefault((issue.severity, issue.code), []).append(issue)
    broken = (BrokenRule(tuple(same)) for same in found.values())
    return tuple(sorted(broken, key=lambda each: (each.severity.rank, each.effect.rank)))
