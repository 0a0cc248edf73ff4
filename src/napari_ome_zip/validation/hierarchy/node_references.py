"""Checks that what the nodes of collections refer to by an id is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from napari_ome_zip.image.collections.documents import document_of, ids_of
from napari_ome_zip.image.collections.rules import LINE_UNKNOWN, REFERENCE_UNKNOWN
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.ome.collections.node import (
    Link,
    Node,
    NodeAttributes,
    NodePlate,
    NodeReference,
)
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import ParsedGroup
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy

type _IdsIn = Callable[[ParsedGroup], Set[str]]


def check_node_references(judged: JudgedHierarchy) -> None:
    """Check references to images, coordinate systems, rows, columns and acquisitions."""
    known: dict[int, Set[str]] = {}

    def ids_in(document: ParsedGroup) -> Set[str]:
        if id(document) not in known:
            known[id(document)] = ids_of(document.group)
        return known[id(document)]

    for parsed in judged.node_documents.values():
        if parsed.group.node is None:
            continue
        for node, plate in _with_plates(parsed.group.node):
            for reference in _references(node.attributes):
                _check(reference, parsed, judged, ids_in)
            if plate is not None:
                _check_lines(node.attributes, plate)


@dataclass(frozen=True)
class _LineIds:
    """The ids of what a plate lists."""

    rows: Set[str]
    columns: Set[str]
    acquisitions: Set[str]

    @classmethod
    def of(cls, plate: NodePlate) -> _LineIds:
        lists = plate.rows, plate.columns, plate.acquisitions
        return cls(*(frozenset(line.id for line in lines) for lines in lists))


def _with_plates(root: Node) -> Iterator[tuple[Node, _LineIds | None]]:
    """Yield each node with what the plate that it lies in lists."""
    waiting: list[tuple[Node, _LineIds | None]] = [(root, None)]
    while waiting:
        node, plate = waiting.pop()
        yield node, plate
        own = node.attributes.plate
        inner = plate if own is None else _LineIds.of(own)
        waiting += [(child, inner) for child in reversed(node.nodes or ())]


def _references(attributes: NodeAttributes) -> Iterator[NodeReference]:
    if attributes.labels is not None:
        yield from attributes.labels.sources
    links: tuple[Link, ...] = () if attributes.scene is None else attributes.scene.links
    for link in links:
        yield link.source
        yield link.target


def _check(
    reference: NodeReference, parsed: ParsedGroup, judged: JudgedHierarchy, ids_in: _IdsIn
) -> None:
    found: ParsedGroup | None = parsed
    if reference.path is not None:
        key = document_of(parsed.group.path, reference.path)
        if key is None:
            return  # what lies elsewhere is not looked at
        found = judged.node_documents.get(key)
        folder, _, name = key.rpartition("/")
        if found is None and name == ZARR_JSON:
            found = judged.groups.get(folder)
    if reference.at is None or (found is not None and reference.id in ids_in(found)):
        return
    where = f" in {quoted(reference.path.path)}" if reference.path is not None else ""
    reference.at.report(REFERENCE_UNKNOWN, f"Nothing has the id {quoted(reference.id)}{where}")


def _check_lines(attributes: NodeAttributes, ids: _LineIds) -> None:
    """Check that a well and an image name rows, columns and acquisitions of their plate."""
    if attributes.well is not None:
        _check_line(attributes.well.row, ids.rows, "row")
        _check_line(attributes.well.column, ids.columns, "column")
    if attributes.acquisition is not None:
        _check_line(attributes.acquisition, ids.acquisitions, "acquisition")


def _check_line(reference: NodeReference, ids: Set[str], kind: str) -> None:
    if reference.at is not None and reference.id not in ids:
        found = f"The plate has no {kind} with the id {quoted(reference.id)}"
        reference.at.report(LINE_UNKNOWN, found)
