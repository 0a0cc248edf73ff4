"""The dock widget "Coordinate system": shows the layers of an archive in another of its systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label
from qtpy.QtWidgets import QVBoxLayout, QWidget

import napari_ome_zip
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.plugin.coordinate_system_model import choice_of, hint, move

if TYPE_CHECKING:
    import napari.viewer


class CoordinateSystemWidget(QWidget):
    """A list of the systems of the selected layer's archive; choosing one moves its layers.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The active layer says which archive is meant.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.system = ComboBox(label="system", choices=self._systems)
        self.message = Label(value="")
        self.form = Container(widgets=[self.system])
        layout = QVBoxLayout(self)
        for widget in (self.form, self.message):
            layout.addWidget(widget.native)
        layout.addStretch(1)
        self.message.native.setWordWrap(True)
        self.system.changed.connect(self._on_choice)
        viewer.layers.selection.events.active.connect(self._refresh)
        self.destroyed.connect(self._stop)
        self._refresh()

    def _stop(self) -> None:
        self._viewer.layers.selection.events.active.disconnect(self._refresh)

    def _refresh(self, event: Any = None) -> None:
        choice = choice_of(self._layer())
        with self.system.changed.blocked():
            self.system.reset_choices()
            if choice is not None:
                self.system.value = choice.current
        self.system.enabled = choice is not None
        self._say(hint(self._layer()))

    def _on_choice(self, system: str | None) -> None:
        choice = choice_of(self._layer())
        if choice is None or system is None or system == choice.current:
            return
        try:
            left = move(self._viewer.layers, choice.source, system, napari_ome_zip.open_image)
        except (OmeZipError, OSError) as error:
            self._refresh()
            self._say(f"Nothing was moved. {error}")
            return
        self._viewer.reset_view()
        names = ", ".join(f"'{name}'" for name in left)
        self._say(f"Not in this system, and not moved: {names}." if left else "")

    def _say(self, text: str) -> None:
        self.message.value = text
        self.message.visible = bool(text)

    def _layer(self) -> Any:
        return self._viewer.layers.selection.active

    def _systems(self, _widget: Any = None) -> list[str]:
        choice = choice_of(self._layer())
        return [] if choice is None else list(choice.systems)
