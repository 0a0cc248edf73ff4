"""The reader that napari calls for ``.ome.zip`` and ``.ozx`` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import napari
from napari.layers import Layer
from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

import napari_ome_zip
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.findings import Finding
from napari_ome_zip.layers import LayerData, layer_findings
from napari_ome_zip.names import is_archive_name
from napari_ome_zip.plugin.viewer_state import with_contrast_range

PLUGIN = "napari-ome-zip"
CHECK_WIDGET = "Check an archive"
"""Name of the dock widget that checks a file, as the manifest has it."""
CHECK = "Check the file"
"""What a notification offers."""

LONGEST_MESSAGE = 600
"""Characters of a notification, at most."""

MAX_WARNINGS = 3
"""Notifications for one file, at most: a bad file must not bury the viewer."""

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
    """What `read` reads, with what layer data have no place for."""
    return [with_contrast_range(layer) for layer in read(path)]


def read(path: PathOrPaths) -> list[LayerData]:
    """Read one or several archives into layer data; pixels stay on disk until shown.

    Several paths (files opened "as stack") give the layers of each, one after the other.

    Raises
    ------
    OmeZipError, OSError
        If none of the files can be opened. What is wrong is shown as a notification, too,
        since napari's own names the file alone.
    """
    layers: list[LayerData] = []
    errors: list[OmeZipError | OSError] = []
    for name in _as_list(path):
        try:
            composite = napari_ome_zip.open_image(Path(name).absolute())
            opened = napari_ome_zip.to_layer_data(composite)
        except (OmeZipError, OSError) as error:
            _notify(NotificationSeverity.ERROR, str(error), name)
            errors.append(error)
        else:
            layers += opened
            _report((*composite.findings, *layer_findings(composite, opened)), name)
    if errors and not layers:
        raise errors[0]
    return layers


def _as_list(path: PathOrPaths) -> list[str]:
    return [path] if isinstance(path, str) else list(path)


def _report(findings: Sequence[Finding], path: str) -> None:
    """One notification for each kind of finding, the first ones in full."""
    kinds = {finding.code: finding for finding in reversed(findings)}
    first = sorted(kinds.values(), key=findings.index)
    for finding in first[:MAX_WARNINGS]:
        same = sum(other.code == finding.code for other in findings) - 1
        more = f" And {same} more like this." if same else ""
        _notify(NotificationSeverity.WARNING, f"{finding.message}{more}", path)
    if len(first) > MAX_WARNINGS:
        rest = len(first) - MAX_WARNINGS
        _notify(NotificationSeverity.WARNING, f"{rest} more kinds of repairs were made.", path)


def _notify(severity: NotificationSeverity, message: str, path: str) -> None:
    """Show a message now, or, where a window is about to report a failure, after that."""
    has_window = QApplication.instance() is not None and napari.current_viewer() is not None
    actions = [(CHECK, partial(_open_check, str(Path(path).absolute())))] if has_window else []
    name = Path(path).name
    if len(message) > LONGEST_MESSAGE:  # names in a file may be of any length
        message = f"{message[: LONGEST_MESSAGE - 1]}…"
    message = message if name in message else f"{message} ({name})"
    notification = _Notification(message, severity, actions)
    if severity is NotificationSeverity.ERROR and QApplication.instance() is not None:
        # napari replaces the current notification by its own when a reader raises.
        QTimer.singleShot(0, partial(notification_manager.dispatch, notification))
    else:
        notification_manager.dispatch(notification)


class _Notification(Notification):  # type: ignore[misc]  # napari is not typed
    """A notification that names the plugin as its source, where napari would name itself."""

    @property
    def source(self) -> str:
        return PLUGIN


def _open_check(path: str, _notification: object) -> None:
    """Check a file in the dock widget for that, in the window in front."""
    viewer = napari.current_viewer()
    if viewer is not None:
        dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, CHECK_WIDGET)
        dock.show()
        dock.raise_()
        widget.check(path)
