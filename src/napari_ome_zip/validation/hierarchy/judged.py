"""All groups and arrays of one hierarchy, with each group read and judged once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.image.collections.documents import document_of
from napari_ome_zip.image.found import describes_node
from napari_ome_zip.names import ZARR_JSON, breadth_first
from napari_ome_zip.ome.at import At, Departures, Document
from napari_ome_zip.ome.parse import ParsedGroup, parse_group
from napari_ome_zip.ome.version_reader import CONTENT, read_namespace
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import Rule
from napari_ome_zip.storage.array_document import ArrayDocument
from napari_ome_zip.storage.hierarchy import Node
from napari_ome_zip.validation.report import Issue


@dataclass(frozen=True)
class JudgedHierarchy:
    """All groups and arrays of one hierarchy, parents before children.

    Checks look groups and arrays up here, and report at the place of a part of a document:
    ``judged.place(path, plate).report(RULE, found)``.

    Parameters
    ----------
    nodes
        Groups and arrays by their path; ``""`` is the root.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    read_json: Callable[[str], Mapping[str, object] | None] = lambda key: None
    """The JSON document of a name that is none of a group or an array; None where there is none."""
    _elsewhere: Departures = field(default_factory=lambda: Departures(judging=True), init=False)

    @classmethod
    def of(cls, documents: Mapping[str, Mapping[str, object]]) -> JudgedHierarchy:
        """Return the hierarchy of parsed documents.

        Parameters
        ----------
        documents
            By path (``""`` for the root): a parsed ``zarr.json``, or for Zarr v2 an object that
            holds the parsed ``.zgroup``, ``.zarray`` and ``.zattrs`` under these names.
        """
        found = {path: Node.of(path, _by_name(each)) for path, each in documents.items()}
        return cls({path: node for path, node in found.items() if node is not None})

    @cached_property
    def groups(self) -> Mapping[str, ParsedGroup]:
        """Every group that has OME-Zarr metadata, read and judged, parents before children."""
        described = (path for path, node in self.nodes.items() if _has_metadata(node))
        paths = sorted(described, key=breadth_first)
        # What states no version is judged like the first group that does.
        stated = (self._stated(path) for path in paths)
        assumed = next((version for version in stated if isinstance(version, str)), None)
        return {
            path: parse_group(
                self.nodes[path].attributes,
                path=path,
                zarr_format=self.nodes[path].zarr_format,
                assumed=assumed,
                judging=True,
            )
            for path in paths
        }

    def _stated(self, path: str) -> object:
        node, unseen = self.nodes[path], Departures()
        attributes, zarr_format = node.attributes, node.zarr_format
        return read_namespace(attributes, unseen, path=path, zarr_format=zarr_format).stated

    @cached_property
    def node_documents(self) -> Mapping[str, ParsedGroup]:
        """Every document that describes a node, by its name; read and judged.

        Those that are none of a group or an array are found by the paths that lead to them.
        """
        found = {
            f"{path}/{ZARR_JSON}" if path else ZARR_JSON: parsed
            for path, parsed in self.groups.items()
            if parsed.group.node is not None
        }
        waiting = list(found.values())
        while waiting:
            parsed = waiting.pop()
            for node in parsed.group.node.walk() if parsed.group.node is not None else ():
                key = document_of(parsed.group.path, node.path)
                if key is None or key in found or key.rpartition("/")[2] == ZARR_JSON:
                    continue
                document = self.read_json(key)
                if document is not None:
                    found[key] = self._of_json(key, document)
                    waiting.append(found[key])
        return found

    @staticmethod
    def _of_json(key: str, document: Mapping[str, object]) -> ParsedGroup:
        folder, _, name = key.rpartition("/")
        return parse_group(document, path=folder, zarr_format=3, judging=True, entry=name)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every path that exists, also where no document lies in it."""
        found = set(self.nodes)
        for path in self.nodes:
            parts = path.split("/")
            found.update("/".join(parts[:i]) for i in range(len(parts)))
        return frozenset(found)

    @cached_property
    def images_below(self) -> Mapping[str, tuple[str, ...]]:
        """Paths of all images below each path that has any."""
        found: dict[str, list[str]] = {}
        for path in self.groups:
            if path and self.is_image(path):
                parts = path.split("/")
                for i in range(len(parts)):
                    found.setdefault("/".join(parts[:i]), []).append(path)
        return {path: tuple(images) for path, images in found.items()}

    @property
    def version(self) -> str | None:
        """Version of the first group with metadata, by which the hierarchy is judged."""
        return next((group.spec.version for group in self.groups.values()), None)

    def array(self, path: str | None) -> ArrayDocument | None:
        """Return the document of the array at a path, None where there is none."""
        node = self.nodes.get(path) if path is not None else None
        return ArrayDocument.of(node) if node is not None and node.kind == "array" else None

    def group(self, path: str | None) -> ParsedGroup | None:
        """Return the group at a path, None where it has no OME-Zarr metadata."""
        return self.groups.get(path) if path is not None else None

    def is_group(self, path: str | None) -> bool:
        """Whether a group lies at a path."""
        return path is not None and path in self.nodes and self.nodes[path].kind == "group"

    def is_image(self, path: str | None) -> bool:
        """Whether the group at a path describes an image."""
        group = self.group(path)
        return group is not None and "multiscales" in group.namespace.keys

    def place(self, path: str, part: object) -> At:
        """Return where a part of a group's document was read; the whole document where unknown."""
        group = self.groups[path]
        return group.departures.place_of(part) or group.at

    def places(self, path: str, entries: tuple[str, ...]) -> Iterator[tuple[str, At]]:
        """Yield each entry of a list in a group's document, with its place."""
        group = self.groups[path]
        for number, entry in enumerate(entries):
            yield entry, group.departures.place_of_entry(entries, number) or group.at

    def is_faulty(self, path: str, part: object, *rules: Rule) -> bool:
        """Whether a part of a document breaks a MUST, or one of `rules` where they are given.

        What was repaired has been reported: comparing it with others would report it again.
        """
        found = self.groups[path].departures.codes_below(self.place(path, part))
        return any(rule.code in found for rule in rules) if rules else bool(found)

    def missing(self, path: str, spec: Spec) -> At:
        """Return the place of metadata that a group should have, but does not have."""
        return At(Document(path, spec.document_name, spec=spec), self._elsewhere)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Everything that readers and checks have reported so far, not merged."""
        # The first ones are also among the second ones where they describe nodes.
        read = {id(p): p for p in (*self.groups.values(), *self.node_documents.values())}
        collected = (*(parsed.departures for parsed in read.values()), self._elsewhere)
        return tuple(Issue.of(each) for departures in collected for each in departures.all())


def _by_name(document: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    names = (".zgroup", ".zarray", ".zattrs")
    v2 = {name: part for name in names if isinstance(part := document.get(name), Mapping)}
    return v2 or {"zarr.json": document}


def _has_metadata(node: Node) -> bool:
    keys = ("ome", *CONTENT)
    is_described = node.kind == "group" and any(key in node.attributes for key in keys)
    return is_described or describes_node(node)
