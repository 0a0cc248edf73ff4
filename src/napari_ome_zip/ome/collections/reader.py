"""Reads nodes: the metadata of a document that follows RFC-8, with all nodes inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.collections.attributes import read_attributes
from napari_ome_zip.ome.collections.multiscales import LEVEL_KIND
from napari_ome_zip.ome.collections.node import (
    COLLECTION,
    MULTISCALE,
    SINGLESCALE,
    Node,
    NodeAttributes,
)
from napari_ome_zip.ome.collections.references import older_form, read_id, read_path
from napari_ome_zip.ome.json_values import found_in, is_name, objects, quoted, string
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "RFC-8: Node"

KIND_MISSING = Rule(
    "node-type-missing",
    MUST,
    SECTION,
    "Every node says of which type it is.",
    'Add "type": "collection", "multiscale" or "singlescale".',
    effect=Effect.REFUSED,
)
KIND_UNKNOWN = Rule(
    "node-type-undefined",
    MUST,
    "RFC-8: Extensions",
    "The type of a node is one that RFC-8 defines, or has the prefix of the program that does.",
    'Write "collection", "multiscale" or "singlescale", or a prefix and a colon in front.',
    effect=Effect.NOT_SHOWN,
)
NAME_MISSING = Rule(
    "node-name-missing",
    MUST,
    SECTION,
    "Every node has a name: a string that is not empty.",
    'Add the "name" of the node: viewers show it.',
    effect=Effect.NAMES,
)
NAME_DUPLICATE = Rule(
    "node-name-duplicate",
    MUST,
    SECTION,
    "No two nodes of a collection share a name.",
    "Give each node of the collection a name of its own.",
    effect=Effect.NAMES,
)
ID_DUPLICATE = Rule(
    "node-id-duplicate",
    MUST,
    SECTION,
    "No two nodes, coordinate systems, rows, columns or acquisitions of a document share an id.",
    "Give each an id of its own, and correct the references to it.",
    effect=Effect.PLACE,
)
CONTENT = Rule(
    "node-content",
    MUST,
    "RFC-8: Collection node, Multiscale node",
    "A collection and a multiscale have either nodes or a path, and not both.",
    'List the "nodes", or give the "path" of the document that does.',
    effect=Effect.NOT_SHOWN,
)
VERSION_DIFFERS = Rule(
    "node-version-differs",
    MUST,
    "RFC-8: Node",
    "A node inside another one states no other version than the document.",
    'Remove the "version" of the inner node.',
    effect=Effect.REFUSED,
)
MANY = Rule(
    "nodes-many",
    MUST,
    SECTION,
    "A document has no more nodes than programs can go through.",
    "Divide the collection into documents.",
    effect=Effect.NOT_SHOWN,
)

MAX_NODES = 100_000
"""Nodes of one document, at most: a plate of 1,536 wells with 25 images each has 39,937."""
MAX_NESTING = 64
"""Collections may hold collections; deeper than this is not read."""


_RELEASED = ("multiscales", "plate", "well", "scene", "series", "labels")


def is_node(keys: Mapping[str, Any]) -> bool:
    """Whether the keys of a document are those of a node, and not those of a released version."""
    said = any(key in keys for key in ("type", "node_type", "nodes"))
    return said and not any(key in keys for key in _RELEASED)


def read_node(value: Mapping[str, Any], at: At) -> Node:
    """Read the node of a document, with all nodes inside.

    Parameters
    ----------
    value
        The value of ``ome``.
    at
        Its place.
    """
    reading = _Reading(string(value.get("version")))
    node = reading.node(dict(value), at, 0)
    if reading.left_out:
        found = f"The document has more than {MAX_NODES:,} nodes"
        at.report(MANY, found, "the others are left out")
    reading.report_ids()
    return node


@dataclass
class _Reading:
    """What is known of a document while its nodes are read."""

    version: str | None
    count: int = 0
    left_out: bool = False
    ids: dict[str, At] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)

    def node(self, value: dict[str, Any], at: At, depth: int) -> Node:
        """Read one node and those inside."""
        kind = _kind(value, at)
        id_ = read_id(value, at, needed=False)
        self._note(id_, at)
        # What the nodes of other programs hold is theirs to define.
        inside = at.regulated(":" not in kind)
        attributes = read_attributes(value.get("attributes"), inside.key("attributes"))
        self._note_attributes(attributes, at)
        nodes = self._nodes(value, kind, at.key("nodes"), depth)
        written = value.get("path")
        path = None if written is None else read_path(written, inside.key("path"))
        name = value.get("name")
        if not is_name(name):
            at.report(NAME_MISSING, f"Node without a name: found {found_in(value, 'name')}")
        if kind in (COLLECTION, MULTISCALE):
            _judge_content(value, kind, at)
        if at.judging:
            self._judge_version(value, at, depth)
        return at.mark(Node(kind, string(name), id_, attributes, nodes, path, at))

    def _judge_version(self, value: dict[str, Any], at: At, depth: int) -> None:
        if depth and value.get("version") not in (None, self.version):
            found = f"Version {quoted(value['version'])} inside a document of {self.version}"
            at.key("version").report(VERSION_DIFFERS, found)

    def _nodes(
        self, value: dict[str, Any], kind: str, at: At, depth: int
    ) -> tuple[Node, ...] | None:
        listed = value.get("nodes")
        if listed is None:
            return None
        if not isinstance(listed, list | tuple):
            at.wrong_type(listed, "a list of nodes", SECTION, "ignored")
            return ()
        if listed and depth >= MAX_NESTING:
            found = f"Nodes are nested more than {MAX_NESTING} deep"
            at.report(TOO_DEEP, found, "what lies deeper is not shown", section=SECTION)
            return ()
        nodes = []
        for index, item in enumerate(listed):
            if self.count >= MAX_NODES:
                self.left_out = True
                break
            self.count += 1
            here = at.item(index)
            if not isinstance(item, dict):
                here.wrong_type(item, "a node", SECTION, "ignored")
                continue
            node = self.node(item, here, depth + 1)
            if kind == MULTISCALE and node.kind != SINGLESCALE and not node.is_foreign:
                found = f"A {node.kind} among the levels of an image"
                here.report(LEVEL_KIND, found, "it is not a level")
            nodes.append(node)
        _judge_names(nodes, at)
        return tuple(nodes)

    def _note(self, id_: str | None, at: At) -> None:
        """Remember an id, and that it is there more than once."""
        if id_ is not None and self.ids.setdefault(id_, at) is not at:
            self.repeated[id_] += 1

    def _note_attributes(self, attributes: NodeAttributes, at: At) -> None:
        systems = [*(attributes.systems or ())]
        systems += attributes.scene.systems if attributes.scene is not None else ()
        for written in systems:
            self._note(written.system.name, written.at)
        if attributes.plate is not None:
            plate = attributes.plate
            for index, line in enumerate((*plate.rows, *plate.columns, *plate.acquisitions)):
                self._note(line.id, at.down("attributes", "plate", index))

    def report_ids(self) -> None:
        """Report ids that are there more than once."""
        for id_, more in self.repeated.items():
            found = f"The id {quoted(id_)} is there {more + 1} times"
            self.ids[id_].report(ID_DUPLICATE, found, "references lead to the first one")


def _judge_content(value: dict[str, Any], kind: str, at: At) -> None:
    has = [key for key in ("nodes", "path") if value.get(key) is not None]
    if len(has) == 2:
        done = "the path is not followed" if value["nodes"] else ""
        at.report(CONTENT, f"A {kind} has both nodes and a path", done)
    elif not has:
        at.report(CONTENT, f"A {kind} has neither nodes nor a path")


def _kind(value: dict[str, Any], at: At) -> str:
    """Return the type of a node; where it is not known, what its nodes suggest."""
    kind = value.get("type")
    if is_name(kind):
        if kind not in (COLLECTION, MULTISCALE, SINGLESCALE) and ":" not in kind:
            at.key("type").report(KIND_UNKNOWN, f"Type of a node is {quoted(kind)}")
        return kind
    older = value.get("node_type")
    if kind is None and is_name(older):
        older_form("The type of a node is called node_type", "it is read as the type", at)
        return {"image": MULTISCALE}.get(older, older)
    first = next(iter(objects(value.get("nodes"))), {})
    guessed = MULTISCALE if first.get("type") == SINGLESCALE else COLLECTION
    found = f"Node without a type: found {found_in(value, 'type')}"
    at.report(KIND_MISSING, found, f"it is taken for a {guessed}")
    return guessed


def _judge_names(nodes: list[Node], at: At) -> None:
    if not at.judging:
        return
    for name, count in Counter(node.name for node in nodes if node.name).items():
        if count > 1:
            at.report(NAME_DUPLICATE, f"{count} nodes are called {quoted(name)}")
