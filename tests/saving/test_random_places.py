"""Layers of any place, saved and opened again: every corner is where it was.

Expected places are those of the real layers that were saved, as napari computes them.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Layer

from napari_ome_zip import open_image, save_image, to_layer_data

LAYERS = 20
"""Layers of one archive."""
NAMES = ("t", "z", "y", "x")
UNITS = {"t": ("second", "millisecond"), "space": ("micrometer", "nanometer", "millimeter")}
CODES = 2 ** len(NAMES)
"""Values of a layer's pixels that tell its corners apart."""
MAX_STRAY = 1e-3
"""Of a pixel."""


class RandomLayers:
    """Makes layers whose corners hold values that no other pixel of the archive holds."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.names = NAMES[-int(self.random.integers(2, 5)) :]
        if self.random.random() < 0.2:
            time, space = self.names[:-3], self.names[-3:]
            self.names = (*time, *(str(name) for name in self.random.permutation(space)))
        self.physical = self.random.random() < 0.7

    def layers(self) -> list[Layer]:
        layers: list[Layer] = []
        while len(layers) < LAYERS:
            shape, keywords = self.shape_and_keywords()
            # Images of one place and shape are saved as the channels of one.
            channels = int(self.random.integers(2, 4)) if self.random.random() < 0.15 else 1
            kind = "labels" if channels == 1 and self.random.random() < 0.3 else "image"
            for _ in range(channels):
                layers.append(self.layer(len(layers), shape, dict(keywords), kind))
        return layers

    def shape_and_keywords(self) -> tuple[tuple[int, ...], dict[str, Any]]:
        ndim = int(self.random.integers(2, len(self.names) + 1))
        names = self.names[-ndim:]
        units = [self.unit(name) for name in names]
        return self.shape(ndim), {"axis_labels": names, "units": units, **self.place(ndim)}

    def layer(
        self, number: int, shape: tuple[int, ...], keywords: dict[str, Any], kind: str
    ) -> Layer:
        pixels = np.zeros(shape, np.uint16)
        for corner, index in enumerate(itertools.product((0, -1), repeat=len(shape))):
            pixels[index] = 1 + number * CODES + corner
        keywords["name"] = f"layer {number}"
        if kind == "image":
            keywords["contrast_limits"] = (0, 1)
        return Layer.create(pixels, keywords, kind)

    def unit(self, name: str) -> str:
        if not self.physical:
            return "pixel"
        return str(self.random.choice(UNITS.get(name, UNITS["space"])))

    def shape(self, ndim: int) -> tuple[int, ...]:
        shape = self.random.integers(2, 9, ndim)
        if self.random.random() < 0.3:
            shape[-int(self.random.integers(1, 3))] = self.random.integers(100, 3000)
        return tuple(int(n) for n in shape)

    def lengths(self, ndim: int) -> np.ndarray:
        sizes: np.ndarray = 10 ** self.random.uniform(-2, 3, ndim)
        return sizes * self.random.choice((-1, 1, 1), ndim)

    def place(self, ndim: int) -> dict[str, Any]:
        kinds = (self.straight, self.napari_keywords, self.sheared, self.permuted, self.general)
        return kinds[self.random.integers(len(kinds))](ndim)

    def straight(self, ndim: int) -> dict[str, Any]:
        scale = self.lengths(ndim)
        return {"scale": scale, "translate": scale * self.random.uniform(-1e3, 1e3, ndim)}

    def napari_keywords(self, ndim: int) -> dict[str, Any]:
        """Scale, then a shear, then a turn, then a translation, then perhaps an affine."""
        keywords = self.straight(ndim)
        keywords["rotate"] = np.linalg.qr(self.random.normal(size=(ndim, ndim)))[0]
        keywords["shear"] = self.random.uniform(-1, 1, ndim * (ndim - 1) // 2)
        if self.random.random() < 0.5:
            keywords |= self.general(ndim)
        return keywords

    def sheared(self, ndim: int) -> dict[str, Any]:
        """Entries beside the diagonal that are small beside their own row."""
        scale = self.lengths(ndim)
        beside = 10 ** self.random.uniform(-5, 0, (ndim, ndim))
        beside *= self.random.random((ndim, ndim)) < 0.5
        np.fill_diagonal(beside, 0)
        return self.affine(scale[:, np.newaxis] * (np.eye(ndim) + beside / 2))

    def permuted(self, ndim: int) -> dict[str, Any]:
        return self.affine(np.diag(self.lengths(ndim))[self.random.permutation(ndim)])

    def general(self, ndim: int) -> dict[str, Any]:
        turns = [np.linalg.qr(self.random.normal(size=(ndim, ndim)))[0] for _ in range(2)]
        return self.affine(turns[0] @ np.diag(self.lengths(ndim)) @ turns[1])

    def affine(self, linear: np.ndarray) -> dict[str, Any]:
        matrix = np.eye(len(linear) + 1)
        matrix[:-1, :-1] = linear
        matrix[:-1, -1] = linear @ self.random.uniform(-1e3, 1e3, len(linear))
        return {"affine": matrix}


def full(layer: Layer) -> np.ndarray:
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def corners_by_value(layer: Layer) -> dict[int, np.ndarray]:
    """Index of each pixel that is not 0, by its value (of several the first)."""
    pixels = full(layer)
    return {int(pixels[tuple(i)]): i for i in np.argwhere(pixels)[::-1]}


def world(layer: Layer, index: np.ndarray) -> dict[str, float]:
    """Coordinates of a place in a layer, by axis, in the base units of the axis."""
    registry = pint.get_application_registry()
    place = zip(layer.axis_labels, layer.data_to_world(index), layer.units, strict=True)
    return {
        name: registry.Quantity(float(value), str(unit)).to_base_units().magnitude
        if str(unit) != "pixel"
        else float(value)
        for name, value, unit in place
    }


def pixel_axes(before: dict[int, np.ndarray], after: dict[int, np.ndarray]) -> list[int]:
    """For each axis of the saved layer the axis of the opened one that it became."""
    first = min(before)
    axes = []
    for axis in range(len(before[first])):
        neighbor = first + 2 ** (len(before[first]) - 1 - axis)
        (moved,) = np.flatnonzero(after[neighbor] - after[first])
        axes.append(int(moved))
    return axes


def astray(one: Layer, other: Layer) -> float:
    """How far the corners of a layer are from where they were, in pixels of the layer."""
    before, after = corners_by_value(one), corners_by_value(other)
    assert before.keys() == after.keys()
    axes = pixel_axes(before, after)
    origin = world(one, np.zeros(one.ndim))
    steps = [world(one, step) for step in np.eye(one.ndim)]
    linear = np.array([[step[n] - origin[n] for step in steps] for n in one.axis_labels])
    farthest = 0.0
    for value, index in before.items():
        half = np.where(index > 0, 0.5, -0.5)
        beyond = after[value].astype(float)
        beyond[axes] += half  # the outer corner of the pixel at the corner
        expected, found = world(one, index + half), world(other, beyond)
        apart = np.array([found[n] - expected[n] for n in one.axis_labels])
        farthest = max(farthest, float(np.abs(np.linalg.solve(linear, apart)).max()))
    return farthest


def saved_and_opened(layers: list[Layer]) -> Iterator[tuple[Layer, Layer]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ozx"
        save_image([layer.as_layer_data_tuple() for layer in layers], path)
        opened = [Layer.create(*item) for item in to_layer_data(open_image(path))]
        by_number = {(int(full(layer).max()) - 1) // CODES: layer for layer in opened}
        assert len(opened) == len(layers)
        for number, layer in enumerate(layers):
            yield layer, by_number[number]


@pytest.mark.timeout(3600)  # for the exploring profile
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
@settings(max_examples=settings.default.max_examples // 10)
@given(st.integers(0, 2**32 - 1))
def test_every_corner_is_where_it_was(seed: int) -> None:
    for before, after in saved_and_opened(RandomLayers(seed).layers()):
        assert type(before) is type(after)
        assert astray(before, after) < MAX_STRAY, before.name
