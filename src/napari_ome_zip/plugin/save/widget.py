"""The dock widget "Save as single-image archive": a form over `plugin.save.model`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from magicgui.types import FileDialogMode
from magicgui.widgets import ComboBox, FileEdit, SpinBox
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.plugin.docks import CHECK_COMMAND, open_check, title_of
from napari_ome_zip.plugin.layer_follower import LayerFollower
from napari_ome_zip.plugin.save.losses import find_losses
from napari_ome_zip.plugin.save.model import (
    Layers,
    SaveChoices,
    SaveStatus,
    View,
    chosen_layers,
    composite_name,
    resolve,
)
from napari_ome_zip.plugin.save.run import SaveRun, SaveTask, running_save, window_of
from napari_ome_zip.plugin.view.capture import capture_view
from napari_ome_zip.plugin.viewer_state import layer_data_of
from napari_ome_zip.saving.options import CODEC_LEVELS
from napari_ome_zip.saving.plan import plan_save

if TYPE_CHECKING:
    import napari.viewer

_REFRESH_AFTER_MS = 100
_MAX_ROWS_SHOWN = 6
_KEY = Qt.ItemDataRole.UserRole
_KEPT, _COUNTED = "keep, or make if single", "exactly"
_AS_IN_FILE, _CHOSEN = "as in the file", "as chosen here"


class SaveWidget(QWidget):
    """A form that saves layers of a viewer as a single-image archive.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers are offered; the list follows them.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._choices = SaveChoices()
        self._job = SaveStatus()
        self._view: View | None = None
        self._run: SaveRun | None = None
        self._showing = False
        """Whether the form is being brought in line: its signals mean nothing then."""
        self._make_form()
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_AFTER_MS)
        self._timer.timeout.connect(self.refresh)
        self._follower = LayerFollower(viewer, self._timer.start)
        self.destroyed.connect(self._follower.stop)
        self.refresh()

    @property
    def choices(self) -> SaveChoices:
        """What is chosen; setting it changes the form."""
        return self._choices

    @choices.setter
    def choices(self, choices: SaveChoices) -> None:
        self._choices = choices
        self.refresh()

    @property
    def job(self) -> SaveStatus:
        """The save that is running, or the last one."""
        return self._job

    @property
    def _fields(self) -> tuple[Any, ...]:
        shape = (self.levels, self.level_count, self.stored, self.chunk, self.shard)
        return (self.file, self.version, *shape, self.codec, self.level)

    def _make_form(self) -> None:
        self.layer_list = QListWidget()
        self.layer_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.layer_list.itemChanged.connect(self._on_item)
        self.file = FileEdit(
            mode=FileDialogMode.OPTIONAL_FILE,
            label="file",
            filter="single-image OME-Zarr (*.ome.zip *.ozx)",
        )
        self.version = ComboBox(
            label="version", choices=[("automatic", "auto"), ("0.5", "0.5"), ("0.6", "0.6")]
        )
        self.levels = ComboBox(label="levels", choices=[_KEPT, _COUNTED])
        self.level_count = SpinBox(label="number of levels", min=1, max=16, value=4)
        self.stored = ComboBox(label="storage", choices=[_AS_IN_FILE, _CHOSEN])
        self.stored.tooltip = (
            "As in the file: what came from a file and did not change is copied, which is fast; "
            "new pixels are stored in the usual way"
        )
        self.chunk = SpinBox(label="chunk (pixels)", min=1, max=2**16, step=64)
        self.shard = SpinBox(label="shard (pixels)", min=0, max=2**16, step=512)
        self.codec = ComboBox(label="compression", choices=list(CODEC_LEVELS))
        self.level = SpinBox(label="compression level", min=-7, max=22)
        self.file.line_edit.native.setPlaceholderText("name.ome.zip or name.ozx")
        self.shard.tooltip = "Edge of a shard, which is stored as one entry; 0 for no shards"
        self.chunk.tooltip = "Edge of a chunk, which is read at once"
        self.form = QWidget()
        rows = QFormLayout(self.form)
        rows.setContentsMargins(0, 0, 0, 0)
        for field in self._fields:
            rows.addRow(field.label, field.native)
            field.changed.connect(self._on_form)
        self._show_choices()
        self.summary = _wrapped_label()
        self.save_button = QPushButton("Save")
        self.save_button.clicked.connect(self.save)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel)
        self.progress = QProgressBar()
        self.result = _wrapped_label()
        self.check_button = QPushButton("Check it")
        self.check_button.clicked.connect(self.open_in_validator)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button, stretch=2)
        buttons.addWidget(self.cancel_button, stretch=1)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel("Layers to save"))
        layout.addWidget(self.layer_list)
        layout.addWidget(self.form)
        layout.addWidget(self.summary)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.result)
        layout.addWidget(self.check_button)
        layout.addStretch(1)

    def refresh(self) -> None:
        """Show the state that results from the choices, the layers and the running save."""
        self._timer.stop()
        view = resolve(self._choices, self._layer_data(), self._job)
        self._view = view
        self._show_choices()
        self._show_rows(view)
        self._show_job(view)
        self.summary.setText(view.problem or view.summary)

    def save(self) -> None:
        """Save in a thread of its own; layers may change from now on."""
        self.refresh()
        view = self._view
        if view is None or not view.can_save or view.target is None:
            return
        layers = self._layer_data()
        chosen = chosen_layers(view, layers)
        shown = capture_view(self._viewer).to_json()
        image = from_layer_data(chosen, name=composite_name(view), target=view.target, view=shown)
        plan = plan_save(image, view.options)
        found = find_losses([data for _, data in layers], chosen, plan)
        task = SaveTask(image, view.target, plan, found, self._choices)
        run = SaveRun(window_of(self), task)
        self._follow_run(run)
        run.start()

    def cancel(self) -> None:
        """Ask the running save to stop; it keeps nothing."""
        if self._run is not None:
            self._run.task.cancel()

    def open_in_validator(self) -> None:
        """Open the file that was saved last in the dock widget that checks archives."""
        if self._job.saved is not None:
            open_check(self._viewer, str(self._job.saved), CHECK_COMMAND)

    # Any: Qt's bindings differ in the types that they state here.
    def showEvent(self, event: Any) -> None:
        # A form that was closed may have left a save behind.
        super().showEvent(event)
        run = running_save(self) if self._run is None else None
        if run is not None:
            self._choices = run.task.choices
            self._follow_run(run)

    def _follow_run(self, run: SaveRun) -> None:
        self._run = run
        self._job = SaveStatus(running=True)
        run.moved.connect(self.progress.setValue)
        run.ended.connect(self._on_ended)
        self.refresh()
        self.progress.setValue(run.task.percent)

    def _on_ended(self, job: SaveStatus) -> None:
        self._run = None
        self._job = job
        self.refresh()

    def _layer_data(self) -> Layers:
        layers = self._viewer.layers
        return [(layer.unique_id, layer_data_of(layer, self._viewer)) for layer in layers]

    def _on_form(self) -> None:
        if self._showing:
            return
        if self.codec.value != self._choices.codec:
            low, high = CODEC_LEVELS[self.codec.value]
            self._showing = True
            self.level.value = min(max(self.level.value, low), high)
            self._showing = False
        self._choices = replace(
            self._choices,
            file=self.file.line_edit.value,
            version=self.version.value,
            levels=self.level_count.value if self.levels.value == _COUNTED else None,
            as_in_file=self.stored.value == _AS_IN_FILE,
            chunk=self.chunk.value,
            shard=self.shard.value,
            codec=self.codec.value,
            level=self.level.value,
        )
        self.save_button.setEnabled(False)  # until it is known whether this is possible
        self._timer.start()

    def _on_item(self, item: QListWidgetItem) -> None:
        key = item.data(_KEY)
        unchecked = self._choices.unchecked - {key}
        if item.checkState() == Qt.CheckState.Unchecked:
            unchecked |= {key}
        self._choices = replace(self._choices, unchecked=unchecked)
        self._timer.start()

    def _show_choices(self) -> None:
        """Bring the form in line with the choices."""
        chosen = self._choices
        counted = chosen.levels is not None
        low, high = CODEC_LEVELS[chosen.codec]
        self._showing = True
        if self.file.line_edit.value != chosen.file:
            self.file.line_edit.value = chosen.file
        self.version.value = chosen.version
        self.levels.value = _COUNTED if counted else _KEPT
        if chosen.levels is not None:
            self.level_count.value = chosen.levels
        self.level_count.enabled = counted
        self.stored.value = _AS_IN_FILE if chosen.as_in_file else _CHOSEN
        for field in (self.chunk, self.shard, self.codec, self.level):
            field.enabled = not chosen.as_in_file
        self.chunk.value = chosen.chunk
        self.shard.value = chosen.shard
        self.codec.value = chosen.codec
        self.level.min, self.level.max = min(low, chosen.level), max(high, chosen.level)
        self.level.value = chosen.level
        self.level.enabled = low < high and not chosen.as_in_file
        self._showing = False

    def _show_rows(self, view: View) -> None:
        """Show the layers as napari's list does: the topmost first."""
        self.layer_list.blockSignals(True)
        self.layer_list.clear()
        for row in reversed(view.rows):
            item = QListWidgetItem(f"{row.name} {row.problem.partition(':')[0]}")
            item.setData(_KEY, row.key)
            item.setToolTip(f"{row.name} {row.problem}")
            usable = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
            item.setFlags(Qt.ItemFlag.NoItemFlags if row.problem else usable)
            item.setCheckState(Qt.CheckState.Checked if row.checked else Qt.CheckState.Unchecked)
            self.layer_list.addItem(item)
        self.layer_list.blockSignals(False)
        height = max(self.layer_list.sizeHintForRow(0), self.fontMetrics().height() + 4)
        shown = min(max(len(view.rows), 2), _MAX_ROWS_SHOWN)
        self.layer_list.setFixedHeight(shown * height + 2 * self.layer_list.frameWidth() + 4)

    def _show_job(self, view: View) -> None:
        job = view.job
        self.form.setEnabled(not job.running)
        self.layer_list.setEnabled(not job.running)
        self.save_button.setText("Replace" if view.replaces else "Save")
        self.save_button.setEnabled(view.can_save)
        self.cancel_button.setEnabled(job.running)
        self.progress.setVisible(job.running)
        self.result.setText(job.message)
        self.result.setVisible(bool(job.message))
        self.check_button.setVisible(job.saved is not None and title_of(CHECK_COMMAND) is not None)


def _wrapped_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
