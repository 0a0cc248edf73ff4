"""The form "Edit labels": what of labels that are too large for memory is to be edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from magicgui.widgets import CheckBox, ComboBox, Container, Label, PushButton, SpinBox
from napari.layers import Labels
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_ome_zip.plugin.edit_labels.model import (
    EditChoice,
    EditForm,
    default_choice,
    resolve,
)
from napari_ome_zip.plugin.edit_labels.replacing import locked_labels

if TYPE_CHECKING:
    import napari.viewer

type Apply = Callable[[Any, Labels, EditChoice], None]
"""Called with the viewer, the layer and what was chosen of it."""

_TIPS = {
    "level": "Full resolution keeps every detail. A coarser one is smaller, and replaces the finer "
    "ones of the file when you save.",
    "visible": "Edit only what you see in the window now. Zoom and move to change it.",
    "first": "Where the region begins along this slider.",
    "last": "Where the region ends along this slider; this index is part of it.",
    "button": "Replaces the layer by one that can be painted, at the same place. The file changes "
    "only when you save.",
}


class EditLabelsWidget(QWidget):
    """A form that asks what of a layer of labels is to be edited.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    apply : callable
        Replaces the layer.
    """

    def __init__(self, viewer: napari.viewer.Viewer, apply: Apply) -> None:
        super().__init__()
        self._viewer = viewer
        self._apply = apply
        self._layer: ref[Labels] | None = None
        self.title = Label(value="")
        self.level = ComboBox(label="resolution", choices=(), tooltip=_TIPS["level"])
        self.only_visible = CheckBox(text="Only what is visible now", tooltip=_TIPS["visible"])
        self.ranges: list[tuple[SpinBox, SpinBox]] = []
        self.form = Container(widgets=[self.level, self.only_visible])
        self.message = Label(value="")
        self.button = PushButton(text="Edit", tooltip=_TIPS["button"])
        layout = QVBoxLayout(self)
        for widget in (self.title, self.form, self.message, self.button):
            layout.addWidget(widget.native)
        layout.addStretch(1)
        for text in (self.title, self.message):
            text.native.setWordWrap(True)
        self.level.changed.connect(self._show)
        self.only_visible.changed.connect(self._show)
        self.button.changed.connect(self.edit)
        self._follower = _Follower(viewer, self._show)
        self.destroyed.connect(self._follower.stop)

    @property
    def choice(self) -> EditChoice:
        """What is chosen."""
        return EditChoice(
            self.level.value or 0,
            bool(self.only_visible.value),
            tuple((first.value, last.value) for first, last in self.ranges),
        )

    def show_layer(self, layer: Labels) -> None:
        """Ask what of this layer is to be edited."""
        self._layer = ref(layer)
        labels = locked_labels(layer, self._viewer)
        chosen = default_choice(labels)
        form = resolve(labels, chosen)
        with self.level.changed.blocked(), self.only_visible.changed.blocked():
            self.level.choices = [(text, number) for number, text in enumerate(form.levels)]
            self.level.value = chosen.level
            self.only_visible.value = chosen.only_visible
        self._make_ranges(form)
        self._show()

    def edit(self) -> None:
        """Replace the layer by what was chosen, and close this form."""
        layer = self._shown()
        if layer is None:
            return
        viewer, choice = self._viewer, self.choice
        self._follower.stop()
        viewer.window.remove_dock_widget(self)
        self._apply(viewer, layer, choice)

    def _shown(self) -> Labels | None:
        layer = None if self._layer is None else self._layer()
        return layer if layer is not None and layer in self._viewer.layers else None

    def _make_ranges(self, form: EditForm) -> None:
        for first, last in self.ranges:
            self.form.remove(first)
            self.form.remove(last)
        self.ranges = []
        for name, limit in zip(form.range_names, form.range_limits, strict=True):
            ends = (
                SpinBox(value=0, max=limit, label=f"{name} from", tooltip=_TIPS["first"]),
                SpinBox(value=limit, max=limit, label=f"{name} to", tooltip=_TIPS["last"]),
            )
            self.ranges.append(ends)
            for end in ends:
                self.form.append(end)
                end.changed.connect(self._show)

    def _show(self, _: Any = None) -> None:
        layer = self._shown()
        if layer is None:
            self.title.value = "These labels are no longer in the window."
            self.message.value = ""
            self.form.enabled = self.button.enabled = False
            return
        labels = locked_labels(layer, self._viewer)
        form = resolve(labels, self.choice)
        self.title.value = f"Which part of '{labels.name}' do you want to edit?"
        self.message.value = form.message
        self.form.enabled = True
        self.button.enabled = not form.problem
        is_full = form.choice.level == 0
        self.only_visible.enabled = is_full and form.can_choose_visible
        for ends in self.ranges:
            for end in ends:
                end.enabled = is_full


class _Follower:
    """Calls a form when what is visible changes, or layers go, until `stop` is called."""

    def __init__(self, viewer: napari.viewer.Viewer, changed: Callable[[], None]) -> None:
        self._emitters = (viewer.scene.camera.events, viewer.layers.events.removed)
        self._changed = changed
        for emitter in self._emitters:
            emitter.connect(self._on_event)

    def stop(self, _: object = None) -> None:
        """Stop following."""
        for emitter in self._emitters:
            emitter.disconnect(self._on_event)

    def _on_event(self, _: object = None) -> None:
        self._changed()
