"""The group of a file that is named for napari: what napari shows beside the images.

Points, shapes, tracks, vectors and surfaces have no place in an OME-Zarr image. They are kept as
plain Zarr arrays that other readers ignore, with the view that was last seen of the whole.
``docs/format.md`` describes the layout; here are its names, and what was read of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.storage.hierarchy import Node

GROUP = "napari"
"""Path of the group, at the root of the hierarchy."""

ATTRIBUTE = "napari"
"""Attribute of the group, and of the group of each layer, under which everything is said."""

VERSION = 1
"""Version of the layout: another one is not read."""

ARRAY, TEXTS, NUMBER = "zarr", "zarr_strings", "zarr_number"
"""Sole keys of the objects that stand for an array, for a list of strings, and for a number that
JSON does not have."""

METADATA = "metadata"
"""Key of what a person noted about a layer: plain JSON, in which nothing stands for an array."""

INSTEAD_OF = "instead_of"
"""Key of the path of the table of regions that a layer was made of, and instead of which it is
shown."""

KINDS = ("points", "shapes", "surface", "tracks", "vectors")

MAX_DRAWINGS = 512
"""Layers that are read of one file, at most."""

MAX_BYTES = 1 << 29
"""Size of all arrays of these layers in one file (512 MiB), at most."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A layer of points, shapes, tracks, vectors, or of a surface."""

    kind: str
    """One of `KINDS`."""
    name: str
    description: FrozenMapping = field(repr=False)
    """What its group says of it; in place of an array stands ``{"zarr": name}``."""
    arrays: Mapping[str, npt.NDArray[Any]] = field(repr=False)
    """By name."""
    path: str | None = None
    """Name of its group within that for napari; None where it is not in the file yet."""

    @property
    def nbytes(self) -> int:
        """Size of its arrays in bytes."""
        return sum(array.nbytes for array in self.arrays.values())

    @property
    def instead_of(self) -> str | None:
        """Path of the table of regions that it was made of, if a person changed it since."""
        said = self.description.get(INSTEAD_OF)
        return said if isinstance(said, str) else None


@dataclass(frozen=True, eq=False)
class NapariGroup:
    """Everything in the group; the same object for as long as it is what the file holds."""

    drawings: tuple[Drawing, ...] = ()
    """From the bottom."""
    view: FrozenMapping | None = field(default=None, repr=False)
    """Camera, sliders, and what else makes up the view, as plain JSON."""
    unread: tuple[str, ...] = ()
    """Names of the layers' groups that are of a kind that is not known: they stay as they are."""


def is_napari_group(node: Node) -> bool:
    """Whether a node is the group for napari: one of this name that is nothing else."""
    said = node.attributes.get(ATTRIBUTE)
    is_image = "ome" in node.attributes or "multiscales" in node.attributes
    return (
        (node.path, node.kind) == (GROUP, "group")
        and isinstance(said, dict)
        and isinstance(said.get("version"), int)
        and not is_image
    )


def array_names(value: Any) -> Iterator[str]:
    """Names of all arrays that a description refers to."""
    if isinstance(value, Mapping):
        if set(value) == {ARRAY} and isinstance(value[ARRAY], str):
            yield value[ARRAY]
            return
        if set(value) == {TEXTS} and isinstance(value[TEXTS], str):
            yield from texts_arrays(value[TEXTS])
            return
        for item in value.values():
            yield from array_names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from array_names(item)


def texts_arrays(name: str) -> tuple[str, str]:
    """Names of the two arrays that hold a list of strings: their bytes, and where each ends."""
    return f"{name}-bytes", f"{name}-ends"


def is_simple(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of a type are kept: numbers and truth values."""
    return dtype.kind in "biufc" and dtype.itemsize <= (16 if dtype.kind == "c" else 8)
