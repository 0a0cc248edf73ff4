"""Checks where the nodes of collections lead: that it is there, in the file, and in no circle."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.image.collections.documents import describes_something, document_of, target
from napari_ome_zip.image.collections.rules import (
    CIRCULAR,
    DRAFT,
    FOREIGN,
    NOT_FOUND,
    OUTSIDE,
    REPEATED,
)
from napari_ome_zip.image.levels import NOT_FOUND as LEVEL_NOT_FOUND
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.ome.collections.multiscales import LEVEL_PATH, levels_of
from napari_ome_zip.ome.collections.node import COLLECTION, MULTISCALE, SINGLESCALE, Node, NodePath
from napari_ome_zip.ome.collections.reader import CONTENT
from napari_ome_zip.ome.images.level_reader import TRANSFORMATIONS_MISSING
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import ParsedGroup
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy


def check_nodes(judged: JudgedHierarchy) -> None:
    """Check all nodes of all documents."""
    documents = judged.node_documents
    for parsed in list(documents.values())[:1]:
        parsed.at.report(DRAFT, "Collections (RFC-8) are a draft of OME-Zarr")
    for parsed in documents.values():
        root = parsed.group.node
        is_alone = root is not None and root.kind == SINGLESCALE and root.path is None
        if root is not None and is_alone and judged.array(parsed.group.path) is None:
            root.at.key("path").report(LEVEL_PATH, "Resolution level without a path")
        for node in _nodes(parsed):
            if node.is_foreign:
                node.at.report(FOREIGN, f"Node of type {quoted(node.kind)}")
            elif node.path is not None and node.kind != SINGLESCALE:
                _check_path(node, node.path, parsed, judged)
            elif node.nodes is None and node.kind in (COLLECTION, MULTISCALE):
                if not parsed.departures.has(CONTENT, node.at):
                    node.at.report(CONTENT, "The path cannot be used, and no nodes are listed")
            elif node.kind == MULTISCALE and node.nodes is not None:
                _check_levels(node, parsed, judged)
    _check_circles(judged)


def _nodes(parsed: ParsedGroup) -> Iterator[Node]:
    return parsed.group.node.walk() if parsed.group.node is not None else iter(())


def _check_path(node: Node, path: NodePath, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    at = node.at.key("path")
    if path.is_foreign:
        if ":" in path.kind:  # what else is not known was reported where it was read
            at.report(FOREIGN, f"Path of type {quoted(path.kind)}")
        return
    key = document_of(parsed.group.path, path)
    if key is None:
        at.report(OUTSIDE, f"The node lies outside of this file: {quoted(path.path)}")
        return
    folder = key.rpartition("/")[0]
    found = _document(key, judged)
    if found is None or not describes_something(found.group):
        what = "describes no node" if folder in judged.folders else "does not exist"
        at.report(NOT_FOUND, f"What the path {quoted(path.path)} leads to {what}")


def _check_levels(node: Node, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    """Check the levels of an image: that they are placed, and there where nothing else says so."""
    folder = parsed.group.path
    outer = node.attributes.transformations
    placed = [str(item) for item in outer.value] if outer and isinstance(outer.value, list) else []
    is_of_group = parsed.at.document.entry == ZARR_JSON
    for level in levels_of(node):
        where = None if level.path is None else target(folder, level.path)
        if where is None:
            if level.path is not None and not level.path.is_foreign:
                found = f"The level lies outside of this file: {quoted(level.path.path)}"
                level.at.key("path").report(OUTSIDE, found)
            continue
        if not is_of_group and judged.array(where) is None and level.path is not None:
            found = f"Level {quoted(level.path.path)} does not exist"
            level.at.key("path").report(LEVEL_NOT_FOUND, found)
        own = judged.node_documents.get(f"{where}/{ZARR_JSON}" if where else ZARR_JSON)
        inner = own.group.node if own is not None else None
        stated = (level, *(() if inner is None else (inner,)))
        is_placed = any(each.attributes.transformations is not None for each in stated)
        if not is_placed and not any(repr(level.id) in item for item in placed):
            found = "Resolution level without transformations, also in the document of its array"
            level.at.report(TRANSFORMATIONS_MISSING, found)


def _check_circles(judged: JudgedHierarchy) -> None:
    """Check that no path leads back, and which documents are nodes of several collections."""
    done: set[str] = set()
    for start in judged.node_documents:
        if start in done:
            continue
        open_: list[tuple[str, Iterator[tuple[Node, str]]]] = [(start, _leads(start, judged))]
        above = {start}
        while open_:
            key, leads = open_[-1]
            for node, following in leads:
                if following in above:
                    found = "The path leads back to a document that the node lies in"
                    node.at.key("path").report(CIRCULAR, found)
                elif following not in done:
                    above.add(following)
                    open_.append((following, _leads(following, judged)))
                    break
            else:
                open_.pop()
                above.discard(key)
                done.add(key)
    seen: set[str] = set()
    for parsed in judged.node_documents.values():
        for node in _nodes(parsed):
            is_entry = node.path is not None and node.kind != SINGLESCALE
            there = document_of(parsed.group.path, node.path) if is_entry else None
            if there in seen:
                node.at.key("path").report(REPEATED, "The document is a node elsewhere as well")
            if there is not None and _document(there, judged) is not None:
                seen.add(there)


def _document(key: str, judged: JudgedHierarchy) -> ParsedGroup | None:
    """Return the document of a node, or of a group of a released version."""
    folder, _, name = key.rpartition("/")
    return judged.node_documents.get(key) or (judged.group(folder) if name == ZARR_JSON else None)


def _leads(key: str, judged: JudgedHierarchy) -> Iterator[tuple[Node, str]]:
    """Yield the nodes of a document that lead to other documents of nodes, with their names."""
    parsed = judged.node_documents[key]
    for node in _nodes(parsed):
        if node.path is None or node.kind == SINGLESCALE:
            continue
        following = document_of(parsed.group.path, node.path)
        if following is not None and following in judged.node_documents:
            yield node, following
