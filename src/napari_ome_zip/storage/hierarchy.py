"""The groups and arrays of one Zarr hierarchy, each metadata document parsed once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from napari_ome_zip.errors import ArchiveError, DamagedEntryError, MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.storage import HierarchyStore

MAX_DEPTH = 32
"""Groups nested deeper than this are not looked for; a plate's labels take six."""

MAX_ALL_DOCUMENTS = 1 << 30
"""Bytes of metadata that are read of one hierarchy, at most (1 GiB)."""


@dataclass(frozen=True)
class Node:
    """One group or array, as its document says."""

    path: str
    """Path from the root of the hierarchy; empty for the root itself."""
    kind: Literal["group", "array"]
    zarr_format: int
    """2 or 3."""
    attributes: Mapping[str, Any]
    """User attributes: ``attributes`` of a ``zarr.json``, or the whole ``.zattrs``."""
    document: Mapping[str, Any] = field(repr=False)
    """The whole ``zarr.json``; for Zarr v2 the ``.zarray`` or ``.zgroup``."""


def join(base: str, relative: str) -> str | None:
    """Path of ``relative`` seen from the group ``base``; None where it leaves the hierarchy.

    ``..`` climbs, ``.`` and empty segments stay. Paths of OME-Zarr are relative; one with a leading
    ``/`` starts at the root, as paths of nodes do in Zarr ("hierarchy", where ``/`` is the root).
    """
    parts = [] if relative.startswith("/") else [part for part in base.split("/") if part]
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class Hierarchy:
    """Documents of a hierarchy by path, read when first asked for.

    Parameters
    ----------
    store : HierarchyStore
        Where the documents lie.
    """

    def __init__(self, store: HierarchyStore) -> None:
        self.store = store
        self._nodes: dict[str, Node | None] = {}
        # The fields of a plate mostly have the same documents, thousands of times.
        self._documents: dict[bytes, dict[str, Any]] = {}
        self._size = 0

    def node(self, path: str) -> Node | None:
        """The group or array at ``path``, or None where there is none.

        Raises
        ------
        MetadataError
            If the document there is damaged or is not a JSON object.
        """
        if path not in self._nodes:
            self._nodes[path] = self._read_node(path)
        return self._nodes[path]

    def child_groups(self, path: str) -> tuple[str, ...]:
        """Paths of the groups and arrays directly below ``path``, in natural order."""
        return self._children.get(path, ())

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        """Children of every folder, found in one pass: a plate asks for thousands of them."""
        children: dict[str, set[str]] = defaultdict(set)
        for path in self.store.group_paths():
            while path and path.count("/") < MAX_DEPTH:
                parent = path.rpartition("/")[0]
                children[parent].add(path)
                path = parent
        return {path: tuple(sorted(found, key=natural_key)) for path, found in children.items()}

    def _read_node(self, path: str) -> Node | None:
        prefix = f"{path}/" if path else ""
        document = self._json(prefix + "zarr.json")
        if document is not None:
            kind = document.get("node_type")
            if kind not in ("group", "array"):
                raise MetadataError(
                    f"{prefix}zarr.json is not usable: node_type is {kind!r}, "
                    "expected 'group' or 'array'."
                )
            attributes = document.get("attributes")
            return Node(path, kind, 3, attributes if isinstance(attributes, dict) else {}, document)
        array = self._json(prefix + ".zarray")
        group = self._json(prefix + ".zgroup") if array is None else None
        attributes = self._json(prefix + ".zattrs")
        if array is not None:
            return Node(path, "array", 2, attributes or {}, array)
        if group is not None or attributes is not None:
            return Node(path, "group", 2, attributes or {}, group or {})
        return None

    def _json(self, key: str) -> dict[str, Any] | None:
        try:
            raw = self.store.read_document(key)
        except DamagedEntryError as error:
            raise MetadataError(
                f"{error} Ask for the file again, or restore it from a backup."
            ) from error
        except ArchiveError as error:
            if "/" not in key:
                raise
            raise MetadataError(str(error)) from error  # only what lies below is not usable
        if raw is None:
            return None
        digest = hashlib.sha256(raw).digest()
        if digest in self._documents:
            return self._documents[digest]
        self._size += len(raw)
        if self._size > MAX_ALL_DOCUMENTS:
            raise ArchiveError(
                f"The metadata documents have more than {MAX_ALL_DOCUMENTS >> 30} GiB in all, "
                "which no image needs: the archive is damaged, or made to harm."
            )
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise MetadataError(f"{key} is not valid JSON: {error}.") from error
        if not isinstance(document, dict):
            raise MetadataError(
                f"{key} holds a JSON {type(document).__name__}, expected an object."
            )
        self._documents[digest] = document
        return document

    def consolidated_findings(self) -> tuple[Finding, ...]:
        """Where the root's consolidated metadata disagrees with the documents themselves.

        The documents win (Zarr's consolidated metadata is a copy that other writers may have
        left behind); a copy of a document that is not there counts as well.
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
        more = f" and {len(stale) - 1} more" if len(stale) > 1 else ""
        return (
            Finding(
                "consolidated-metadata-stale",
                "zarr.json",
                f"Consolidated metadata is out of date for '{stale[0]}'{more}; "
                "the documents of the groups and arrays themselves were used.",
            ),
        )

    def _differs(self, path: str, copy: Any) -> bool:
        try:
            node = self.node(path)
        except MetadataError:
            return False  # a damaged document is told where it is needed
        if node is None or not isinstance(copy, dict):
            return True
        own = {key: value for key, value in node.document.items() if key in _COMPARED}
        return own != {key: value for key, value in copy.items() if key in _COMPARED}


_COMPARED = frozenset({"node_type", "shape", "data_type", "chunk_grid", "codecs", "fill_value"})


def natural_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts ``2`` before ``10`` and numbers before words."""
    return tuple(
        (0, int(part)) if part.isdecimal() and part.isascii() and len(part) < 20 else (1, part)
        for part in path.split("/")
    )
