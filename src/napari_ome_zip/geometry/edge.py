"""Coordinate systems, and the transformations that join them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.point_map import AnyMap


class SystemNode(NamedTuple):
    """A coordinate system: the group that declares it and its name there."""

    path: str
    """Path of the group in the hierarchy; empty for the root."""
    name: str
    """Name of the system within that group."""

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.path else self.name


@dataclass(frozen=True)
class Edge:
    """A transformation between two systems, with the directions in which it can be applied."""

    source: SystemNode
    """System of the transformation's `input`."""
    target: SystemNode
    """System of the transformation's `output`."""
    label: str
    """What a message calls the transformation: its name, or its kind."""
    forward: AnyMap | None
    """Map from source to target; None when it cannot be applied."""
    backward: AnyMap | None
    """Map from target to source; None when there is none, as for a projection."""
    problem: str | None
    """Why a direction is missing, in one sentence."""


class DirectedEdge(NamedTuple):
    """An edge walked in one direction."""

    edge: Edge
    """The transformation."""
    is_backward: bool
    """Whether it is walked from its target to its source."""

    @property
    def start(self) -> SystemNode:
        """System this step leaves."""
        return self.edge.target if self.is_backward else self.edge.source

    @property
    def end(self) -> SystemNode:
        """System this step arrives at."""
        return self.edge.source if self.is_backward else self.edge.target

    @property
    def map(self) -> AnyMap | None:
        """Map from start to end, or None when this step cannot be walked."""
        return self.edge.backward if self.is_backward else self.edge.forward

    @property
    def affine(self) -> Affine | None:
        """Map from start to end, or None when it is not affine, or there is none."""
        return self.map if isinstance(self.map, Affine) else None

    @property
    def opposite(self) -> DirectedEdge:
        """The same edge walked the other way."""
        return DirectedEdge(self.edge, not self.is_backward)
