"""The tree of what is in a file: choosing, going there, showing and hiding."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from typing import Any

from qtpy.QtCore import (  # type: ignore[attr-defined]  # Signal has another name below
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from napari_ome_zip.plugin.contents.model import Item, Kind
from napari_ome_zip.plugin.contents.tree_model import DETAIL, NAME, ContentsModel, Looks

_MAX_EXPANDED = 300
"""Items that a filter has left, of which all branches are opened, at most."""
_FEW_IMAGES = 4
_GOING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ContentsTree(QTreeView):
    """A tree of items.

    Parameters
    ----------
    looks : Looks
        Of layers.
    """

    chosen = Signal(object)
    """Emitted with the list of items that a person has selected."""
    entered = Signal(object)
    """Emitted with the item that a person wants to go to."""
    toggled = Signal(object, bool)
    """Emitted with an item, and whether a person wants it shown."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contents = ContentsModel(self, looks, self.toggled.emit)
        self._opened: set[tuple[Hashable, ...]] = set()
        self._seen: set[tuple[Hashable, ...]] = set()
        self._is_filtered = False
        self._is_changing = False
        self.setModel(self.contents)
        self.setUniformRowHeights(True)
        self.setHeaderHidden(True)
        self.setExpandsOnDoubleClick(False)
        self.setIndentation(14)
        side = self.fontMetrics().height() - 4
        self.setIconSize(QSize(side, side))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What is in the file")
        self._lay_out_header()
        self.doubleClicked.connect(self._enter)
        self.expanded.connect(self._note_opened)
        self.collapsed.connect(self._note_closed)

    def _lay_out_header(self) -> None:
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(DETAIL, QHeaderView.ResizeMode.ResizeToContents)
            header.setResizeContentsPrecision(0)  # of the rows on the screen alone
            header.setMinimumSectionSize(20)

    def show_items(self, root: Item | None, *, is_filtered: bool = False) -> None:
        """Show items in the place of others; what was open and selected stays so."""
        selected = [item.key for item in self.items_chosen()]
        self._is_changing, self._is_filtered = True, is_filtered
        self._open_at_first(root)
        self.contents.show(root)
        first = self.contents.index(0, NAME)
        self.expand(first)
        if is_filtered and root is not None and _is_few(root):
            self.expandAll()
        elif not is_filtered:
            self._open_again(first)
        self._is_changing = False
        self.choose(selected)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the file that is shown, or no file."""
        return not self.contents.hasChildren(self.contents.index(0, NAME))

    def choose(self, keys: Iterable[tuple[Hashable, ...]]) -> None:
        """Select the items of some keys; that does not emit `chosen`."""
        selection = QItemSelection()
        first: QModelIndex | None = None
        for key in keys:
            index = self.contents.find(key)
            if index.isValid():
                selection.select(index, index.siblingAtColumn(DETAIL))
                first = index if first is None else first
        model = self.selectionModel()
        if model is None:
            return
        self._is_changing = True
        if first is not None:
            model.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._is_changing = False

    def reveal(self, keys: Sequence[tuple[Hashable, ...]]) -> None:
        """Open the branches of some keys, and select what the last one says; as `choose`."""
        for key in keys[:-1]:
            branch = self.contents.find(key)
            if branch.isValid():
                self.contents.fetchMore(branch)
                self.expand(branch)
        self.choose(keys[-1:])
        self.scrollTo(self.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def choose_layers(self, layers: Set[Hashable]) -> None:
        """Select the items that these layers alone show, unless those selected show them."""
        shown = {key for item in self.items_chosen() for key in item.layers}
        if shown != layers:
            self.choose(self.contents.keys_of(layers))

    def items_chosen(self) -> list[Item]:
        """The items that are selected."""
        model = self.selectionModel()
        indexes = [] if model is None else model.selectedRows(NAME)
        return [item for index in indexes if (item := self.contents.item(index)) is not None]

    def _open_at_first(self, root: Item | None) -> None:
        """Open the images of a file that was not shown before, where they are few."""
        if root is None or root.key in self._seen:
            return
        self._seen.add(root.key)
        images = [item.key for item in root.children if item.kind is Kind.IMAGE]
        if len(images) <= _FEW_IMAGES:
            self._opened.update(images)

    def _open_again(self, index: QModelIndex) -> None:
        self.contents.fetchMore(index)
        self.expand(index)
        for row in range(self.contents.rowCount(index)):
            child = self.contents.index(row, NAME, index)
            item = self.contents.item(child)
            if item is not None and item.key in self._opened:
                self._open_again(child)

    def _note_opened(self, index: QModelIndex) -> None:
        item = self.contents.item(index)
        if item is not None and not self._is_filtered:
            self._opened.add(item.key)

    def _note_closed(self, index: QModelIndex) -> None:
        item = self.contents.item(index)
        if item is not None and not self._is_filtered:
            self._opened.discard(item.key)

    def _enter(self, index: QModelIndex) -> None:
        branch = index.siblingAtColumn(NAME)
        item = self.contents.item(branch)
        if item is not None and (item.layers or item.attachment is not None):
            self.entered.emit(item)
        elif item is not None:  # it only holds others
            self.setExpanded(branch, not self.isExpanded(branch))

    # Any: Qt's bindings differ in the types that they state here.
    def selectionChanged(self, selected: Any, deselected: Any) -> None:
        super().selectionChanged(selected, deselected)
        if not self._is_changing:
            self.chosen.emit(self.items_chosen())

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in _GOING and self.currentIndex().isValid():
            self._enter(self.currentIndex())
            return
        super().keyPressEvent(event)


def _is_few(root: Item) -> bool:
    """Whether all items can be made and opened in no time."""
    waiting, count = [root], 0
    while waiting and count <= _MAX_EXPANDED:
        item = waiting.pop()
        count += 1
        waiting += item.children
    return count <= _MAX_EXPANDED
