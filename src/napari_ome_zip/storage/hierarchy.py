"""The groups and arrays of one Zarr hierarchy; each metadata document is parsed once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from napari_ome_zip.errors import ArchiveError, DamagedEntryError, MetadataError
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.progress import Progress
from napari_ome_zip.rules import SHOULD, Effect, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.base import HierarchyStore
from napari_ome_zip.storage.json_document import (
    NODE_TYPE,
    UNREADABLE,
    DocumentFault,
    JsonDocument,
    parse_json,
    unreadable,
)

CONSOLIDATED_STALE = Rule(
    "consolidated-metadata-stale",
    SHOULD,
    "Zarr: consolidated metadata",
    "A copy of the metadata of all arrays says what their own documents say.",
    "Consolidate the metadata again with the program that wrote the file, or remove the copy.",
    effect=Effect.DIFFERENT,
)

MAX_DEPTH = 32
"""Maximum depth of nested groups that are found; the labels of a plate have six levels."""

MAX_ALL_DOCUMENTS = 1 << 30
"""Maximum size of all metadata documents of one hierarchy (1 GiB)."""

_SHORT_DOCUMENT = 1 << 12


@dataclass(frozen=True)
class Node:
    """One group or array, as its document describes it."""

    path: str
    """Path from the root of the hierarchy; empty for the root itself."""
    kind: Literal["group", "array"]
    zarr_format: int
    """2 or 3."""
    attributes: Mapping[str, Any]
    """User attributes: ``attributes`` of a ``zarr.json``, or the whole ``.zattrs``."""
    document: Mapping[str, Any] = field(repr=False)
    """The whole ``zarr.json``; for Zarr v2 the ``.zarray`` or ``.zgroup``."""

    @classmethod
    def of(cls, path: str, documents: Mapping[str, Mapping[str, Any]]) -> Node | None:
        """Return the node of parsed documents, None where there are none.

        Parameters
        ----------
        path : str
            Path from the root of the hierarchy.
        documents : mapping
            By their names: ``zarr.json``, or for Zarr v2 ``.zarray``, ``.zgroup``, ``.zattrs``.
        """
        if "zarr.json" in documents:
            document = documents["zarr.json"]
            attributes = document.get("attributes")
            kind: Literal["group", "array"]
            kind = "array" if document.get("node_type") == "array" else "group"
            return cls(path, kind, 3, attributes if isinstance(attributes, dict) else {}, document)
        attributes = documents.get(".zattrs", {})
        if ".zarray" in documents:
            return cls(path, "array", 2, attributes, documents[".zarray"])
        if documents:
            return cls(path, "group", 2, attributes, documents.get(".zgroup", {}))
        return None

    @property
    def entry(self) -> str:
        """Name of its own document."""
        name = "zarr.json" if self.zarr_format == 3 else ".zgroup"
        if self.kind == "array" and self.zarr_format == 2:
            name = ".zarray"
        return f"{self.path}/{name}" if self.path else name


def join(base: str, relative: str) -> str | None:
    """Return ``relative`` resolved against the group ``base``; None where it leaves the hierarchy.

    ``..`` climbs, ``.`` and empty segments stay. Paths of OME-Zarr are relative; one with a leading
    ``/`` starts at the root, as paths of nodes do in Zarr ("hierarchy", where ``/`` is the root).
    """
    if _is_plain(relative) and _is_plain(base):
        return f"{base}/{relative}"
    parts = [] if relative.startswith("/") else [part for part in base.split("/") if part]
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _is_plain(path: str) -> bool:
    """Whether nothing of a path is left out or climbs, which no path without dots does."""
    return bool(path) and path[0] != "/" != path[-1] and "." not in path and "//" not in path


class Hierarchy:
    """Groups and arrays of a hierarchy by path, read when first asked for.

    Parameters
    ----------
    store : HierarchyStore
        Where the documents lie.
    """

    def __init__(self, store: HierarchyStore) -> None:
        self.store = store
        self._nodes: dict[str, Node | None] = {}
        # Thousands of fields of view mostly have equal documents.
        self._documents: dict[bytes, JsonDocument] = {}
        self._size = 0
        self.faults: list[DocumentFault] = []
        """Faults of the documents that were read so far."""

    def node(self, path: str) -> Node | None:
        """Return the group or array at ``path``, or None where there is none.

        Raises
        ------
        MetadataError
            If the document there is damaged or is not a JSON object.
        """
        if path not in self._nodes:
            self._nodes[path] = self._read_node(path)
        return self._nodes[path]

    def json_document(self, key: str) -> JsonDocument | None:
        """Return a JSON document that is none of a group or an array; None where there is none.

        Raises
        ------
        MetadataError
            If it is damaged or is not a JSON object.
        """
        return self._json(key)

    def usable_nodes(self, progress: Progress | None = None) -> dict[str, Node]:
        """Return all groups and arrays whose documents can be used; faults go to `faults`.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of paths read, and the number in all.
        """
        nodes: dict[str, Node] = {}
        paths = self.store.group_paths()
        for number, path in enumerate(paths):
            if progress is not None:
                progress(number, len(paths))
            try:
                node = self.node(path)
            except (ArchiveError, MetadataError):
                continue
            if node is not None:
                nodes[path] = node
        return nodes

    def child_groups(self, path: str) -> tuple[str, ...]:
        """Return the paths of groups and arrays directly below ``path``, in natural order."""
        return tuple(sorted(self._children.get(path, ()), key=natural_key))

    @cached_property
    def _children(self) -> Mapping[str, Mapping[str, None]]:
        """Children of every folder, found in one pass, since a plate has thousands of groups."""
        children: dict[str, dict[str, None]] = defaultdict(dict)
        for path in self.store.group_paths():
            while path and path.count("/") < MAX_DEPTH:
                parent = path.rpartition("/")[0]
                siblings = children[parent]
                if path in siblings:
                    break  # then the folders above it are there as well
                siblings[path] = None
                path = parent
        return children

    def _read_node(self, path: str) -> Node | None:
        prefix = f"{path}/" if path else ""
        document = self._json(prefix + "zarr.json")
        if document is not None:
            if document.get("node_type") not in ("group", "array"):
                kind = document.get("node_type")
                found = f"is not usable: node_type is {kind!r:.60}, expected 'group' or 'array'"
                raise self._noted(DocumentFault(NODE_TYPE, f"{prefix}zarr.json", found)).error
            return Node.of(path, {"zarr.json": document})
        documents: dict[str, JsonDocument] = {}
        for name in (".zarray", ".zgroup", ".zattrs"):
            if name != ".zgroup" or ".zarray" not in documents:
                document = self._json(prefix + name)
                if document is not None:
                    documents[name] = document
        return Node.of(path, documents)

    def _noted(self, fault: DocumentFault) -> DocumentFault:
        self.faults.append(fault)
        return fault

    def _json(self, key: str) -> JsonDocument | None:
        try:
            raw = self.store.read_document(key)
        except (ArchiveError, DamagedEntryError) as error:
            fault = self._noted(unreadable(key, error))
            if isinstance(error, ArchiveError) and "/" not in key:
                raise  # without the root nothing is usable
            raise fault.error from error
        if raw is None:
            return None
        content = raw if len(raw) <= _SHORT_DOCUMENT else hashlib.sha256(raw).digest()
        known = self._documents.get(content)
        if known is not None:
            return known
        self._size += len(raw)
        if self._size > MAX_ALL_DOCUMENTS:
            found = (
                f"The metadata documents have more than {readable_size(MAX_ALL_DOCUMENTS)} in all, "
                "which no image needs: the archive is damaged, or harmful."
            )
            self._noted(DocumentFault(UNREADABLE, key, found))
            raise ArchiveError(found)
        document, faults = parse_json(raw, key)
        self.faults += faults
        if document is None:
            raise faults[-1].error
        if not faults:
            self._documents[content] = document
        return document

    def consolidated_findings(self) -> tuple[Finding, ...]:
        """Return a finding where the root's consolidated metadata differs from the documents.

        The documents are used: other writers may have left the copy as it was. A copy of a
        document that does not exist counts as well.
        """
        root = self.node("")
        if root is None or root.zarr_format != 3:
            return ()
        consolidated = root.document.get("consolidated_metadata")
        copies = consolidated.get("metadata") if isinstance(consolidated, dict) else None
        if not isinstance(copies, dict):
            return ()
        stale = [path for path, copy in copies.items() if self._differs(path.strip("/"), copy)]
        if not stale:
            return ()
        paths = listed(stale, 1, "'{}'".format)
        return (
            Finding.of(
                CONSOLIDATED_STALE,
                "zarr.json",
                f"Consolidated metadata is out of date for {paths}; "
                "the documents of the groups and arrays themselves were used.",
            ),
        )

    def _differs(self, path: str, copy: Any) -> bool:
        try:
            node = self.node(path)
        except MetadataError:
            return False  # a damaged document is reported where it is needed
        if node is None or not isinstance(copy, dict):
            return True
        own = {key: value for key, value in node.document.items() if key in _COMPARED}
        return own != {key: value for key, value in copy.items() if key in _COMPARED}


_COMPARED = frozenset({"node_type", "shape", "data_type", "chunk_grid", "codecs", "fill_value"})


def natural_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key that puts ``2`` before ``10`` and numbers before words."""
    return tuple(
        (0, int(part)) if part.isdecimal() and part.isascii() and len(part) < 20 else (1, part)
        for part in path.split("/")
    )
