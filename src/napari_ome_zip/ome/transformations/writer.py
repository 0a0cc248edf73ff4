"""Writes coordinate transformations: all kinds for version 0.6, scale and translation for 0.5."""

from __future__ import annotations

import math
from typing import Any

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.ome.transformations import transformation as tf


def transformation_to_json(transformation: tf.Transformation) -> dict[str, Any]:
    """Return a transformation as version 0.6 writes it.

    Raises
    ------
    MetadataError
        When 0.6 has no place for it; the message says what and why.
    """
    written: dict[str, Any] = {"type": transformation.kind}
    for key, ref in (("input", transformation.input), ("output", transformation.output)):
        if ref is not None:
            written[key] = _ref(ref)
    if transformation.name is not None:
        written["name"] = transformation.name
    return written | _parameters(transformation)


def _ref(ref: tf.SystemRef) -> dict[str, str]:
    if ref.axes is not None:
        raise MetadataError(
            f"The reference to system '{ref.name}' states its own axes, which version 0.6 does not"
            " allow. Add the coordinate system to the document and refer to it by name."
        )
    both = {"path": ref.path, "name": ref.name}
    return {key: value for key, value in both.items() if value is not None}


def _parameters(transformation: tf.Transformation) -> dict[str, Any]:
    match transformation:
        case tf.Identity():
            return {}
        case tf.MapAxis(map_axis=order):
            return {"mapAxis": list(order)}
        case tf.ProjectAxis(dropped_inputs=dropped, created_outputs=created):
            both = {"droppedInputs": list(dropped), "createdOutputs": list(created)}
            return {key: axes for key, axes in both.items() if axes}
        case tf.Scale(scale=tuple() as amounts) | tf.Translation(translation=tuple() as amounts):
            return {transformation.kind: _numbers(amounts)}
        case (
            tf.AffineTransformation(affine=rows, path=path) | tf.Rotation(rotation=rows, path=path)
        ):
            if rows is not None:
                return {transformation.kind: [_numbers(row) for row in rows]}
            if path is not None:
                return {"path": path}
        case tf.SequenceTransformation(transformations=parts):
            return {"transformations": [transformation_to_json(part) for part in parts]}
        case tf.ByDimension():
            return {"transformations": _items(transformation)}
        case tf.Bijection(forward=forward, inverse=inverse):
            return {
                "forward": transformation_to_json(forward),
                "inverse": transformation_to_json(inverse),
            }
        case (
            tf.Displacements(path=path, interpolation=mode)
            | tf.Coordinates(path=path, interpolation=mode)
        ):
            return {"path": path} if mode is None else {"path": path, "interpolation": mode}
        case tf.Unknown(kind=kind):
            raise MetadataError(
                f"The transformation '{kind}' was not understood when it was read, so it cannot be"
                " written. Remove it, or write its affine matrix instead."
            )
        case _:
            pass
    # Left are scale and translation in an array, and kinds without parameters.
    raise MetadataError(
        f"The parameters of a {transformation.kind} are missing or lie in an array, which version"
        " 0.6 does not allow. Give them as numbers."
    )


def _items(transformation: tf.ByDimension) -> list[dict[str, Any]]:
    for item in transformation.items:
        if any(isinstance(axis, str) for axis in (*item.input_axes, *item.output_axes)):
            raise MetadataError(
                "A byDimension transformation names its axes, as pre-releases of version 0.6 did."
                " Version 0.6 wants their indices."
            )
    return [
        {
            "transformation": transformation_to_json(item.transformation),
            "inputAxes": list(item.input_axes),
            "outputAxes": list(item.output_axes),
        }
        for item in transformation.items
    ]


def _numbers(values: tuple[float, ...]) -> list[float]:
    if not all(math.isfinite(value) for value in values):
        raise MetadataError(f"A transformation holds {values}; JSON can hold finite numbers only.")
    return list(values)


def scale_and_translation(
    transformation: tf.Transformation, ndim: int
) -> tuple[tuple[float, ...], tuple[float, ...] | None] | None:
    """Return scale and translation that together do the same, or None where none do.

    Parameters
    ----------
    transformation : Transformation
    ndim : int
        Number of axes.

    Returns
    -------
    tuple of scale (ndim numbers) and translation (ndim numbers, or None), or None
        A scale alone, and a scale followed by a translation, come back number for number.
    """
    scale = (1.0,) * ndim
    translation: tuple[float, ...] | None = None
    for part in _flat(transformation):
        match part:
            case tf.Identity():
                pass
            case tf.Scale(scale=tuple() as factors) if len(factors) == ndim:
                scale = tuple(a * b for a, b in zip(scale, factors, strict=True))
                if translation is not None:
                    translation = tuple(a * b for a, b in zip(translation, factors, strict=True))
            case tf.Translation(translation=tuple() as offsets) if len(offsets) == ndim:
                before = translation or (0.0,) * ndim
                translation = tuple(a + b for a, b in zip(before, offsets, strict=True))
            case _:
                return None
    return scale, translation


def _flat(transformation: tf.Transformation) -> list[tf.Transformation]:
    if not isinstance(transformation, tf.SequenceTransformation):
        return [transformation]
    return [part for each in transformation.transformations for part in _flat(each)]
