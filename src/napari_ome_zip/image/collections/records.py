"""What a walk through nodes has found: images, with what must be known of others to finish them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.image.collections.documents import NodeDocument
from napari_ome_zip.image.found import FieldPosition, NodePlace
from napari_ome_zip.ome import OmeGroup
from napari_ome_zip.ome.collections.node import (
    Line,
    Link,
    NodeAttributes,
    NodePlate,
    NodeReference,
    NodeScene,
)
from napari_ome_zip.ome.plates.plate import PlateWell

type Id = tuple[str, str]
"""Name of a document, and an id in it."""


@dataclass(frozen=True)
class PlateAt:
    """A plate, and how its fields of view name it."""

    path: str
    plate: NodePlate
    wells: list[PlateWell] = field(default_factory=list)
    """Those that were met so far."""

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The number of each row by its id."""
        return _numbers(self.plate.rows)

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """The number of each column by its id."""
        return _numbers(self.plate.columns)

    @cached_property
    def acquisitions(self) -> Mapping[str, int]:
        """The number of each acquisition by its id."""
        return _numbers(self.plate.acquisitions)


def _numbers(lines: Sequence[Line]) -> dict[str, int]:
    """Return the number of each line by its id: of two with one id, that of the first."""
    return {line.id: number for number, line in reversed(list(enumerate(lines)))}


@dataclass(frozen=True)
class WellAt:
    """A well on its plate."""

    row: int
    column: int
    name: str | None


@dataclass(frozen=True)
class Surroundings:
    """The collections that a node lies in."""

    documents: tuple[str, ...]
    """Names of the documents that led to it."""
    depth: int = 0
    siblings: int = 0
    """Number of the collection that it lies in."""
    plate: PlateAt | None = None
    well: WellAt | None = None
    acquisition: NodeReference | None = None
    has_scene: bool = False


@dataclass
class ImageRecord:
    """An image, or what a path to a document of a released version leads to."""

    group: OmeGroup
    """With its multiscale, under the path that it is known by."""
    name: str | None
    document: NodeDocument
    """The one that holds its node, which its references are relative to."""
    attributes: NodeAttributes
    labels_document: NodeDocument
    """The one that says that it is a label image."""
    siblings: int
    node: NodePlace | None = None
    entry: NodePlace | None = None
    position: FieldPosition | None = None
    is_free: bool = False
    """Whether it lies in no collection that has a scene."""
    links: tuple[Link, ...] = ()
    is_released: bool = False
    """Whether its document is of a released version: there may be labels below it."""

    @property
    def is_image(self) -> bool:
        """Whether it is known to be an image or labels, as opposed to a plate or a series."""
        return bool(self.group.multiscales)

    @property
    def is_labels(self) -> bool:
        """Whether it is a label image."""
        return self.attributes.labels is not None


@dataclass
class Records:
    """All that was found, and what ids lead to."""

    images: list[ImageRecord] = field(default_factory=list)
    scenes: list[tuple[NodeDocument, NodeScene]] = field(default_factory=list)
    by_id: dict[Id, ImageRecord] = field(default_factory=dict)
    by_document: dict[str, ImageRecord] = field(default_factory=dict)
    """The image that a document describes, by the name of the document."""
    systems: dict[Id, str] = field(default_factory=dict)
    """What coordinate systems are told apart by, for each id."""
    fields: dict[tuple[object, ...], int] = field(default_factory=lambda: defaultdict(int))
    """Number of fields of view so far, by plate, row, column and acquisition."""
