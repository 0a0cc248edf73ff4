"""Issues that lie in a file rather than in what its documents say."""

from __future__ import annotations

from napari_ome_zip.rules import Location, Rule
from napari_ome_zip.validation.report import Issue


def issue(
    rule: Rule,
    message: str,
    entry: str = "",
    *,
    count: int = 1,
    also: tuple[str, ...] = (),
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
    also : tuple of str
        Names of a few others of them.
    """
    return Issue(
        code=rule.code,
        severity=rule.severity,
        location=Location(entry),
        message=message,
        rule=rule.section,
        remedy=rule.remedy,
        count=count,
        also=tuple(Location(name) for name in also),
        effect=rule.effect,
    )
