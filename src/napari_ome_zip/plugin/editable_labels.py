"""The dock widget "Editable copy of labels": a level of multiscale labels that can be painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, Container, Label, PushButton
from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.plugin.layer_follower import LayerFollower
from napari_ome_zip.sizes import readable_size

if TYPE_CHECKING:
    import napari.viewer

COMFORTABLE_BYTES = 2**30
"""The finest level that is not larger is offered first."""
MAX_BYTES = 2**33
"""Larger levels are refused: napari keeps copies for undo, and for the graphics card."""


_COARSER = "These labels are then saved at this size and replace the finer levels of the file."


class TooLargeError(ValueError):
    """A level of labels does not fit into memory."""


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """One level that could be copied."""

    level: int
    shape: tuple[int, ...]
    nbytes: int

    @property
    def problem(self) -> str:
        """Why this level cannot be copied; empty where it can."""
        if self.nbytes <= MAX_BYTES:
            return ""
        return (
            f"Level {self.level} needs {readable_size(self.nbytes)} of memory, more than "
            f"{readable_size(MAX_BYTES)}: choose a coarser level."
        )


def level_choices(levels: Sequence[Any]) -> list[LevelChoice]:
    """The levels of labels, finest first, with the memory that each takes."""
    return [
        LevelChoice(number, tuple(level.shape), math.prod(level.shape) * level.dtype.itemsize)
        for number, level in enumerate(levels)
    ]


def default_level(levels: Sequence[Any]) -> int:
    """The finest level whose memory is reasonable; the coarsest where none is."""
    choices = level_choices(levels)
    return next((c.level for c in choices if c.nbytes <= COMFORTABLE_BYTES), choices[-1].level)


def editable_copy(layer: Labels, level: int | None = None) -> Labels:
    """Copy one level of multiscale labels into a layer that can be painted.

    Parameters
    ----------
    layer : napari.layers.Labels
        Multiscale; stays as it is.
    level : int, optional
        0 is the finest; by default see `default_level`.

    Returns
    -------
    napari.layers.Labels
        Of one level in memory, each pixel at the place in the world that it has in ``layer``,
        with its name, colors, features and metadata: saved instead of ``layer``, it takes its
        place in the archive, with smaller levels that are made of it.

    Raises
    ------
    ValueError
        If the layer is not multiscale: it can be painted as it is.
    TooLargeError
        If the level does not fit into memory.
    """
    if not layer.multiscale:
        raise ValueError(f"'{layer.name}' has one level: it can be painted as it is.")
    chosen = level_choices(layer.data)[default_level(layer.data) if level is None else level]
    if chosen.problem:
        raise TooLargeError(chosen.problem)
    pixels = np.array(layer.data[chosen.level])
    _, keywords, _ = layer.as_layer_data_tuple()
    return Labels(pixels, **{**keywords, **_place_level(layer, chosen.shape), "multiscale": False})


def _place_level(layer: Labels, shape: Sequence[int]) -> dict[str, Any]:
    """Scale and translation that leave a level's pixels where the multiscale layer has them.

    A pixel that spans *f* pixels of the finest level has its center (f - 1) / 2 of them further
    in. Scale comes first of a layer's transformations, so rotation and shear stay as they are.
    """
    full = layer.data[0].shape
    factors = np.array(level_factors(full, shape))
    start = np.array(layer.data_to_world((0.0,) * layer.ndim))
    moved = np.array(layer.data_to_world(tuple((factors - 1) / 2))) - start
    # What is given as a translation has the layer's affine still before it.
    shift = np.linalg.solve(layer.affine.linear_matrix, moved)
    return {
        "scale": tuple(np.array(layer.scale) * factors),
        "translate": tuple(np.array(layer.translate) + shift),
    }


def _what_now(copy: Labels, level: int) -> str:
    text = f"'{copy.name}' can be painted. Saving puts it in the place of the labels in the file"
    return f"{text}, at the size of level {level}." if level else f"{text}."


class EditableLabelsWidget(QWidget):
    """A form that makes an editable copy of a viewer's multiscale labels.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The active layer is offered first.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.layer = ComboBox(label="labels", choices=self._names, nullable=False)
        self.level = ComboBox(label="level", choices=self._levels)
        self.message = Label(value="")
        self.button = PushButton(text="Replace with an editable copy")
        self.form = Container(widgets=[self.layer, self.level])
        layout = QVBoxLayout(self)
        for widget in (self.form, self.message, self.button):
            layout.addWidget(widget.native)
        layout.addStretch(1)
        self.message.native.setWordWrap(True)
        self.layer.changed.connect(self._on_layer)
        self.level.changed.connect(self._show_message)
        self.button.changed.connect(self.make_copy)
        self._follower = LayerFollower(viewer, self._refresh)
        self.destroyed.connect(self._follower.stop)
        self._refresh()

    def make_copy(self) -> None:
        """Put the copy in the place of the layer that it was made from, and make it active."""
        source, level = self._source(), self.level.value
        if source is None or level is None:
            return
        try:
            copy = editable_copy(source, level)
        except TooLargeError as error:
            self.message.value = str(error)
            return
        # Both at once would be saved as two label images, one of them out of date.
        position = self._viewer.layers.index(source)
        self._viewer.layers.remove(source)
        self._viewer.layers.insert(position, copy)
        self._viewer.layers.selection.active = copy
        show_info(_what_now(copy, level))

    def _refresh(self) -> None:
        active = self._viewer.layers.selection.active
        self.layer.reset_choices()
        if active is not None and active.name in self._names():
            self.layer.value = active.name
        self._on_layer()

    def _on_layer(self) -> None:
        self.level.reset_choices()
        source = self._source()
        if source is not None:
            self.level.value = default_level(source.data)
        self._show_message()

    def _show_message(self) -> None:
        source, level = self._source(), self.level.value
        text, problem = "", ""
        if source is None or level is None:
            problem = (
                "There are no multiscale labels: those of one level can be painted as they are."
            )
        else:
            problem = level_choices(source.data)[level].problem
            text = _COARSER if level else ""
        self.message.value = problem or text
        self.message.visible = bool(problem or text)
        self.button.enabled = not problem

    def _names(self, _widget: Any = None) -> list[str]:
        return [
            layer.name
            for layer in reversed(self._viewer.layers)
            if isinstance(layer, Labels) and layer.multiscale
        ]

    def _source(self) -> Labels | None:
        name = self.layer.value
        return self._viewer.layers[name] if name in self._names() else None

    def _levels(self, _widget: Any = None) -> list[tuple[str, int]]:
        source = self._source()
        if source is None:
            return []
        return [
            (f"{c.level}: {' × '.join(map(str, c.shape))}, {readable_size(c.nbytes)}", c.level)
            for c in level_choices(source.data)
        ]
