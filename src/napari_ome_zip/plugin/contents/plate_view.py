"""A plate as a grid of wells to click on, or to move about on with the arrow keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import (  # type: ignore[attr-defined]  # Signal has another name below
    QEvent,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_ome_zip.plugin.contents.plate import Cell, Content, PlateGrid

_LARGEST_CELL = 32.0
"""Pixels: plates with few wells do not fill the dock."""
_SMALLEST_CELL = 5.0
_FILLED = 0.84
"""Part of a cell that its well takes."""
_FAINTEST = 130
"""Opacity of a well with the fewest fields of view, of 255."""
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_GOING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


@dataclass(frozen=True)
class PlateColors:
    """Colors of a theme."""

    well: str
    outline: str
    text: str
    current: str


class PlateView(QWidget):
    """All places of a plate: what was imaged is filled, the more fields of view, the stronger."""

    entered = Signal(int, int)
    """Emitted with row and column of the well that a person wants to go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid: PlateGrid | None = None
        self._colors = PlateColors("#5a9bd4", "#808080", "#808080", "#ffb000")
        self._current: tuple[int, int] | None = None
        self._cursor = (0, 0)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("The wells of the plate")

    def show_grid(self, grid: PlateGrid) -> None:
        """Show a plate."""
        if grid != self._grid:
            self._grid = grid
            self._cursor = min(
                (place for place, cell in grid.cells.items() if _is_imaged(cell)), default=(0, 0)
            )
        self.updateGeometry()
        self.update()

    def use_colors(self, colors: PlateColors) -> None:
        """Paint in the colors of a theme."""
        self._colors = colors
        self.update()

    def mark(self, place: tuple[int, int] | None) -> None:
        """Mark the well that is looked at; None for none."""
        if place != self._current:
            self._current = place
            self.update()

    @property
    def marked(self) -> tuple[int, int] | None:
        """Row and column of the well that is marked."""
        return self._current

    def center_of(self, row: int, column: int) -> QPointF:
        """Where on the widget a well is."""
        return self._cell_box(row, column).center()

    # How large it is

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(280))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, self.heightForWidth(150))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if self._grid is None:
            return 0
        return round(self._top + self._cell_size(width) * len(self._grid.rows)) + 2

    @property
    def _left(self) -> float:
        names = () if self._grid is None else self._grid.rows
        return 4.0 + max((self._text_width(name) for name in names), default=0)

    @property
    def _top(self) -> float:
        return float(self.fontMetrics().height())

    def _cell_size(self, width: int) -> float:
        columns = 1 if self._grid is None else len(self._grid.columns)
        return min(max((width - self._left - 2) / columns, _SMALLEST_CELL), _LARGEST_CELL)

    def _cell_box(self, row: int, column: int) -> QRectF:
        size = self._cell_size(self.width())
        return QRectF(self._left + column * size, self._top + row * size, size, size)

    def _place_at(self, point: QPointF) -> tuple[int, int] | None:
        if self._grid is None:
            return None
        size = self._cell_size(self.width())
        row, column = int((point.y() - self._top) // size), int((point.x() - self._left) // size)
        inside = 0 <= row < len(self._grid.rows) and 0 <= column < len(self._grid.columns)
        return (row, column) if inside else None

    def _text_width(self, text: str) -> int:
        return int(self.fontMetrics().horizontalAdvance(text))

    # What it looks like

    # Any: Qt's bindings differ in the types that they state here.
    def paintEvent(self, event: Any) -> None:
        grid = self._grid
        if grid is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter, grid)
        for row in range(len(grid.rows)):
            for column in range(len(grid.columns)):
                self._paint_cell(painter, grid, row, column)
        if self._current is not None:
            self._paint_ring(painter, self._current, 2.0, self._colors.current)
        if self.hasFocus():
            self._paint_ring(painter, self._cursor, 1.0, self._colors.text)
        painter.end()

    def _paint_names(self, painter: QPainter, grid: PlateGrid) -> None:
        painter.setPen(QColor(self._colors.text))
        size = self._cell_size(self.width())
        widest = max(map(self._text_width, grid.columns), default=0) + 4
        for column in range(0, len(grid.columns), max(1, -int(-widest // size))):
            box = QRectF(self._cell_box(0, column).center().x() - 20, 0, 40, self._top)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, grid.columns[column])
        step = max(1, -int(-self.fontMetrics().height() // size))
        for row in range(0, len(grid.rows), step):
            box = QRectF(0, self._cell_box(row, 0).center().y() - 10, self._left - 4, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, grid.rows[row])

    def _paint_cell(self, painter: QPainter, grid: PlateGrid, row: int, column: int) -> None:
        cell = grid.cell(row, column)
        box = self._cell_box(row, column)
        inset = box.width() * (1 - _FILLED) / 2
        well = box.adjusted(inset, inset, -inset, -inset)
        outline = QColor(self._colors.outline)
        painter.setPen(Qt.PenStyle.NoPen)
        if cell.content is Content.IMAGED:
            color = QColor(self._colors.well)
            color.setAlpha(_opacity(cell.fields, grid.most_fields))
            painter.setBrush(color)
            painter.drawEllipse(well)
        elif cell.content is Content.EMPTY:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(outline, 1.0))
            painter.drawEllipse(well)
        else:
            painter.setBrush(outline)
            painter.drawEllipse(box.center(), 1.0, 1.0)

    def _paint_ring(
        self, painter: QPainter, place: tuple[int, int], width: float, color: str
    ) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(color), width))
        painter.drawRoundedRect(self._cell_box(*place).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    # What a person does

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._grid is not None:
            place = self._place_at(QPointF(event.pos()))
            text = "" if place is None else self._grid.cell(*place).summary
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: Any) -> None:
        place = self._place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._cursor = place
            self._enter()

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in _GOING:
            self._enter()
        elif event.key() in _STEPS and self._grid is not None:
            down, right = _STEPS[event.key()]
            row = min(max(self._cursor[0] + down, 0), len(self._grid.rows) - 1)
            column = min(max(self._cursor[1] + right, 0), len(self._grid.columns) - 1)
            self._cursor = row, column
            self.update()
        else:
            super().keyPressEvent(event)

    def _enter(self) -> None:
        self.update()
        if self._grid is not None and _is_imaged(self._grid.cell(*self._cursor)):
            self.entered.emit(*self._cursor)


def _is_imaged(cell: Cell) -> bool:
    return cell.content is Content.IMAGED


def _opacity(fields: int, most: int) -> int:
    """Of a well among wells with up to `most` fields of view."""
    if most <= 1:
        return 255
    return round(_FAINTEST + (255 - _FAINTEST) * (fields - 1) / (most - 1))
