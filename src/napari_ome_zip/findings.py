"""What a reader tolerated: one frozen record per repair, collected and never printed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_REASONS = 3
"""Reasons that one message gives, at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that was not as the specification wants it, and was tolerated."""

    code: str
    """Stable name of the fault, in kebab-case, such as ``omero-channel-count``.

    A fault that a report names as well has the same name there.
    """
    where: str
    """Entry name, or group path and JSON location; empty for the archive as a whole."""
    message: str
    """One sentence: what was found, and what was done about it."""


def first_reasons(reasons: Iterable[str]) -> str:
    """The first few of some sentences, each once, and how many more there are."""
    distinct = list(dict.fromkeys(reasons))
    rest = len(distinct) - MAX_REASONS
    more = [f"And {rest} more like this."] if rest > 0 else []
    return " ".join([*distinct[:MAX_REASONS], *more])
