"""Checks a folder for what cannot be read as a file."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.names import is_junk
from napari_ome_zip.storage import DirectoryStore
from napari_ome_zip.storage.folder_walk import UNREADABLE
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue


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
