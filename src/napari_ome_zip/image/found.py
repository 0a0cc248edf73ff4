"""What a walk through a hierarchy has found: groups that are images, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.ome import OmeGroup, ParsedGroup, Plate, Scene, parse_group
from napari_ome_zip.ome.collections.reader import is_node
from napari_ome_zip.storage.hierarchy import Hierarchy, Node


@dataclass(frozen=True)
class FieldPosition:
    """Where on a plate a field of view was taken."""

    plate: str
    row: int
    column: int
    number: int
    """Position among the fields of its well and acquisition."""
    acquisition: int | None
    well: str | None = None
    """Name of the well, such as ``A1``; None where it belongs to no plate."""
    is_named: bool = False
    """Whether the field has a name of its own: few of them stay layers of their own."""


@dataclass(frozen=True)
class NodePlace:
    """Where a node of a collection is written."""

    document: str
    """Name of the entry."""
    parts: tuple[str | int, ...]
    """Keys and positions that lead to it from the metadata as a whole."""


@dataclass(frozen=True)
class Found:
    """One group with ``multiscales``."""

    group: OmeGroup
    kind: Literal["image", "labels"]
    name: str | None = None
    """Name by its place in the composite (``A/1 field 0``, a series number)."""
    image: str | None = None
    """Group path of the image that labels belong to."""
    position: FieldPosition | None = None
    is_named: bool = False
    """Whether ``name`` is the one that it is to be called by, whatever else it is called."""
    node: NodePlace | None = None
    """The node that describes it; None where its group does, as in released versions."""
    entry: NodePlace | None = None
    """The node of a collection that it is, or that leads to it."""
    is_free: bool = False
    """Whether it lies in no collection that has a scene."""


@dataclass
class Discovery:
    """What a walk through a hierarchy has found so far, in document order."""

    hierarchy: Hierarchy
    found: list[Found] = field(default_factory=list)
    scenes: list[tuple[str, Scene]] = field(default_factory=list)
    plates: dict[str, Plate] = field(default_factory=dict)
    """By the path that fields of view give as their plate."""
    findings: list[Finding] = field(default_factory=list)
    walked: set[str] = field(default_factory=set)
    """Groups that were looked at: a scene may list what is found by another way, or itself."""
    vector_fields: set[str] = field(default_factory=set)
    """Groups and arrays that hold parameters of transformations: they are not images."""
    understood: dict[int, ParsedGroup] = field(default_factory=dict)
    """Documents by the identity of their attributes, which equal ones share."""
    problems: list[str] = field(default_factory=list)
    """Why groups that should have been images are not."""

    def group(self, path: str) -> OmeGroup | None:
        """The OME-Zarr group at ``path``, or an array that describes a node; else None.

        Raises
        ------
        MetadataError
            If its document cannot be used.
        """
        node = self.hierarchy.node(path)
        if node is None or (node.kind != "group" and not describes_node(node)):
            return None
        known = self.understood.get(id(node.attributes))
        if known is None:
            known = parse_group(node.attributes, path=path, zarr_format=node.zarr_format)
            self.understood[id(node.attributes)] = known
        self.findings.extend(known.departures.findings(path))
        return known.group.at_path(path)

    def usable_group(self, path: str | None) -> OmeGroup | None:
        """As `group`; an unusable document there is noted, not raised."""
        if path is None:
            return None
        try:
            return self.group(path)
        except MetadataError as error:
            self.skip(path, error)
            return None

    def skip(self, path: str, error: MetadataError) -> None:
        """Note that what lies at a path is not shown, and why."""
        self.problems.append(str(error))
        self.findings.append(Finding("group-unusable", path, f"{error} It is not shown."))

    def report_missing(
        self, code: str, kind: str, names: Sequence[str], where: str, total: int
    ) -> None:
        """Note which of the ``total`` groups that a document lists are not there.

        Parameters
        ----------
        code : str
            Of the finding.
        kind : str
            What they should be, such as "well".
        names : sequence of str
            As the document writes them.
        where : str
            Path of the document's group.
        total : int
            How many it lists.
        """
        first = ", ".join(f"'{name}'" for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        verb, image = ("are", "images") if len(names) > 1 else ("is", "an image")
        rest = f"; showing the other {total - len(names)}" if total > len(names) else ""
        text = f"The {kind} {first}{more} {verb} listed but missing or not {image}{rest}."
        self.findings.append(Finding(code, where, text))
        self.problems.append(text)


def describes_node(node: Node) -> bool:
    """Whether a group or an array describes a node of a collection, or itself as one."""
    ome = node.attributes.get("ome")
    return isinstance(ome, Mapping) and is_node(ome)
