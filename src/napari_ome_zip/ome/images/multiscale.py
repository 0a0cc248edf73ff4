"""The model of multiscales: one image at several resolutions, with its axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import CoordinateSystem
from napari_ome_zip.ome.frozen_json import FrozenMapping
from napari_ome_zip.ome.transformations.transformation import Transformation

PHYSICAL = "physical"
"""Name given to the one coordinate system that versions up to 0.5 imply."""


@dataclass(frozen=True)
class Dataset:
    """One resolution level (section "datasets")."""

    path: str
    """Path of the level's array, relative to the group."""
    transformation: Transformation | None = None
    """From pixels to the intrinsic system; None where the document holds no usable one.

    Then level 0 has scale 1, and level *k* the ratio of the shapes.
    """


@dataclass(frozen=True)
class Multiscale:
    """One image (section "multiscales"), whatever version it was written in."""

    name: str | None = None
    version: str | None = field(default=None, compare=False)
    """Version the document was read as, such as ``0.5``."""
    coordinate_systems: tuple[CoordinateSystem, ...] = ()
    """Up to 0.5 exactly one, named "physical".

    It has no axes where the document states none (0.1, 0.2): the dimensions of the array are then
    the last ones of t, c, z, y, x.
    """
    datasets: tuple[Dataset, ...] = ()
    """From the largest to the smallest, as written."""
    transformations: tuple[Transformation, ...] = ()
    """Additions to, and alternatives of, the intrinsic system: each has an input and an output.

    For 0.6 the multiscale's ``coordinateTransformations``. Up to 0.5 those that name their
    systems, which only SpatialData writes; the others are part of every level's transformation.
    """
    type: str | None = None
    """How the levels were made, in one word."""
    metadata: FrozenMapping | None = None
    """How the levels were made, in detail."""

    @cached_property
    def intrinsic(self) -> CoordinateSystem:
        """The system that all levels are transformed to, in which the image is viewed."""
        systems = {system.name: system for system in reversed(self.coordinate_systems)}
        for dataset in self.datasets:
            output = dataset.transformation.output if dataset.transformation else None
            if output is not None and output.path is None and output.name in systems:
                return systems[output.name]
        return (self.coordinate_systems or (CoordinateSystem(PHYSICAL),))[-1]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the intrinsic system, one per array dimension; empty in 0.1 and 0.2."""
        return self.intrinsic.axes
