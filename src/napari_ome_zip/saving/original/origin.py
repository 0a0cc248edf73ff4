"""The file that parts of an image came from, while they are arranged anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.found import describes_node
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.saving.original.carrying import ROOT, moved
from napari_ome_zip.saving.original.collection import foreign_attributes
from napari_ome_zip.saving.original.merging import (
    LABELS,
    OME,
    STRUCTURE,
    attributes_of_others,
    holds_nodes,
    merged_attributes,
    ome_of,
    stated_version,
)
from napari_ome_zip.saving.original.stored import StoredMultiscale, stored_multiscale
from napari_ome_zip.storage.hierarchy import Node, join
from napari_ome_zip.storage.json_writing import to_json

_KEPT_IN_GROUPS = ("consolidated_metadata",)
_V2_DOCUMENTS = (".zgroup", ".zattrs")
_V2_COPIES = (".zmetadata", "zmetadata")


class Origin:
    """The stored form of each part in a file, and where its entries go.

    Parameters
    ----------
    opened : Opened
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.moves: dict[str, str | None] = {}
        """Where folders and entries of the file go, see `carry`."""
        self._merged: set[str] = set()
        """Groups whose documents went into those of the archive."""

    def path_of(self, part: PlacedPart) -> str | None:
        """Path of the group that a part has in the file; None for a new part, and for a mosaic."""
        if part.kept is None or part.fields or part.path not in self.opened.images:
            return None
        return part.path

    def stored(self, part: PlacedPart) -> StoredMultiscale | None:
        """The levels that a part has in the file, changed since or not."""
        if self.path_of(part) is None:
            return None
        return stored_multiscale(self.opened, part.path, part.multiscale)

    def unchanged(self, part: PlacedPart) -> StoredMultiscale | None:
        """The levels of a part that can be copied as they are."""
        if part.kept is None or not part.kept.pixels or part.nonlinear:
            return None
        found = self.stored(part)
        return found if found is not None and found.zarr_format == 3 else None

    def replace_levels(self, part: PlacedPart) -> None:
        """Leave out the levels that a part has in the file: others are written."""
        found = self.stored(part)
        if found is not None:
            self.moves |= {level.path: None for level in found.levels}

    def merged(self, old: str, new: dict[str, Any]) -> dict[str, Any]:
        """The document of a group with the unknown fields of that of the file."""
        node = self._node(old)
        beside_node = foreign_attributes(self.opened, old)
        new = {**new, "attributes": beside_node | new["attributes"]} if beside_node else new
        if node is None or node.kind != "group":
            return new
        self._merged.add(old)
        attributes = new["attributes"]
        if old == "" and "" in self.opened.images and "multiscales" not in attributes[OME]:
            # What was said of the root's image goes with it.
            attributes = attributes_of_others(node.attributes) | attributes
        else:
            attributes = merged_attributes(node.attributes, attributes)
        beside = {key: node.document[key] for key in _KEPT_IN_GROUPS if key in node.document}
        return {**new, "attributes": attributes, **(beside if node.zarr_format == 3 else {})}

    def at_root(self, new: dict[str, Any]) -> dict[str, Any]:
        """The document of a new root; attributes that others put at that of the file stay."""
        self._merged.add("")
        node = self._node("")
        others = {} if node is None else attributes_of_others(node.attributes)
        return {**new, "attributes": others | new["attributes"]}

    @property
    def has_scene(self) -> bool:
        """Whether a scene of the file places images."""
        nodes = map(self._node, self.opened.store.group_paths())
        return any(node is not None and "scene" in ome_of(node.attributes) for node in nodes)

    def version_of(self, path: str) -> str | None:
        """The version that a group states; None for groups of other conventions."""
        node = self._node(path)
        if node is None or node.kind != "group":
            return None
        return stated_version(node.attributes)

    def has_image(self, path: str) -> bool:
        """Whether a group describes an image or labels."""
        node = self._node(path)
        if node is None or node.kind != "group":
            return False
        is_node = describes_node(node) and not holds_nodes(node.attributes)
        return is_node or "multiscales" in ome_of(node.attributes)

    def hidden_labels(self, folder: str) -> list[str]:
        """Labels that a folder lists, and that opening could not show: they stay listed."""
        node = self._node(folder)
        listed = ome_of(node.attributes).get(LABELS) if node is not None else None
        there = self.names_in(folder)
        return [
            name
            for name in (listed if isinstance(listed, list) else ())
            if isinstance(name, str)
            and name.split("/")[0] in there
            and _beside(folder, name) not in self.opened.shown
        ]

    @property
    def names_at_root(self) -> set[str]:
        """What lies at the root of the file and stays there."""
        root = stored_multiscale(self.opened, "") if "" in self.opened.images else None
        moving = {level.path.split("/")[0] for level in root.levels} if root else set()
        return self.names_in("") - moving - {LABELS}

    def names_in(self, folder: str) -> set[str]:
        """Files and folders directly in a folder of the file."""
        return set(self.opened.store.child_names(folder))

    def leave_out(self, paths: Sequence[str]) -> None:
        """Leave out groups with all that lies in them; of the root what belongs to its image."""
        for path in paths:
            if path:
                self.moves[path] = None
                continue
            stored = stored_multiscale(self.opened, "")
            self.moves |= {level.path: None for level in stored.levels} if stored else {}
            self.moves |= {f"{LABELS}/{name}": None for name in self.hidden_labels(LABELS)}

    def settle(self, documents: dict[str, bytes], version: str) -> None:
        """Remove from the documents of the file what is no longer true.

        What described the old arrangement (a plate, a series, a scene, a list of labels) is taken
        out of documents that are not written anew, and Zarr v2's are left out where Zarr v3's
        take their place.
        """
        above = {path for name in documents for path in _folders_above(name)}
        for path, node in list(self._groups()):
            name = f"{path}/{ROOT}" if path else ROOT
            ours = self._is_ours(path, node)
            is_old = node.zarr_format == 2
            if is_old and (ours or path in above):
                self.moves |= {_beside(path, old): None for old in (*_V2_DOCUMENTS, *_V2_COPIES)}
            if name in documents:
                continue
            if ours or (is_old and path in above):
                self.moves[name] = None
            if path not in self._merged and (ours or is_old):
                self._restate(path, node, documents, version, needed=is_old and path in above)

    def _restate(
        self,
        path: str,
        node: Node,
        documents: dict[str, bytes],
        version: str,
        *,
        needed: bool,
    ) -> None:
        """Write the attributes that a group still has as Zarr v3, if there are any."""
        if node.zarr_format == 2 and not needed and not self._is_ours(path, node):
            return
        ome = {k: v for k, v in ome_of(node.attributes).items() if k not in STRUCTURE}
        ome = {k: v for k, v in ome.items() if k not in ("multiscales", "omero", "image-label")}
        listed = ome.pop(LABELS, None)
        there = [
            name
            for name in (listed if isinstance(listed, list) else ())
            if isinstance(name, str)
            and moved(_beside(path, name), self.moves) is not None
            and _beside(path, name) not in self._merged
        ]
        attributes = attributes_of_others(node.attributes)
        if listed is not None and (there or attributes or set(ome) - {"version"}):
            ome |= {LABELS: there, "version": version}
        if set(ome) - {"version"}:
            attributes[OME] = ome
        if attributes or needed:
            documents[f"{path}/{ROOT}" if path else ROOT] = to_json(
                {"zarr_format": 3, "node_type": "group", "attributes": attributes}
            )

    def _is_ours(self, path: str, node: Node) -> bool:
        """Whether a group says how the old file is arranged."""
        ome = ome_of(node.attributes)
        if path in self.opened.shown or LABELS in ome or holds_nodes(node.attributes):
            return True
        return any(key in ome for key in STRUCTURE)

    def _groups(self) -> Iterator[tuple[str, Node]]:
        for path in self.opened.store.group_paths():
            node = self._node(path)
            if node is not None and node.kind == "group" and _goes_on(path, self.moves):
                yield path, node

    def _node(self, path: str) -> Node | None:
        try:
            return self.opened.hierarchy.node(path)
        except MetadataError:
            return None  # taken over as it is


def _folders_above(name: str) -> Iterator[str]:
    """Folders that a document lies in, the root among them; not that which it describes."""
    path = name.rpartition("/")[0]
    while path:
        path = path.rpartition("/")[0]
        yield path


def _goes_on(path: str, moves: Mapping[str, str | None]) -> bool:
    above = path
    while above:
        if above in moves and moves[above] is None:
            return False
        above = above.rpartition("/")[0]
    return True


def _beside(path: str, name: str) -> str:
    return join(path, name) or name
