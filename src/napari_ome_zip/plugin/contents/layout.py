"""The parts of the dock widget that shows what is in a file, and how they are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from napari_ome_zip.plugin.contents.coordinate_systems import Choice
from napari_ome_zip.plugin.contents.facts import Facts
from napari_ome_zip.plugin.contents.file_state import file_names
from napari_ome_zip.plugin.contents.fusing import TileChoice
from napari_ome_zip.plugin.contents.plate_panel import PlatePanel
from napari_ome_zip.plugin.contents.tree import ContentsTree
from napari_ome_zip.plugin.contents.tree_model import Looks
from napari_ome_zip.plugin.parts import text_label, tipped_button

AS_ONE, SEPARATELY = range(2)
"""Rows of the choice of tiles."""
_TILE_ROWS = {True: AS_ONE, False: SEPARATELY, None: -1}
_HINT = "Open a file (.ome.zip or .ozx): here is what is in it."
_NARROW = 230
"""Width in pixels that the widget is usable at."""
_TREE_HEIGHT, _DETAILS_HEIGHT = 120, 190


class ContentsLayout:
    """The parts, from top to bottom; fits into a dock of 300 pixels.

    Parameters
    ----------
    widget
        Where the parts go.
    looks : Looks
        Of layers.
    """

    def __init__(self, widget: QWidget, looks: Looks) -> None:
        self.files = _choice("Which of the open files is shown here")
        self.hint = text_label()
        choice = _choice("Which of the plates in the file is shown")
        self.plate = PlatePanel(choice)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name")
        self.filter.setToolTip(
            "Shows only what has all of these words in its name, such as: c5 dapi"
        )
        self.filter.setClearButtonEnabled(True)
        self.tree = ContentsTree(looks)
        self.tree.setMinimumHeight(_TREE_HEIGHT)
        self.details = text_label()
        self.details.setTextFormat(Qt.TextFormat.RichText)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.system = _choice(
            "Where the images lie: the file knows several coordinate systems, for instance of the "
            "stage and of the sample"
        )
        self.tiles = _choice(
            "One image: quick, and one layer for each channel. Separate layers: each tile can be "
            "hidden and moved by itself."
        )
        self.tiles.addItems(["one image", "separate layers"])
        self.load = tipped_button(
            "Load the table", "Read all of it, and add its columns to the features of the labels"
        )
        self.load.hide()
        self.message = text_label()
        self.check = tipped_button(
            "Check", "Check whether the file is sound, and other programs read it"
        )
        self.save = tipped_button("Save as…", "Save layers as one file that holds everything")
        self.copy = tipped_button("Copy path", "Copy the path of the file to the clipboard")
        self._lay_out(widget)

    def _lay_out(self, widget: QWidget) -> None:
        self.choices = QWidget()
        self._form = QFormLayout(self.choices)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow("Coordinates", self.system)
        self._form.addRow("Tiles as", self.tiles)
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.check, self.save, self.copy):
            row.addWidget(button)
        self.body = QSplitter(Qt.Orientation.Vertical)
        self.body.setChildrenCollapsible(False)
        self.body.addWidget(_column(self.filter, self.tree))
        self.body.addWidget(self._scrolled_details())
        self.body.setStretchFactor(0, 1)
        self.body.setSizes([400, _DETAILS_HEIGHT])
        column = QVBoxLayout(widget)
        column.setContentsMargins(6, 6, 6, 6)
        above: tuple[QWidget, ...] = (self.files, self.hint, self.plate)
        below: tuple[QWidget, ...] = (self.choices, self.load, self.message, self.buttons)
        for part in (*above, self.body, *below):
            column.addWidget(part, int(part is self.body))
        column.addStretch(0)
        widget.setMinimumWidth(_NARROW)

    def _scrolled_details(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidget(self.details)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(_DETAILS_HEIGHT // 4)
        return area

    def show_facts(self, facts: Facts) -> None:
        """Show facts as a small table."""
        rows = (
            f"<tr><td style='padding-right: 8px'>{escape(name)}</td><td>{escape(value)}</td></tr>"
            for name, value in facts
        )
        self.details.setText(f"<table>{''.join(rows)}</table>" if facts else "")

    def show_files(self, paths: Sequence[str], current: str) -> None:
        """Show which files are open, and which of them is shown."""
        self.files.clear()
        for name, path in zip(file_names(paths), paths, strict=True):
            self.files.addItem(name, path)
            self.files.setItemData(self.files.count() - 1, path, Qt.ItemDataRole.ToolTipRole)
        if current:
            self.files.setCurrentIndex(list(paths).index(current))
        self.files.setVisible(len(paths) > 1)
        say(self.hint, "" if paths else _HINT)
        for part in (self.body, self.buttons):
            part.setVisible(bool(paths))

    def show_choices(self, system: Choice | None, tiles: TileChoice | None) -> None:
        """Show what there is to choose, and what is chosen."""
        self.system.clear()
        if system is not None:
            self.system.addItems(list(system.systems))
            self.system.setCurrentText(system.current)
        if tiles is not None:
            self.tiles.setCurrentIndex(_TILE_ROWS[tiles.is_fused])
        self.choices.setVisible(system is not None or tiles is not None)
        self._form.setRowVisible(self.system, system is not None)
        self._form.setRowVisible(self.tiles, tiles is not None)


def say(label: QLabel, text: str) -> None:
    """Show a text, and no room for it where there is none."""
    label.setText(text)
    label.setVisible(bool(text))


def _choice(tip: str) -> QComboBox:
    box = QComboBox()
    box.setToolTip(tip)
    # Long names do not widen the dock.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def _column(*parts: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    return box
