"""The dialog *Save picture…*: how large, whether with labels and a scale bar, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.errors import SaveError
from napari_ome_zip.plugin.parts import text_label, tipped_button
from napari_ome_zip.plugin.save.target import check_place, typed_path
from napari_ome_zip.rendering.drawing import LabelStyle
from napari_ome_zip.rendering.render import SIZE

TITLE = "Save picture"
ENDING = ".png"
EXPLANATION = (
    "All images and labels that are visible as one PNG, at the time point and plane that are "
    "shown: everything from edge to edge, not only what the window shows of it."
)
NO_GRID = "Layers lie over one another there, not side by side as in the grid of the window."
REPLACES = "Replaces the existing file."
_STYLES: dict[str, LabelStyle] = {"Filled": "fill", "Outlines": "outline", "None": "none"}
_SMALLEST, _LARGEST = 16, 8192
_WIDTH = 480
"""In pixels."""


@dataclass(frozen=True, slots=True)
class PictureChoices:
    """What a person has chosen."""

    target: Path
    size: int
    """Longest edge in pixels."""
    labels: LabelStyle
    scale_bar: bool


class PictureDialog(QDialog):
    """Asks how a picture is to be.

    Parameters
    ----------
    parent : QWidget
        What it belongs to.
    file : Path
        The file that is proposed.
    draw : callable
        Is handed what was chosen.
    has_labels : bool
        Whether there are labels to be drawn in one way or another.
    in_grid : bool
        Whether the window shows layers side by side.
    """

    def __init__(
        self,
        parent: QWidget,
        file: Path,
        draw: Callable[[PictureChoices], None],
        *,
        has_labels: bool,
        in_grid: bool = False,
    ) -> None:
        super().__init__(parent)
        self._draw = draw
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self.size_field = QSpinBox()
        self.size_field.setRange(_SMALLEST, _LARGEST)
        self.size_field.setSingleStep(256)
        self.size_field.setValue(SIZE)
        self.size_field.setSuffix(" pixels")
        self.size_field.setToolTip("The longest edge of the picture.")
        self.labels = QComboBox()
        self.labels.addItems(list(_STYLES))
        self.scale_bar = QCheckBox("Scale bar")
        self.scale_bar.setChecked(True)
        self.scale_bar.setToolTip("Where there is a unit of length.")
        self.file = QLineEdit(str(file))
        self.remark = text_label()
        choose = tipped_button("Choose…", "Choose a folder and a name")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = tipped_button("Save", "Draw the picture, and write it.")
        buttons.addButton(self.save, QDialogButtonBox.ButtonRole.AcceptRole)
        choose.clicked.connect(self._choose_file)
        self.file.textChanged.connect(lambda _: self._look())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        explanation = text_label()
        explanation.setText(f"{EXPLANATION} {NO_GRID}" if in_grid else EXPLANATION)
        form = QFormLayout()
        form.addRow("Longest edge", self.size_field)
        if has_labels:
            form.addRow("Labels", self.labels)
        form.addRow("", self.scale_bar)
        row = QHBoxLayout()
        row.addWidget(self.file)
        row.addWidget(choose)
        form.addRow("File", row)
        column = QVBoxLayout(self)
        column.addWidget(explanation)
        column.addLayout(form)
        column.addWidget(self.remark)
        column.addStretch()
        column.addWidget(buttons)
        self._look()

    @property
    def choices(self) -> PictureChoices:
        """What is chosen."""
        return PictureChoices(
            self._target or Path(),
            self.size_field.value(),
            _STYLES[self.labels.currentText()],
            self.scale_bar.isChecked(),
        )

    @property
    def _target(self) -> Path | None:
        typed = typed_path(self.file.text())
        if typed is None or typed.name in ("", "..") or typed.suffix.lower() == ENDING:
            return typed
        return typed.with_name(typed.name + ENDING)

    @property
    def _problem(self) -> str:
        target = self._target
        if target is None:
            return "Choose a file to write."
        try:
            check_place(target)
        except SaveError as error:
            return str(error)
        return ""

    def accept(self) -> None:
        """Hand over what was chosen; where it cannot be written, stay."""
        if not self._problem:
            super().accept()
            self._draw(self.choices)

    def _look(self) -> None:
        problem = self._problem
        there = not problem and self.choices.target.is_file()
        self.remark.setText(problem or (REPLACES if there else ""))
        self.save.setText("Replace" if there else "Save")
        self.save.setEnabled(not problem)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, TITLE, self.file.text(), "Pictures (*.png)")
        if path:
            self.file.setText(path)
