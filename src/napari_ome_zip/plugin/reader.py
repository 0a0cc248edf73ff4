"""The reader that napari calls for ``.ome.zip`` and ``.ozx`` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import napari
from napari.layers import Layer

import napari_ome_zip
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.names import SAVED_SUFFIXES, is_archive_name
from napari_ome_zip.plugin.asking import ask_and_open
from napari_ome_zip.plugin.contents.offer import what_is_in
from napari_ome_zip.plugin.drawn_layers import tried_layers
from napari_ome_zip.plugin.messages import tell
from napari_ome_zip.plugin.notices import Notice, explain
from napari_ome_zip.plugin.opening import is_opened_by_window, is_reader_chosen
from napari_ome_zip.plugin.preferences import restores_view, use_preferences
from napari_ome_zip.plugin.refreshing import refresh_layers
from napari_ome_zip.plugin.units_in_window import share_units
from napari_ome_zip.plugin.view.restore import show_when_added
from napari_ome_zip.plugin.view.state import ViewState
from napari_ome_zip.plugin.viewer_state import with_contrast_range
from napari_ome_zip.plugin.window import attend
from napari_ome_zip.storage import open_store

MAX_KINDS = 3
"""Kinds of repairs that one notification describes, at most."""

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

    Scripts that read through napari's plugins expect layer data.
    """
    try:
        opened = _read_all(path)
    except (OmeZipError, OSError):
        if not _is_ours_to_tell(path):
            raise
        return [NOTHING]
    layers = [layer for each in opened for layer in each.layers]
    viewer = napari.current_viewer()
    if viewer is None:
        return list(layers)
    use_preferences()
    attend(viewer)
    for notice in share_units(layers, viewer):
        tell(notice)
    refresh_layers(layers)
    made = [made for each in opened for made in each.made]
    if layers and not viewer.layers:
        view = opened[0].view if len(opened) == 1 and restores_view() else None
        show_when_added(viewer, {each.source for each in opened}, len(layers), view)
    return [_for_window(layer, drawn) for layer, drawn in zip(layers, made, strict=True)]


def _for_window(layer_data: LayerData, made: Layer | None) -> LayerData | Layer:
    if made is None:
        return with_contrast_range(layer_data)
    _, keywords, _ = layer_data
    if "units" in keywords:  # those that are shared, since it was made
        made.units, made.metadata = keywords["units"], keywords["metadata"]
    return made


def _is_ours_to_tell(path: PathOrPaths) -> bool:
    """Whether no error is to follow on what has been told of a file that cannot be opened.

    An error ends a drop or the command line, with the files that come after it unopened. It is of
    use to a script, and where napari may offer another plugin for the file.
    """
    is_ours = all(name.lower().endswith(SAVED_SUFFIXES) for name in _as_list(path))
    return is_reader_chosen() or (is_ours and is_opened_by_window())


def read(path: PathOrPaths) -> list[LayerData]:
    """Read one or several archives into layer data; pixels stay on disk until shown.

    Several paths (files opened "as stack") give the layers of each, one after the other.

    Raises
    ------
    OmeZipError, OSError
        If none of the files can be opened. What is wrong with each is told in a notification.
    """
    return [layer for opened in _read_all(path) for layer in opened.layers]


@dataclass(frozen=True)
class _Opened:
    """What one file gives a viewer."""

    source: str
    layers: list[LayerData]
    made: list[Layer | None]
    """Layers that had to be made to know that napari takes them; None for the others."""
    view: ViewState | None
    """What the window showed when it was saved."""


def _read_all(path: PathOrPaths) -> list[_Opened]:
    opened: list[_Opened] = []
    errors: list[OmeZipError | OSError] = []
    for name in _as_list(path):
        try:
            opened.append(_read_one(name))
        except (OmeZipError, OSError) as error:
            tell(Notice(name, explain(error, name), is_error=True))
            errors.append(error)
    if errors and not opened:
        raise errors[0]
    return opened


def _as_list(path: PathOrPaths) -> list[str]:
    return [path] if isinstance(path, str) else list(path)


def _read_one(path: str) -> _Opened:
    store = open_store(Path(path).absolute())
    store.on_damage = _FirstDamage(path)
    composite = napari_ome_zip.open_image(store)
    layers = napari_ome_zip.to_layer_data(composite)
    tried, refused = tried_layers(layers)
    _tell_repairs((*composite.findings, *_of_layers(composite, layers), *refused), path)
    content = what_is_in(composite, len(layers))
    if content and napari.current_viewer() is not None:
        tell(Notice(path, content, is_content=True))
    return _Opened(
        composite.source or "",
        [layer for layer, _ in tried],
        [made for _, made in tried],
        ViewState.of(composite.napari.view),
    )


def _of_layers(composite: CompositeImage, layers: Sequence[LayerData]) -> list[Finding]:
    """What a viewer is not given; colors matter where there is a window to show them."""
    found = layer_findings(composite, layers)
    in_window = napari.current_viewer() is not None
    return [finding for finding in found if in_window or finding.code != "label-colors-hidden"]


def _tell_repairs(findings: Sequence[Finding], path: str) -> None:
    """Tell of repairs that change what is seen."""
    seen = [finding for finding in findings if finding.is_seen]
    kinds = {finding.code: finding for finding in reversed(seen)}
    first = sorted(kinds.values(), key=seen.index)
    if not first:
        return
    lines = []
    for finding in first[:MAX_KINDS]:
        same = sum(other.code == finding.code for other in seen) - 1
        lines.append(finding.with_headline + (f" And {same} more like this." if same else ""))
    if len(first) > MAX_KINDS:
        lines.append(f"{len(first) - MAX_KINDS} more kinds of repairs were made.")
    tell(Notice(path, "\n".join(lines)))


class _FirstDamage:
    """Tells of the first damaged chunk of a file; any thread may come upon it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._told = False

    def __call__(self, message: str) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            tell(Notice(self._path, f"{message} A check finds all damage.", deep=True))
