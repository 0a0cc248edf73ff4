"""Issues that lie in a file rather than in what its documents say."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.rules import Location, Rule
from napari_ome_zip.validation.report import MOST_PLACES, Issue


def issue(
    rule: Rule,
    message: str,
    entry: str = "",
    *,
    count: int = 1,
    also: Sequence[str] = (),
) -> Issue:
    """Return the issue of a broken rule that belongs to no version of OME-Zarr.

    Parameters
    ----------
    rule : Rule
        The rule; its section names the specification as well.
    message : str
        What was found.
    entry : str
        Name of the entry that breaks it; empty for the whole file.
    count : int
        Number of entries that break it.
    also : sequence of str
        Names of the others of them, of which `MOST_PLACES` are kept.
    """
    return Issue(
        code=rule.code,
        severity=rule.severity,
        location=Location(entry),
        message=message,
        rule=rule.section,
        remedy=rule.remedy,
        count=count,
        also=tuple(Location(name) for name in also[: MOST_PLACES - 1]),
        effect=rule.effect,
    )
