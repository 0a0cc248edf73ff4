"""What a report is for: how severely each broken rule is judged, and which are left out.

A rule says by itself what the specification makes of it. A profile is what somebody makes of it who
wants to know something in particular.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from napari_ome_zip.errors import ProfileError
from napari_ome_zip.rules import Severity

type _Judged = Severity | None
"""None where a report leaves the rule out."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How severe it is to break each rule.

    Examples
    --------
    >>> PROFILES["strict"].severity("axis-unit-missing", Severity.WARNING)
    <Severity.ERROR: 'error'>
    """

    name: str
    says: str
    """What it is for, as a part of a sentence."""
    good: str
    """What a file is that breaks nothing that counts as an error."""
    bad: str
    """What it is otherwise."""
    by_severity: Mapping[Severity, _Judged]
    """What becomes of rules of a severity; it stays where none is given."""
    by_code: Mapping[str, _Judged]
    """What becomes of single rules."""

    def severity(self, code: str, severity: Severity) -> Severity | None:
        """Return how severe it is to break a rule; None where a report leaves it out.

        Parameters
        ----------
        code : str
            Of the rule.
        severity : Severity
            What the specification makes of it.
        """
        if code in self.by_code:
            return self.by_code[code]
        return self.by_severity.get(severity, severity)


def _all(judged: _Judged, codes: Iterable[str]) -> dict[str, _Judged]:
    return dict.fromkeys(codes, judged)


# No specification has a word on these: what makes a file slow to open or to look at.
_ON_SPEED = frozenset(
    {
        "chunks-large",
        "chunks-tiny",
        "codec-slow",
        "entries-many",
        "json-first-missing",
        "levels-missing",
    }
)
# What the third review of RFC-9 wants to be a MUST NOT, and the RFC does not speak of.
_ON_REVIEW = frozenset({"comment-foreign", "extra-fields"})
# Advice of this program, which no specification gives.
_OUR_ADVICE = frozenset({"chunks-too-large", "entries-tiny"})

RFC9 = Profile(
    name="rfc9",
    says="the specifications as they stand: a broken MUST is an error, a broken SHOULD a warning",
    good="Valid",
    bad="Not valid",
    by_severity=MappingProxyType({}),
    by_code=MappingProxyType(_all(None, _ON_SPEED | _ON_REVIEW)),
)

STRICT = Profile(
    name="strict",
    says="broken SHOULDs are errors, too, and so is what reviewers of RFC-9 want to forbid",
    good="Strictly valid",
    bad="Not strictly valid",
    by_severity=MappingProxyType({Severity.WARNING: Severity.ERROR}),
    by_code=MappingProxyType(
        _all(None, _ON_SPEED)
        | _all(Severity.WARNING, _OUR_ADVICE)
        # The ending is a SHOULD whatever else a name ends in: no exception for one of ours.
        | _all(Severity.ERROR, _ON_REVIEW | {"comment-json-first-type", "name-ome-zip"})
    ),
)

FAST_TO_READ = Profile(
    name="fast-to-read",
    says="broken MUSTs, and what makes a file slow to open or to look at",
    good="Fast-to-read",
    bad="Not fast-to-read",
    by_severity=MappingProxyType({Severity.WARNING: None, Severity.INFO: None}),
    by_code=MappingProxyType(
        # Slow on every disk and in every program.
        _all(
            Severity.ERROR,
            (
                "chunks-tiny",
                "chunks-too-large",
                "entries-many",
                "entries-tiny",
                "levels-missing",
                "zip-compression",
            ),
        )
        # Slow behind a line, or in some programs.
        | _all(
            Severity.WARNING,
            (
                "arrays-unsharded",
                "chunks-large",
                "codec-slow",
                "documents-not-first",
                "json-first-missing",
                "label-properties-many",
                "root-not-first",
            ),
        )
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (RFC9, STRICT, FAST_TO_READ)}
)
"""All profiles by their names; the first one is used where none is named."""


def profile_of(name: str) -> Profile:
    """Return the profile of a name.

    Raises
    ------
    ProfileError
        If there is none of this name.

    Examples
    --------
    >>> profile_of("rfc9").good
    'Valid'
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise ProfileError(
            f"There is no profile {name!r}. Choose one of {', '.join(PROFILES)}."
        ) from None
