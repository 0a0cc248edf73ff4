"""Rules that files are judged by, and where in a file one was broken."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Severity of an issue.

    Examples
    --------
    >>> sorted(["warning", "error"], key=lambda severity: Severity(severity).rank)
    ['error', 'warning']
    """

    ERROR = "error"
    """A MUST of the specification is broken: the file is not valid."""
    WARNING = "warning"
    """A SHOULD of the specification is broken: the file is valid, but less useful."""
    INFO = "info"
    """Worth knowing; nothing is broken."""

    @property
    def rank(self) -> int:
        """0 for the most severe, so that sorting puts errors first."""
        return _RANKS[self]


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}

MUST = Severity.ERROR
SHOULD = Severity.WARNING
INFO = Severity.INFO


class Effect(StrEnum):
    """What a broken rule means for a person who looks at the image, the worst first.

    Examples
    --------
    >>> Effect("colors").meaning
    'Colors or contrast may look wrong.'
    """

    CLOSED = "closed"
    UNSAFE = "unsafe"
    DAMAGED = "damaged"
    NOT_SHOWN = "not-shown"
    PLACE = "place"
    SIZE = "size"
    AXES = "axes"
    DIFFERENT = "different"
    COLORS = "colors"
    NAMES = "names"
    REFUSED = "refused"
    SLOW = "slow"
    UNPACKING = "unpacking"
    DETAIL = "detail"
    NEEDLESS = "needless"
    NONE = "none"

    @property
    def meaning(self) -> str:
        """The effect as a sentence in a person's words."""
        return _MEANINGS[self]

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _EFFECT_RANKS[self]


_MEANINGS = {
    Effect.CLOSED: "The file cannot be opened.",
    Effect.UNSAFE: "The file may do harm when it is unpacked.",
    Effect.DAMAGED: "Parts of the file are damaged or missing.",
    Effect.NOT_SHOWN: "Parts of the image may not be shown.",
    Effect.PLACE: "Images may be shown in the wrong place.",
    Effect.SIZE: "Images may be shown at the wrong size.",
    Effect.AXES: "Other programs may mix up its dimensions.",
    Effect.DIFFERENT: "Programs may differ in what they show.",
    Effect.COLORS: "Colors or contrast may look wrong.",
    Effect.NAMES: "Names may be missing or mixed up.",
    Effect.REFUSED: "Other programs may refuse the file.",
    Effect.SLOW: "The file may open and draw more slowly.",
    Effect.UNPACKING: "It may not unpack on every computer.",
    Effect.DETAIL: "Other programs may miss a detail.",
    Effect.NEEDLESS: "The file holds things it does not need.",
    Effect.NONE: "Nothing to worry about.",
}
_EFFECT_RANKS = {effect: rank for rank, effect in enumerate(Effect)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One MUST or SHOULD, defined above the code that judges by it."""

    code: str
    """Stable kebab-case name."""
    severity: Severity
    section: str
    """Section of the specification; empty where it depends on the place."""
    says: str
    """The rule in our own words."""
    remedy: str
    """What to do when it is broken."""
    is_agreement: bool = False
    """Whether it is about parts of a document that must fit together. The conformance documents of
    the specification count a document that breaks only such rules as valid."""
    effect: Effect = field(kw_only=True)
    """What it means for a person when it is broken."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where an issue lies."""

    entry: str = ""
    """Name of the entry (file) inside the hierarchy or archive; empty for the whole of it."""
    json_path: str = ""
    """Place inside a JSON document, such as ``ome.multiscales[0].datasets[1].path``."""

    def at(self, *parts: str | int) -> Location:
        """Return the location of a part of this one.

        Parameters
        ----------
        *parts
            Names of fields and positions in lists, from the outside in.
        """
        path = self.json_path
        for part in parts:
            if isinstance(part, int):
                path += f"[{part}]"
            elif part.replace("-", "_").isidentifier():
                path += f".{part}" if path else part
            else:
                path += f"[{json.dumps(part)}]"
        return Location(self.entry, path)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.entry, self.json_path) if part)
