"""Issues that lie in a file rather than in what its documents say."""

from __future__ import annotations

from napari_ome_zip.rules import Location, Rule
from napari_ome_zip.validation.report import Issue


def issue(
    rule: Rule,
    message: str,
    entry: str = "",
    *,
    json_path: str = "",
    count: int = 1,
    also: tuple[str, ...] = (),
) -> Issue:
    """Return the issue of a broken rule that no version of OME-Zarr owns.

    Parameters
    ----------
    rule : Rule
        Its section names the specification as well.
    message : str
        What was found.
    entry : str
        Name of the entry it concerns; empty for the whole.
    json_path : str
        Place inside the document, where the entry is one.
    count : int
        How many entries it concerns.
    also : tuple of str
        The next few of them.
    """
    return Issue(
        code=rule.code,
        severity=rule.severity,
        location=Location(entry, json_path),
        message=message,
        rule=rule.section,
        remedy=rule.remedy,
        count=count,
        also=tuple(Location(name) for name in also),
    )
