"""Anatomical orientation of an axis: which way it leads through a body (RFC-4, a draft)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        if self.value not in WORDS:
            return None
        start, _, end = self.value.partition("-to-")
        return start, end

    def reversed(self) -> Orientation:
        """The orientation of the flipped axis; an unknown word stays."""
        if self.ends is None:
            return self
        start, end = self.ends
        return Orientation(f"{end}-to-{start}", self.type)

    def to_json(self) -> dict[str, str]:
        """The object as a document holds it."""
        return {"type": self.type, "value": self.value}


def parse_orientation(value: Any) -> Orientation | None:
    """Read an orientation; None for anything but an object with a value. ``null`` is none."""
    if not isinstance(value, Mapping) or not isinstance(value.get("value"), str):
        return None
    kind = value.get("type", ANATOMICAL)
    return Orientation(value["value"], kind if isinstance(kind, str) else ANATOMICAL)
