"""The coordinate systems of a whole hierarchy and the transformations between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from napari_ome_zip.errors import MetadataError, TransformationError
from napari_ome_zip.geometry import (
    Affine,
    Directions,
    Edge,
    LoadVectorField,
    SystemNode,
    TransformGraph,
    VectorFieldSamples,
    compile_pair,
)
from napari_ome_zip.image.units import conversion
from napari_ome_zip.image.vector_field_samples import vector_field_samples
from napari_ome_zip.ome import Axis, CoordinateSystem, Multiscale, Scene, SystemRef
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.storage.hierarchy import Hierarchy, join

MAX_PARAMETERS = 2**16
"""Numbers in an array that holds parameters of a transformation, at most."""

_KEEP_NAMES = (tf.Identity, tf.Scale, tf.Translation, tf.SequenceTransformation)


@dataclass(frozen=True)
class ImageSystems:
    """A multiscale as a member of the graph."""

    path: str
    """Group path."""
    number: int
    """Entry of the group's ``multiscales``."""
    multiscale: Multiscale
    axes: tuple[Axis, ...]
    """One per array dimension."""
    parent: str | None = None
    """Group path of the image that labels belong to."""
    is_free: bool = False
    """Whether no scene is to place it: then nothing is wrong where none does."""

    @cached_property
    def intrinsic(self) -> SystemNode:
        """The system that all its levels map to."""
        return self.node(self.multiscale.intrinsic.name)

    @property
    def nodes(self) -> tuple[SystemNode, ...]:
        """All of its own systems."""
        return tuple(self.node(system.name) for system in self.multiscale.coordinate_systems)

    def node(self, name: str) -> SystemNode:
        """One of its systems; a second multiscale of a group has systems of its own."""
        return SystemNode(f"{self.path}#{self.number}" if self.number else self.path, name)

    def axes_of(self, system: CoordinateSystem) -> tuple[Axis, ...]:
        """Axes of one of its systems; versions 0.1 and 0.2 leave them to the array."""
        return system.axes or self.axes


class _Declared(NamedTuple):
    """A transformation of a document, and what it leads from and to."""

    base: str
    transformation: tf.Transformation
    source: SystemNode
    target: SystemNode


class _Related:
    """Which groups the documents relate to each other, directly or through others."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        """Relate two groups, and with them all that are related to either."""
        self._known[self._first(one)] = self._first(other)

    def are(self, one: str, other: str) -> bool:
        """Whether two groups are related."""
        return self._first(one) == self._first(other)

    def _first(self, path: str) -> str:
        first = path
        while (following := self._known.get(first, first)) != first:
            first = following
        self._known[path] = first  # so that a long chain is followed once
        return first


@dataclass
class SystemsBuilder:
    """Collects systems and transformations in document order."""

    hierarchy: Hierarchy
    axes: dict[SystemNode, tuple[Axis, ...]] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    declared: list[_Declared] = field(default_factory=list)
    """Transformations of documents, compiled when the axes of all systems are known."""
    intrinsic: dict[str, SystemNode] = field(default_factory=dict)
    """Intrinsic system by group path, for references that name only a path."""
    apart: set[SystemNode] = field(default_factory=set)
    """Systems of labels that nothing relates to their image: they have axes that it lacks."""

    def add_image(self, image: ImageSystems) -> None:
        """Declare the systems of a multiscale."""
        for system in image.multiscale.coordinate_systems:
            self.axes.setdefault(image.node(system.name), image.axes_of(system))
        self.intrinsic.setdefault(image.path, image.intrinsic)

    def add_scene(self, path: str, scene: Scene) -> tuple[SystemNode, ...]:
        """Declare a scene's own systems and return them."""
        nodes = tuple(SystemNode(path, system.name) for system in scene.coordinate_systems)
        for node, system in zip(nodes, scene.coordinate_systems, strict=True):
            self.axes.setdefault(node, system.axes)
        return nodes

    def add_transformations(
        self, base: str, transformations: Iterable[tf.Transformation], number: int = 0
    ) -> None:
        """Add the transformations of the document at ``base``."""
        for transformation in transformations:
            source = self._resolve(base, transformation.input, number)
            target = self._resolve(base, transformation.output, number)
            self.declared.append(_Declared(base, transformation, source, target))

    def connect_labels(self, images: Sequence[ImageSystems]) -> None:
        """Put labels into the space of their image where the documents do not relate the two.

        Labels share their image's space unless the documents say otherwise (section "labels"),
        and what they say may be a transformation from the image to its labels, or the other way,
        or a chain of several; one that cannot be used says so as well.
        """
        related = _Related()
        for declared in self.declared:
            related.join(declared.source.path, declared.target.path)
        for image in images:
            if image.parent is None:  # all multiscales of a group are one image to its labels
                related.join(image.path, image.intrinsic.path)
        for labels in images:
            parent = None if labels.parent is None else self.intrinsic.get(labels.parent)
            if parent is None or parent == labels.intrinsic:
                continue
            if related.are(labels.intrinsic.path, parent.path):
                continue
            if self._share_space(labels.intrinsic, parent):
                related.join(labels.intrinsic.path, parent.path)
            else:
                self.apart.add(labels.intrinsic)

    def _share_space(self, labels: SystemNode, parent: SystemNode) -> bool:
        """Join two systems axis by axis of the same name, each counting in its own units."""
        own = self.axes[labels]
        inputs, outputs = self._names(labels), self._names(parent)
        if not set(inputs) <= set(outputs):
            return False
        linear = np.array(
            [
                [conversion(b.unit, a.unit) if a.name == b.name else 0.0 for b in own]
                for a in self.axes[parent]
            ]
        )
        matrix = np.column_stack([linear, np.zeros(len(outputs))])
        forward = Affine(matrix, inputs, outputs)
        self.edges.append(Edge(labels, parent, "same space", forward, forward.inverse(), None))
        return True

    def graph(self) -> TransformGraph:
        """The graph of everything added so far."""
        edges = (*(self._edge(declared) for declared in self.declared), *self.edges)
        return TransformGraph({node: self._names(node) for node in self.axes}, edges)

    def compile(
        self,
        base: str,
        transformation: tf.Transformation,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        *,
        with_vector_fields: bool = False,
    ) -> Directions:
        """Both directions of a transformation, with its parameters read from the hierarchy.

        Vector fields are found (not read) with ``with_vector_fields``, else they are refused by
        name.

        Identity, scale and translation never exchange axes: between systems that name the same
        axes in another order they are applied by name (mapAxis is the kind that permutes).
        """
        load = self._loader(base)
        keeps_names = all(isinstance(part, _KEEP_NAMES) for part in transformation.walk())
        if keeps_names and inputs != outputs and sorted(inputs) == sorted(outputs):
            forward, _, problem = compile_pair(transformation, inputs, inputs, load)
            if isinstance(forward, Affine):
                forward = forward.select(outputs=outputs)
                return Directions(forward, forward.inverse(), problem)
        load_vector_field = self._vector_field_loader(base) if with_vector_fields else None
        return compile_pair(transformation, inputs, outputs, load, load_vector_field)

    def _names(self, node: SystemNode) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes[node])

    def _edge(self, declared: _Declared) -> Edge:
        base, transformation, source, target = declared
        label = transformation.name or transformation.kind
        missing = [node for node in (source, target) if node not in self.axes]
        if missing:
            problem = f"It refers to the coordinate system '{missing[0]}', which is not there."
            return Edge(source, target, label, None, None, problem)
        nodes = self._names(source), self._names(target)
        stated = (
            _stated(transformation.input, nodes[0]),
            _stated(transformation.output, nodes[1]),
        )
        found = self.compile(base, transformation, *stated, with_vector_fields=stated == nodes)
        if stated != nodes and isinstance(found.forward, Affine):
            forward = _by_name(found.forward, *nodes)
            found = Directions(forward, forward.inverse(), found.problem)
        return Edge(source, target, label, *found)

    def _resolve(self, base: str, reference: SystemRef | None, number: int) -> SystemNode:
        """The node that a reference means, declared or not."""
        if reference is None:
            return self.intrinsic.get(base, SystemNode(base, ""))
        path = base if reference.path is None else join(base, reference.path)
        if path is None:
            return SystemNode(reference.path or "", reference.name or "")
        if reference.name is None:
            return self.intrinsic.get(path, SystemNode(path, ""))
        if number and path == base and SystemNode(f"{base}#{number}", reference.name) in self.axes:
            return SystemNode(f"{base}#{number}", reference.name)
        node = SystemNode(path, reference.name)
        if node in self.axes or reference.axes is None:
            return node
        # A reference that brings its own axes (SpatialData) declares what it names: its input
        # is the image itself, its output a space that all elements share.
        if reference.path is None and base in self.intrinsic:
            own = self.axes[self.intrinsic[base]]
            if {a.name for a in reference.axes} == {a.name for a in own} and self._is_own(
                reference, own
            ):
                return self.intrinsic[base]
        shared = SystemNode("", reference.name)
        known = self.axes.get(shared, ())
        names = {axis.name for axis in known}
        self.axes[shared] = (*known, *(axis for axis in reference.axes if axis.name not in names))
        return shared

    @staticmethod
    def _is_own(reference: SystemRef, own: tuple[Axis, ...]) -> bool:
        """Whether SpatialData's name for an image's own space (its axes, ``cyx``) is meant."""
        return reference.name == "".join(axis.name for axis in own)

    def _vector_field_loader(self, base: str) -> LoadVectorField:
        def load(transformation: tf.Displacements | tf.Coordinates) -> VectorFieldSamples:
            return vector_field_samples(self.hierarchy, base, transformation, self.compile)

        return load

    def _loader(self, base: str) -> Callable[[str], np.ndarray]:
        def load(path: str) -> np.ndarray:
            where = join(base, path)
            node = None if where is None else self.hierarchy.node(where)
            if node is None or node.kind != "array":
                raise TransformationError(
                    f"Its parameters should lie in the array '{path}', which is not there."
                )
            try:
                array = ChunkedArray(self.hierarchy.store, node)
            except MetadataError as error:
                raise TransformationError(str(error)) from error
            if np.prod(array.shape, dtype=object) > MAX_PARAMETERS:
                raise TransformationError(
                    f"The array '{path}' has shape {array.shape}, too large for parameters."
                )
            return array.read(tuple(slice(0, n) for n in array.shape))

        return load


def _stated(reference: SystemRef | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """The axes that a reference itself brings, where its system has them all; else the system's."""
    if reference is None or reference.axes is None:
        return names
    stated = tuple(axis.name for axis in reference.axes)
    return stated if set(stated) <= set(names) else names


def _by_name(affine: Affine, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Affine:
    """``affine`` between systems that have more axes, or another order; more outputs stay at 0."""
    matrix = np.zeros((len(outputs), len(inputs) + 1))
    rows = [outputs.index(name) for name in affine.output_axes]
    columns = [*(inputs.index(name) for name in affine.input_axes), len(inputs)]
    matrix[np.ix_(rows, columns)] = affine.matrix
    return Affine(matrix, inputs, outputs)
