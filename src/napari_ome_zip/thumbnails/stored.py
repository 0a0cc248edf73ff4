"""Reads the thumbnail of an image from its file, with one look at the end of an archive."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

from napari_ome_zip.archive.entry import ArchiveEntry
from napari_ome_zip.archive.entry_lookup import EntryLookup
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import Link, open_file
from napari_ome_zip.names import DOCUMENT_NAMES, ZARR_JSON, is_document
from napari_ome_zip.thumbnails.convention import Thumbnail, stated_thumbnails
from napari_ome_zip.thumbnails.picture_facts import picture_facts

MAX_PICTURE_BYTES = 4 << 20
"""Largest picture that is read (4 MiB): the convention wants one of 200 kB."""
MAX_EDGE = 4096
"""Longest edge of a picture that is believed to be a thumbnail, in pixels: decoded, it takes
64 MiB at most."""
MAX_DOCUMENT_BYTES = 16 << 20
"""Largest document of the root that is read for a preview (16 MiB)."""
_MOST_TRIED = 4
_INLINE = "data:"


@dataclass(frozen=True, slots=True)
class StoredThumbnail:
    """A picture that stands for an image, as it lies in its file.

    Examples
    --------
    >>> from napari_ome_zip import read_thumbnail
    >>> thumbnail = read_thumbnail("spots.ozx")
    >>> thumbnail.media_type, thumbnail.data[1:4]
    ('image/png', b'PNG')
    """

    width: int
    """In pixels, as the picture itself says."""
    height: int
    media_type: str
    """Of the bytes, whatever was stated."""
    data: bytes = field(repr=False)
    """The encoded picture."""
    path: str = ""
    """Name of the entry, from the root of the hierarchy; empty for a ``data:`` URL."""


class Entries(Protocol):
    """What a thumbnail is read from, such as a store."""

    def size_of(self, key: str, /) -> int | None:
        """Return the size of an entry in bytes; None where there is none."""

    def read(self, key: str, /) -> bytes | memoryview | None:
        """Return the content of an entry; None where there is none."""


def read_thumbnail(
    source: str | os.PathLike[str] | Link | Entries, edge: int = 256
) -> StoredThumbnail | None:
    """Read the thumbnail of the image in a file.

    Of several, the smallest one that is at least as large as wanted, else the largest. None is
    fetched from elsewhere: of a ``url`` only a picture in itself (``data:``) is used.

    Parameters
    ----------
    source : path, Link or store
        An archive, or an open store of a hierarchy (a folder is one: `DirectoryStore`).
    edge : int
        The longest edge that is wanted, in pixels.

    Returns
    -------
    StoredThumbnail or None
        None where there is none that can be used: no such entry, a damaged one, one that is not a
        PNG, JPEG, WebP or GIF picture, of more than 4 MiB, or of more than 4096 pixels an edge.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    ArchiveError
        When the file is not a usable ZIP archive.

    Notes
    -----
    The Zarr convention "thumbnails", version 1. Imports neither zarr nor numpy.

    Examples
    --------
    >>> from napari_ome_zip import add_thumbnail, read_thumbnail
    >>> read_thumbnail("cells.ozx") is None
    True
    >>> written = add_thumbnail("cells.ozx")
    >>> read_thumbnail("cells.ozx")
    StoredThumbnail(width=256, height=192, media_type='image/png', path='thumbnail.png')
    """
    entries = _ArchiveEntries(source) if isinstance(source, str | os.PathLike | Link) else source
    for thumbnail in _by_fitness(stated_thumbnails(_attributes(entries)), edge)[:_MOST_TRIED]:
        path = thumbnail.path
        data = _content(entries, path, MAX_PICTURE_BYTES) if path else _inline(thumbnail.url or "")
        found = None if data is None else _picture(data, path or "")
        if found is not None:
            return found
    return None


def _by_fitness(thumbnails: Iterable[Thumbnail], edge: int) -> list[Thumbnail]:
    inside = [each for each in thumbnails if each.path or (each.url or "").startswith(_INLINE)]
    return sorted(inside, key=lambda each: (each.edge < edge, abs(each.edge - edge)))


def _attributes(entries: Entries) -> Mapping[str, Any]:
    """The attributes of the root; none where its document cannot be read."""
    document = _document(entries, ZARR_JSON)
    if document is not None:
        found = document.get("attributes")
        return found if isinstance(found, dict) else {}
    return _document(entries, ".zattrs") or {}


def _document(entries: Entries, name: str) -> dict[str, Any] | None:
    raw = _content(entries, name, MAX_DOCUMENT_BYTES)
    if raw is None:
        return None
    with suppress(ValueError, RecursionError):
        found = json.loads(raw)
        return found if isinstance(found, dict) else None
    return None


def _inline(url: str) -> bytes | None:
    """The picture that a ``data:`` URL is (RFC 2397); None where it is none in base 64."""
    head, _, content = url.partition(",")
    if not head.endswith(";base64") or len(content) > MAX_PICTURE_BYTES * 4 // 3:
        return None
    with suppress(ValueError):
        return base64.b64decode(unquote(content), validate=True)
    return None


def _picture(data: bytes, path: str) -> StoredThumbnail | None:
    facts = picture_facts(data)
    if facts is None or max(facts.width, facts.height) > MAX_EDGE:
        return None
    return StoredThumbnail(facts.width, facts.height, facts.media_type, data, path)


def _content(entries: Entries, name: str, most: int) -> bytes | None:
    """The content of an entry; None where it is not there, too large, or damaged."""
    try:
        size = entries.size_of(name)
        found = None if size is None or size > most else entries.read(name)
    except (OmeZipError, OSError):
        return None
    return None if found is None else bytes(found)


class _ArchiveEntries:
    """The entries of an archive, by their names from the root of the hierarchy in it."""

    def __init__(self, place: str | os.PathLike[str] | Link) -> None:
        # Held, since it is closed when nothing refers to it any more.
        self._file = open_file(place)
        self._lookup = EntryLookup(self._file.read, self._file.size, self._file.label)
        self._prefix = self._root()
        self._found: dict[str, ArchiveEntry | None] = {}

    def size_of(self, key: str) -> int | None:
        entry = self._entry(key)
        return None if entry is None else entry.size

    def read(self, key: str) -> bytes | None:
        entry = self._entry(key)
        return None if entry is None else self._lookup.content(entry, MAX_DOCUMENT_BYTES)

    def _entry(self, key: str) -> ArchiveEntry | None:
        name = self._prefix + key
        if name not in self._found:  # the whole directory is searched for it
            self._found[name] = self._lookup.find_all([name]).get(name)
        return self._found[name]

    def _root(self) -> str:
        """The folder that the hierarchy lies in: the root, or the only one that has documents."""
        if self._lookup.find_all(sorted(DOCUMENT_NAMES)):
            return ""
        folders = {name.rpartition("/")[0] for name in self._lookup.names() if is_document(name)}
        topmost = [folder for folder in folders if not _is_below_one(folder, folders)]
        return f"{topmost[0]}/" if len(topmost) == 1 else ""


def _is_below_one(folder: str, folders: Container[str]) -> bool:
    above = folder.rpartition("/")[0]
    while above:
        if above in folders:
            return True
        above = above.rpartition("/")[0]
    return False
