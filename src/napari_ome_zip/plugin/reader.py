"""The reader that napari calls for ``.ome.zip`` and ``.ozx`` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import napari
from napari.layers import Layer
from napari.utils.notifications import NotificationSeverity

import napari_ome_zip
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.names import is_archive_name
from napari_ome_zip.plugin.contents.offer import contents_action, what_is_in
from napari_ome_zip.plugin.drawn_layers import tried_layers
from napari_ome_zip.plugin.messages import (
    CHECK_FILE,
    CHECK_FIRST_FILE,
    after_event,
    check_action,
    notify,
)
from napari_ome_zip.plugin.preferences import restores_view, use_preferences
from napari_ome_zip.plugin.refreshing import refresh_layers
from napari_ome_zip.plugin.view.restore import restore_when_shown
from napari_ome_zip.plugin.view.state import ViewState
from napari_ome_zip.plugin.viewer_state import with_contrast_range
from napari_ome_zip.plugin.window import attend
from napari_ome_zip.storage import open_store

MAX_FAILURES = 3
"""Files of which one notification says why they cannot be opened, at most."""

MAX_KINDS = 3
"""Kinds of repairs that one notification describes, at most."""

type PathOrPaths = str | Sequence[str]
type ReaderFunction = Callable[[PathOrPaths], list[LayerData | Layer]]


def get_reader(path: PathOrPaths) -> ReaderFunction | None:
    """Offer to read ``path`` if it is named like a single-image archive.

    Only names are looked at: napari asks every reader, and hides what a reader says here. A
    file that turns out to be bad is explained by `read`.
    """
    paths = _as_list(path)
    return read_layers if paths and all(is_archive_name(p) for p in paths) else None


def read_layers(path: PathOrPaths) -> list[LayerData | Layer]:
    """What `read` reads; in a window, with what layer data have no place for.

    Scripts that read through napari's plugins expect layer data.
    """
    opened = _read_all(path)
    layers = [layer for each in opened for layer in each.layers]
    viewer = napari.current_viewer()
    if viewer is None:
        return list(layers)
    use_preferences()
    attend(viewer)
    refresh_layers(layers)
    made = [made for each in opened for made in each.made]
    if len(opened) == 1 and opened[0].view is not None and not viewer.layers and restores_view():
        restore_when_shown(viewer, opened[0].view, opened[0].source, len(layers))
    return [
        with_contrast_range(layer) if drawn is None else drawn
        for layer, drawn in zip(layers, made, strict=True)
    ]


def read(path: PathOrPaths) -> list[LayerData]:
    """Read one or several archives into layer data; pixels stay on disk until shown.

    Several paths (files opened "as stack") give the layers of each, one after the other.

    Raises
    ------
    OmeZipError, OSError
        If none of the files can be opened. What is wrong is shown as a notification, too,
        since napari's own names the file alone.
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
            _FAILURES.add(name, str(error))
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
    findings = (*composite.findings, *_of_layers(composite, layers), *refused)
    _report(findings, path, what_is_in(composite, len(layers)))
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


def _report(findings: Sequence[Finding], path: str, content: str = "") -> None:
    """Report repairs that change what is seen, in one notification: a second would hide it.

    Of a file with much in it, of which `content` tells, that is said if there is nothing else.
    """
    seen = [finding for finding in findings if finding.is_seen]
    kinds = {finding.code: finding for finding in reversed(seen)}
    first = sorted(kinds.values(), key=seen.index)
    has_much = bool(content) and napari.current_viewer() is not None
    if not first:
        if has_much:
            text = _with_name(content, path)
            notify(text, NotificationSeverity.INFO, [contents_action(path)])
        return
    lines = []
    for finding in first[:MAX_KINDS]:
        same = sum(other.code == finding.code for other in seen) - 1
        lines.append(finding.with_headline + (f" And {same} more like this." if same else ""))
    if len(first) > MAX_KINDS:
        lines.append(f"{len(first) - MAX_KINDS} more kinds of repairs were made.")
    _notify("\n".join(lines), path, contents=has_much)


class _FirstDamage:
    """Reports the first damaged chunk of a file; any thread may come upon it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._reported = False

    def __call__(self, message: str) -> None:
        with self._lock:
            reported, self._reported = self._reported, True
        if not reported:
            text = f"{message} A check finds all damage."
            _notify(text, self._path, deep=True)


class _Failures:
    """Reports files that cannot be opened: those that are opened together, in one notification."""

    def __init__(self) -> None:
        self._messages: dict[str, str] = {}

    def add(self, path: str, message: str) -> None:
        """Report a failure after the current event: napari shows its own when a reader raises."""
        self._messages[path] = _with_name(message, path)
        if len(self._messages) == 1:
            after_event(self._report)

    def _report(self) -> None:
        messages, self._messages = self._messages, {}
        lines = [*messages.values()][:MAX_FAILURES]
        if len(messages) > 1:
            lines.insert(0, f"{len(messages)} files cannot be opened.")
        label = CHECK_FIRST_FILE if len(messages) > 1 else CHECK_FILE
        action = check_action(next(iter(messages)), label)
        notify("\n".join(lines), NotificationSeverity.ERROR, [action])


_FAILURES = _Failures()


def _notify(message: str, path: str, *, deep: bool = False, contents: bool = False) -> None:
    """Warn of something about a file."""
    actions = [check_action(path, deep=deep), *([contents_action(path)] if contents else [])]
    notify(_with_name(message, path), NotificationSeverity.WARNING, actions)


def _with_name(message: str, path: str) -> str:
    name = Path(path).name
    return message if name in message else f"{message} ({name})"
