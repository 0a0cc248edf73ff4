"""Folders, as the names of files imply them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from napari_ome_zip.names import breadth_first


class NameTree:
    """The children of each folder, from the full names of files."""

    def __init__(self, names: Iterable[str]) -> None:
        folders: dict[str, list[str]] = {"": []}
        for name in names:
            folder, _, base = name.rpartition("/")
            children = folders.get(folder)
            if children is None:
                children = _add_folder(folders, folder)
            children.append(base)
        self._folders = folders

    def children(self, folder: str) -> tuple[str, ...]:
        """Return the names of files and folders directly in a folder, sorted."""
        return tuple(sorted(set(self._folders.get(folder.strip("/"), ()))))


class SortedNames:
    """Names of files, sorted so that those of one folder are consecutive."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)

    def below(self, folder: str) -> Sequence[str]:
        """Return the full names of files in and below a folder; ``""`` is the root."""
        folder = folder.strip("/")
        if not folder:
            return self._names
        first = bisect_left(self._names, f"{folder}/")
        return self._names[first : bisect_left(self._names, f"{folder}0")]  # "0" follows "/"


def _add_folder(folders: dict[str, list[str]], folder: str) -> list[str]:
    children: list[str] = []
    folders[folder] = children
    while folder:
        parent, _, base = folder.rpartition("/")
        siblings = folders.get(parent)
        if siblings is not None:
            siblings.append(base)
            break
        folders[parent] = [base]
        folder = parent
    return children


def group_paths(documents: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of documents, parents before children."""
    # In their order, which mostly is the one wanted: what is in order is soon sorted.
    folders = dict.fromkeys(name.rpartition("/")[0] for name in documents)
    return tuple(sorted(folders, key=breadth_first))
