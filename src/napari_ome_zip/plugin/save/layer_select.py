"""A list of layers of which some are chosen, shown with check marks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from magicgui.widgets import Select
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

_MAX_ROWS_SHOWN, _MIN_ROWS_SHOWN = 6, 2


class LayerSelect(Select):
    """As any `Select` of magicgui; a click chooses a row or leaves it out, as a check box does.

    Parameters
    ----------
    **options
        As for `magicgui.widgets.Select`.
    """

    def __init__(self, **options: Any) -> None:
        self._offered: tuple[tuple[str, Any], ...] = ()
        super().__init__(choices=self._choices, **options)
        rows: QListWidget = self.native
        rows.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        rows.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        rows.setItemDelegate(_CheckMarks(rows))

    def _choices(self, _: object = None) -> Sequence[tuple[str, Any]]:
        return self._offered

    @property
    def offered(self) -> set[Any]:
        """The ``unique_id`` of the layers that can be chosen."""
        return {layer.unique_id for _, layer in self._offered}

    def offer(self, layers: Sequence[Any], chosen: Collection[Any]) -> None:
        """Show layers, the topmost first, of which some are chosen; says nothing to listeners.

        Parameters
        ----------
        layers : sequence of Layer
            Bottom layer first.
        chosen : collection
            Their ``unique_id``.
        """
        offered = tuple((layer.name, layer) for layer in reversed(layers))
        rows: Any = self.native
        rows.blockSignals(True)
        if offered != self._offered:
            self._offered = offered
            rows.clear()  # or they would stay in the order in which they came
            self.reset_choices()
            for number, (name, _) in enumerate(offered):
                rows.item(number).setToolTip(name)
            height = max(rows.sizeHintForRow(0), rows.fontMetrics().height() + 4)
            shown = min(max(len(offered), _MIN_ROWS_SHOWN), _MAX_ROWS_SHOWN)
            rows.setFixedHeight(shown * height + 2 * rows.frameWidth() + 4)
        for number, (_, layer) in enumerate(offered):
            rows.item(number).setSelected(layer.unique_id in chosen)
        rows.blockSignals(False)


class _CheckMarks(QStyledItemDelegate):
    """Shows what is selected by a check mark, and not by a color."""

    # Any: Qt's bindings differ in the types that they state here.
    def initStyleOption(self, option: Any, index: Any) -> None:
        super().initStyleOption(option, index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        option.state &= ~QStyle.StateFlag.State_Selected
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        option.checkState = Qt.CheckState.Checked if selected else Qt.CheckState.Unchecked
