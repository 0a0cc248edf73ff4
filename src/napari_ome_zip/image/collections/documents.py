"""The documents that nodes lie in, and where paths lead from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.found import Discovery
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.ome import OmeGroup, parse_group
from napari_ome_zip.ome.collections.node import JSON, Node, NodePath
from napari_ome_zip.ome.coordinate_system import WrittenSystem
from napari_ome_zip.storage.hierarchy import join


@dataclass(frozen=True)
class NodeDocument:
    """A document that a path leads to."""

    key: str
    """Name of its entry."""
    group: OmeGroup
    """What it says; its path is the folder that the paths in it are relative to."""
    is_array: bool = False
    """Whether it is that of an array, which is a level itself."""

    @property
    def folder(self) -> str:
        """The folder that it lies in."""
        return self.group.path

    @property
    def node(self) -> Node | None:
        """The node that it describes; None for a document of a released version."""
        return self.group.node

    @property
    def base(self) -> str:
        """What its coordinate systems are told apart by from those of others."""
        return self.folder if self.key.rpartition("/")[2] == ZARR_JSON else self.key

    def is_group_of(self, node: Node) -> bool:
        """Whether it is the document of a group that is a node, as opposed to one that holds it."""
        is_of_zarr = self.key.rpartition("/")[2] == ZARR_JSON
        return node is self.node and is_of_zarr and not self.is_array

    @cached_property
    def systems(self) -> Mapping[str, WrittenSystem]:
        """The coordinate systems of all its nodes by their ids."""
        return {} if self.node is None else self.node.systems_by_id()


def target(folder: str, path: NodePath) -> str | None:
    """Return where a path leads; None where it leaves the file, or other programs define it."""
    return None if path.is_absolute or path.is_foreign else join(folder, path.path)


def document_of(folder: str, path: NodePath | None) -> str | None:
    """Return the name of the document that a path leads to; None where it leaves the file."""
    where = None if path is None else target(folder, path)
    if path is None or where is None or path.kind == JSON:
        return where
    return f"{where}/{ZARR_JSON}" if where else ZARR_JSON


def describes_something(group: OmeGroup) -> bool:
    """Whether a document describes a node, an image, or several of one of released versions."""
    there = group.node, group.plate, group.well, group.scene, group.bioformats2raw_layout
    return bool(group.multiscales) or any(each is not None for each in there)


def ids_of(group: OmeGroup) -> frozenset[str]:
    """Return the ids in a document; of one of a released version the names of its systems."""
    found = {system.name for image in group.multiscales for system in image.coordinate_systems}
    for node in group.node.walk() if group.node is not None else ():
        scene = node.attributes.scene
        systems = (*(node.attributes.systems or ()), *(scene.systems if scene is not None else ()))
        found |= {written.system.name for written in systems}
        found |= {node.id} if node.id else set()
    return frozenset(found)


class Documents:
    """Documents by where they lie, each read when first asked for.

    Parameters
    ----------
    discovery : Discovery
    """

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery
        self._known: dict[str, NodeDocument | None] = {}
        self._ids: dict[str, frozenset[str]] = {}

    def read(self, key: str) -> NodeDocument | None:
        """Return the document of a name; None where there is none.

        Raises
        ------
        MetadataError
            If it cannot be used.
        """
        if key not in self._known:
            folder, _, name = key.rpartition("/")
            found = self._of_zarr(folder, key) if name == ZARR_JSON else self._of_json(folder, key)
            self._known[key] = found
        return self._known[key]

    def usable(self, key: str) -> NodeDocument | None:
        """As `read`; None as well for a document that cannot be used."""
        try:
            return self.read(key)
        except MetadataError:
            return None  # reported where a node leads to it

    def knows(self, key: str, id_: str) -> bool:
        """Whether there is an id in a document, be what has it shown or not."""
        if key not in self._ids:
            document = self.usable(key)
            self._ids[key] = frozenset() if document is None else ids_of(document.group)
        return id_ in self._ids[key]

    def _of_zarr(self, path: str, key: str) -> NodeDocument | None:
        group = self._discovery.group(path)
        if group is not None:
            node = self._discovery.hierarchy.node(path)
            return NodeDocument(key, group, is_array=node is not None and node.kind == "array")
        return None

    def _of_json(self, folder: str, key: str) -> NodeDocument | None:
        document = self._discovery.hierarchy.json_document(key)
        if document is None:
            return None
        name = key.rpartition("/")[2]
        parsed = parse_group(document, path=folder, zarr_format=3, entry=name)
        self._discovery.findings += parsed.findings
        return NodeDocument(key, parsed.group)
