"""Tables of the file that layers came from: they stay byte for byte, beside what they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import relpath

from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.tables.find import FOLDER
from napari_ome_zip.image.tables.table import Table, TableForm
from napari_ome_zip.saving.original.carrying import Moves, moved
from napari_ome_zip.saving.original.merging import LABELS

_MOST_NAMED = 3


def moves_of_tables(opened: Opened, went: Mapping[str, str]) -> dict[str, str]:
    """Where folders of tables go, so that what they say of labels beside them stays true.

    Parameters
    ----------
    opened : Opened
        The file.
    went : mapping of str to str
        The paths of images and labels, by those that they have in the file.
    """
    homes: dict[str, set[str]] = defaultdict(set)
    for table in opened.tables:
        about = [path for path in table.labels if path in went]
        homes[table.image] |= {_home(went[path]) for path in about}
        if not about and table.image in went:
            homes[table.image].add(went[table.image])
    return {
        _join(old, FOLDER): _join(new, FOLDER)
        for old, found in homes.items()
        if len(found) == 1 and (new := next(iter(found))) != old
    }


def losses_of_tables(
    image: CompositeImage, opened: Opened, moves: Moves, went: Mapping[str, str]
) -> Iterator[Finding]:
    """Tables that stay, and whose labels do not, or are not found by what the tables say.

    Parameters
    ----------
    image : CompositeImage
        What is saved.
    opened : Opened
        The file that it came from.
    moves : mapping of str to str or None
        Where entries of the file go.
    went : mapping of str to str
        As for `moves_of_tables`.
    """
    for table in opened.tables:
        place = moved(table.path, moves)
        if place is None or not table.labels:
            continue
        gone = [path for path in table.labels if path not in went]
        apart = [
            path
            for path in table.labels
            if path in went and relpath(went[path], place) != relpath(path, table.path)
        ]
        if gone:
            text = f"Table '{place}' is kept without the labels that it is about: {_all(gone)}."
            yield Finding("table-labels-removed", place, text)
        if apart:
            text = (
                f"Table '{place}' is kept as it is, and names labels that lie elsewhere now: "
                f"{_all(apart)} became {_all([went[path] for path in apart])}."
            )
            yield Finding("table-labels-moved", place, text)
        if not gone and _is_in_doubt(table, image):
            text = (
                f"Table '{place}' does not say which labels it is about, and from now on there "
                "are several in its image: programs do not know which ones it means."
            )
            yield Finding("table-labels-unclear", place, text)


def _is_in_doubt(table: Table, image: CompositeImage) -> bool:
    """Whether a table that names no labels was about the only ones, and has several now."""
    if table.form is not TableForm.ANNDATA:
        return False
    owners = {part.image_path for part in image.labels if part.kept and part.path in table.labels}
    return sum(part.image_path in owners for part in image.labels) > 1


def _home(labels: str) -> str:
    """The group whose labels lie at a path."""
    return labels.rpartition(f"{LABELS}/")[0].rstrip("/")


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _all(paths: list[str]) -> str:
    return listed(paths, _MOST_NAMED, "'{}'".format)
