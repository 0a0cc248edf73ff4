"""Where every part lies: array indices to the axes of one display system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import (
    Affine,
    AnyMap,
    SystemNode,
    TransformGraph,
    choose_display,
    scaling,
)
from napari_ome_zip.image.choice import SystemChoice
from napari_ome_zip.image.display_axes import Mapped, all_onto, display_axes
from napari_ome_zip.image.orientations import Orientations, orientations_of, oriented
from napari_ome_zip.image.systems import ImageSystems, SystemsBuilder
from napari_ome_zip.image.warp import Warp, Warpable, warp
from napari_ome_zip.ome import Axis, CoordinateSystem, Scene
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.pixels.source import PixelSource

_HUGE = 1e100


class Pixels(NamedTuple):
    """The levels of a multiscale, as far as placing it needs them."""

    sources: tuple[PixelSource, ...]
    """Largest first."""
    transformations: tuple[tf.Transformation | None, ...]
    """Of each level, to the intrinsic system; None is the identity."""
    are_labels: bool
    """Whether they are names of objects."""


class Placement(NamedTuple):
    """Where every multiscale lies."""

    system: CoordinateSystem
    """The display system: time first, z, y, x last; no channel axis."""
    affines: tuple[Affine, ...]
    """For each image, from array indices to the axes of the display system."""
    findings: tuple[Finding, ...]
    warps: tuple[Warp | None, ...]
    """For each image under a nonlinear map its new grid, to which its map belongs."""
    orientations: tuple[Orientations, ...]
    """Where the axes of the display system lead according to each image."""


def place(
    builder: SystemsBuilder,
    scenes: Sequence[tuple[str, Scene]],
    images: Sequence[ImageSystems],
    pixels: Sequence[Pixels],
    choice: SystemChoice | None = None,
) -> Placement:
    """Place every multiscale in one display system.

    The display system is the first of the scene's own (OME-Zarr 0.6, section "scene"); without
    one, that which most images reach. Where no scene connects the images each is shown in its
    intrinsic system, the one to view in (section "multiscales"), and axes of one name are the
    same axis. What cannot be placed is shown in its intrinsic system, and reported::

        array indices ── level ──▶ intrinsic ── graph.resolve ──▶ display ── onto ──▶ display axes
         c  y  x                    c  y  x     affine: composed   z  y  x             t  z  y  x
                                                else: `warp`                           in one unit

    Parameters
    ----------
    builder : SystemsBuilder
        Holds the systems of all images and scenes; their transformations are added here.
    scenes : sequence of (group path, Scene)
    images : sequence of ImageSystems
    pixels : sequence of Pixels
        Of each image. Pixels are not read; vector fields are, of images under a nonlinear map.
    choice : SystemChoice, optional
        A system that someone wants instead; learns what there is to choose from.

    Returns
    -------
    Placement
    """
    display, graph = _display(builder, scenes, images)
    if choice is not None:
        display = choice.settle(graph, images, display)
    findings: list[Finding] = []
    mapped = []
    level_maps = _LevelMaps(builder)
    for image, levels in zip(images, pixels, strict=True):
        level, problem = level_maps.of(image, levels.transformations[0])
        one, notes = _map(level_maps, graph, display, image, level, levels)
        if problem is not None:
            notes = (_unplaced(image, problem, "its pixel grid"),)
        mapped.append(one)
        findings += notes
    stated = () if display is None else builder.axes[display]
    axes = display_axes(stated, mapped)
    affines = all_onto(mapped, axes)
    orientations = orientations_of(mapped, axes)
    name = display.name if display is not None else "physical"
    system = CoordinateSystem(name, oriented(axes, stated, orientations))
    warps = tuple(one.warp for one in mapped)
    return Placement(system, affines, tuple(findings), warps, orientations)


def _display(
    builder: SystemsBuilder,
    scenes: Sequence[tuple[str, Scene]],
    images: Sequence[ImageSystems],
) -> tuple[SystemNode | None, TransformGraph]:
    declared = [node for path, scene in scenes for node in builder.add_scene(path, scene)]
    for path, scene in scenes:
        builder.add_transformations(path, scene.transformations)
    for image in images:
        builder.add_transformations(image.path, image.multiscale.transformations, image.number)
    builder.connect_labels(images)
    graph = builder.graph()
    if scenes:
        intrinsic = [image.intrinsic for image in images if image.parent is None]
        return choose_display(graph, declared, intrinsic), graph
    return _shared_system(images, graph), graph


def _shared_system(images: Sequence[ImageSystems], graph: TransformGraph) -> SystemNode | None:
    """The first space that references declare for all elements alike (SpatialData's global)."""
    own = {node for image in images for node in image.nodes}
    shared = [node for node in graph.nodes if node not in own]
    return next((node for node in shared if node.name == "global"), shared[0] if shared else None)


class _LevelMaps:
    """Maps of levels to the intrinsic system of their image, each compiled once.

    Thousands of fields of view of a plate share a document, and its transformations with it.
    """

    def __init__(self, builder: SystemsBuilder) -> None:
        self.builder = builder
        self._known: dict[tuple[int, int, int], Affine] = {}

    def of(
        self, image: ImageSystems, transformation: tf.Transformation | None
    ) -> tuple[Affine, str | None]:
        """Array indices to the intrinsic system; the identity where that cannot be applied."""
        axes = self.builder.axes[image.intrinsic]
        # All of them live as long as the images do.
        key = (id(transformation), id(image.axes), id(axes))
        known = self._known.get(key)
        if known is not None:
            return known, None
        affine, problem = self._compiled(image, transformation, axes)
        if problem is None and not _reads_arrays(transformation):
            self._known[key] = affine
        return affine, problem

    def _compiled(
        self, image: ImageSystems, transformation: tf.Transformation | None, axes: tuple[Axis, ...]
    ) -> tuple[Affine, str | None]:
        inputs = tuple(axis.name for axis in image.axes)
        outputs = tuple(axis.name for axis in axes)
        problem = None
        if transformation is not None:
            affine: AnyMap | None = scaling(transformation, inputs) if inputs == outputs else None
            if affine is None:
                path = image.path
                affine, _, problem = self.builder.compile(path, transformation, inputs, outputs)
            if isinstance(affine, Affine):
                try:
                    _check_showable(affine, image)
                except TransformationError as error:
                    problem = str(error)
                else:
                    return affine, None
        if len(inputs) == len(outputs):
            return Affine(np.eye(len(inputs), len(inputs) + 1), inputs, outputs), problem
        return Affine.identity(inputs), problem


def _reads_arrays(transformation: tf.Transformation | None) -> bool:
    """Whether parameters lie beside the document, where each group has its own."""
    parts = () if transformation is None else transformation.walk()
    return any(getattr(part, "path", None) is not None for part in parts)


def _map(
    level_maps: _LevelMaps,
    graph: TransformGraph,
    display: SystemNode | None,
    image: ImageSystems,
    level: Affine,
    pixels: Pixels,
) -> tuple[Mapped, tuple[Finding, ...]]:
    builder = level_maps.builder
    own = Mapped(image, level, level, _axes_for(level, builder.axes[image.intrinsic], image))
    parent = builder.intrinsic.get(image.parent or "") if image.parent is not None else None
    target = display or parent
    if target is None:
        return own, ()
    axes = builder.axes[target]
    try:
        forward = graph.resolve(image.intrinsic, target)
        if isinstance(forward, Affine):
            affine = level.then(forward)
            _check_showable(affine, image)
            return Mapped(image, level, affine, axes), ()
        back = graph.resolve_back(image.intrinsic, target)
        warpable = _warpable(level_maps, image, level, pixels)
        warped = warp(warpable, forward, back, axes, image.path)
    except TransformationError as error:
        if image.is_free or (display is None and image.intrinsic in builder.apart):
            return own, ()  # nothing says that they lie elsewhere
        return own, (_unplaced(image, str(error), "its own coordinate system"),)
    # Nonlinear array axes are axes of the display system now.
    image = replace(image, axes=warped.axes)
    return Mapped(image, level, warped.affine, axes, warped), warped.findings


def _warpable(
    level_maps: _LevelMaps, image: ImageSystems, level: Affine, pixels: Pixels
) -> Warpable:
    """The levels with their maps to the intrinsic system; without one, by the ratio of shapes."""
    full = np.array(pixels.sources[0].shape)
    maps = [level]
    for source, transformation in zip(pixels.sources[1:], pixels.transformations[1:], strict=True):
        found, problem = level_maps.of(image, transformation)
        if transformation is None or problem is not None:
            factors = full / np.array(source.shape)
            names = level.input_axes
            found = Affine.from_parts(np.diag(factors), (factors - 1) / 2, names, names).then(level)
        maps.append(found)
    return Warpable(pixels.sources, tuple(maps), image.axes, pixels.are_labels)


def _axes_for(affine: Affine, axes: tuple[Axis, ...], image: ImageSystems) -> tuple[Axis, ...]:
    return axes if len(axes) == len(affine.output_axes) else image.axes


def _unplaced(image: ImageSystems, problem: str, shown_in: str) -> Finding:
    name = image.path or "the image"
    return Finding(
        "image-unplaced",
        image.path,
        f"Not placed: '{name}' is shown in {shown_in}. {problem}",
    )


def _check_showable(affine: Affine, image: ImageSystems) -> None:
    """Refuse a map that no viewer can show: one that folds an image onto itself, or explodes it.

    Raises
    ------
    TransformationError
    """
    if not np.all(np.abs(affine.matrix) < _HUGE):
        raise TransformationError("It leads to coordinates too large to be true.")
    axes = tuple((axis.name, axis.role == "channel") for axis in image.axes)
    if _folds(affine.linear.tobytes(), axes, affine.output_axes):
        raise TransformationError(
            "It maps several axes of the image onto one: there is no image to show there."
        )


@lru_cache(maxsize=256)
def _folds(linear: bytes, inputs: tuple[tuple[str, bool], ...], outputs: tuple[str, ...]) -> bool:
    """Whether several axes are led to one; of each input its name, and whether it is a channel."""
    factors = np.frombuffer(linear).reshape(len(outputs), len(inputs))
    columns = [column for column, (_, is_channel) in enumerate(inputs) if not is_channel]
    shown = factors[:, columns]
    moving = shown[:, np.any(shown != 0, axis=0)]
    # An axis that moves nothing is one to look along, unless another axis has taken its place.
    still = {inputs[i][0] for i in columns if not np.any(factors[:, i])}
    led = np.any(shown != 0, axis=1)
    taken = {name for name, one in zip(outputs, led, strict=True) if one}
    return independent_axes(moving) < moving.shape[1] or bool(still & taken)


def independent_axes(linear: np.ndarray) -> int:
    """How many directions the columns of a matrix span, whatever the units of rows and columns."""
    if not linear.size:
        return 0
    largest = np.abs(linear).max(axis=1, keepdims=True)
    balanced = linear / np.where(largest == 0, 1, largest)
    lengths = np.linalg.norm(balanced, axis=0)
    return int(np.linalg.matrix_rank(balanced / np.where(lengths == 0, 1, lengths)))
