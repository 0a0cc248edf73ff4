"""Where points, shapes, tracks, vectors and surfaces lie: their data as arrays, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_ome_zip.layers.drawings.values import CannotHoldError, Encoder, decode

MAX_ROWS = 20_000_000
"""Points, vectors, or vertices of a layer that are read, at most."""

MAX_SHAPES = 1_000_000
"""Shapes of a layer that are read, at most: viewers make each by itself."""

_HUGE = 1e100

type Arrays = Mapping[str, npt.NDArray[Any]]


class Geometry(NamedTuple):
    """Data of a layer, and how many there are of what it holds."""

    data: Any
    """As a viewer takes them; or, of a layer that is saved, what stands for them in JSON."""
    rows: int
    """Points, shapes, vectors, vertices of tracks, or vertices of a surface."""
    ndim: int


def encode_geometry(
    kind: str, data: Any, keywords: Mapping[str, Any], encoder: Encoder
) -> Geometry:
    """The data of a layer as arrays.

    Raises
    ------
    CannotHoldError
        If they are not numbers of the shape that such layers have.
    """
    found = _ENCODERS[kind](data, keywords, encoder)
    if found.rows > (MAX_SHAPES if kind == "shapes" else MAX_ROWS):
        raise CannotHoldError(f"there are {found.rows:,}, which is too many to be read again")
    return found


def decode_geometry(kind: str, said: Any, arrays: Arrays) -> Geometry:
    """The data of a layer as a viewer takes them.

    Raises
    ------
    ValueError
        If they are not such data.
    """
    if not isinstance(said, dict):
        raise ValueError("it has no data")
    found = {name: decode(value, arrays) for name, value in said.items()}
    return _DECODERS[kind](found)


def _coordinates(values: Any, shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
    """Finite numbers of a shape, in which None stands for any size."""
    found: npt.NDArray[Any] = values
    good = isinstance(found, np.ndarray) and found.ndim == len(shape) and found.dtype.kind in "iuf"
    if not good or any(want not in (None, n) for want, n in zip(shape, found.shape, strict=True)):
        what = f"{found.dtype} of the shape {found.shape}" if isinstance(found, np.ndarray) else ""
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"its data are {what or 'missing'}, expected numbers of ({wanted})")
    if not float(np.abs(found).max(initial=0)) < _HUGE:  # nor if one is not a number
        raise ValueError("its coordinates are not all finite")
    if found.size > MAX_ROWS * 8:
        raise ValueError(f"there are {found.size:,} coordinates, which is too many to be read")
    return found


def _checked(values: Any, shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
    """As `_coordinates`, of a layer that is to be saved."""
    try:
        return _coordinates(np.asarray(values), shape)
    except ValueError as error:
        raise CannotHoldError(str(error)) from error


def _dimensions(array: npt.NDArray[Any], keywords: Mapping[str, Any]) -> int:
    return int(array.shape[-1] if array.size else keywords.get("ndim") or array.shape[-1])


def _encode_points(data: Any, keywords: Mapping[str, Any], encoder: Encoder) -> Geometry:
    points = np.asarray(data)
    if not points.size:
        points = np.empty((0, int(keywords.get("ndim") or 2)))
    points = _checked(points, (None, None))
    said = {"points": encoder.array(points, "points")}
    return Geometry(said, len(points), _dimensions(points, keywords))


def _decode_points(found: Mapping[str, Any]) -> Geometry:
    points = _coordinates(found.get("points"), (None, None))
    return Geometry(points, *_counted(points))


def _encode_vectors(data: Any, keywords: Mapping[str, Any], encoder: Encoder) -> Geometry:
    vectors = np.asarray(data)
    if not vectors.size:
        vectors = np.empty((0, 2, int(keywords.get("ndim") or 2)))
    vectors = _checked(vectors, (None, 2, None))
    said = {"vectors": encoder.array(vectors, "vectors")}
    return Geometry(said, len(vectors), _dimensions(vectors, keywords))


def _decode_vectors(found: Mapping[str, Any]) -> Geometry:
    vectors = _coordinates(found.get("vectors"), (None, 2, None))
    return Geometry(vectors, *_counted(vectors))


def _counted(array: npt.NDArray[Any]) -> tuple[int, int]:
    rows, ndim = len(array), array.shape[-1]
    if not 2 <= ndim <= 32 or rows > MAX_ROWS:
        raise ValueError(f"it has {rows:,} rows of {ndim} dimensions")
    return rows, ndim


def _encode_shapes(data: Any, keywords: Mapping[str, Any], encoder: Encoder) -> Geometry:
    shapes: Sequence[Any] = [_checked(shape, (None, None)) for shape in data]
    ndim = int(shapes[0].shape[-1] if shapes else keywords.get("ndim") or 2)
    if any(shape.shape[-1] != ndim for shape in shapes):
        raise CannotHoldError("its shapes have different numbers of dimensions")
    vertices = np.concatenate([np.empty((0, ndim)), *shapes])
    ends = np.cumsum([len(shape) for shape in shapes], dtype=np.uint64)
    said = {"vertices": encoder.array(vertices, "vertices"), "ends": encoder.array(ends, "ends")}
    return Geometry(said, len(shapes), ndim)


def _decode_shapes(found: Mapping[str, Any]) -> Geometry:
    vertices = _coordinates(found.get("vertices"), (None, None))
    ends = _coordinates(found.get("ends"), (None,))
    _, ndim = _counted(vertices)
    if len(ends) > MAX_SHAPES:
        raise ValueError(f"there are {len(ends):,} shapes, which is too many to be read")
    stops = [0, *map(int, ends)]
    if stops[-1] != len(vertices) or any(b - a < 2 for a, b in pairwise(stops)):
        raise ValueError("its shapes do not end where their vertices do, or have fewer than two")
    return Geometry([vertices[a:b] for a, b in pairwise(stops)], len(ends), ndim)


def _encode_tracks(data: Any, keywords: Mapping[str, Any], encoder: Encoder) -> Geometry:
    tracks = _checked(data, (None, None))
    said = {"tracks": encoder.array(tracks, "tracks")}
    graph = keywords.get("graph") or {}
    pairs = [
        (int(child), int(parent))
        for child, parents in graph.items()
        for parent in (parents if isinstance(parents, list | tuple | np.ndarray) else [parents])
    ]
    if pairs:
        said["graph"] = encoder.array(np.array(pairs, dtype=np.int64), "graph")
    return Geometry(said, len(tracks), tracks.shape[1] - 1)


def _decode_tracks(found: Mapping[str, Any]) -> Geometry:
    tracks = _coordinates(found.get("tracks"), (None, None))
    rows, width = _counted(tracks)
    if width < 4 or not rows:
        raise ValueError(f"its tracks have {width} columns, expected the track, time and place")
    graph: dict[int, list[int]] = {}
    if "graph" in found:
        for child, parent in _coordinates(found["graph"], (None, 2)).astype(int).tolist():
            graph.setdefault(child, []).append(parent)
    known = set(np.unique(tracks[:, 0]).astype(int).tolist())
    if not known.issuperset({*graph, *(parent for each in graph.values() for parent in each)}):
        raise ValueError("its graph names tracks that are not there")
    return Geometry((tracks, graph), rows, width - 1)


def _encode_surface(data: Any, keywords: Mapping[str, Any], encoder: Encoder) -> Geometry:
    vertices, faces, *rest = data
    vertices, faces = _checked(vertices, (None, None)), _checked(faces, (None, 3))
    said = {
        "vertices": encoder.array(vertices, "vertices"), "faces": encoder.array(faces, "faces"),
    }  # fmt: skip
    ndim = vertices.shape[1]
    if rest and rest[0] is not None:
        values = np.asarray(rest[0])
        ndim += values.ndim - 1
        said["values"] = encoder.array(values, "values")
    return Geometry(said, len(vertices), ndim)


def _decode_surface(found: Mapping[str, Any]) -> Geometry:
    vertices = _coordinates(found.get("vertices"), (None, None))
    faces = _coordinates(found.get("faces"), (None, 3))
    rows, ndim = _counted(vertices)
    if faces.dtype.kind not in "iu":
        raise ValueError(f"its faces are {faces.dtype}, expected numbers of vertices")
    if faces.size and not (faces.min() >= 0 and faces.max() < rows):
        raise ValueError("its faces name vertices that are not there")
    if "values" not in found:
        return Geometry((vertices, faces), rows, ndim)
    values = found["values"]
    good = isinstance(values, np.ndarray) and values.dtype.kind in "biuf" and values.ndim >= 1
    if not good or values.shape[-1] != rows:
        raise ValueError(f"it has not one value for each of {rows:,} vertices")
    return Geometry((vertices, faces, values), rows, ndim + values.ndim - 1)


_ENCODERS: Mapping[str, Callable[[Any, Mapping[str, Any], Encoder], Geometry]] = {
    "points": _encode_points,
    "shapes": _encode_shapes,
    "vectors": _encode_vectors,
    "tracks": _encode_tracks,
    "surface": _encode_surface,
}

_DECODERS: Mapping[str, Callable[[Mapping[str, Any]], Geometry]] = {
    "points": _decode_points,
    "shapes": _decode_shapes,
    "vectors": _decode_vectors,
    "tracks": _decode_tracks,
    "surface": _decode_surface,
}
