"""The file that parts of an image came from, while they are arranged anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.hierarchy import Node, join
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.saving.arrays import to_json
from napari_ome_zip.saving.carrying import ROOT
from napari_ome_zip.saving.merging import (
    OME,
    STRUCTURE,
    attributes_of_others,
    merged_attributes,
    ome_of,
)
from napari_ome_zip.saving.stored import StoredMultiscale, stored_multiscale

_KEPT_IN_GROUPS = ("consolidated_metadata",)


class Origin:
    """What a file has of each part, and where its entries go.

    Parameters
    ----------
    opened : Opened
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.moves: dict[str, str | None] = {}
        """Where folders and entries of the file go, see `carry`."""

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
        if part.kept is None or not part.kept.pixels or part.bent:
            return None
        found = self.stored(part)
        return found if found is not None and found.zarr_format == 3 else None

    def replace_levels(self, part: PlacedPart) -> None:
        """Leave out the levels that a part has in the file: others are written."""
        found = self.stored(part)
        if found is not None:
            self.moves |= {level.path: None for level in found.levels}

    def merged(self, old: str, new: dict[str, Any]) -> dict[str, Any]:
        """The document of a group with what is not understood in that of the file."""
        node = self._node(old)
        if node is None or node.kind != "group":
            return new
        attributes = new["attributes"]
        if old == "" and "" in self.opened.images and "multiscales" not in attributes[OME]:
            # What was said of the root's image goes with it.
            attributes = attributes_of_others(node.attributes) | attributes
        else:
            attributes = merged_attributes(node.attributes, attributes)
        beside = {key: node.document[key] for key in _KEPT_IN_GROUPS if key in node.document}
        return {**new, "attributes": attributes, **(beside if node.zarr_format == 3 else {})}

    @property
    def names_at_root(self) -> set[str]:
        """What lies at the root of the file and stays there."""
        root = stored_multiscale(self.opened, "") if "" in self.opened.images else None
        moving = {level.path.split("/")[0] for level in root.levels} if root else set()
        return self.names_in("") - moving - {"labels"}

    def names_in(self, folder: str) -> set[str]:
        """Files and folders directly in a folder of the file."""
        return set(self.opened.store.child_names(folder))

    def leave_out(self, paths: Sequence[str]) -> None:
        """Leave out groups with all that lies in them."""
        self.moves |= dict.fromkeys(paths, None)

    def settle(self, documents: dict[str, bytes]) -> None:
        """Let no document of the file say what is not so any more.

        What told of the old arrangement (a plate, a series, a scene) is taken out of documents
        that are not written anew, and Zarr v2's are left out where Zarr v3's take their place.
        """
        for path in self._groups():
            name = f"{path}/{ROOT}" if path else ROOT
            node = self._node(path)
            if node is None:
                continue
            if node.zarr_format == 2 and self._is_ours(path, node):
                self.moves |= {_beside(path, old): None for old in DOCUMENT_NAMES - {ROOT}}
            if name in documents or not self._is_ours(path, node):
                continue
            ome = {k: v for k, v in ome_of(node.attributes).items() if k not in STRUCTURE}
            others = attributes_of_others(node.attributes)
            self.moves[name] = None
            if others or set(ome) - {"version"}:
                attributes = {**others, OME: ome}
                documents[name] = to_json(
                    {"zarr_format": 3, "node_type": "group", "attributes": attributes}
                )

    def _is_ours(self, path: str, node: Node) -> bool:
        """Whether a group says how the old file is arranged."""
        ome = ome_of(node.attributes)
        return path in self.opened.shown or "labels" in ome or any(key in ome for key in STRUCTURE)

    def _groups(self) -> Iterator[str]:
        for path in self.opened.store.group_paths():
            node = self._node(path)
            if node is not None and node.kind == "group" and _goes_on(path, self.moves):
                yield path

    def _node(self, path: str) -> Node | None:
        try:
            return self.opened.hierarchy.node(path)
        except MetadataError:
            return None  # taken over as it is, whatever it is


def _goes_on(path: str, moves: Mapping[str, str | None]) -> bool:
    above = path
    while above:
        if above in moves and moves[above] is None:
            return False
        above = above.rpartition("/")[0]
    return True


def _beside(path: str, name: str) -> str:
    return join(path, name) or name
