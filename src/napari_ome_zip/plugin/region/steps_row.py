"""One row of the dialog: which steps of a slider are saved."""

from __future__ import annotations

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSpinBox, QWidget

from napari_ome_zip.plugin.region.model import step_texts
from napari_ome_zip.plugin.save.part import Range, Slider

_SHOWN, _ALL, _RANGE = range(3)


class StepsRow(QWidget):
    """The step that is shown, all of them, or a range, which two numbers give.

    Parameters
    ----------
    slider : Slider
    """

    changed = Signal()

    def __init__(self, slider: Slider) -> None:
        super().__init__()
        self.slider = slider
        self.choice = QComboBox()
        self.choice.addItems([*step_texts(slider), "A range"])
        self.choice.setToolTip(f"Which of its steps along '{slider.name}' are saved.")
        self.first, self.last = QSpinBox(), QSpinBox()
        for field, value in ((self.first, 0), (self.last, slider.count - 1)):
            field.setMaximum(slider.count - 1)
            field.setValue(value)
            field.setToolTip("As the slider counts, from 0.")
        self._range = QWidget()
        inner = QHBoxLayout(self._range)
        inner.setContentsMargins(0, 0, 0, 0)
        for part in (self.first, QLabel("to"), self.last):
            inner.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.choice)
        row.addWidget(self._range)
        row.addStretch()
        self._range.setVisible(False)
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.first.valueChanged.connect(lambda _: self.changed.emit())
        self.last.valueChanged.connect(lambda _: self.changed.emit())

    @property
    def steps(self) -> Range | None:
        """First and last step, both included; None for all."""
        if self.choice.currentIndex() == _SHOWN:
            return self.slider.at, self.slider.at
        if self.choice.currentIndex() == _ALL:
            return None
        return self.first.value(), self.last.value()

    def _on_choice(self, index: int) -> None:
        self._range.setVisible(index == _RANGE)
        self.changed.emit()
