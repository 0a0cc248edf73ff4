"""Entries that an archive takes over from the one it is made from: all that nothing replaces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.archive.records import records_size
from napari_ome_zip.errors import ArchiveError, DamagedEntryError, SaveError
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import is_zarr_json
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.storage.json_writing import to_json

ROOT = "zarr.json"

type Moves = Mapping[str, str | None]
"""Where entries and folders go, by their paths; None for those that are not taken over."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One entry that is taken over byte for byte."""

    source: str
    """Its name where it is taken from."""
    name: str
    """Its name in the archive."""
    nbytes: int

    @property
    def archived_bytes(self) -> int:
        """Bytes that it adds to the archive."""
        return self.nbytes + records_size(self.name)


def carry(
    opened: Opened, moves: Moves, documents: Mapping[str, bytes]
) -> tuple[dict[str, bytes], tuple[Copy, ...]]:
    """Documents and entries of a file, moved; those that are written anew win.

    Parameters
    ----------
    opened : Opened
    moves : mapping of str to str or None
        Everything else stays where it is.
    documents : mapping of str to bytes
        Documents that are written anew, by entry name.

    Returns
    -------
    dict of str to bytes
        All documents of the archive.
    tuple of Copy
        All other entries that are taken over.

    Raises
    ------
    SaveError
        If a document that would be taken over is damaged.
    """
    carried: dict[str, bytes] = {}
    copies: dict[str, Copy] = {}
    for source, nbytes in opened.sizes.items():
        name = moved(source, moves)
        if name is not None and name not in documents:
            copies[name] = Copy(source, name, nbytes)
    read = [copies.pop(name) for name in list(copies) if is_zarr_json(name)]
    ahead = expected_ahead(opened.store, read, lambda copy: copy.source, lambda copy: copy.nbytes)
    with ahead as expected:
        for copy in expected:
            carried[copy.name] = raw_document(opened, copy.source)
    together = {**carried, **documents}
    if ROOT in together:
        together[ROOT] = consolidated(together, documents)
    return together, tuple(copies.values())


def moved(path: str, moves: Moves) -> str | None:
    """Where an entry or folder goes: with the nearest folder above it that is moved."""
    above, rest = path, ""
    while True:
        if above in moves:
            target = moves[above]
            return None if target is None else target + rest
        above, slash, last = above.rpartition("/")
        if not slash:
            return path
        rest = f"/{last}{rest}"


def raw_document(opened: Opened, name: str) -> bytes:
    """A document as it is in the file.

    Raises
    ------
    SaveError
        If it is damaged.
    """
    try:
        found = opened.store.read(name)
    except (ArchiveError, DamagedEntryError) as error:
        raise SaveError(
            f"A document of the file cannot be copied: {error} Nothing was saved; an earlier "
            "file is untouched."
        ) from error
    return b"" if found is None else bytes(found)


def document(opened: Opened, path: str) -> dict[str, Any]:
    """The ``zarr.json`` of a group or array of the file, to be changed."""
    found: dict[str, Any] = json.loads(raw_document(opened, f"{path}/{ROOT}" if path else ROOT))
    return found


def consolidated(documents: Mapping[str, bytes], changed: Mapping[str, bytes]) -> bytes:
    """The root's document; its copies of all others, where it has them, are brought up to date."""
    raw = documents[ROOT]
    if b'"consolidated_metadata"' not in raw:
        return raw
    root = json.loads(raw)
    copies = (root.get("consolidated_metadata") or {}).get("metadata")
    if not isinstance(copies, dict):
        return raw
    renewed = {}
    for name, text in documents.items():
        path = name.removesuffix(ROOT).rstrip("/")
        if path in copies and name not in changed:
            renewed[path] = copies[path]
        elif path and (found := _parsed(text)) is not None:
            renewed[path] = found
    if renewed == copies:
        return raw
    root["consolidated_metadata"]["metadata"] = renewed
    return to_json(root)


def _parsed(text: bytes) -> Any:
    """A document; None for other files that only have its name."""
    try:
        return json.loads(text)
    except ValueError:
        return None
