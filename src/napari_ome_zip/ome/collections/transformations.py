"""Reads transformations between what ids lead to."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.node import Link, NodeReference
from napari_ome_zip.ome.collections.references import REFERENCE_INVALID, read_reference
from napari_ome_zip.ome.images.level_reader import transformation_items
from napari_ome_zip.ome.transformations.reader import TransformationReader
from napari_ome_zip.ome.transformations.references import Ends
from napari_ome_zip.ome.transformations.transformation import SystemRef

_IGNORED = "the transformation is ignored"


def _no_path(written: str) -> SystemRef:
    return SystemRef(name=written)


def reader() -> TransformationReader:
    """Return a reader that leaves input and output to `read_end`."""
    return TransformationReader(_no_path, _no_path, repair=True, graph=True, ends=Ends.FREE)


def read_end(value: dict[str, Any], side: str, at: At, done: str) -> NodeReference | None:
    """Read the input or output of a transformation; None, which is reported, without a usable one.

    Parameters
    ----------
    value
        The transformation.
    side
        ``input`` or ``output``.
    at
        Place of the transformation.
    done
        What is done where it cannot be used.
    """
    if value.get(side) is None:
        at.report(REFERENCE_INVALID, f"Transformation without {side}", done)
        return None
    return read_reference(value[side], at.key(side), done)


def read_links(value: Any, at: At) -> tuple[Link, ...]:
    """Read transformations that lead from one coordinate system to another."""
    read = reader()
    links = []
    for index, item in enumerate(transformation_items(value, at)):
        here = at.item(index)
        ends = [
            read_end(item, side, here, _IGNORED) if isinstance(item, dict) else None
            for side in ("input", "output")
        ]
        transformation = read.read(without_ends(item), here)
        if ends[0] is not None and ends[1] is not None:
            links.append(Link(transformation, ends[0], ends[1]))
    return tuple(links)


def without_ends(value: Any) -> Any:
    """Return a transformation without its input and output."""
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if key not in ("input", "output")}
