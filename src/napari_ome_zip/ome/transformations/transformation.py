"""Coordinate transformations: each kind of the specification as a frozen value.

A transformation maps points of its input system to points of its output system (section
"coordinateTransformations", version 0.6; earlier versions know scale and translation only).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from napari_ome_zip.ome.axes import Axis


@dataclass(frozen=True, slots=True)
class SystemRef:
    """A reference to a coordinate system, as a transformation's input or output."""

    path: str | None = None
    """Path of a group, or of a level's array, relative to this group; None: this group itself."""
    name: str | None = None
    """Name of the system; None where the path alone identifies it."""
    axes: tuple[Axis, ...] | None = None
    """Axes that the reference itself states, as the parameters count them (SpatialData)."""


@dataclass(frozen=True)
class Transformation:
    """Base of all kinds."""

    kind: ClassVar[str]
    """Name of the kind in the specification."""
    keeps_axis_count: ClassVar[bool]
    """Whether it leads to as many axes as it starts from, whatever its parameters."""
    has_closed_form: ClassVar[bool]
    """Whether a formula inverts it, so that it needs no bijection."""

    input: SystemRef | None = field(default=None, kw_only=True)
    output: SystemRef | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    @property
    def parts(self) -> tuple[Transformation, ...]:
        """The transformations that this one contains; empty for a simple one."""
        return ()

    def walk(self) -> Iterator[Transformation]:
        """Yield this transformation and all that it contains, outer first."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Identity(Transformation):
    """Output coordinates are the input coordinates."""

    kind: ClassVar[str] = "identity"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = True


@dataclass(frozen=True)
class MapAxis(Transformation):
    """A permutation of axes: output axis ``i`` is input axis ``map_axis[i]``."""

    kind: ClassVar[str] = "mapAxis"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = True
    map_axis: tuple[int, ...]


@dataclass(frozen=True)
class ProjectAxis(Transformation):
    """Drops input axes, then inserts output axes whose coordinate is 0."""

    kind: ClassVar[str] = "projectAxis"
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = False
    dropped_inputs: tuple[int, ...] = ()
    """Indices of input axes."""
    created_outputs: tuple[int, ...] = ()
    """Indices of output axes."""


@dataclass(frozen=True)
class Translation(Transformation):
    """Adds an offset per axis, given here or in an array at ``path`` (0.6 drafts)."""

    kind: ClassVar[str] = "translation"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = True
    translation: tuple[float, ...] | None = None
    path: str | None = None


@dataclass(frozen=True)
class Scale(Transformation):
    """Multiplies by a factor per axis, given here or in an array at ``path`` (0.6 drafts)."""

    kind: ClassVar[str] = "scale"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = True
    scale: tuple[float, ...] | None = None
    path: str | None = None


@dataclass(frozen=True)
class AffineTransformation(Transformation):
    """An affine map: rows are output axes, columns input axes and the offset; or in an array."""

    kind: ClassVar[str] = "affine"
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = True
    affine: tuple[tuple[float, ...], ...] | None = None
    path: str | None = None


@dataclass(frozen=True)
class Rotation(Transformation):
    """A rotation matrix, N by N, given here or in an array at ``path``."""

    kind: ClassVar[str] = "rotation"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = True
    rotation: tuple[tuple[float, ...], ...] | None = None
    path: str | None = None


@dataclass(frozen=True)
class SequenceTransformation(Transformation):
    """Transformations applied one after the other, the first one first."""

    kind: ClassVar[str] = "sequence"
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = False
    transformations: tuple[Transformation, ...] = ()

    @property
    def parts(self) -> tuple[Transformation, ...]:
        """The transformations, in order of application."""
        return self.transformations


@dataclass(frozen=True)
class ByDimensionItem:
    """One part of a `ByDimension`: a transformation between some of the axes."""

    transformation: Transformation
    input_axes: tuple[int | str, ...]
    """Indices; names in pre-releases of 0.6."""
    output_axes: tuple[int | str, ...]
    """Indices; names in pre-releases of 0.6."""


@dataclass(frozen=True)
class ByDimension(Transformation):
    """Transformations of separate sets of axes."""

    kind: ClassVar[str] = "byDimension"
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = False
    items: tuple[ByDimensionItem, ...] = ()

    @property
    def parts(self) -> tuple[Transformation, ...]:
        """The transformations of the items."""
        return tuple(item.transformation for item in self.items)


@dataclass(frozen=True)
class Bijection(Transformation):
    """A transformation together with its inverse."""

    kind: ClassVar[str] = "bijection"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = False
    forward: Transformation
    inverse: Transformation

    @property
    def parts(self) -> tuple[Transformation, ...]:
        """Forward and inverse."""
        return (self.forward, self.inverse)


@dataclass(frozen=True)
class Displacements(Transformation):
    """A vector field at ``path`` that is added to the coordinates."""

    kind: ClassVar[str] = "displacements"
    keeps_axis_count: ClassVar[bool] = True
    has_closed_form: ClassVar[bool] = False
    path: str
    interpolation: str | None = None


@dataclass(frozen=True)
class Coordinates(Transformation):
    """A vector field at ``path`` that holds the output coordinates."""

    kind: ClassVar[str] = "coordinates"
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = False
    path: str
    interpolation: str | None = None


@dataclass(frozen=True)
class Unknown(Transformation):
    """A transformation that cannot be applied: of an unknown kind, or with illegal parameters."""

    # The kind of an unknown transformation is whatever the document says, so it is a field here.
    kind: str  # type: ignore[misc]
    keeps_axis_count: ClassVar[bool] = False
    has_closed_form: ClassVar[bool] = False
    problem: str | None = None
    """What is wrong with the parameters of a known kind; None for an unknown kind."""
