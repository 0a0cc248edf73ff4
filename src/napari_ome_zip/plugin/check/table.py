"""The table of what a check found."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import (  # type: ignore[attr-defined]  # Signal has another name below
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_ome_zip.plugin.check.state import IssueRow
from napari_ome_zip.rules import Severity

type Index = QModelIndex | QPersistentModelIndex

MESSAGE, COUNT, WHERE = range(3)
_TITLES = ("What", "Times", "Where")
_PIXMAPS = {
    Severity.ERROR: QStyle.StandardPixmap.SP_MessageBoxCritical,
    Severity.WARNING: QStyle.StandardPixmap.SP_MessageBoxWarning,
    Severity.INFO: QStyle.StandardPixmap.SP_MessageBoxInformation,
}
_ICON = 16
_NOWHERE = QModelIndex()


def severity_icon(widget: QWidget, severity: Severity) -> QIcon:
    """Return the icon of a severity, in the style of a widget."""
    icon = QIcon()
    style = widget.style()
    if style is not None:
        picture = style.standardIcon(_PIXMAPS[severity]).pixmap(_ICON, _ICON)
        icon.addPixmap(picture)
        # Qt would tint the one of a selected row, until it looks like the others.
        icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon


class _RowsModel(QAbstractTableModel):
    """Rows as Qt asks for them."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self.rows: tuple[IssueRow, ...] = ()
        self._icons = {severity: severity_icon(table, severity) for severity in Severity}

    def replace(self, rows: tuple[IssueRow, ...]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (row.message, row.count, row.where)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == MESSAGE:
            return self._icons[row.issue.severity]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == MESSAGE:
            return f"{row.issue.severity}: {row.message}"
        return None


class _ElideMiddle(QStyledItemDelegate):
    """Shows both ends of a place, the entry's folder and the field's name, on one line."""

    # Any: Qt's bindings differ in the types that they state here.
    def initStyleOption(self, option: Any, index: Any) -> None:
        super().initStyleOption(option, index)
        if option is not None:
            option.textElideMode = Qt.TextElideMode.ElideMiddle
            option.features &= ~QStyleOptionViewItem.ViewItemFeature.WrapText


class IssueTable(QTableView):
    """A table of issues, one to a row, of which one is selected."""

    row_chosen = Signal(int)
    """A person moved to this row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _RowsModel(self)
        self.setModel(self._rows)
        self.setItemDelegateForColumn(WHERE, _ElideMiddle(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(90)
        self._lay_out_headers()
        selection = self.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._moved)

    def _lay_out_headers(self) -> None:
        vertical, horizontal = self.verticalHeader(), self.horizontalHeader()
        if vertical is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(2 * self.fontMetrics().height() + 6)
        if horizontal is not None:
            horizontal.setSectionResizeMode(MESSAGE, QHeaderView.ResizeMode.Stretch)
            horizontal.setSectionResizeMode(COUNT, QHeaderView.ResizeMode.ResizeToContents)
            horizontal.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
            horizontal.setHighlightSections(False)
        self.setColumnWidth(WHERE, 12 * self.fontMetrics().averageCharWidth())

    def _moved(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(current.row())

    def show_rows(self, rows: tuple[IssueRow, ...], selected: int | None) -> None:
        """Show these rows; selecting one this way does not emit `row_chosen`."""
        self.blockSignals(True)
        if rows != self._rows.rows:
            self._rows.replace(rows)
            self.setColumnHidden(COUNT, not any(row.count for row in rows))
        if selected is not None and self.currentIndex().row() != selected:
            self.selectRow(selected)
        self.blockSignals(False)
