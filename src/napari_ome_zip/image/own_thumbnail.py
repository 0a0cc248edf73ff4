"""Gives an archive that is being written a picture of itself, as its last entry.

The document of the root, which comes first, states the size of the picture, which is drawn last,
of what a reader of the archive will see. So room is left in the document: spaces, which JSON
ignores. Directory and picture lie side by side at the end of the file: one read fetches both.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Container
from typing import Any

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import MetadataError, OmeZipError, SaveWarning
from napari_ome_zip.findings import Finding, as_sentence
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.load import open_image
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.storage import WrittenStore
from napari_ome_zip.storage.json_writing import to_json
from napari_ome_zip.thumbnails.convention import (
    THUMBNAILS,
    entry_of,
    why_not_stated,
    with_entries,
)
from napari_ome_zip.thumbnails.picture_facts import picture_facts

type Picture = Callable[[CompositeImage], bytes]
"""Draws a composite image as a small PNG. Raises an `OmeZipError` where it cannot be drawn, or that
would take too long."""

THUMBNAIL_BYTES = 1 << 16
"""About the size of a thumbnail (64 KiB): pictures of microscopes compress by two thirds."""

NOT_MADE = "thumbnail-not-made"
"""Code of the finding that says why there is no thumbnail."""

_NAME, _ENDING = "thumbnail", ".png"
_SMALLEST, _LARGEST = 1, 99_999
_MORE_DIGITS = len(f"{_LARGEST}") - len(f"{_SMALLEST}")


def free_name(taken: Container[str]) -> str:
    """Return a name for a thumbnail at the root.

    Parameters
    ----------
    taken : container of str
        Names, in small letters, of the entries and folders at the root: some systems do not tell
        capitals from small letters.
    """
    name, number = _NAME + _ENDING, 1
    while name in taken:
        number += 1
        name = f"{_NAME}-{number}{_ENDING}"
    return name


def with_room(root: bytes, name: str) -> bytes:
    """Return the document of the root with room for stating a thumbnail of this name.

    Parameters
    ----------
    root : bytes
        The document without it.
    name : str
        Name of the entry.

    Raises
    ------
    MetadataError
        If it says something else where thumbnails are listed.
    """
    problem = why_not_stated(_attributes(json.loads(root)))
    if problem is not None:
        raise MetadataError(f"No thumbnail can be listed in the document of the root: {problem}.")
    # Only a document that is short enough is indented: with fewer digits it may be the longer one.
    short, long = (len(_stating(root, name, edge, edge)) for edge in (_SMALLEST, _LARGEST))
    return root.ljust(max(len(root), long, short + 2 * _MORE_DIGITS))


def write_thumbnail(writer: ArchiveWriter, name: str, picture: Picture) -> Finding | None:
    """Draw the image in an archive, append the picture, and state it in the root's document.

    Parameters
    ----------
    writer : ArchiveWriter
        Everything else was written, the root's document as `with_room` returned it.
    name : str
        Name of the entry.
    picture : callable
        Draws it.

    Returns
    -------
    Finding or None
        Why there is none, where it could not be drawn: the archive is complete without it.
    """
    store = WrittenStore(writer)
    store.on_damage = _unheard  # it was there before, and is told of when it is opened
    try:
        drawn = picture(open_image(store))
    except OmeZipError as error:
        return Finding(NOT_MADE, "", f"No thumbnail was made: {as_sentence(error)}")
    facts = picture_facts(drawn)
    if facts is None:
        raise TypeError("what draws a thumbnail returns a picture")
    root = writer.documents[ZARR_JSON]
    stated = _stating(root, name, facts.width, facts.height)
    writer.write(name, drawn)
    writer.renew_root(stated.ljust(len(root)))
    return None


def _stating(root: bytes, name: str, width: int, height: int) -> bytes:
    """The document with the thumbnail in front of all others."""
    document = json.loads(root)
    attributes = _attributes(document)
    entries = [entry_of(width, height, name), *(attributes.get(THUMBNAILS) or ())]
    return to_json({**document, "attributes": with_entries(attributes, entries)})


def _attributes(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("attributes")
    return found if isinstance(found, dict) else {}


def warn_of(finding: Finding) -> None:
    """Say why there is no thumbnail, as a `SaveWarning`."""
    warnings.warn(finding.message, SaveWarning, stacklevel=3)


def _unheard(message: str) -> None:
    pass
