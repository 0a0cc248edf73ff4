"""Makes a group, as earlier versions have them, of a node that is an image."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.collections.documents import Documents, NodeDocument, target
from napari_ome_zip.image.found import Discovery
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.ome import OmeGroup
from napari_ome_zip.ome.at import Departures
from napari_ome_zip.ome.collections.multiscales import ImageNode, levels_of, read_image
from napari_ome_zip.ome.collections.node import ZARR, Link, Node, NodeAttributes, NodePath, Stated
from napari_ome_zip.ome.coordinate_system import WrittenSystem


@dataclass(frozen=True)
class ImageGroup:
    """An image node as a group."""

    group: OmeGroup
    links: tuple[Link, ...]
    """Transformations between its systems and others, still by their ids."""
    outside: tuple[str, ...]
    """Names of levels that lie outside the file."""


@dataclass
class ImageGroups:
    """Makes groups of image nodes, each under a path of its own.

    An image that is described in a document of its own has the path of that document. One that is
    written out in a collection has that of the folder of its levels, where nothing else is known
    by it, else a path at which nothing lies.
    """

    discovery: Discovery
    documents: Documents
    taken: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    """How many images so far would have had a path that was taken."""

    def make(
        self, node: Node, document: NodeDocument, attributes: NodeAttributes, name: str | None
    ) -> ImageGroup:
        """Return the group of an image node.

        Parameters
        ----------
        node, document
            The node, and where it lies.
        attributes
            Its own, with those of the entries that led to it over them.
        name
            What it is called by.

        Raises
        ------
        MetadataError
            If the document of an array cannot be used.
        """
        if document.is_array and node.path is None:
            node = replace(node, path=NodePath(ZARR, "."))  # the array itself
        arrays = _arrays(node, document)
        path = self._path(node, document, [where for where in arrays if where is not None], name)
        self.taken.add(path)
        outside = tuple(
            level.name or "a level"
            for level, where in zip(levels_of(node), arrays, strict=True)
            if where is None and level.path is not None and not level.path.is_foreign
        )
        read = self._as_its_group(node, document, attributes, path) or self._read(
            node, document, attributes, path, arrays
        )
        labels = attributes.labels
        group = OmeGroup(
            path=path,
            version=document.group.version,
            zarr_format=document.group.zarr_format,
            multiscales=(replace(read.multiscale, name=name),),
            omero=attributes.omero,
            image_label=None if labels is None else labels.label,
            display=attributes.display
            or (document.group.display if path == document.folder else None),
            node=node,
        )
        return ImageGroup(group, read.links, outside)

    def _as_its_group(
        self, node: Node, document: NodeDocument, attributes: NodeAttributes, path: str
    ) -> ImageNode | None:
        """Return the image as its document was read, where nothing else has a say in it.

        Thousands of fields of a plate have equal documents, each of which is read once.
        """
        own = node.attributes
        if path != document.folder or not document.is_group_of(node):
            return None
        if attributes.systems is not own.systems or attributes.transformations is not None:
            return None
        levels = levels_of(node)
        told = all(level.attributes.transformations is not None for level in levels)
        inside = all(level.path is not None and _is_plain(level.path.path) for level in levels)
        return ImageNode(document.group.multiscales[0]) if levels and told and inside else None

    def _read(
        self,
        node: Node,
        document: NodeDocument,
        attributes: NodeAttributes,
        path: str,
        arrays: Sequence[str | None],
    ) -> ImageNode:
        elsewhere, shared = self._in_arrays(node, arrays)
        departures = Departures()
        read = read_image(
            node,
            attributes,
            document.group.version or "",
            {**shared, **document.systems} if shared else document.systems,
            elsewhere=elsewhere,
            relative=lambda each: _relative(document, each, path),
            at=replace(node.at, departures=departures),
        )
        self.discovery.findings += departures.findings(document.folder)
        return read

    def _path(
        self, node: Node, document: NodeDocument, arrays: Sequence[str], name: str | None
    ) -> str:
        if document.is_group_of(node) and document.folder not in self.taken:
            return document.folder
        folders = [posixpath.dirname(where) for where in arrays]
        folder = posixpath.commonpath(folders) if folders else document.folder
        if folder and self._is_free(folder):
            return folder
        wanted = "/".join(part for part in (folder, _as_path(name)) if part)
        path = wanted
        while path in self.taken or self._exists(path):
            self.counts[wanted] += 1
            path = f"{wanted}_{self.counts[wanted] + 1}"
        return path

    def _is_free(self, path: str) -> bool:
        """Whether a folder may be what an image is known by: no document says what it is."""
        if path in self.taken:
            return False
        try:
            node = self.discovery.hierarchy.node(path)
        except MetadataError:
            return False
        return node is None or (node.kind == "group" and "ome" not in node.attributes)

    def _exists(self, path: str) -> bool:
        hierarchy = self.discovery.hierarchy
        try:
            return hierarchy.node(path) is not None or bool(hierarchy.child_groups(path))
        except MetadataError:
            return True

    def _in_arrays(
        self, node: Node, arrays: Sequence[str | None]
    ) -> tuple[Mapping[int, Stated], Mapping[str, WrittenSystem]]:
        """Return transformations and systems in the documents of levels that state none here."""
        found: dict[int, Stated] = {}
        systems: dict[str, WrittenSystem] = {}
        for number, (level, where) in enumerate(zip(levels_of(node), arrays, strict=True)):
            if level.attributes.transformations is not None or where is None:
                continue
            own = self.documents.usable(f"{where}/{ZARR_JSON}" if where else ZARR_JSON)
            if own is None or own.node is None or own.node is node:
                continue
            systems.update(own.systems)
            if own.node.attributes.transformations is not None:
                found[number] = own.node.attributes.transformations
        return found, systems


def _is_plain(path: str) -> bool:
    """Whether a path leads down from its document, without climbing first."""
    return path.startswith("./") and ".." not in path


def _arrays(node: Node, document: NodeDocument) -> list[str | None]:
    """Return where the array of each level lies, None outside of the file."""
    paths = [level.path for level in levels_of(node)]
    return [None if path is None else target(document.folder, path) for path in paths]


def _relative(document: NodeDocument, path: NodePath, group: str) -> str | None:
    """Return the path of an array as seen from a group, or from the root where it lies elsewhere.

    `storage.hierarchy.join` takes both.
    """
    where = target(document.folder, path)
    if where is None:
        return None
    if not group:
        return where or "."
    return where.removeprefix(f"{group}/") if where.startswith(f"{group}/") else f"/{where}"


def _as_path(name: str | None) -> str:
    """Return a name as one part of a path."""
    return (name or "image").replace("/", "_").strip(". ") or "image"
