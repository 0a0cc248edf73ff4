"""The graph of coordinate systems: which way leads from one system to another, and where to show.

Nodes are coordinate systems, edges the transformations between them (OME-Zarr 0.6, "scene" and
"multiscales" metadata). An edge can be walked forward, backward, both ways, or, when it cannot be
applied, not at all; it then says why.

A way of affine maps alone is preferred to one through a vector field: it is exact, and nothing
has to be resampled. Among all such ways the one of fewest steps is taken. Between ways of equal
length the first step that differs decides: a forward step comes before a backward one, an edge
written earlier in the document before a later one. The same document thus always yields the same
way.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.edge import DirectedEdge, Edge, SystemNode
from napari_ome_zip.geometry.named_axes import axes_agree, axes_text
from napari_ome_zip.geometry.point_map import AnyMap, join

type _Adjacency = dict[SystemNode, list[DirectedEdge]]


@dataclass(frozen=True, eq=False)
class TransformGraph:
    """Coordinate systems and the transformations between them.

    Parameters
    ----------
    nodes : mapping of SystemNode to axis names
        The declared systems in document order.
    edges : sequence of Edge
        The transformations in document order. An edge that can be applied must join declared
        systems by maps of as many axes; one that cannot may mention a system that nothing
        declares, and says so in its `problem`.

    Raises
    ------
    TransformationError
        When an applicable edge joins an undeclared system, or does not fit its axes.
    """

    nodes: Mapping[SystemNode, tuple[str, ...]]
    """Axis names of each declared system, in document order."""
    edges: tuple[Edge, ...]
    """Transformations in document order."""

    def __post_init__(self) -> None:
        nodes = {node: tuple(axes) for node, axes in self.nodes.items()}
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "edges", tuple(self.edges))
        for edge in self.edges:
            for step in (DirectedEdge(edge, False), DirectedEdge(edge, True)):
                _check_step(step, nodes)

    def route(self, source: SystemNode, target: SystemNode) -> tuple[DirectedEdge, ...] | None:
        """Return the steps from `source` to `target`, or None when none can be walked.

        No steps lead from a system to itself. Both systems must be declared.

        Raises
        ------
        TransformationError
            When a system is not declared.
        """
        self._check_declared(source, target)
        exact = _way(self._affine, source, target)
        return exact if exact is not None else _way(self._usable, source, target)

    def resolve(self, source: SystemNode, target: SystemNode) -> AnyMap:
        """Compose the maps along the way from `source` to `target`.

        Returns
        -------
        Affine or PointMap
            A PointMap only where every way leads through a vector field.

        Raises
        ------
        TransformationError
            When a system is not declared, when no way exists, or when each way crosses a
            transformation that cannot be applied; the message then names it and its problem.
        """
        steps = self._steps(source, target)
        result: AnyMap = Affine.identity(self.nodes[source])
        for step in steps:
            if step.map is not None:  # always, on a usable way
                result = join(result, step.map)
        return result

    def resolve_back(self, source: SystemNode, target: SystemNode) -> AnyMap:
        """The way that `resolve` takes, from `target` back to `source`.

        A map that the document gives in this direction is used as it is; otherwise the other
        one is inverted, vector fields numerically.

        Raises
        ------
        TransformationError
            As `resolve`, and when a step of the way has no inverse.
        """
        steps = self._steps(source, target)
        result: AnyMap = Affine.identity(self.nodes[target])
        for step in reversed(steps):
            back = step.opposite.map
            if back is None and step.map is not None:
                back = step.map.inverse()
            if back is None:
                raise TransformationError(
                    f"Transformation '{step.edge.label}' cannot be followed from '{step.end}' "
                    f"back to '{step.start}', which showing the image there needs."
                )
            result = join(result, back)
        return result

    def _steps(self, source: SystemNode, target: SystemNode) -> tuple[DirectedEdge, ...]:
        steps = self.route(source, target)
        if steps is None:
            raise TransformationError(self._why_not(source, target))
        return steps

    def reachable(self, source: SystemNode) -> tuple[SystemNode, ...]:
        """Return `source` and every system a usable way leads to, nearest first.

        Raises
        ------
        TransformationError
            When `source` is not declared.
        """
        self._check_declared(source)
        return tuple(_arrivals(self._usable, source))

    @cached_property
    def _all(self) -> _Adjacency:
        """Every edge in both directions: forward steps first, then document order."""
        steps: _Adjacency = {node: [] for node in self.nodes}
        for is_backward in (False, True):
            for edge in self.edges:
                step = DirectedEdge(edge, is_backward)
                steps.setdefault(step.start, []).append(step)
        return steps

    @cached_property
    def _usable(self) -> _Adjacency:
        return _only(self._all, lambda step: step.map is not None)

    @cached_property
    def _affine(self) -> _Adjacency:
        return _only(self._all, lambda step: step.affine is not None)

    def _check_declared(self, *nodes: SystemNode) -> None:
        for node in nodes:
            if node not in self.nodes:
                declared = ", ".join(f"'{known}'" for known in self.nodes) or "none"
                raise TransformationError(
                    f"Unknown coordinate system '{node}'. Declared are: {declared}."
                )

    def _why_not(self, source: SystemNode, target: SystemNode) -> str:
        """Say what is wrong with the shortest way that would lead there."""
        steps = _way(self._all, source, target)
        if steps is None:
            return (
                f"No transformation leads from '{source}' to '{target}': "
                "no chain of transformations in the file connects them."
            )
        broken = next(step for step in steps if step.map is None)
        edge = broken.edge
        problem = edge.problem or "it cannot be applied in this direction."
        return (
            f"Transformation '{edge.label}' cannot be used from '{broken.start}' to "
            f"'{broken.end}': {problem}"
        )


def choose_display(
    graph: TransformGraph, declared: Sequence[SystemNode], images: Sequence[SystemNode]
) -> SystemNode | None:
    """Choose the system in which all images are shown together.

    The first of the scene's own systems is the one to show (OME-Zarr 0.6, "scene" metadata).
    Where a scene has none it is the system that most images reach. Ties are common, since most
    transformations can be inverted: then the system that most images reach by the
    transformations as they are written is chosen, for that is what they were registered to;
    among equals the first in document order.

    Parameters
    ----------
    graph : TransformGraph
        All systems and transformations.
    declared : sequence of SystemNode
        The scene's own `coordinateSystems`, in document order.
    images : sequence of SystemNode
        The intrinsic system of each image.

    Returns
    -------
    SystemNode or None
        None when there is no system at all.

    Raises
    ------
    TransformationError
        When an image's system is not declared in `graph`.
    """
    if declared:
        return declared[0]
    graph._check_declared(*images)
    usable = _image_counts(graph._usable, images)
    as_written = _image_counts(_only(graph._usable, lambda step: not step.is_backward), images)
    return max(graph.nodes, key=lambda node: (usable[node], as_written[node]), default=None)


def _check_step(step: DirectedEdge, nodes: Mapping[SystemNode, tuple[str, ...]]) -> None:
    """Refuse a map between systems that are not declared, or of another number of axes."""
    if step.map is None:
        return
    ends = (step.start, step.map.input_axes), (step.end, step.map.output_axes)
    for node, axes in ends:
        if node not in nodes:
            raise TransformationError(
                f"Transformation '{step.edge.label}' joins '{node}', which nothing declares."
            )
        if not axes_agree(axes, nodes[node]):
            raise TransformationError(
                f"Transformation '{step.edge.label}' does not fit '{node}': found "
                f"{axes_text(axes)}, expected {axes_text(nodes[node])}."
            )


def _only(adjacency: _Adjacency, accept: Callable[[DirectedEdge], bool]) -> _Adjacency:
    return {node: [step for step in steps if accept(step)] for node, steps in adjacency.items()}


def _arrivals(
    adjacency: _Adjacency, source: SystemNode, target: SystemNode | None = None
) -> dict[SystemNode, DirectedEdge | None]:
    """Walk breadth first; give each system found, in order, the step that first arrived at it."""
    arrivals: dict[SystemNode, DirectedEdge | None] = {source: None}
    waiting = deque([source])
    while waiting and target not in arrivals:
        for step in adjacency[waiting.popleft()]:
            if step.end not in arrivals:
                arrivals[step.end] = step
                waiting.append(step.end)
    return arrivals


def _way(
    adjacency: _Adjacency, source: SystemNode, target: SystemNode
) -> tuple[DirectedEdge, ...] | None:
    arrivals = _arrivals(adjacency, source, target)
    if target not in arrivals:
        return None
    steps = []
    while (step := arrivals[target]) is not None:
        steps.append(step)
        target = step.start
    return tuple(reversed(steps))


def _image_counts(adjacency: _Adjacency, images: Sequence[SystemNode]) -> Counter[SystemNode]:
    """Count, for each system, the images from which a way leads to it.

    Systems joined in both directions share their reach, so each such cluster is walked once, for
    all of the images in it: a scene of thousands of tiles would otherwise take millions of steps::

        tile 1 ◀──▶ stage ◀──▶ tile 2        one cluster, of 2 images
                      │ (a projection, forward only)
                      ▼
                    plane                    counted once for the cluster: 2
    """
    walkable = {step for steps in adjacency.values() for step in steps}
    both_ways = _only(adjacency, lambda step: step.opposite in walkable)
    cluster_of: dict[SystemNode, SystemNode] = {}
    members: Counter[SystemNode] = Counter()
    for image in images:
        if image not in cluster_of:
            cluster_of.update(dict.fromkeys(_arrivals(both_ways, image), image))
        members[cluster_of[image]] += 1
    counts: Counter[SystemNode] = Counter()
    for image, size in members.items():
        for node in _arrivals(adjacency, image):
            counts[node] += size
    return counts
