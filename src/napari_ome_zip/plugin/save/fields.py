"""The fields of the form that saves layers, with what a person is told of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from magicgui.types import FileDialogMode
from magicgui.widgets import CheckBox, ComboBox, FileEdit, PushButton, SpinBox
from napari.layers import Image, Labels

from napari_ome_zip.ome.versions import SPECS, WRITTEN, Version
from napari_ome_zip.plugin.save.layer_select import LayerSelect
from napari_ome_zip.plugin.save.model import SaveChoices
from napari_ome_zip.plugin.save.part import Showing
from napari_ome_zip.plugin.save.range_field import RangeField
from napari_ome_zip.saving.options import CODEC_LEVELS, Codec

MAX_LEVELS = 16
_CLOSED, _OPEN, _CHANGED = "▸ Advanced", "▾ Advanced", " (changed)"
_NARROW = 60
"""Width in pixels that a field is usable at."""


class SaveFields:
    """The fields from top to bottom. What they say is `choices`; `show` changes what they say."""

    def __init__(self) -> None:
        self.layers = LayerSelect(
            name="layers",
            label="Layers",
            tooltip="The layers that go into the file. Click on one to leave it out.",
        )
        self.labels_alone = CheckBox(
            name="labels_alone",
            text="Labels alone",
            tooltip="Save the labels without their images, in a file of their own that says of "
            "which image they are. Opened together with the image, they lie on it again.",
        )
        self.file = FileEdit(
            name="file",
            label="File",
            mode=FileDialogMode.OPTIONAL_FILE,
            filter="single-image OME-Zarr (*.ome.zip *.ozx)",
            tooltip="The file to write. Its name ends in .ome.zip or .ozx, which mean the same.",
        )
        self.use_source = PushButton(
            name="use_source",
            gui_only=True,
            tooltip="Write to the file that the layers came from. It is replaced when the new "
            "one is complete, and what you did not change is copied.",
        )
        self.visible_only = CheckBox(
            name="visible_only",
            text="Visible region only",
            tooltip="Save only what the window shows now, of all chosen layers. It stays in its "
            "place. Zoom and move until the window shows what you want to keep.",
        )
        self.time = RangeField(
            name="time",
            tooltip="The first and the last time point to save, as the slider counts them.",
        )
        self.depth = RangeField(
            name="depth",
            tooltip="The first and the last plane in depth to save, as the slider counts them.",
        )
        self.advanced = PushButton(
            name="advanced",
            text=_CLOSED,
            gui_only=True,
            tooltip="How the file is written inside. The usual choices suit most images.",
        )
        self._make_advanced()
        self.for_others = CheckBox(
            name="for_others",
            text="For other programs only",
            tooltip="Leave out what only napari shows: points, shapes, tracks, vectors and "
            "surfaces, and the view. Other programs see the same either way.",
        )
        self.thumbnail = CheckBox(
            name="thumbnail",
            text="With a preview picture",
            tooltip="Put a small picture of the whole image into the file, which file managers and "
            "galleries can show at once. It takes about ten kilobytes.",
        )
        self._is_open, self._is_usual = False, True
        self._arrange()

    def _make_advanced(self) -> None:
        self.version = ComboBox(
            name="version",
            label="Version",
            choices=[("automatic", "auto"), *((_version_text(each), each) for each in WRITTEN)],
            tooltip="The version of OME-Zarr. Automatic is that of the opened file, else the one "
            "that most programs read. A draft holds any axes, and few programs read it yet.",
        )
        self.split = CheckBox(
            name="split",
            text="Split into a series",
            tooltip="Save an image of axes that only a draft of OME-Zarr holds as a series of "
            "images, one per channel, which more programs read.",
        )
        counts = [(str(count), count) for count in range(1, MAX_LEVELS + 1)]
        self.levels = ComboBox(
            name="levels",
            label="Resolutions",
            choices=[("automatic", 0), *counts],
            tooltip="Smaller copies of the image, which let programs show it fast from afar. "
            "Automatic keeps those there are, and makes them where there are none.",
        )
        self.as_usual = CheckBox(
            name="as_usual",
            text="Store as usual",
            tooltip="Unchanged pixels are copied from their file as they are, new ones are stored "
            "in the way that suits most images. Uncheck to choose yourself.",
        )
        self.codec = ComboBox(
            name="codec",
            label="Compression",
            choices=list(CODEC_LEVELS),
            tooltip="How pixels are compressed; no value changes. zstd suits most images.",
        )
        self.level = SpinBox(
            name="level",
            label="Strength",
            min=-7,
            max=22,
            tooltip="Of the compression: higher makes a smaller file, and takes longer.",
        )
        self.chunk = SpinBox(
            name="chunk",
            label="Chunk",
            min=1,
            max=2**16,
            step=64,
            tooltip="Side in pixels of the squares that a program reads at once. Small ones are "
            "fast where little is looked at, large ones where much is.",
        )
        self.shard = SpinBox(
            name="shard",
            label="Shard",
            min=0,
            max=2**16,
            step=512,
            tooltip="Side in pixels of the squares that are kept together in the file: fewer, "
            "larger pieces are copied faster. 0 keeps each chunk by itself.",
        )

    def _arrange(self) -> None:
        self.file.choose_btn.text = "Choose…"
        self.file.line_edit.native.setPlaceholderText("name.ome.zip")
        self.file.line_edit.native.setMinimumWidth(_NARROW)
        for hidden in (
            *self.hidden_fields,
            self.labels_alone,
            self.use_source,
            self.time,
            self.depth,
        ):
            hidden.visible = False
        self.advanced.changed.connect(self._on_advanced)
        self.codec.changed.connect(self._on_codec)

    @property
    def hidden_fields(self) -> tuple[Any, ...]:
        """Those that are shown once *Advanced* was pressed."""
        stored = (self.codec, self.level, self.chunk, self.shard)
        return (
            self.version,
            self.split,
            self.levels,
            self.for_others,
            self.thumbnail,
            self.as_usual,
            *stored,
        )

    @property
    def all(self) -> list[Any]:
        """From top to bottom."""
        part = (self.visible_only, self.time, self.depth)
        where = (self.layers, self.labels_alone, self.file, self.use_source)
        return [*where, *part, self.advanced, *self.hidden_fields]

    @property
    def values(self) -> list[Any]:
        """Those that say something of `choices`."""
        return [field for field in self.all if field not in (self.use_source, self.advanced)]

    def _on_advanced(self) -> None:
        self._is_open = not self._is_open
        self._show_title()
        for field in self.hidden_fields:
            field.visible = self._is_open

    def _on_codec(self, codec: Codec) -> None:
        """Bring the strength into the range of a compression."""
        low, high = CODEC_LEVELS[codec]
        self._show_level(codec, min(max(self.level.value, low), high))

    def _show_title(self) -> None:
        title = _OPEN if self._is_open else _CLOSED
        self.advanced.text = f"{title}{'' if self._is_usual else _CHANGED}"

    def choices(self, before: SaveChoices) -> SaveChoices:
        """What the fields say; what they do not say is as it was."""
        offered = self.layers.offered
        chosen = {layer.unique_id for layer in self.layers.value or ()}
        return replace(
            before,
            file=self.file.line_edit.value,
            unchecked=(before.unchecked - offered) | (offered - chosen),
            labels_alone=self.labels_alone.value,
            visible_only=self.visible_only.value,
            time=self.time.chosen,
            depth=self.depth.chosen,
            version=self.version.value,
            split=self.split.value,
            levels=self.levels.value or None,
            for_others=self.for_others.value,
            thumbnail=self.thumbnail.value,
            as_in_file=self.as_usual.value,
            chunk=self.chunk.value,
            shard=self.shard.value,
            codec=self.codec.value,
            level=self.level.value,
        )

    def show(self, chosen: SaveChoices, layers: list[Any], showing: Showing) -> None:
        """Let the fields say what is chosen; says nothing to listeners.

        Parameters
        ----------
        chosen : SaveChoices
        layers : list of Layer
            Those that can be saved, bottom layer first.
        showing : Showing
            What the viewer shows.
        """
        with self._silent():
            self.layers.offer(layers, {each.unique_id for each in layers} - chosen.unchecked)
            self.labels_alone.value = chosen.labels_alone
            self.labels_alone.visible = chosen.labels_alone or _has_both(layers)
            self._show_file(chosen.file)
            self.visible_only.value = chosen.visible_only
            self.visible_only.enabled = chosen.visible_only or showing.visible is not None
            self.time.offer(showing.time, chosen.time)
            self.depth.offer(showing.depth, chosen.depth)
            self.version.value = chosen.version
            self.split.value = chosen.split
            self.levels.value = chosen.levels or 0
            self.for_others.value = chosen.for_others
            self.thumbnail.value = chosen.thumbnail
            self.as_usual.value = chosen.as_in_file
            self._show_storage(chosen)
        self._is_usual = chosen.is_usual
        self._show_title()

    def _show_file(self, typed: str) -> None:
        line = self.file.line_edit
        if line.value != typed:
            line.value = typed
            line.native.setCursorPosition(len(typed))  # the name, not the folders before it
        line.tooltip = typed or self.file.tooltip

    def _show_storage(self, chosen: SaveChoices) -> None:
        low, high = CODEC_LEVELS[chosen.codec]
        self.codec.value = chosen.codec
        self.chunk.value, self.shard.value = chosen.chunk, chosen.shard
        self._show_level(chosen.codec, chosen.level)
        for field in (self.codec, self.chunk, self.shard):
            field.enabled = not chosen.as_in_file
        self.level.enabled = low < high and not chosen.as_in_file

    def _show_level(self, codec: Codec, level: int) -> None:
        low, high = CODEC_LEVELS[codec]
        was = self.level.value
        self.level.min, self.level.max = min(low, level, was), max(high, level, was)
        self.level.value = level
        self.level.min, self.level.max = min(low, level), max(high, level)

    @contextmanager
    def _silent(self) -> Iterator[None]:
        signals = [field.changed for field in self.values]
        for signal in signals:
            signal.block()
        try:
            yield
        finally:
            for signal in signals:
                signal.unblock()


def _version_text(version: Version) -> str:
    return f"{version} (draft)" if SPECS[version].is_draft else version


def _has_both(layers: list[Any]) -> bool:
    """Whether there are labels and images."""
    kinds = {type(layer) for layer in layers}
    return any(issubclass(kind, Labels) for kind in kinds) and any(
        issubclass(kind, Image) for kind in kinds
    )
