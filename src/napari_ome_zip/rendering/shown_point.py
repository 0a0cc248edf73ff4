"""Where the sliders are: as a person chose, as the file was saved, as it asks, or in the middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from napari_ome_zip.errors import PictureError
from napari_ome_zip.layers.layer_data import SHOWN, SHOWN_PLANE
from napari_ome_zip.layers.view_state import factors
from napari_ome_zip.rendering.drawn_layer import DrawnLayer
from napari_ome_zip.rendering.scene import Scene, slider_of

type Point = tuple[float, ...]
"""World coordinates, one for each slider."""


def shown_point(scene: Scene, at: Mapping[str, float] | None = None) -> Point:
    """Where the sliders are.

    What is not chosen is where it was when the file was saved from a viewer; else where the file
    asks for it: a time and a plane in depth of an image (OMERO's ``rdefs``); else, as in napari,
    in the middle of the lowest layer.

    Parameters
    ----------
    scene : Scene
    at : mapping of str to number, optional
        Steps by the names of dimensions, counted from 0 as sliders do; a fraction lies between two.

    Raises
    ------
    PictureError
        If there is no such slider, or no such step.
    """
    point = list(_saved(scene) or _asked_for(scene) or _middle(scene))
    sliders = scene.sliders
    for name, step in (at or {}).items():
        number = slider_named(scene, name)
        slider = sliders[number]
        if not 0 <= step <= slider.count - 1:
            raise PictureError(
                f"There is no step {step:,} along {slider.name}: its steps are 0 to "
                f"{slider.count - 1:,}."
            )
        point[number] = slider.place(step)
    return tuple(point)


def slider_named(scene: Scene, name: str) -> int:
    """The number of a slider.

    Raises
    ------
    PictureError
        If there is none of that name.
    """
    names = [slider.name for slider in scene.sliders]
    for number, each in enumerate(names):
        if each.lower() == name.lower():
            return number
    there = f"its sliders are {', '.join(names)}" if names else "it has one plane only"
    raise PictureError(f"The image has no slider called {name!r}: {there}.")


def _saved(scene: Scene) -> Point | None:
    saved = scene.saved
    if saved is None or len(saved.order) != len(scene.names):
        return None
    convert = factors(saved, tuple(unit or "pixel" for unit in scene.units))
    if convert is None:
        return None
    both = zip(saved.point, convert, scene.sliders, strict=False)
    # The layers may have changed since: a viewer stays within them.
    return tuple(
        float(np.clip(at * factor, slider.start, slider.place(slider.count - 1)))
        for at, factor, slider in both
    )


def _asked_for(scene: Scene) -> Point | None:
    """The plane that the first layer asks for which asks for any."""
    for layer in scene.layers:
        indices = _indices(layer, scene.names)
        if indices is None:
            continue
        point = list(_middle(scene))
        missing = len(scene.names) - layer.ndim
        places = layer.matrix @ np.array([*indices, 0, 0, 1], dtype=float)
        point[missing:] = places[:-2].tolist()
        return tuple(point)
    return None


def _indices(layer: DrawnLayer, names: Sequence[str]) -> list[float] | None:
    """Indices along all dimensions of a layer but the last two; None where it says nothing."""
    depth = layer.ndim - 2
    stated = layer.keywords.get(SHOWN_PLANE)
    if _are_indices(stated) and len(stated) == layer.ndim:
        return [float(index) for index in stated[:depth]]
    noted = layer.note.get(SHOWN)
    if not _are_indices(noted) or len(noted) != 2 or not depth:
        return None
    own = names[len(names) - layer.ndim :]
    types = {axis.get("name"): axis.get("type") for axis in layer.note.get("axes") or ()}
    found = [(size - 1) // 2 for size in layer.shape[:depth]]
    for number, name in enumerate(own[:depth]):
        if types.get(name) == "time":
            found[number] = noted[0]
        elif number == depth - 1 and types.get(name) in ("space", None):
            found[number] = noted[1]
    return [float(index) for index in found]


def _are_indices(value: Any) -> TypeGuard[Sequence[int]]:
    return isinstance(value, Sequence) and all(isinstance(n, int) and n >= 0 for n in value)


def _middle(scene: Scene) -> Point:
    ndim, first = len(scene.names), scene.layers[0]
    point = []
    for number, slider in enumerate(scene.sliders):
        if first.ndim < ndim - number:
            # A dimension that comes with later layers is at 0, or as near as they reach.
            point.append(float(np.clip(0.0, slider.start, slider.place(slider.count - 1))))
            continue
        own = slider_of([first], slider.name, ndim - number)
        point.append(own.place((own.count - 1) // 2))
    return tuple(point)
