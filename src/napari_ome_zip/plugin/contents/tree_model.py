"""The content of a file as Qt asks for it, a branch at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QSize, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

from napari_ome_zip.plugin.contents.model import Item, Kind, is_shown

type Index = Any
"""An index, kept or not: Qt's bindings differ in what they take and hand over."""


@dataclass(frozen=True)
class Looks:
    """How the layer of a key is shown."""

    is_visible: Callable[[Hashable], bool]
    color: Callable[[Hashable], str | None]
    """Color of a channel, ``#RRGGBB``; None for what has many colors."""


NAME, DETAIL = range(_COLUMNS := 2)
_ROW_HEIGHT = 1.5
"""Of a row, in heights of a line of text."""
_NOWHERE = QModelIndex()
_LOOKS = [Qt.ItemDataRole.CheckStateRole, Qt.ItemDataRole.DecorationRole]
_USUAL = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_FLAGS = {
    # Qt asks for the flags of ten thousand items several times when it lays them out.
    (False, False): _USUAL | Qt.ItemFlag.ItemNeverHasChildren,
    (False, True): _USUAL,
    (True, False): _USUAL | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemNeverHasChildren,
    (True, True): _USUAL | Qt.ItemFlag.ItemIsUserCheckable,
}
_TIPS = {
    Kind.CHANNEL: "A channel of the image. Double click to go there.",
    Kind.TILES: "The images that were combined into one",
    Kind.ATTACHMENT: "Double click to read it.",
}
_TO_GO = "Double click to go there."


@dataclass(eq=False)
class _Node:
    """An item at its place in the tree. Qt knows it by its address: it lives with the model."""

    item: Item
    above: _Node | None = None
    row: int = 0
    below: list[_Node] | None = field(default=None, repr=False)
    """None where nobody has asked for them yet."""

    def fetch(self) -> list[_Node]:
        if self.below is None:
            children = self.item.children
            self.below = [_Node(child, self, row) for row, child in enumerate(children)]
        return self.below


class ContentsModel(QAbstractItemModel):
    """Items with a check box each where they can be hidden.

    Parameters
    ----------
    parent : QWidget
        What shows it.
    looks : Looks
        Of layers.
    toggle : callable
        Called with an item, and whether it is to be shown.
    """

    def __init__(self, parent: QWidget, looks: Looks, toggle: Callable[[Item, bool], None]) -> None:
        super().__init__(parent)
        self._row_height = round(_ROW_HEIGHT * parent.fontMetrics().height())
        self._looks = looks
        self._toggle = toggle
        self._root: _Node | None = None

    def show(self, root: Item | None) -> None:
        """Show this item, and what it consists of, in the place of another."""
        self.beginResetModel()
        self._root = None if root is None else _Node(root)
        self.endResetModel()

    def item(self, index: Index) -> Item | None:
        """The item at an index."""
        return self._node(index).item if index.isValid() else None

    def find(self, key: tuple[Hashable, ...]) -> QModelIndex:
        """Index of the item of a key, among those that were asked for already."""
        found = next((node for node in self._known() if node.item.key == key), None)
        return QModelIndex() if found is None else self._index(found)

    def keys_of(self, layers: Set[Hashable]) -> list[tuple[Hashable, ...]]:
        """Keys of the items that one of some layers shows, alone, and no other layer.

        Of a branch that one layer shows it is the last such item: not the file, but its one image.
        """
        items = (node.item for node in self._known())
        alone = (item for item in items if item.alone and len(item.layers) == 1)
        return [*{i.layers[0]: i.key for i in alone if i.layers[0] in layers}.values()]

    def looks_changed(self) -> None:
        """Draw the check boxes and the colors anew."""
        for node in self._known():
            if node.item.layers and node.item.alone:
                index = self._index(node)
                self.dataChanged.emit(index, index, _LOOKS)

    def _known(self) -> Iterator[_Node]:
        waiting = [] if self._root is None else [self._root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.below or ()

    def _node(self, index: Index) -> _Node:
        node: _Node = index.internalPointer()
        return node

    def _index(self, node: _Node, column: int = NAME) -> QModelIndex:
        return self.createIndex(node.row, column, node)

    # What Qt asks for

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        if parent.isValid():
            nodes: Sequence[_Node] = self._node(parent).below or ()
        else:
            nodes = () if self._root is None else (self._root,)
        inside = 0 <= row < len(nodes) and 0 <= column < _COLUMNS
        return self.createIndex(row, column, nodes[row]) if inside else QModelIndex()

    def parent(self, index: Index = _NOWHERE) -> Any:  # QObject has a method of this name as well
        if not index.isValid():
            return QModelIndex()
        above = self._node(index).above
        return QModelIndex() if above is None else self._index(above)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        if not parent.isValid():
            return int(self._root is not None)
        return 0 if parent.column() != NAME else len(self._node(parent).below or ())

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return _COLUMNS

    def hasChildren(self, parent: Index = _NOWHERE) -> bool:
        if not parent.isValid():
            return self._root is not None
        return parent.column() == NAME and self._node(parent).item.has_children

    def canFetchMore(self, parent: Index) -> bool:
        return parent.isValid() and self.hasChildren(parent) and self._node(parent).below is None

    def fetchMore(self, parent: Index) -> None:
        if not self.canFetchMore(parent):
            return
        node = self._node(parent)
        count = len(node.item.children)
        if count:
            self.beginInsertRows(QModelIndex(parent), 0, count - 1)
            node.fetch()
            self.endInsertRows()

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        item = self._node(index).item
        can_be_hidden = bool(item.layers) and item.alone and index.column() == NAME
        return _FLAGS[can_be_hidden, item.has_children]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self._node(index).item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name if index.column() == NAME else item.detail
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(item)
        if index.column() == DETAIL:
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            return None
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, self._row_height)
        if role == Qt.ItemDataRole.CheckStateRole and item.layers and item.alone:
            return self._state(item).value
        if role == Qt.ItemDataRole.DecorationRole and item.kind is Kind.CHANNEL:
            color = self._looks.color(item.layers[0])
            return None if color is None else QColor(color)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{item.kind}: {item.name} {item.detail}".strip()
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self._toggle(self._node(index).item, Qt.CheckState(value) != Qt.CheckState.Unchecked)
        return True

    def _state(self, item: Item) -> Qt.CheckState:
        shown = is_shown([self._looks.is_visible(key) for key in item.layers])
        if shown is None:
            return Qt.CheckState.PartiallyChecked
        return Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked


def tip(item: Item) -> str:
    """What an item is, and what can be done with it."""
    what = f"{item.name}: {item.kind}" if item.kind != item.name else item.name
    return f"{what}, {item.detail}. {_action(item)}" if item.detail else f"{what}. {_action(item)}"


def _action(item: Item) -> str:
    return _TIPS.get(item.kind, _TO_GO if item.layers else "")
