"""The dock widget "Contents": what is in a file, and the way to each part of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_ome_zip.files import is_link, known_link
from napari_ome_zip.image.attachments import Attachment
from napari_ome_zip.layers.display_values import brightest_color
from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.plugin.contents.attachment_finder import AttachmentFinder
from napari_ome_zip.plugin.contents.attachment_reading import show_attachment
from napari_ome_zip.plugin.contents.choices import busy_cursor, show_in_system, show_tiles_as
from napari_ome_zip.plugin.contents.colors import check_boxes, plate_colors
from napari_ome_zip.plugin.contents.coordinate_systems import choice_of
from napari_ome_zip.plugin.contents.details import facts_of
from napari_ome_zip.plugin.contents.file_state import FileState
from napari_ome_zip.plugin.contents.layout import AS_ONE, ContentsLayout, say
from napari_ome_zip.plugin.contents.looked_at import WellFinder
from napari_ome_zip.plugin.contents.model import Item, Kind, well_item, words_of
from napari_ome_zip.plugin.contents.places import go_to
from napari_ome_zip.plugin.contents.plate import PlateGrid
from napari_ome_zip.plugin.contents.shown import OpenLayer, sources
from napari_ome_zip.plugin.contents.table_loading import TableLoader
from napari_ome_zip.plugin.contents.tree_model import Looks
from napari_ome_zip.plugin.docks import open_check, open_save

if TYPE_CHECKING:
    import napari.viewer

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
        self._attachments = AttachmentFinder(self)
        self._is_selecting = False
        self.parts = ContentsLayout(self, Looks(self._is_visible, self._color))
        self._loader = TableLoader(viewer, self.parts.load, partial(say, self.parts.message))
        self._renew_timer = self._timer(self.renew, _SOON_MS)
        self._looks_timer = self._timer(self.parts.tree.contents.looks_changed, _SOON_MS)
        self._filter_timer = self._timer(self._on_filter, _LATER_MS)
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
        parts.filter.returnPressed.connect(parts.tree.setFocus)
        parts.tree.chosen.connect(self._select)
        parts.tree.entered.connect(self.go_to)
        parts.tree.toggled.connect(self._toggle)
        parts.plate.entered.connect(self._on_well)
        parts.plate.changed.connect(self._mark_well)
        self._attachments.found.connect(self._show_tree)
        self._attachments.failed.connect(partial(say, parts.message))
        parts.system.activated.connect(self._on_system)
        parts.tiles.activated.connect(self._on_tiles)
        parts.check.clicked.connect(self._check)
        parts.save.clicked.connect(self._save)
        parts.copy.clicked.connect(self._copy_path)

    def _connect_viewer(self) -> None:
        viewer = self._viewer
        connections = [
            (viewer.layers.events, self._on_layers),
            (viewer.layers.selection.events.changed, self._on_selection),
            (viewer.layers.selection.events.active, self._on_active),
            (viewer.scene.camera.events.center, self._on_camera),
            (viewer.scene.camera.events.zoom, self._on_camera),
            (viewer.events.theme, self._use_theme),
        ]
        for emitter, callback in connections:
            emitter.connect(callback)
        # Not a method of this widget, for which it is too late when it is destroyed.
        self.destroyed.connect(partial(_disconnect, connections))

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
        self._show_source(self.source or self._active_source() or "")

    def _show_source(self, source: str) -> None:
        layers = [_open_layer(layer) for layer in self._viewer.layers]
        found = sources(layers)
        if source not in found:
            source = found[0] if found else ""
        if source != self.source:
            say(self.parts.message, "")
        self._layers = {layer.unique_id: layer for layer in self._viewer.layers}
        own = tuple(layer for layer in layers if layer.source == source)
        self._state = FileState(source, own if source else ())
        self._finder = WellFinder(self._state.wells)
        self.parts.show_files(found, source)
        self.parts.plate.show_grids(self._state.grids)
        self._mark_well()
        self._show_choices()
        self._show_tree()
        self._attachments.look_for(self._state.opened, [one.part for one in self._state.shown])

    def _show_tree(self) -> None:
        words = words_of(self.parts.filter.text())
        known = self._attachments.known(self._state.opened)
        tree = self._state.tree(known, words) if self.source else None
        self.parts.tree.show_items(tree, is_filtered=bool(words))
        self._show_selection()

    def _on_filter(self) -> None:
        self._show_tree()
        words = self.parts.filter.text().strip()
        is_empty = words and self.parts.tree.is_empty
        say(self.parts.message, f"Nothing is called '{words}'." if is_empty else "")

    def _show_choices(self) -> None:
        system = next(filter(None, map(choice_of, self._own_layers())), None)
        self.parts.show_choices(system, self._state.tiles)

    def _mark_well(self) -> None:
        self.parts.plate.mark(self._finder.well_looked_at(self._viewer))

    def _use_theme(self, event: Any = None) -> None:
        theme = str(self._viewer.theme)
        self.parts.plate.view.use_colors(plate_colors(theme))
        self.parts.tree.setStyleSheet(check_boxes(theme))

    # What changes in the viewer

    def _on_layers(self, event: Any) -> None:
        if event.type in ("visible", "colormap"):
            self._looks_timer.start()
        elif event.type in ("inserted", "removed", "reordered", "name", "metadata"):
            self._renew_timer.start()

    def _on_camera(self, event: Any = None) -> None:
        if self._state.grids:
            self._mark_timer.start()

    def _on_active(self, event: Any = None) -> None:
        source = self._active_source()
        if source and source != self.source:
            self._show_source(source)

    def _on_selection(self, event: Any = None) -> None:
        if not self._is_selecting:
            self._show_selection()

    def _show_selection(self) -> None:
        """Select in the tree what is selected in the viewer."""
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

    def _color(self, key: Hashable) -> str | None:
        layer = self._layers.get(key)
        is_channel = isinstance(layer, Image) and not layer.rgb
        return brightest_color(layer.colormap) if layer is not None and is_channel else None

    # What a person does

    def go_to(self, item: Item) -> None:
        """Go to an item in the viewer; what is no image is opened to be read."""
        if item.attachment is not None:
            self._read(item.attachment)
        elif not go_to(self._viewer, item):
            say(self.parts.message, f"'{item.name}' has no place in the viewer.")

    def _read(self, attachment: Attachment) -> None:
        opened, window = self._state.opened, self._viewer.window.main_menu.window()
        if opened is not None:
            show_attachment(opened, attachment, self, window, partial(say, self.parts.message))

    def _on_well(self, grid: PlateGrid, row: int, column: int) -> None:
        item = well_item(self._state.images, grid.path, row, column)
        if item is not None:
            self.parts.tree.reveal([(Kind.WELLS,), item.key])
            self._show_facts()
            self.go_to(item)

    def _select(self, items: list[Item]) -> None:
        keys = {key for item in items for key in item.layers}
        chosen = {layer for key, layer in self._layers.items() if key in keys}
        if chosen and chosen != set(self._viewer.layers.selection):
            self._is_selecting = True
            self._viewer.layers.selection = chosen
            self._is_selecting = False
        self._show_facts()

    def _show_facts(self) -> None:
        items, layers = self.parts.tree.items_chosen(), self._state.layers
        beside = [*map(_open_layer, self._viewer.layers)]
        self.parts.show_facts(facts_of(items, self._state.opened, beside, layers))
        self._loader.offer(items, layers)

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
            say(self.parts.message, _copied(self.source))

    def _on_system(self, _number: int) -> None:
        self._choose(show_in_system, self.parts.system.currentText())

    def _on_tiles(self, number: int) -> None:
        self._choose(show_tiles_as, number == AS_ONE)

    def _choose(self, do: Callable[..., str], chosen: object) -> None:
        """Show the file otherwise, and say what came of it."""
        with busy_cursor():
            said = do(self._viewer, self._own_layers(), self._state, chosen)
        self.renew()
        say(self.parts.message, said)


def _copied(source: str) -> str:
    if not is_link(source):
        return "The path is on the clipboard."
    is_less = known_link(source).url != source
    return f"The link is on the clipboard{', without what is secret in it' if is_less else ''}."


def _disconnect(connections: list[tuple[Any, Callable[..., None]]], _gone: object = None) -> None:
    for emitter, callback in connections:
        emitter.disconnect(callback)


def _open_layer(layer: Layer) -> OpenLayer:
    note = note_of(layer)
    return OpenLayer(layer.unique_id, layer.name, type(layer).__name__.lower(), note)
