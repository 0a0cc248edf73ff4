"""Read back what was written, before it replaces anything."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from napari_ome_zip.errors import SaveError


def verify_archive(
    path: Path, documents: Mapping[str, bytes], entries: int, comment: bytes
) -> None:
    """Check that a finished archive holds what its writer meant.

    The directory is read anew: its comment, the number and order of its entries, the place of
    each, and the documents byte by byte. Pixels are not read again.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    documents : mapping of str to bytes
        The documents that come first, in order.
    entries : int
        How many entries there are in all.
    comment : bytes
        The archive's comment.

    Raises
    ------
    SaveError
        Anything differs, which means that the disk or the network does not keep what it is given.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
            problem = _problem(archive, found, documents, entries, comment)
    except (zipfile.BadZipFile, OSError) as error:
        problem = str(error)
    if problem is not None:
        raise SaveError(
            f"Not saved: what was written does not read back ({problem}). An earlier file is "
            "untouched. Check the disk or the network, or choose another folder, and save again."
        )


def _problem(
    archive: zipfile.ZipFile,
    found: list[zipfile.ZipInfo],
    documents: Mapping[str, bytes],
    entries: int,
    comment: bytes,
) -> str | None:
    if len(found) != entries:
        return f"{len(found)} entries instead of {entries}"
    if archive.comment != comment:
        return "the comment differs"
    for info, (name, content) in zip(found, documents.items(), strict=False):
        if info.filename != name or archive.read(info) != content:
            return f"{name} differs"
    return None
