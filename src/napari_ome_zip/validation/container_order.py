"""Checks the order of entries (RFC-9, S4), and the promise ``jsonFirst`` in the comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_ome_zip.archive import rules
from napari_ome_zip.names import ZARR_JSON, is_junk, is_zarr_json
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue


def check_order(
    names: Sequence[str], offsets: NDArray[np.uint64], *, has_root: bool, claimed: bool
) -> Iterator[Issue]:
    """Check the order of entries in the directory, and in the file.

    S4: the root's ``zarr.json`` is the first entry in the file and in the directory; every other
    ``zarr.json`` follows at once, breadth first; then comes everything else.

    Parameters
    ----------
    names : sequence of str
        In the order of the directory.
    offsets : ndarray of int
        Offset of each entry in the file.
    has_root : bool
        Whether there is a ``zarr.json`` at the root; without one nothing is checked.
    claimed : bool
        Whether the comment says ``jsonFirst``.
    """
    if not has_root:
        return
    untrue: list[str] = []
    places = np.argsort(offsets, kind="stable")
    if names[0] != ZARR_JSON:
        untrue.append(names[0])
        yield issue(rules.ROOT_FIRST, f"The archive's list begins with {names[0]!r}", names[0])
    elif names[int(places[0])] != ZARR_JSON:
        first = names[int(places[0])]
        yield issue(rules.ROOT_FIRST, f"The file begins with {first!r}", first)
    late = late_document(names)
    if late is not None:
        untrue.append(late)
        yield issue(rules.DOCUMENTS_FIRST, f"{late!r} comes too late in the archive's list", late)
    elif not np.array_equal(places, np.arange(len(names))):
        late = late_document([names[row] for row in places.tolist()])
        if late is not None:
            yield issue(rules.DOCUMENTS_FIRST, f"{late!r} lies too late in the file", late)
    if claimed and untrue:
        # S6: jsonFirst promises the order of the central directory.
        message = "The comment promises that all zarr.json come first, in order; they do not"
        yield issue(rules.JSON_FIRST, message, untrue[-1])


def late_document(names: Sequence[str]) -> str | None:
    """Return the first ``zarr.json`` after another entry or a deeper one; None in S4's order."""
    ahead = next((row for row, name in enumerate(names) if not _is_document(name)), len(names))
    depth = 0
    for name in names[:ahead]:
        if name.count("/") < depth:
            return name
        depth = name.count("/")
    return next((name for name in names[ahead:] if _is_document(name)), None)


def _is_document(name: str) -> bool:
    return is_zarr_json(name) and not is_junk(name)
