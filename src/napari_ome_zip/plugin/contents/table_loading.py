"""Loads a large table into the features of its labels, in a thread, when a person asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.compat import isalive
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QPushButton

from napari_ome_zip.findings import listed
from napari_ome_zip.image.tables.backends import Bounds
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.layers.joined_table import JoinedTable
from napari_ome_zip.layers.layer_data import METADATA_KEY, note_of
from napari_ome_zip.layers.opened_layer import NOTE, opened_layer
from napari_ome_zip.layers.table_features import Joined, with_table
from napari_ome_zip.plugin.contents.model import Item
from napari_ome_zip.plugin.contents.shown import OpenLayer
from napari_ome_zip.plugin.contents.tables import can_be_loaded, labels_about
from napari_ome_zip.plugin.window_run import WorkRun
from napari_ome_zip.progress import Cancelled, Progress

if TYPE_CHECKING:
    import napari.viewer
    import pandas as pd

LOADED = Bounds(rows=10_000_000, columns=1_000, cells=100_000_000)
"""What becomes features when someone asks for it, at most: a viewer holds all of it in memory."""


class TableLoader(QObject):
    """Offers to load the table that is selected, where it was too large to be read at once.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    button : QPushButton
        Is shown where there is something to load.
    say : callable
        Is handed what came of it.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, button: QPushButton, say: Callable[[str], None]
    ) -> None:
        super().__init__(button)
        self._viewer, self._button, self._say = viewer, button, say
        self._table: Table | None = None
        self._loading: set[Table] = set()
        self._labels: list[Labels] = []
        button.clicked.connect(self._load)

    def offer(self, items: Sequence[Item], layers: Sequence[OpenLayer]) -> None:
        """Show the button where the one item that is selected is a table that can be loaded."""
        attachment = items[0].attachment if len(items) == 1 else None
        self._table = table = None if attachment is None else attachment.table
        is_offered = table is not None and can_be_loaded(table, layers)
        self._button.setVisible(is_offered and table not in self._loading)
        keys = {layer.key for layer, _ in labels_about(table, layers)} if table else set()
        self._labels = [layer for layer in self._viewer.layers if layer.unique_id in keys]

    def _load(self) -> None:
        table = self._table
        if table is None:
            return
        self._loading.add(table)
        self._button.hide()
        self._say(f"Reading the table '{table.name}' …")

        def read(_progress: Progress, _cancelled: Cancelled) -> pd.DataFrame:
            return table.read(LOADED)

        done, failed = partial(self._join, table, self._labels), partial(self._failed, table)
        window = self._viewer.window.main_menu.window()
        WorkRun(window, f"Reading the table {table.name}", read, done, failed).start()

    def _join(self, table: Table, labels: Sequence[Labels], rows: pd.DataFrame) -> None:
        made = {layer.name: joined for layer in labels for joined in _joined(table, layer, rows)}
        said = [f"The table is loaded: its columns are features of {listed(list(made), 3)}."]
        said += dict.fromkeys(each.message for joined in made.values() for each in joined.findings)
        self._end(table, " ".join(said))

    def _failed(self, table: Table, error: Exception) -> None:
        self._end(table, str(error))

    def _end(self, table: Table, text: str) -> None:
        if isalive(self):  # type: ignore[no-untyped-call]
            self._loading.discard(table)
            self._say(text)


def _joined(table: Table, layer: Labels, rows: pd.DataFrame) -> tuple[JoinedTable, ...]:
    """Add the columns of a table to the features of a layer, whatever these are by now."""
    record = opened_layer(note_of(layer))
    if record is None:
        return ()
    before: dict[str, Any] = {name: layer.features[name] for name in layer.features}
    after = with_table(Joined(before), table, rows, record.part.path)
    layer.features = after.features
    record = replace(record, tables=(*record.tables, *after.tables))
    layer.metadata = {**layer.metadata, METADATA_KEY: {**note_of(layer), NOTE: record}}
    return after.tables
