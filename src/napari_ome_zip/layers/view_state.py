"""What a window shows of its layers, as values; knows nothing of napari and Qt.

It is written as JSON beside the layers. What is read back is checked value by value, and what is
not what it should be is left as the window has it: a file must never make a viewer fail.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from napari_ome_zip.image.units import conversion

_HUGE = 1e100
_MAX_DIMENSIONS = 32
_MAX_NAMES = 4096
_SAME_SIZE = 0.01
"""Part of its size by which a canvas may differ and show the same: layouts give and take pixels."""
_ORIENTATIONS = (("away", "towards"), ("up", "down"), ("left", "right"))

type Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sliders:
    """Which part of the dimensions is shown; one value for each dimension of the world."""

    order: tuple[int, ...]
    """The dimensions in the order of display, those that are displayed last."""
    point: Numbers
    """Where the sliders are, in world coordinates."""
    margin_left: Numbers
    margin_right: Numbers
    axis_labels: tuple[str, ...]
    units: tuple[str, ...] = ()
    """Of world coordinates; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Camera:
    """From where it is seen."""

    center: Numbers
    """In world coordinates of the three displayed dimensions, z, y, x."""
    zoom: float
    """Pixels of the canvas for one of the world."""
    angles: Numbers
    perspective: float
    canvas: tuple[int, int]
    """Height and width of the canvas, in its pixels."""
    orientation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Layers side by side."""

    enabled: bool
    shape: tuple[int, int]
    stride: int
    spacing: float


@dataclass(frozen=True, slots=True)
class ViewState:
    """What a window shows; what is not known is None, and stays as it is."""

    ndisplay: int = 2
    sliders: Sliders | None = None
    camera: Camera | None = None
    grid: Grid | None = None
    selected: tuple[str, ...] | None = None
    """Names of the selected layers."""
    overlays: tuple[tuple[str, bool], ...] = ()
    """Which of the scale bar and the axes are visible."""

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON, without what is not known."""
        found = {key: value for key, value in asdict(self).items() if value is not None}
        return {**_plain(found), "overlays": dict(self.overlays)}

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> ViewState | None:
        """The state that JSON of a file describes; None where nothing of it can be used."""
        if said is None:
            return None
        sliders = _sliders(said.get("sliders"))
        ndisplay = said.get("ndisplay")
        state = cls(
            ndisplay=ndisplay if ndisplay in (2, 3) and isinstance(ndisplay, int) else 2,
            sliders=sliders,
            camera=_camera(said.get("camera")),
            grid=_grid(said.get("grid")),
            selected=_texts(said.get("selected"), _MAX_NAMES),
            overlays=_overlays(said.get("overlays")),
        )
        return None if state == cls(ndisplay=state.ndisplay) else state


def zoom_for(camera: Camera, canvas: tuple[int, int]) -> float:
    """The zoom at which a canvas of another size shows as much."""
    ratios = [now / then for now, then in zip(canvas, camera.canvas, strict=True) if now and then]
    ratio = min(ratios, default=1.0)
    return camera.zoom if abs(ratio - 1) < _SAME_SIZE else camera.zoom * ratio


def factors(sliders: Sliders, units: tuple[str, ...]) -> Numbers | None:
    """From the world coordinates of a state to those of a window; None where they do not fit."""
    count = len(sliders.order)
    before = sliders.units or ("",) * count
    now = units or ("",) * count
    if len(now) != count:
        return None
    return tuple(conversion(one, other) for one, other in zip(before, now, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _sliders(said: Any) -> Sliders | None:
    said = said if isinstance(said, Mapping) else {}
    order = _integers(said.get("order"))
    if order is None or sorted(order) != list(range(len(order))) or len(order) < 2:
        return None
    point, left, right = (
        _numbers(said.get(name), len(order)) for name in ("point", "margin_left", "margin_right")
    )
    if point is None:
        return None
    nothing = (0.0,) * len(order)
    labels = _texts(said.get("axis_labels"), _MAX_DIMENSIONS) or ()
    units = _texts(said.get("units"), _MAX_DIMENSIONS) or ()
    return Sliders(
        order,
        point,
        left if left and min(left) >= 0 else nothing,
        right if right and min(right) >= 0 else nothing,
        labels if len(labels) == len(order) else (),
        units if len(units) == len(order) else (),
    )


def _camera(said: Any) -> Camera | None:
    said = said if isinstance(said, Mapping) else {}
    center, angles = _numbers(said.get("center"), 3), _numbers(said.get("angles"), 3)
    zoom, perspective = _number(said.get("zoom")), _number(said.get("perspective"))
    canvas = _integers(said.get("canvas"))
    if center is None or zoom is None or not zoom > 1 / _HUGE:
        return None
    good = perspective is not None and 0 <= perspective < 180
    orientation = _texts(said.get("orientation"), 3) or ()
    known = len(orientation) == 3 and all(
        one in both for one, both in zip(orientation, _ORIENTATIONS, strict=True)
    )
    return Camera(
        center,
        zoom,
        angles or (0.0, 0.0, 0.0),
        perspective if good and perspective is not None else 0.0,
        (canvas[0], canvas[1]) if canvas and len(canvas) == 2 and min(canvas) > 0 else (0, 0),
        orientation if known else (),
    )


def _grid(said: Any) -> Grid | None:
    said = said if isinstance(said, Mapping) else {}
    enabled, shape = said.get("enabled"), _integers(said.get("shape"))
    stride, spacing = said.get("stride"), _number(said.get("spacing"))
    if not isinstance(enabled, bool) or shape is None or len(shape) != 2:
        return None
    if not all(n == -1 or 1 <= n <= 50 for n in shape):
        return None
    if not isinstance(stride, int) or isinstance(stride, bool) or not 1 <= abs(stride) <= 50:
        return None
    good = spacing is not None and 0 <= spacing <= 1500
    return Grid(enabled, (shape[0], shape[1]), stride, spacing if good and spacing else 0.0)


def _overlays(said: Any) -> tuple[tuple[str, bool], ...]:
    said = said if isinstance(said, Mapping) else {}
    known = ("scale_bar", "axes", "canvas_axes")
    return tuple((name, said[name]) for name in known if isinstance(said.get(name), bool))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _HUGE and math.isfinite(value) else None


def _numbers(values: Any, count: int) -> Numbers | None:
    if not isinstance(values, list | tuple) or len(values) != count:
        return None
    found = [number for number in map(_number, values) if number is not None]
    return tuple(found) if len(found) == count else None


def _integers(values: Any) -> tuple[int, ...] | None:
    if not isinstance(values, list | tuple) or len(values) > _MAX_DIMENSIONS:
        return None
    good = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    return tuple(values) if good else None


def _texts(values: Any, most: int) -> tuple[str, ...] | None:
    if not isinstance(values, list | tuple) or len(values) > most:
        return None
    return tuple(values) if all(isinstance(value, str) for value in values) else None
