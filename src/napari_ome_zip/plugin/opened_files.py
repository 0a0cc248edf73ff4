"""From a file to the layers of a window: what takes time in any thread, the rest in the window's.

A file on a disk goes through both at once (`napari_ome_zip.plugin.reader`). One behind a link is
read in a thread, and its layers are made when it is there (`napari_ome_zip.plugin.links`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import napari
from napari.layers import Layer

import napari_ome_zip
from napari_ome_zip.files import Link, is_link
from napari_ome_zip.findings import TOLD_LAST, Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.layers.view_state import ViewState
from napari_ome_zip.plugin.contents.offer import what_is_in
from napari_ome_zip.plugin.drawn_layers import tried_layers
from napari_ome_zip.plugin.messages import tell
from napari_ome_zip.plugin.notices import Notice
from napari_ome_zip.plugin.opening import is_opened_by_window
from napari_ome_zip.plugin.preferences import restores_view, use_preferences
from napari_ome_zip.plugin.previews import keep_preview_of_opened
from napari_ome_zip.plugin.refreshing import refresh_layers
from napari_ome_zip.plugin.units_in_window import share_units
from napari_ome_zip.plugin.view.restore import show_when_added
from napari_ome_zip.plugin.viewer_state import with_contrast_range
from napari_ome_zip.plugin.window import attend
from napari_ome_zip.storage import open_store

if TYPE_CHECKING:
    from napari.components import ViewerModel

MAX_KINDS = 3
"""Kinds of repairs that one notification describes, at most."""


@dataclass(frozen=True)
class ReadFile:
    """What is in a file, before a viewer is asked what it takes of it."""

    path: str
    """As messages name it: a path, or a link without what is secret in it."""
    composite: CompositeImage
    layers: list[LayerData]


@dataclass(frozen=True)
class OpenedFile:
    """What one file gives a viewer."""

    source: str
    layers: list[LayerData]
    made: list[Layer | None]
    """Layers that had to be made to know that napari takes them; None for the others."""
    view: ViewState | None
    """What the window showed when it was saved."""


def read_file(place: str | Link) -> ReadFile:
    """Read what is in a file; its pixels stay where they are. May be called from any thread.

    Raises
    ------
    OmeZipError, OSError
        When it cannot be opened.
    """
    if isinstance(place, str):
        place = Link(place) if is_link(place) else str(Path(place).absolute())
    path = place.source if isinstance(place, Link) else place
    store = open_store(place)
    store.on_damage = _FirstDamage(path)
    composite = napari_ome_zip.open_image(store)
    return ReadFile(path, composite, napari_ome_zip.to_layer_data(composite))


def open_read(file: ReadFile) -> OpenedFile:
    """Let napari try what is in a file, and tell what a person should know of it."""
    composite, path = file.composite, file.path
    tried, refused = tried_layers(file.layers)
    _tell_repairs((*composite.findings, *_of_layers(file), *refused), path)
    content = what_is_in(composite, len(file.layers))
    if content and napari.current_viewer() is not None:
        tell(Notice(path, content, is_content=True))
    return OpenedFile(
        composite.source or "",
        [layer for layer, _ in tried],
        [made for _, made in tried],
        ViewState.of(composite.napari.view),
    )


def layers_for(viewer: ViewerModel, opened: Sequence[OpenedFile]) -> list[LayerData | Layer]:
    """What is to be added to a viewer for files; from now on the plugin attends to it."""
    layers = [layer for each in opened for layer in each.layers]
    use_preferences()
    attend(viewer)
    for notice in share_units(layers, viewer):
        tell(notice)
    refresh_layers(layers)
    if is_opened_by_window():
        for each in opened:
            keep_preview_of_opened(each.source, each.layers)
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


def _of_layers(file: ReadFile) -> list[Finding]:
    """What a viewer is not given; colors matter where there is a window to show them."""
    found = layer_findings(file.composite, file.layers)
    in_window = napari.current_viewer() is not None
    return [finding for finding in found if in_window or finding.code != "label-colors-hidden"]


def _tell_repairs(findings: Sequence[Finding], path: str) -> None:
    """Tell of repairs that change what is seen: of a notification the first line is read."""
    seen = [finding for finding in findings if finding.is_seen]
    kinds = {finding.code: finding for finding in reversed(seen)}
    first = sorted(kinds.values(), key=lambda each: (each.code in TOLD_LAST, seen.index(each)))
    if not first:
        return
    lines = []
    for finding in first[:MAX_KINDS]:
        same = sum(other.code == finding.code for other in seen) - 1
        lines.append(finding.with_headline + (f" And {same} more like this." if same else ""))
    if len(first) > MAX_KINDS:
        more = len(first) - MAX_KINDS
        were = "kind of repair was" if more == 1 else "kinds of repairs were"
        lines.append(f"{more} more {were} made.")
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
