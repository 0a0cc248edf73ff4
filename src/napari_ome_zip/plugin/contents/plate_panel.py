"""The plates of a file, of which one is shown at a time."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal  # type: ignore[attr-defined]  # another name in one of the bindings
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_ome_zip.plugin.contents.plate import PlateGrid, Well
from napari_ome_zip.plugin.contents.plate_view import PlateView


class PlatePanel(QWidget):
    """A plate with its name, and a choice where there are several.

    Parameters
    ----------
    choice : QComboBox
        For the plates.
    """

    entered = Signal(object, int, int)
    """Emitted with the plate, and row and column of the well that a person wants to go to."""
    changed = Signal()
    """Emitted when a person has chosen another plate."""

    def __init__(self, choice: QComboBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grids: Sequence[PlateGrid] = ()
        self.choice, self.name, self.view = choice, QElidingLabel(), PlateView()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.choice)
        column.addWidget(self.name)
        column.addWidget(self.view, 1)  # the others have no use for more than they need
        self.choice.activated.connect(self._on_choice)
        self.view.entered.connect(self._on_well)

    @property
    def grid(self) -> PlateGrid | None:
        """The plate that is shown."""
        number = self.choice.currentIndex()
        return self._grids[number] if 0 <= number < len(self._grids) else None

    def show_grids(self, grids: Sequence[PlateGrid]) -> None:
        """Show plates, of which the chosen one stays chosen."""
        chosen = max(self.choice.currentIndex(), 0)
        self._grids = grids
        self.choice.clear()
        self.choice.addItems([grid.name for grid in grids])
        self.choice.setCurrentIndex(min(chosen, len(grids) - 1))
        self.choice.setVisible(len(grids) > 1)
        self.setVisible(bool(grids))
        self._show_grid()

    def mark(self, well: Well | None) -> None:
        """Mark a well, if it is of the plate that is shown; None for none."""
        is_here = well is not None and self.grid is not None and self.grid.path == well.plate
        self.view.mark((well.row, well.column) if well is not None and is_here else None)

    def _show_grid(self) -> None:
        if self.grid is not None:
            self.view.show_grid(self.grid)
            self.name.setText(self.grid.summary)
            self.name.setToolTip(self.grid.summary)

    def _on_choice(self, _number: int) -> None:
        self._show_grid()
        self.changed.emit()

    def _on_well(self, row: int, column: int) -> None:
        if self.grid is not None:
            self.entered.emit(self.grid, row, column)
