"""Walks from node to node: through collections, along paths, into other documents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.files import Expectation
from napari_ome_zip.files.byte_file import NOTHING_EXPECTED
from napari_ome_zip.image.collections.documents import (
    Documents,
    NodeDocument,
    describes_something,
    document_of,
)
from napari_ome_zip.image.collections.image_groups import ImageGroups
from napari_ome_zip.image.collections.linking import Released, finish
from napari_ome_zip.image.collections.plates import PlateWalk
from napari_ome_zip.image.collections.records import ImageRecord, Records, Surroundings
from napari_ome_zip.image.collections.remarks import Remarks, of_one_kind_once
from napari_ome_zip.image.collections.rules import CIRCULAR, FOREIGN, NOT_FOUND, OUTSIDE
from napari_ome_zip.image.found import Discovery, NodePlace
from napari_ome_zip.ome import OmeGroup
from napari_ome_zip.ome.at import TOO_DEEP
from napari_ome_zip.ome.collections.node import (
    COLLECTION,
    MULTISCALE,
    SINGLESCALE,
    Node,
    NodeAttributes,
)
from napari_ome_zip.ome.collections.reader import CONTENT, KIND_UNKNOWN, MAX_NODES
from napari_ome_zip.ome.collections.references import PATH_KIND
from napari_ome_zip.ome.json_values import shortened

MAX_DEPTH = 128
"""Collections in collections, and documents that lead to documents, at most."""

_KINDS = (COLLECTION, MULTISCALE, SINGLESCALE)


def walk_collection(discovery: Discovery, group: OmeGroup, released: Released) -> None:
    """Find all images that the node of a group leads to.

    Every document is walked once, so circles end; paths that leave the file are not followed.

    Parameters
    ----------
    discovery : Discovery
        Where the images are found.
    group : OmeGroup
        A group, or an array, that describes a node.
    released : Released
        How groups of released versions are found.
    """
    documents = Documents(discovery)
    key = f"{group.path}/zarr.json" if group.path else "zarr.json"
    document = documents.read(key)
    if document is None or document.node is None:
        return
    walk = _Walk(discovery, documents, ImageGroups(discovery, documents))
    walk.walked.add(key)
    node = document.node
    walk.visit(_Visit(node, document, node.attributes, node.name, Surroundings((key,))))
    finish(discovery, documents, walk.records, released)
    walk.plates.finish()
    walk.remarks.report(discovery, group.path)
    discovery.findings[:] = of_one_kind_once(discovery.findings)
    if not discovery.found and not discovery.problems:
        called = f"'{shortened(node.name)}'" if node.name else "at the root"
        deep = next((f.message for f in discovery.findings if f.code == TOO_DEEP.code), "")
        text = f"The {shortened(node.kind)} {called} holds no image. {deep}"
        discovery.problems.append(text.rstrip())


@dataclass(frozen=True)
class _Visit:
    """A node that is looked at, and what the entries that led to it say of it."""

    node: Node
    document: NodeDocument
    attributes: NodeAttributes
    """The node's own, with those of the entries over them."""
    name: str | None
    around: Surroundings
    ids: tuple[tuple[str, str], ...] = ()
    """Ids of the entries, with their documents."""
    said_by: NodeDocument | None = None
    """The document whose entry gave the attribute ``labels``."""
    entry: NodePlace | None = None
    """The node of a collection that led to it."""


@dataclass
class _Walk:
    discovery: Discovery
    documents: Documents
    groups: ImageGroups
    walked: set[str] = field(default_factory=set)
    """Names of the documents that were walked."""
    records: Records = field(default_factory=Records)
    remarks: Remarks = field(default_factory=Remarks)
    count: int = 0
    collections: int = 0

    def __post_init__(self) -> None:
        self.plates = PlateWalk(self.discovery, self.records)

    def visit(self, visit: _Visit) -> None:
        """Look at a node, and at all that it leads to."""
        node = visit.node
        self.count += 1
        if self.count > MAX_NODES:
            self.remarks.is_cut = True
        elif visit.around.depth > MAX_DEPTH:
            self.remarks.add(TOO_DEEP, visit.name)
        elif node.is_foreign:
            self.remarks.add(FOREIGN, visit.name)
        elif node.kind not in _KINDS:
            self.remarks.add(KIND_UNKNOWN, visit.name)
        elif node.path is not None and not node.nodes and node.kind != SINGLESCALE:
            self._follow(visit)
        elif node.nodes is None and node.kind != SINGLESCALE:
            self.remarks.add(CONTENT, visit.name)
        elif node.kind == COLLECTION:
            self._enter(visit)
        else:
            self._add_image(visit)

    def _enter(self, visit: _Visit) -> None:
        """Look at the nodes of a collection."""
        self.collections += 1
        attributes, document = visit.attributes, visit.document
        around = replace(
            self.plates.around(visit.node, attributes, document, visit.name, visit.around),
            siblings=self.collections,
            depth=visit.around.depth + 1,
            has_scene=visit.around.has_scene or attributes.scene is not None,
        )
        if attributes.scene is not None:
            self.records.scenes.append((document, attributes.scene))
            for written in attributes.scene.systems:
                self.records.systems.setdefault((document.key, written.system.name), document.base)
        with self._expected(document, visit.node):
            self._visit_nodes(visit.node, document, around)

    def _visit_nodes(self, owner: Node, document: NodeDocument, around: Surroundings) -> None:
        for node in owner.nodes or ():
            ids = ((document.key, node.id),) if node.id else ()
            entry = NodePlace(document.key, node.at.parts)
            self.visit(_Visit(node, document, node.attributes, node.name, around, ids, None, entry))

    def _expected(self, document: NodeDocument, owner: Node) -> Expectation:
        """Have a line bring the documents that nodes lead to together."""
        paths = (node.path for node in owner.nodes or () if node.kind != SINGLESCALE)
        keys = (document_of(document.folder, path) for path in paths)
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        store = self.discovery.hierarchy.store
        return store.expect(wanted) if store.is_remote and wanted else NOTHING_EXPECTED

    def _follow(self, visit: _Visit) -> None:
        """Look at the document that a path leads to."""
        path = visit.node.path
        if path is None:
            return
        if path.is_foreign:
            self.remarks.add(FOREIGN if ":" in path.kind else PATH_KIND, visit.name)
            return
        key = document_of(visit.document.folder, path)
        if key is None:
            self.remarks.add(OUTSIDE, visit.name)
        elif key in visit.around.documents:
            self.remarks.add(CIRCULAR, visit.name)
        elif key in self.walked:
            self.remarks.repeated.append(visit.name or key)
        else:
            self.walked.add(key)
            self._open(visit, key)

    def _open(self, visit: _Visit, key: str) -> None:
        try:
            document = self.documents.read(key)
        except MetadataError as error:
            self.discovery.skip(key.rpartition("/")[0], error)
            return
        if document is None:
            self.remarks.add(NOT_FOUND, visit.name)
            return
        self.discovery.walked.add(document.folder)
        around = visit.around
        around = replace(around, documents=(*around.documents, key), depth=around.depth + 1)
        said_by = visit.said_by
        if said_by is None and visit.attributes.labels is not None:
            said_by = visit.document
        node = document.node
        if node is None:
            self._add_released(replace(visit, around=around, said_by=said_by), document)
            return
        attributes = visit.attributes.over(node.attributes)
        ids = (*visit.ids, (key, node.id)) if node.id else visit.ids
        name = visit.name or node.name
        visited = _Visit(node, document, attributes, name, around, ids, said_by, visit.entry)
        self.visit(visited)

    def _add_image(self, visit: _Visit) -> None:
        try:
            made = self.groups.make(visit.node, visit.document, visit.attributes, visit.name)
        except MetadataError as error:
            self.discovery.skip(visit.document.folder, error)
            return
        for name in made.outside:
            self.remarks.add(OUTSIDE, f"{visit.name}: {name}" if visit.name else name)
        record = self._record(visit, made.group, visit.document)
        record.links = made.links
        record.node = NodePlace(visit.document.key, visit.node.at.parts)
        for system in made.group.multiscales[0].coordinate_systems:
            self.records.systems.setdefault((visit.document.key, system.name), made.group.path)

    def _add_released(self, visit: _Visit, document: NodeDocument) -> None:
        """Add what a document of a released version describes."""
        group, labels = document.group, visit.attributes.labels
        if not describes_something(group):
            self.remarks.add(NOT_FOUND, visit.name)
            return
        if group.multiscales:
            first, *others = group.multiscales
            multiscales = (replace(first, name=visit.name or first.name), *others)
            label = group.image_label if labels is None else labels.label
            omero = visit.attributes.omero or group.omero
            group = replace(group, multiscales=multiscales, image_label=label, omero=omero)
        record = self._record(visit, group, document)
        record.is_released = True

    def _record(self, visit: _Visit, group: OmeGroup, document: NodeDocument) -> ImageRecord:
        record = ImageRecord(
            group,
            visit.name,
            document,
            visit.attributes,
            visit.said_by or visit.document,
            visit.around.siblings,
            entry=visit.entry,
            is_free=not visit.around.has_scene,
            position=self.plates.position(visit.attributes, visit.around, visit.name),
        )
        self.records.images.append(record)
        self.records.by_document.setdefault(document.key, record)
        node = visit.node
        own = ((visit.document.key, node.id),) if node.id else ()
        for id_ in (*visit.ids, *own):
            self.records.by_id.setdefault(id_, record)
        return record
