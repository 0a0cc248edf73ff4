"""A report as plain text: what breaks one rule stands together, the worst first."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from napari_ome_zip.validation.grouping import BrokenRule, by_rule

if TYPE_CHECKING:
    from napari_ome_zip.validation.report import Issue

_FEW = 5
"""Messages that are told of one rule, and places of one message, where not all are asked for."""
_LEAST_WIDTH = 30


def report_text(
    path: str, verdict: str, issues: Iterable[Issue], width: int, *, everything: bool
) -> str:
    """Return a report as text.

    Parameters
    ----------
    path, verdict : str
        The first lines.
    issues : iterable of Issue
        What was found.
    width : int
        Of a line, in characters.
    everything : bool
        Whether to tell every message and place, not the first few.
    """
    most = sys.maxsize if everything else _FEW
    lines = [path, verdict]
    for broken in by_rule(issues):
        lines += ["", *_about_rule(broken, width, most)]
    return "\n".join(lines) + "\n"


def _about_rule(broken: BrokenRule, width: int, most: int) -> Iterator[str]:
    times = f" ({broken.count:,} times)" if broken.count > 1 else ""
    yield f"{broken.severity.value.upper()} {broken.code}{times}"
    yield from _wrapped("  ", broken.effect.meaning, width)
    yield from _wrapped("  remedy: ", _once(issue.remedy for issue in broken.issues), width)
    yield from _wrapped("  rule:   ", _once(issue.rule for issue in broken.issues), width)
    for issue in broken.issues[:most]:
        yield from _wrapped("  found:  ", issue.message, width)
        yield from _wrapped("  where:  ", _places(issue, most), width)
    rest = sum(issue.count for issue in broken.issues[most:])
    if rest:
        yield f"  and {rest:,} more"


def _places(issue: Issue, most: int) -> str:
    """Return where it was found; nothing where that is the whole file."""
    places = [str(place) for place in issue.places if str(place)][:most]
    rest = issue.count - len(places)
    return "; ".join([*places, f"and {rest:,} more"] if rest > 0 and places else places)


def _once(texts: Iterable[str]) -> str:
    """Return the different ones; files of one archive may state different versions."""
    return "; ".join(dict.fromkeys(texts))


def _wrapped(start: str, text: str, width: int) -> Sequence[str]:
    return textwrap.wrap(
        text,
        width=max(width, _LEAST_WIDTH),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
    )
