"""Checks a folder for what cannot be read as a file."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.names import is_junk
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.storage import DirectoryStore
from napari_ome_zip.validation.container_rules import issue
from napari_ome_zip.validation.report import Issue

UNREADABLE = Rule(
    "entry-unreadable",
    MUST,
    "Zarr: hierarchy",
    "Everything in the folder is a file that can be read, or a link to one.",
    "Put the file itself in its place, or remove it: what it holds is shown as empty.",
)


def check_folder(store: DirectoryStore) -> Iterator[Issue]:
    """Yield an issue for each broken or circular link, and each special file.

    Raises
    ------
    OSError
        A folder cannot be listed.
    """
    for entry in store.entries():
        if entry.problem and not is_junk(entry.name):
            yield issue(UNREADABLE, f"It cannot be read: {entry.problem}", entry.name)
