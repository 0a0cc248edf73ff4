"""The model of nodes: what RFC-8 makes of an image, a plate, a scene or any group of these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.coordinate_system import WrittenSystem
from napari_ome_zip.ome.frozen_json import FrozenMapping
from napari_ome_zip.ome.images.image_label import ImageLabel
from napari_ome_zip.ome.images.omero import Omero
from napari_ome_zip.ome.transformations.transformation import Transformation

COLLECTION, MULTISCALE, SINGLESCALE = "collection", "multiscale", "singlescale"
ZARR, JSON = "zarr", "json"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class NodePath:
    """Where another node, or the array of a level, lies (section "Path")."""

    kind: str
    """``zarr`` for a group or an array, ``json`` for a document, else a type of other programs."""
    path: str
    """Relative to the document that holds it."""

    @property
    def is_absolute(self) -> bool:
        """Whether it is a link or a path from a root, which leads out of every archive."""
        return self.path.startswith(("/", "\\")) or _SCHEME.match(self.path) is not None

    @property
    def is_foreign(self) -> bool:
        """Whether it is of a type that is not known here; those of other programs have a colon."""
        return self.kind not in (ZARR, JSON)


@dataclass(frozen=True, slots=True)
class NodeReference:
    """The id of a node, a coordinate system, a row, a column or an acquisition."""

    id: str
    path: NodePath | None = None
    """The document that has the id; None for the one that holds the reference."""
    at: At | None = field(default=None, compare=False, repr=False)
    """Where it was read."""


@dataclass(frozen=True, slots=True)
class Link:
    """A transformation between what two references lead to."""

    transformation: Transformation
    """Without input and output: which groups they lie in is known once all nodes are walked."""
    source: NodeReference
    target: NodeReference


@dataclass(frozen=True, slots=True)
class NodeScene:
    """A graph of coordinate systems (attribute ``scene``)."""

    systems: tuple[WrittenSystem, ...]
    """By their ids."""
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class NodeLabels:
    """Says that an image is a label image (attribute ``labels``)."""

    label: ImageLabel
    """Colors and properties, of the attributes of its labels."""
    sources: tuple[NodeReference, ...] = ()
    """The images that it belongs to."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row, a column or an acquisition of a plate."""

    id: str
    name: str
    """Its id where it has no name."""


@dataclass(frozen=True, slots=True)
class NodePlate:
    """Rows, columns and acquisitions (attribute ``plate``), in the order of their lists."""

    rows: tuple[Line, ...] = ()
    columns: tuple[Line, ...] = ()
    acquisitions: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeWell:
    """Row and column of a well (attribute ``well``)."""

    row: NodeReference
    column: NodeReference


@dataclass(frozen=True, slots=True)
class Stated:
    """A JSON value with its place, for a reader that has to know more first."""

    value: Any
    at: At


@dataclass(frozen=True, slots=True)
class NodeAttributes:
    """What the attributes of a node say; None for what they do not say."""

    systems: tuple[WrittenSystem, ...] | None = None
    """The attribute ``coordinateSystems``: systems by their ids."""
    transformations: Stated | None = None
    """The attribute ``coordinateTransformations``."""
    omero: Omero | None = None
    labels: NodeLabels | None = None
    plate: NodePlate | None = None
    well: NodeWell | None = None
    acquisition: NodeReference | None = None
    scene: NodeScene | None = None
    display: FrozenMapping | None = None
    """What this program notes of how an image is shown."""

    def over(self, own: NodeAttributes) -> NodeAttributes:
        """Return these attributes of an entry, completed by those of the node it leads to."""
        said: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            said[each.name] = getattr(own, each.name) if value is None else value
        return NodeAttributes(**said)


@dataclass(frozen=True)
class Node:
    """One node (section "Node"): an image, a level, or a collection of nodes."""

    kind: str
    """``collection``, ``multiscale``, ``singlescale``, or a type of other programs."""
    name: str | None
    id: str | None
    attributes: NodeAttributes
    nodes: tuple[Node, ...] | None
    """The nodes inside it; None where it lists none."""
    path: NodePath | None
    """Where the node itself is described, or the array of a level lies."""
    at: At = field(compare=False, repr=False)
    """Where it was read."""

    @property
    def is_foreign(self) -> bool:
        """Whether other programs define what it is."""
        return ":" in self.kind

    def walk(self) -> Iterator[Node]:
        """Yield this node and all inside it, as their document lists them."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.nodes or ())

    def systems_by_id(self) -> Mapping[str, WrittenSystem]:
        """Return the coordinate systems of its images and collections; the first of each id."""
        found: dict[str, WrittenSystem] = {}
        for node in self.walk():
            for written in node.attributes.systems or ():
                found.setdefault(written.system.name, written)
        return found
