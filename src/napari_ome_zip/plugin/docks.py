"""The plugin's dock widgets in a window: the one that is open, before another is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from npe2 import PluginManager
from qtpy.QtWidgets import QDockWidget

if TYPE_CHECKING:
    import napari.viewer

PLUGIN = "napari-ome-zip"
CHECK_COMMAND = f"{PLUGIN}.validate_widget"


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
    title = title_of(command)
    if title is None:
        return
    widget = _docked(viewer, command)
    if widget is None:
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, title)
    # Of a container of magicgui it is its Qt widget that lies in the dock.
    dock = getattr(widget, "native", widget).parentWidget()
    if isinstance(dock, QDockWidget):
        dock.show()
        dock.raise_()
    widget.check(path, deep=deep)


def _docked(viewer: napari.viewer.Viewer, command: str) -> Any:
    """The widget of a command that is docked already.

    It is looked for by its class: what a menu has opened has another title than what a program
    opens, so that napari would open a second one.
    """
    kind = PluginManager.instance().commands.get(command)
    docked = viewer.window.dock_widgets.values()
    return next((w for w in docked if isinstance(kind, type) and isinstance(w, kind)), None)
