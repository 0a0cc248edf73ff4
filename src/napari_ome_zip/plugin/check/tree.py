"""The tree of what a check found: what it means, and below that what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import (  # type: ignore[attr-defined]  # Signal has another name below
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
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
    QTreeView,
    QWidget,
)

from napari_ome_zip.plugin.check.rows import IssueRow, Key
from napari_ome_zip.rules import Severity

type Index = QModelIndex | QPersistentModelIndex

WHAT, COUNT, WHERE = range(3)
_TITLES = ("What", "Times", "Where")
_PIXMAPS = {
    Severity.ERROR: QStyle.StandardPixmap.SP_MessageBoxCritical,
    Severity.WARNING: QStyle.StandardPixmap.SP_MessageBoxWarning,
    Severity.INFO: QStyle.StandardPixmap.SP_MessageBoxInformation,
}
_ICON = 16
_INDENTATION = 12
_ROOM_FOR_PLACES = 60
"""Characters that fit on a line of the tree where there is room for places, too."""
_NOWHERE = QModelIndex()
_TOP = -1
"""Number in place of that of a parent."""


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


class _RowsModel(QAbstractItemModel):
    """Rows as Qt asks for them; the identity of an index is the number of its row."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self.rows: tuple[IssueRow, ...] = ()
        self._all: list[IssueRow] = []
        self._places: list[tuple[int, int]] = []
        """For each row, the number of its parent and its position there."""
        self._children: dict[int, list[int]] = {_TOP: []}
        self._numbers: dict[Key, int] = {}
        self._icons = {severity: severity_icon(tree, severity) for severity in Severity}

    def replace(self, rows: tuple[IssueRow, ...]) -> None:
        self.beginResetModel()
        self.rows = rows
        self._all, self._places, self._children = [], [], {_TOP: []}
        self._take(rows, _TOP)
        self._numbers = {row.key: number for number, row in enumerate(self._all)}
        self.endResetModel()

    def _take(self, rows: Sequence[IssueRow], parent: int) -> None:
        for position, row in enumerate(rows):
            number = len(self._all)
            self._all.append(row)
            self._places.append((parent, position))
            self._children[parent].append(number)
            self._children[number] = []
            self._take(row.rows, number)

    def row_at(self, index: Index) -> IssueRow | None:
        return self._all[_number(index)] if index.isValid() else None

    def index_of(self, key: Key | None) -> QModelIndex:
        number = self._numbers.get(key) if key is not None else None
        if number is None:
            return QModelIndex()
        return self.createIndex(self._places[number][1], WHAT, number)

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        children = self._children[_number(parent)]
        if not (0 <= row < len(children) and 0 <= column < len(_TITLES)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    # Qt has another method of this name and without arguments.
    def parent(self, child: Index = _NOWHERE) -> Any:
        number = self._places[_number(child)][0] if child.isValid() else _TOP
        if number == _TOP:
            return QModelIndex()
        return self.createIndex(self._places[number][1], WHAT, number)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        if parent.column() > 0:
            return 0
        return len(self._children[_number(parent)])

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(_TITLES)

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
        row = self.row_at(index)
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (row.text, row.count, row.where)[index.column()]
        is_top = self._places[_number(index)][0] == _TOP  # below, the sign would be the same
        if role == Qt.ItemDataRole.DecorationRole and index.column() == WHAT and is_top:
            return self._icons[row.severity]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == WHAT:
            return f"{row.severity}: {row.text}"
        return None


# Any: that of a persistent index is missing from what Qt's bindings state.
def _number(index: Any) -> int:
    """The number of the row of an index."""
    return int(index.internalId()) if index.isValid() else _TOP


class _TwoLines(QStyledItemDelegate):
    """Texts on two lines; of a place both ends, on one."""

    # Any: Qt's bindings differ in the types that they state here.
    def initStyleOption(self, option: Any, index: Any) -> None:
        super().initStyleOption(option, index)
        if option is not None and index.column() == WHERE:
            option.textElideMode = Qt.TextElideMode.ElideMiddle
            option.features &= ~QStyleOptionViewItem.ViewItemFeature.WrapText

    def sizeHint(self, option: Any, index: Any) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 2 * option.fontMetrics.height() + 6)


class IssueTree(QTreeView):
    """A tree of issues, of which one row is selected."""

    row_chosen = Signal(object)
    """A person moved to the row of this key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _RowsModel(self)
        self._opened: dict[Key, bool] = {}
        """What a person has opened or closed, which outlives a search."""
        self.setModel(self._rows)
        self.setItemDelegate(_TwoLines(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        self.setWordWrap(True)
        self.setIndentation(_INDENTATION)
        self.setMinimumHeight(90)
        self._lay_out_header()
        selection = self.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._moved)
        self.expanded.connect(lambda index: self._note(index, True))
        self.collapsed.connect(lambda index: self._note(index, False))

    def _lay_out_header(self) -> None:
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(COUNT, QHeaderView.ResizeMode.ResizeToContents)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setColumnWidth(WHERE, _ROOM_FOR_PLACES // 3 * self._letter())

    # Any: Qt's bindings differ in the types that they state here.
    def resizeEvent(self, event: Any) -> None:
        # Where it is narrow, places are told in the details alone.
        self.setColumnHidden(WHERE, self.width() < _ROOM_FOR_PLACES * self._letter())
        super().resizeEvent(event)

    def _letter(self) -> int:
        return self.fontMetrics().averageCharWidth()

    def _moved(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self._rows.row_at(current)
        if row is not None:
            self.row_chosen.emit(row.key)

    def _note(self, index: QModelIndex, is_open: bool) -> None:
        row = self._rows.row_at(index)
        if row is not None:
            self._opened[row.key] = is_open

    def show_rows(self, rows: tuple[IssueRow, ...], selected: Key | None) -> None:
        """Show these rows; selecting one this way does not emit `row_chosen`."""
        self.blockSignals(True)
        if rows != self._rows.rows:
            self._rows.replace(rows)
            self.setColumnHidden(COUNT, not any(row.count for row in rows))
            self._open(rows)
        place = self._rows.index_of(selected)
        if place.isValid() and self._rows.row_at(self.currentIndex()) != self._rows.row_at(place):
            self.setCurrentIndex(place)
        self.blockSignals(False)

    def _open(self, rows: Sequence[IssueRow]) -> None:
        for row in rows:
            if self._opened.get(row.key, row.is_open):
                self.expand(self._rows.index_of(row.key))
            self._open(row.rows)
