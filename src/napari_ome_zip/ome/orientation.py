"""Anatomical orientation of an axis: which way it leads through a body (RFC-4, a draft)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, found_in, quoted
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule

SECTION = "axes metadata, orientation"

INCOMPLETE = Rule(
    "orientation-incomplete",
    MUST,
    SECTION,
    "An orientation is an object with a type and a value (since 0.9).",
    'Write {"type": "anatomical", "value": "left-to-right"}, or another direction.',
    effect=Effect.DIFFERENT,
)
UNKNOWN = Rule(
    "orientation-unknown",
    MUST,
    SECTION,
    'The type of an orientation is "anatomical", and its value one of the directions that are '
    "listed (since 0.9).",
    'Use one of the listed directions, such as "left-to-right" or "anterior-to-posterior".',
    effect=Effect.DIFFERENT,
)
NOT_SPATIAL = Rule(
    "orientation-not-spatial",
    MUST,
    SECTION,
    "Only axes of space have an orientation (since 0.9).",
    "Remove the orientation from this axis, or give the axis the type space.",
    effect=Effect.DIFFERENT,
)
REPEATED = Rule(
    "orientation-repeated",
    MUST,
    SECTION,
    "No two axes of one coordinate system lead along one direction of a body, neither the same "
    "way nor opposite ways (since 0.9).",
    "Correct the orientation of one of the axes.",
    effect=Effect.DIFFERENT,
)
NULL = Rule(
    "orientation-null",
    SHOULD,
    SECTION,
    "An axis of which no orientation is known has no such key (since 0.9).",
    "Remove the key: null says the same, and some programs refuse it.",
    effect=Effect.REFUSED,
)
UNOFFICIAL = Rule(
    "orientation-unofficial",
    INFO,
    SECTION,
    "Axes have no orientation (until 0.6).",
    "Nothing; programs that do not know it pass over it.",
    effect=Effect.DETAIL,
)

_MAX_SHOWN = 4

ANATOMICAL = "anatomical"
"""The only type of orientation there is."""

_PAIRS = (
    ("left", "right"),
    ("anterior", "posterior"),
    ("inferior", "superior"),
    ("dorsal", "ventral"),
    ("dorsal", "palmar"),
    ("dorsal", "plantar"),
    ("rostral", "caudal"),
    ("cranial", "caudal"),
    ("proximal", "distal"),
    ("superficial", "deep"),
    ("apical", "basal"),
    ("apex", "base"),
)
WORDS = frozenset(f"{a}-to-{b}" for pair in _PAIRS for a, b in (pair, pair[::-1]))
"""Every value that RFC-4 lists."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Where coordinates along an axis lead as they grow (RFC-4).

    >>> Orientation("left-to-right").reversed().value
    'right-to-left'
    """

    value: str
    """Such as ``left-to-right``, as written: another word than those of `WORDS` is kept."""
    type: str = ANATOMICAL

    @property
    def ends(self) -> tuple[str, str] | None:
        """Where the axis comes from and where it leads; None for a word that is not known."""
        if self.type != ANATOMICAL or self.value not in WORDS:
            return None
        start, _, end = self.value.partition("-to-")
        return start, end

    def reversed(self) -> Orientation:
        """The orientation of the flipped axis; an unknown word stays."""
        if self.ends is None:
            return self
        start, end = self.ends
        return Orientation(f"{end}-to-{start}", self.type)

    @classmethod
    def from_json(cls, value: object) -> Orientation | None:
        """The orientation that `to_json` wrote; None for anything else."""
        if not isinstance(value, Mapping):
            return None
        word, kind = value.get("value"), value.get("type")
        return cls(word, kind) if isinstance(word, str) and isinstance(kind, str) else None

    def to_json(self) -> dict[str, str]:
        """The object as a document holds it."""
        return {"type": self.type, "value": self.value}


def parse_orientation(value: Any, at: At) -> Orientation | None:
    """Read an orientation; None where it does not say in words which way the axis leads.

    Parameters
    ----------
    value
        Any JSON value. ``null`` says nothing, as if there were no orientation.
    at
        Its place.

    Notes
    -----
    RFC-4, section "Proposal". Words that it does not list are kept as they are written.
    """
    if not at.spec.orientations:
        at.report(UNOFFICIAL, f"Orientation of an axis in version {at.spec.version}")
        at = at.regulated(False)
    if value is None:
        at.report(NULL, "Orientation is null")
        return None
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored")
        return None
    word, kind = value.get("value"), value.get("type")
    if not isinstance(word, str):
        found = f"Orientation without a direction: found {found_in(value, 'value')}"
        at.report(INCOMPLETE, found, "it is ignored")
        return None
    if not isinstance(kind, str):
        at.report(INCOMPLETE, f"Orientation without a type: found {found_in(value, 'type')}")
        kind = ANATOMICAL
    elif kind != ANATOMICAL:
        found = f"Type of the orientation is {described(kind)}, not {quoted(ANATOMICAL)}"
        at.key("type").report(UNKNOWN, found)
    if word not in WORDS:
        at.key("value").report(UNKNOWN, f"Orientation is {described(word)}, which is not listed")
    return Orientation(word, kind)


def judge_orientations(oriented: Iterable[tuple[str, Orientation]], at: At) -> None:
    """Judge the orientations of the axes of one coordinate system together.

    Parameters
    ----------
    oriented
        Name and orientation of each axis that has one.
    at
        Place of the list of axes.
    """
    if not at.spec.orientations:
        return
    along: dict[frozenset[str], list[str]] = defaultdict(list)
    for name, orientation in oriented:
        if orientation.ends is not None:
            along[frozenset(orientation.ends)].append(f"{quoted(name)} {orientation.value}")
    for axes in along.values():
        if len(axes) > 1:
            found = ", ".join(axes[:_MAX_SHOWN])
            at.report(REPEATED, f"Axes lead along one direction of a body: {found}")
