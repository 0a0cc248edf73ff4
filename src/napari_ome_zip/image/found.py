"""What a walk through a hierarchy has found: groups that are images, and why others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.ome import OmeGroup, ParsedGroup, Scene, parse_group
from napari_ome_zip.ome.node import draft_node
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


@dataclass
class Discovery:
    """What a walk through a hierarchy has found so far, in document order."""

    hierarchy: Hierarchy
    found: list[Found] = field(default_factory=list)
    scenes: list[tuple[str, Scene]] = field(default_factory=list)
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
        """The OME-Zarr group at ``path``; None where there is no group.

        Raises
        ------
        MetadataError
            If its document cannot be used, or is one of a draft that is not read.
        """
        node = self.hierarchy.node(path)
        if node is None or node.kind != "group":
            return None
        known = self.understood.get(id(node.attributes))
        if known is None:
            _refuse_draft(node)
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


def _refuse_draft(node: Node) -> None:
    """Refuse nodes of RFC-8 by name: looked at as plain folders, their images would be misplaced.

    Raises
    ------
    MetadataError
    """
    draft = draft_node(node.attributes)
    if draft is None:
        return
    where = f"'{node.path}'" if node.path else "the root"
    version = f", version {draft.version}" if draft.version else ""
    images = ", ".join(f"'{name}'" for name in draft.names[:3]) or "others"
    more = f" and {len(draft.names) - 3} more" if len(draft.names) > 3 else ""
    raise MetadataError(
        f"A draft that cannot be read yet: {where} is a '{draft.type}' of RFC-8 (collections of "
        f"OME-Zarr{version}), with {images}{more} in it. Save it as OME-Zarr 0.6 or earlier."
    )
