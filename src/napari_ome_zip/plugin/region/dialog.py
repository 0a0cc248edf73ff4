"""The dialog *Save visible region…*."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.errors import SaveCancelledError, SaveError
from napari_ome_zip.plugin.parts import text_label, tipped_button
from napari_ome_zip.plugin.region.model import (
    RegionChoices,
    RegionScene,
    first_choices,
    problem_of,
    region_summary,
    resolution_texts,
    save_choices,
    sizes,
    slider_title,
    with_hidden_named,
)
from napari_ome_zip.plugin.region.steps_row import StepsRow
from napari_ome_zip.plugin.save.begin import agreed_task
from napari_ome_zip.plugin.save.model import SaveChoices, View, resolve
from napari_ome_zip.plugin.save.planning import Planner, PlanTask
from napari_ome_zip.plugin.save.remembered import remembered_choices
from napari_ome_zip.plugin.save.run import SaveRun, running_saves, window_of
from napari_ome_zip.plugin.save.target import target_of
from napari_ome_zip.saving.estimate import SizeEstimate

TITLE = "Save visible region"
EXPLANATION = (
    "What the window shows becomes a file of its own. It stays in its place: opened together with "
    "the original, it lies on it."
)
DECIDING = "Working out what will be saved …"
_REFRESH_AFTER_MS = 100
_WIDTH = 520
"""In pixels: most paths are seen as a whole."""


class RegionDialog(QDialog):
    """Says what will be saved of what a window shows, offers the choices there are, and saves.

    Parameters
    ----------
    parent : QWidget
        The window; it runs the save.
    scene : RegionScene
        What it shows.
    file : str
        The file that is proposed.
    """

    def __init__(self, parent: QWidget, scene: RegionScene, file: str) -> None:
        super().__init__(parent)
        self._scene = scene
        self._choices = first_choices(scene, file)
        self._usual = remembered_choices()
        self._view: View | None = None
        self._estimate: SizeEstimate | None = None
        self._is_fitted = False
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self._planner = Planner(self)
        self._planner.planned.connect(self._on_planned)
        self._planner.estimated.connect(self._on_estimated)
        self._planner.failed.connect(self._on_failed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_AFTER_MS)
        self._timer.timeout.connect(self._ask)
        self._make_fields(file)
        self._arrange()
        self.finished.connect(lambda _: self._planner.stop_estimate())
        self._ask()

    def _make_fields(self, file: str) -> None:
        scene = self._scene
        self.steps = [StepsRow(slider) for slider in scene.showing.sliders]
        self.layers = QComboBox()
        count = sum(1 for _ in scene.seen)
        self.layers.addItems([f"Visible ones ({count})", "All, including hidden ones"])
        self.layers.setToolTip("Which layers, and so which channels, go into the file.")
        self.resolution = QComboBox()
        self._sizes = sizes(scene)
        if self._sizes is not None:
            self.resolution.addItems(resolution_texts(*self._sizes))
        self.resolution.setToolTip(
            "As shown has about as many pixels as the window, from a smaller copy of the image "
            "that the file has: enough for a look, not for measurements."
        )
        self.file = QLineEdit(file)
        self.file.setToolTip("The file to write. Its name ends in .ome.zip or .ozx.")
        self.choose = tipped_button("Choose…", "Choose a folder and a name")
        self.summary = text_label()
        self.summary.setText(DECIDING)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = tipped_button("Save", "Write the file. You can keep working in the meantime.")
        self.buttons.addButton(self.save, QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setEnabled(False)
        for row in self.steps:
            row.changed.connect(self._on_changed)
        for box in (self.layers, self.resolution):
            box.currentIndexChanged.connect(self._on_changed)
        self.file.textEdited.connect(self._on_changed)
        self.choose.clicked.connect(self._choose_file)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _arrange(self) -> None:
        explanation = text_label()
        explanation.setText(EXPLANATION)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for row in self.steps:
            form.addRow(slider_title(row.slider), row)
        if self._scene.left_out:
            form.addRow("Layers", self.layers)
        if self._sizes is not None:
            form.addRow("Resolution", self.resolution)
        file = QHBoxLayout()
        file.addWidget(self.file)
        file.addWidget(self.choose)
        form.addRow("File", file)
        column = QVBoxLayout(self)
        column.addWidget(explanation)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addStretch()
        column.addWidget(self.buttons)

    # What is chosen

    @property
    def choices(self) -> RegionChoices:
        """What is chosen."""
        return self._choices

    def _on_changed(self, *_: Any) -> None:
        self._choices = RegionChoices(
            file=self.file.text(),
            steps={row.slider.dimension: row.steps for row in self.steps},
            hidden_too=self.layers.currentIndex() == 1,
            as_shown=self.resolution.currentIndex() == 1,
        )
        self._timer.start()

    def _choose_file(self) -> None:
        kind = "Single-image OME-Zarr (*.ome.zip *.ozx)"
        path, _ = QFileDialog.getSaveFileName(self, TITLE, self.file.text(), kind)
        if path:
            self.file.setText(str(target_of(path) or path))
            self._on_changed()

    @property
    def _save_choices(self) -> SaveChoices:
        return save_choices(self._choices, self._scene, self._usual)

    # What is shown of it

    def _ask(self) -> None:
        """Find out what follows from the choices."""
        scene = self._scene
        self._planner.ask(PlanTask(self._save_choices, scene.layers, scene.showing))

    def _on_planned(self, view: View) -> None:
        self._view, self._estimate = view, None
        self._show_view(view)

    def _on_estimated(self, estimate: SizeEstimate) -> None:
        self._estimate = estimate
        if self._view is not None:
            self._show_view(self._view)

    def _on_failed(self, error: Exception) -> None:
        notification_manager.receive_error(type(error), error, error.__traceback__)

    def _show_view(self, view: View) -> None:
        text = region_summary(view, self._choices, self._scene, self._estimate)
        self.summary.setText(text)
        self.save.setEnabled(not problem_of(view, self._choices, self._scene))
        self.save.setText("Replace" if view.replaces else "Save")
        QTimer.singleShot(0, self._fit)

    def _fit(self) -> None:
        """Take the height that the summary needs at first; then grow, but never shrink any more."""
        layout = self.layout()
        if layout is None:
            return
        needed = layout.totalHeightForWidth(self.width())
        if needed > self.height() or not self._is_fitted:
            self.resize(self.width(), needed)
        self._is_fitted = True

    # Saving

    def accept(self) -> None:
        """Save in a thread of the window; where that cannot be, say why and stay."""
        try:
            run = self._begin()
        except (SaveError, SaveCancelledError) as error:
            self.summary.setText(str(error))
            return
        super().accept()
        run.start()

    def _begin(self) -> SaveRun:
        scene, chosen = self._scene, self._save_choices
        view = self._view
        if view is None or self._timer.isActive() or self._planner.is_busy:
            self._timer.stop()
            view = resolve(chosen, scene.layers, scene.showing)
            self._on_planned(view)
        problem = problem_of(view, self._choices, scene)
        window = window_of(self.parentWidget() or self)
        if any(run.task.target == view.target for run in running_saves(window)):
            problem = f"{Path(self._choices.file).name} is being written: choose another name."
        if problem:
            raise SaveError(problem)
        view = with_hidden_named(view, self._choices, scene)
        task = agreed_task(view, chosen, scene.layers, scene.showing, scene.sources, of_form=False)
        return SaveRun(window, task)
