"""The reader that napari calls for ``.ome.zip`` and ``.ozx`` files, wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import napari
from napari.layers import Layer

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import Link, is_link
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.names import SAVED_SUFFIXES, is_archive_name
from napari_ome_zip.plugin.asking import ask_and_open
from napari_ome_zip.plugin.links.opening import open_links
from napari_ome_zip.plugin.messages import tell
from napari_ome_zip.plugin.notices import of_error
from napari_ome_zip.plugin.opened_files import OpenedFile, layers_for, open_read, read_file
from napari_ome_zip.plugin.opening import (
    is_opened_by_window,
    is_reader_chosen,
    returned_layers_are_used,
)

NOTHING = (None,)
"""What napari takes for a file that is dealt with, and shows nothing of."""

type PathOrPaths = str | Sequence[str]
type ReaderFunction = Callable[[PathOrPaths], list[LayerData | Layer | tuple[None]]]


def get_reader(path: PathOrPaths | None = None) -> ReaderFunction | None:
    """Offer to read ``path`` if it is named like a single-image archive.

    Only names are looked at: napari asks every reader, and hides what a reader says here. A
    file that turns out to be bad is explained by `read`. Without a path, as from napari's
    palette, a person is asked for files, and they are opened.
    """
    if path is None:
        ask_and_open()
        return None
    paths = _as_list(path)
    return read_layers if paths and all(is_archive_name(p) for p in paths) else None


def read_layers(path: PathOrPaths) -> list[LayerData | Layer | tuple[None]]:
    """What `read` reads; in a window, with what layer data have no place for.

    Scripts that read through napari's plugins expect layer data. A person who drops, pastes or
    names a link goes on meanwhile: its layers are added when it is there.
    """
    viewer = napari.current_viewer()
    names = _as_list(path)
    if viewer is not None and is_opened_by_window() and not returned_layers_are_used():
        open_links(viewer, [Link(name) for name in names if is_link(name)])
        names = [name for name in names if not is_link(name)]
    if not names:
        return [NOTHING]
    try:
        opened = _read_all(names)
    except (OmeZipError, OSError):
        if not _is_ours_to_tell(names):
            raise
        return [NOTHING]
    if viewer is None:
        return [layer for each in opened for layer in each.layers]
    return [*layers_for(viewer, opened)]


def _is_ours_to_tell(paths: Sequence[str]) -> bool:
    """Whether no error is to follow on what has been told of a file that cannot be opened.

    An error ends a drop or the command line, with the files that come after it unopened. It is of
    use to a script, and where napari may offer another plugin for the file.
    """
    is_ours = all(name.lower().endswith(SAVED_SUFFIXES) for name in paths)
    return is_reader_chosen() or (is_ours and is_opened_by_window())


def read(path: PathOrPaths) -> list[LayerData]:
    """Read one or several archives into layer data; pixels stay where they are until shown.

    Several paths (files opened "as stack") give the layers of each, one after the other.

    Raises
    ------
    OmeZipError, OSError
        If none of the files can be opened. What is wrong with each is told in a notification.
    """
    return [layer for opened in _read_all(_as_list(path)) for layer in opened.layers]


def _read_all(paths: Sequence[str]) -> list[OpenedFile]:
    opened: list[OpenedFile] = []
    errors: list[OmeZipError | OSError] = []
    for path in paths:
        try:
            opened.append(open_read(read_file(path)))
        except (OmeZipError, OSError) as error:
            tell(of_error(error, path))
            errors.append(error)
    if errors and not opened:
        raise errors[0]
    return opened


def _as_list(path: PathOrPaths) -> list[str]:
    return [path] if isinstance(path, str) else list(path)
