"""The plugin's dock widgets in a window: the one that is open, before another is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from npe2 import PluginManager
from qtpy.QtWidgets import QDockWidget

if TYPE_CHECKING:
    import napari.viewer

PLUGIN = "napari-ome-zip"
CHECK_COMMAND = f"{PLUGIN}.validate_widget"
CONTENTS_COMMAND = f"{PLUGIN}.contents"
SAVE_COMMAND = f"{PLUGIN}.save_widget"
DOCUMENTATION_COMMAND = f"{PLUGIN}.documentation"


def title_of(command: str) -> str | None:
    """Name under which napari offers the widget of a command; None where it has none."""
    manager = PluginManager.instance()
    if PLUGIN not in manager:
        return None
    widgets = manager.get_manifest(PLUGIN).contributions.widgets or ()
    return next((w.display_name for w in widgets if w.command == command), None)


def open_check(
    viewer: napari.viewer.Viewer, path: str, command: str = CHECK_COMMAND, *, deep: bool = False
) -> None:
    """Check a file in the dock widget for that: the one that is there, or a new one."""
    widget = _opened(viewer, command)
    if widget is not None:
        widget.check(path, deep=deep)


def open_contents(viewer: napari.viewer.Viewer, path: str | None = None) -> None:
    """Show what is in the open files, or in one of them, in the dock widget for that."""
    widget = _opened(viewer, CONTENTS_COMMAND)
    if widget is not None and path is not None:
        widget.show_file(path)


def open_save(viewer: napari.viewer.Viewer) -> None:
    """Open the form for saving: the one that is there, or a new one."""
    _opened(viewer, SAVE_COMMAND)


def open_documentation(viewer: napari.viewer.Viewer) -> None:
    """Show the documentation: where it is open already, or anew."""
    _opened(viewer, DOCUMENTATION_COMMAND)


def _opened(viewer: napari.viewer.Viewer, command: str) -> Any:
    """The widget of a command, in front; None where napari does not offer it."""
    title = title_of(command)
    if title is None:
        return None
    widget = _docked(viewer, command)
    if widget is None:
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, title)
    # Of a container of magicgui it is its Qt widget that lies in the dock.
    dock = getattr(widget, "native", widget).parentWidget()
    if isinstance(dock, QDockWidget):
        dock.show()
        dock.raise_()
    return widget


def _docked(viewer: napari.viewer.Viewer, command: str) -> Any:
    """The widget of a command that is docked already.

    It is looked for by its class: what a menu has opened has another title than what a program
    opens, so that napari would open a second one.
    """
    kind = PluginManager.instance().commands.get(command)
    docked = viewer.window.dock_widgets.values()
    return next((w for w in docked if isinstance(kind, type) and isinstance(w, kind)), None)
