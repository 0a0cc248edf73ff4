"""The dock widget "Contents": what is in a file, and the way to each part of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Layer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.contents.attachments import Attachment
from napari_ome_zip.plugin.contents.choices import (
    AS_ONE,
    SEPARATELY,
    busy_cursor,
    show_in_system,
    show_tiles_as,
)
from napari_ome_zip.plugin.contents.colors import check_boxes, plate_colors
from napari_ome_zip.plugin.contents.coordinate_systems import choice_of
from napari_ome_zip.plugin.contents.details import facts_of
from napari_ome_zip.plugin.contents.file_state import FileState, FindAttachments, file_names
from napari_ome_zip.plugin.contents.layout import ContentsLayout, say
from napari_ome_zip.plugin.contents.looked_at import WellFinder
from napari_ome_zip.plugin.contents.model import Item, Kind, well_item, words_of
from napari_ome_zip.plugin.contents.places import go_to
from napari_ome_zip.plugin.contents.reading import read_attachment
from napari_ome_zip.plugin.contents.shown import OpenLayer, sources
from napari_ome_zip.plugin.contents.text_window import TextWindow
from napari_ome_zip.plugin.docks import open_check, open_save

if TYPE_CHECKING:
    import napari.viewer

_HINT = "Open a file (.ome.zip or .ozx): here is what is in it."
_SOON_MS, _LATER_MS = 0, 120


class ContentsWidget(QWidget):
    """Shows what is in the file of the selected layer; everything of it is open already.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose files are shown.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._state = FileState("", ())
        self._layers: dict[Hashable, Layer] = {}
        self._finder = WellFinder(())
        self._attachments: WeakKeyDictionary[Opened, tuple[Attachment, ...]] = WeakKeyDictionary()
        self._is_selecting = False
        self.parts = ContentsLayout(self, self._is_visible)
        self._renew_timer = self._timer(self.renew, _SOON_MS)
        self._boxes_timer = self._timer(self.parts.tree.contents.visibility_changed, _SOON_MS)
        self._filter_timer = self._timer(self._show_tree, _LATER_MS)
        self._mark_timer = self._timer(self._mark_well, _LATER_MS)
        self._connect_parts()
        self._connect_viewer()
        self._use_theme()
        self.renew()

    def _timer(self, work: Any, milliseconds: int) -> QTimer:
        """Does something once soon, however often it is asked for."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(work)
        return timer

    def _connect_parts(self) -> None:
        parts = self.parts
        parts.files.activated.connect(self._on_file)
        parts.filter.textChanged.connect(lambda _: self._filter_timer.start())
        parts.tree.chosen.connect(self._select)
        parts.tree.entered.connect(self.go_to)
        parts.tree.toggled.connect(self._toggle)
        parts.plate.entered.connect(self._on_well)
        parts.plates.activated.connect(lambda _: self._show_plate())
        parts.system.activated.connect(self._on_system)
        parts.tiles.activated.connect(self._on_tiles)
        parts.check.clicked.connect(self._check)
        parts.save.clicked.connect(self._save)
        parts.copy.clicked.connect(self._copy_path)

    def _connect_viewer(self) -> None:
        viewer = self._viewer
        self._connections = [
            (viewer.layers.events, self._on_layers),
            (viewer.layers.selection.events.changed, self._on_selection),
            (viewer.scene.camera.events.center, self._on_camera),
            (viewer.scene.camera.events.zoom, self._on_camera),
            (viewer.events.theme, self._use_theme),
        ]
        for emitter, callback in self._connections:
            emitter.connect(callback)
        self.destroyed.connect(self._stop)

    def _stop(self) -> None:
        for emitter, callback in self._connections:
            emitter.disconnect(callback)

    # What is shown

    @property
    def source(self) -> str:
        """The file that is shown; empty for none."""
        return self._state.source

    def show_file(self, path: str) -> None:
        """Show what is in one of the open files."""
        self._show_source(path)

    def renew(self) -> None:
        """Show the files that are open now, and what of them the layers show now."""
        self._show_source(self._active_source() or self.source)

    def _show_source(self, source: str) -> None:
        layers = [_open_layer(layer) for layer in self._viewer.layers]
        found = sources(layers)
        if source not in found:
            source = found[0] if found else ""
        self._layers = {layer.unique_id: layer for layer in self._viewer.layers}
        own = tuple(layer for layer in layers if layer.source == source)
        self._state = FileState(source, own if source else ())
        self._finder = WellFinder(self._state.wells)
        self._show_files(found)
        self._show_plates()
        self._show_choices()
        self._show_tree()
        self._find_attachments()

    def _show_files(self, found: list[str]) -> None:
        files = self.parts.files
        files.clear()
        for name, path in zip(file_names(found), found, strict=True):
            files.addItem(name, path)
            files.setItemData(files.count() - 1, path, Qt.ItemDataRole.ToolTipRole)
        if self.source:
            files.setCurrentIndex(found.index(self.source))
        files.setVisible(len(found) > 1)
        say(self.parts.hint, "" if found else _HINT)
        for part in (self.parts.body, self.parts.buttons):
            part.setVisible(bool(found))
        say(self.parts.message, "")

    def _show_tree(self) -> None:
        words = words_of(self.parts.filter.text())
        tree = self._state.tree(self._found_attachments(), words) if self.source else None
        self.parts.tree.show_items(tree, is_filtered=bool(words))
        self._on_selection()
        is_empty = tree is not None and bool(words) and not tree.children
        say(self.parts.message, f"Nothing is called '{' '.join(words)}'." if is_empty else "")

    def _show_plates(self) -> None:
        grids = self._state.grids
        plates = self.parts.plates
        chosen = plates.currentIndex()
        plates.clear()
        plates.addItems([grid.name for grid in grids])
        plates.setCurrentIndex(min(max(chosen, 0), len(grids) - 1))
        plates.setVisible(len(grids) > 1)
        self.parts.plate_box.setVisible(bool(grids))
        self._show_plate()

    def _show_plate(self) -> None:
        number = self.parts.plates.currentIndex()
        if 0 <= number < len(self._state.grids):
            grid = self._state.grids[number]
            self.parts.plate.show_grid(grid)
            say(self.parts.plate_name, grid.summary)
            self._mark_well()

    def _show_choices(self) -> None:
        choice = next(filter(None, map(choice_of, self._own_layers())), None)
        system, tiles = self.parts.system, self._state.tiles
        system.clear()
        if choice is not None:
            system.addItems(list(choice.systems))
            system.setCurrentText(choice.current)
        if tiles is not None:
            fused = {None: -1, True: AS_ONE, False: SEPARATELY}
            self.parts.tiles.setCurrentIndex(fused[tiles.is_fused])
        self.parts.show_choices(system=choice is not None, tiles=tiles is not None)

    def _mark_well(self) -> None:
        number = self.parts.plates.currentIndex()
        well = self._finder.well_looked_at(self._viewer)
        is_here = well is not None and self._state.grids[number].path == well.plate
        self.parts.plate.mark((well.row, well.column) if well is not None and is_here else None)

    def _use_theme(self, event: Any = None) -> None:
        theme = str(self._viewer.theme)
        self.parts.plate.use_colors(plate_colors(theme))
        self.parts.tree.setStyleSheet(check_boxes(theme))

    # What changes in the viewer

    def _on_layers(self, event: Any) -> None:
        if event.type == "visible":
            self._boxes_timer.start()
        elif event.type in ("inserted", "removed", "reordered", "name", "metadata"):
            self._renew_timer.start()

    def _on_camera(self, event: Any = None) -> None:
        if self._state.grids:
            self._mark_timer.start()

    def _on_selection(self, event: Any = None) -> None:
        if self._is_selecting:
            return
        source = self._active_source()
        if source and source != self.source:
            self._show_source(source)
            return
        selected = {layer.unique_id for layer in self._viewer.layers.selection}
        self.parts.tree.choose_layers(selected)
        self._show_facts()

    def _active_source(self) -> str | None:
        active = self._viewer.layers.selection.active
        return None if active is None else _open_layer(active).source

    def _own_layers(self) -> list[Layer]:
        keys = {layer.key for layer in self._state.layers}
        return [layer for layer in self._viewer.layers if layer.unique_id in keys]

    def _is_visible(self, key: Hashable) -> bool:
        return key in self._layers and bool(self._layers[key].visible)

    # What a person does

    def go_to(self, item: Item) -> None:
        """Go to an item in the viewer; what is no image is opened to be read."""
        if item.attachment is not None:
            self._read(item.attachment)
        elif not go_to(self._viewer, item):
            say(self.parts.message, f"'{item.name}' has no place in the viewer.")

    def _read(self, attachment: Attachment) -> None:
        opened = self._state.opened
        if opened is not None:
            TextWindow(read_attachment(opened, attachment), self).show()

    def _on_well(self, row: int, column: int) -> None:
        grid = self._state.grids[self.parts.plates.currentIndex()]
        item = well_item(self._state.images, grid.path, row, column)
        if item is not None:
            self.parts.tree.reveal([(Kind.WELLS,), item.key])
            self._show_facts()
            self.go_to(item)

    def _select(self, items: list[Item]) -> None:
        chosen = {key for item in items for key in item.layers if key in self._layers}
        self._is_selecting = True
        if chosen:
            self._viewer.layers.selection = {self._layers[key] for key in chosen}
        self._is_selecting = False
        self._show_facts()

    def _show_facts(self) -> None:
        self.parts.show_facts(facts_of(self.parts.tree.items_chosen(), self._state.opened))

    def _toggle(self, item: Item, shown: bool) -> None:
        for key in item.layers:
            if key in self._layers:
                self._layers[key].visible = shown

    def _on_file(self, number: int) -> None:
        self._show_source(self.parts.files.itemData(number))

    def _check(self) -> None:
        open_check(self._viewer, self.source)

    def _save(self) -> None:
        open_save(self._viewer)

    def _copy_path(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.source)
            say(self.parts.message, "The path is in the clipboard.")

    def _on_system(self, _number: int) -> None:
        self._choose(show_in_system, self.parts.system.currentText())

    def _on_tiles(self, number: int) -> None:
        self._choose(show_tiles_as, number)

    def _choose(self, do: Callable[..., str], chosen: object) -> None:
        """Show the file otherwise, and say what came of it."""
        with busy_cursor():
            said = do(self._viewer, self._own_layers(), self._state, chosen)
        self.renew()
        say(self.parts.message, said)

    # What a file holds beside its images

    def _found_attachments(self) -> tuple[Attachment, ...]:
        opened = self._state.opened
        return () if opened is None else self._attachments.get(opened, ())

    def _find_attachments(self) -> None:
        """List them in a thread of its own: a plate has hundreds of thousands of entries."""
        opened = self._state.opened
        if opened is None or opened in self._attachments:
            return
        self._attachments[opened] = ()
        parts = tuple(one.part for one in self._state.shown)
        worker = TaskWorker(FindAttachments(opened, parts))
        worker.returned.connect(partial(self._on_attachments, opened))
        worker.errored.connect(self._on_no_attachments)
        worker.start()

    def _on_attachments(self, opened: Opened, found: tuple[Attachment, ...]) -> None:
        self._attachments[opened] = found
        if found and opened is self._state.opened:
            self._show_tree()

    def _on_no_attachments(self, error: Exception) -> None:
        if not isinstance(error, OmeZipError | OSError):
            raise error
        say(self.parts.message, f"What else is in the file cannot be listed. {error}")


def _open_layer(layer: Layer) -> OpenLayer:
    note = layer_note({"metadata": layer.metadata})
    return OpenLayer(layer.unique_id, layer.name, type(layer).__name__.lower(), note)
