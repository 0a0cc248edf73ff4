"""Rules, and the place where a check stands when it judges by one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from napari_ome_zip.validation.report import Issue, Location, Severity
from napari_ome_zip.validation.versions import Spec

MUST = Severity.ERROR
SHOULD = Severity.WARNING
INFO = Severity.INFO


@dataclass(frozen=True, slots=True)
class Rule:
    """One MUST or SHOULD."""

    code: str
    """Stable kebab-case name."""
    severity: Severity
    section: str
    """Section of the specification; empty where the place tells it."""
    says: str
    """The rule in our own words."""
    remedy: str
    """What to do when it is broken."""


# A field holds the kind of JSON value that the specification gives it.
WRONG_TYPE = Rule(
    "wrong-type",
    MUST,
    "",
    "A field holds the kind of JSON value that the specification gives it.",
    "Write the kind of value that is expected, or have the program that wrote the file "
    "write it again.",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document, and the version of the specification it is judged by."""

    location: Location
    spec: Spec

    def at(self, *parts: str | int) -> Place:
        """Return the place of a part."""
        return Place(self.location.at(*parts), self.spec)

    def issue(self, rule: Rule, message: str, *, section: str = "") -> Issue:
        """Return the issue of having broken `rule` here."""
        return Issue(
            code=rule.code,
            severity=rule.severity,
            location=self.location,
            message=message,
            rule=f"OME-Zarr {self.spec.version}, {section or rule.section}",
            remedy=rule.remedy,
        )

    def wrong_type(self, found: object, expected: str, section: str) -> Issue:
        """Return the issue of a value of the wrong kind.

        Parameters
        ----------
        found
            The JSON value.
        expected
            The kind expected, with its article: ``"a list"``.
        section
            Section of the specification that says so.
        """
        message = f"{_capital(describe(found))} where {expected} is expected"
        return self.issue(WRONG_TYPE, message, section=section)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def describe(value: object) -> str:
    """Return a JSON value in words, short enough for a message."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {json.dumps(_short(value), ensure_ascii=False)}"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    return f"a value of type {type(value).__name__}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def quoted(names: object) -> str:
    """Return names as a readable list, such as ``"y", "x"``."""
    if isinstance(names, str):
        return f'"{_short(names)}"'
    if isinstance(names, (list, tuple, set, frozenset)):
        return ", ".join(quoted(str(name)) for name in names) or "none"
    return describe(names)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a JSON value is an object."""
    return isinstance(value, Mapping)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number (true and false are none)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_integer(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a whole number; ``1.0`` is, as in JSON Schema."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def is_name(value: object) -> TypeGuard[str]:
    """Whether a JSON value is a text that is not empty."""
    return isinstance(value, str) and bool(value)


def is_vector(value: object) -> TypeGuard[list[int | float]]:
    """Whether a JSON value is a list of numbers."""
    return isinstance(value, list) and all(is_number(v) for v in value)


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list, nothing of what is no list; judges nothing."""
    return [item for item in value if is_object(item)] if is_list(value) else []
