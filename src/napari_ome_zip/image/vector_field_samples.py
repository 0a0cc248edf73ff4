"""The samples of a vector field in the hierarchy: where they are, and what is missing of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import MetadataError, TransformationError
from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import MAX_VECTOR_FIELD_BYTES, Affine, Directions, VectorFieldSamples
from napari_ome_zip.ome import Multiscale, parse_group
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.damage import DamageReports
from napari_ome_zip.pixels.grid import ChunkCoordinates, Region
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Hierarchy, Node, join

type CompileLevel = Callable[[str, tf.Transformation, tuple[str, ...], tuple[str, ...]], Directions]
"""Compiles the transformation of a level, given its group's path and the names of the axes."""

_COMPONENTS = {"displacements": "displacement", "coordinates": "coordinate"}


class VectorFieldArray(ChunkedArray):
    """An array of vectors, which unlike pixels are of no use where a part of them is damaged."""

    notes: tuple[Finding, ...] = ()
    """Chunks that are absent: by Zarr they hold the fill value, but they may have been lost."""

    def __init__(self, store: HierarchyStore, node: Node) -> None:
        super().__init__(store, node)
        self._reports = _Noted(store, node.path)

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Vectors of ``region``.

        Raises
        ------
        TransformationError
            If a chunk of it is damaged.
        """
        vectors = super().read(region)
        if self._reports.reported:
            damaged = min(self._reports.reported)
            raise TransformationError(
                f"The vector field is damaged: chunk '{damaged}' cannot be read."
            )
        return vectors

    def is_stored(self, coordinates: ChunkCoordinates) -> bool:
        """Whether a chunk (or shard) is in the archive."""
        return self._store.has(self.key(coordinates))


class _Noted(DamageReports):
    """Damage that is noted and not reported: the error that names it says more."""

    def report(self, name: str, *_: Any, **__: Any) -> None:
        # docstring inherited
        self.reported |= {name}


def vector_field_samples(
    hierarchy: Hierarchy,
    base: str,
    transformation: tf.Displacements | tf.Coordinates,
    compile_level: CompileLevel,
) -> VectorFieldSamples:
    """Find the vector field of a transformation in the document at ``base``; read no chunk.

    It is a multiscale, of which the first level is used, or (0.6 drafts) an array that
    carries systems and transformations itself. One of its axes, wherever it stands, has the
    type "displacement" or "coordinate".

    Returns
    -------
    VectorFieldSamples
        Of a `VectorFieldArray`.

    Raises
    ------
    TransformationError
        When it cannot be used: no document, no chunk, no axis of components, or one
        that is too large.
    """
    kind, path = transformation.kind, join(base, transformation.path)
    name = f"The vector field '{transformation.path}' of {kind}"
    try:
        node = None if path is None else hierarchy.node(path)
        if path is None or node is None:
            raise TransformationError(f"{name} is not there.")
        multiscale = _description(node, path)
        array_node = node
        if node.kind == "group":
            level = join(path, multiscale.datasets[0].path) if multiscale.datasets else None
            found = None if level is None else hierarchy.node(level)
            if found is None or found.kind != "array":
                raise TransformationError(f"{name} has no level that is there.")
            array_node = found
        array = VectorFieldArray(hierarchy.store, array_node)
    except MetadataError as error:
        raise TransformationError(f"{name} cannot be used: {error}") from error
    axes = multiscale.axes
    components = [n for n, axis in enumerate(axes) if axis.role == _COMPONENTS[kind]]
    if len(components) != 1 or len(axes) != array.ndim:
        raise TransformationError(
            f"{name} needs one axis of type '{_COMPONENTS[kind]}' among {array.ndim} axes; "
            f"found {', '.join(f'{a.name} ({a.type})' for a in axes) or 'no axes'}."
        )
    names = tuple(axis.name for axis in axes)
    to_input = Affine.identity(names)
    if multiscale.datasets and multiscale.datasets[0].transformation is not None:
        level_map, _, problem = compile_level(
            path, multiscale.datasets[0].transformation, names, names
        )
        if not isinstance(level_map, Affine):
            raise TransformationError(f"{name} cannot be placed: {problem}")
        to_input = level_map
    array.notes = _absent(array, name, kind)
    return VectorFieldSamples(array, components[0], _without(to_input, components[0]))


def _description(node: Node, path: str) -> Multiscale:
    """The multiscale at a path; an array that carries the same facts is one of one level."""
    attributes = node.attributes
    if node.kind == "array":
        ome = attributes.get("ome", attributes)
        ome = ome if isinstance(ome, dict) else {}
        level = {
            "path": "0",
            "coordinateTransformations": ome.get("coordinateTransformations", []),
        }
        entry = {"coordinateSystems": ome.get("coordinateSystems", []), "datasets": [level]}
        attributes = {"ome": {"version": ome.get("version", "0.6"), "multiscales": [entry]}}
    zarr_format = 3 if node.kind == "array" else node.zarr_format
    group = parse_group(attributes, path=path, zarr_format=zarr_format).group
    if not group.multiscales:
        raise MetadataError(f"'{path}' is not a multiscale, expected one that holds vectors.")
    return group.multiscales[0]


def _without(affine: Affine, component: int) -> Affine:
    """The map of the grid's own axes: the components are counted, not placed."""
    matrix = np.delete(np.delete(affine.matrix, component, axis=0), component, axis=1)
    names = tuple(n for i, n in enumerate(affine.input_axes) if i != component)
    return Affine(matrix, names, names)


def _absent(array: VectorFieldArray, name: str, kind: str) -> tuple[Finding, ...]:
    """Refuse a vector field of which nothing is stored; report it where a part is not."""
    size = int(np.prod(array.shape, dtype=object)) * array.dtype.itemsize
    if size > MAX_VECTOR_FIELD_BYTES:
        raise TransformationError(
            f"{name} takes {readable_size(size)}, expected at most "
            f"{readable_size(MAX_VECTOR_FIELD_BYTES)}."
        )
    counts = [range(count) for count in array.chunk_grid_shape]
    stored = [array.is_stored(chunk) for chunk in itertools.product(*counts)]
    lost = stored.count(False)
    if not lost:
        return ()
    if lost == len(stored) or kind == "coordinates":
        some = "all" if lost == len(stored) else f"{lost} of {len(stored)}"
        raise TransformationError(f"{name} is not complete: {some} of its chunks are missing.")
    return (
        Finding(
            "field-incomplete",
            array.path,
            f"{name} lacks {lost} of {len(stored)} chunks; where they are missing nothing is moved "
            "(libraries leave out chunks that hold only zeros).",
        ),
    )
