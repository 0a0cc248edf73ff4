"""All group and array documents of one hierarchy, by path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.ome.json_values import is_integer, is_list, is_object
from napari_ome_zip.validation.documents.group import Metadata, has_metadata, read_metadata

_INTEGER = re.compile(r"u?int(8|16|32|64)")
_V2_INTEGER = re.compile(r"[<>|=]?[iu][1248]")


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """What an array's document says about the array."""

    shape: tuple[int, ...]
    dtype: str
    """Name of the data type as written, without byte order."""
    integer: bool
    dimension_names: tuple[object, ...] | None
    separator: str | None
    """What separates the parts of a chunk's name; None where the document does not say."""


@dataclass(frozen=True, slots=True)
class Node:
    """One group or array."""

    path: str
    zarr_format: int
    attributes: Mapping[str, object]
    array: ArrayFacts | None
    """None for a group."""
    version: str | None = None
    """The version of OME-Zarr to assume where the group states none."""

    @property
    def entry(self) -> str:
        """Name of the document that makes it a group or an array."""
        name = "zarr.json" if self.zarr_format == 3 else ".zgroup"
        if self.array is not None and self.zarr_format == 2:
            name = ".zarray"
        return f"{self.path}/{name}" if self.path else name

    @property
    def metadata(self) -> Metadata | None:
        """The OME-Zarr metadata of a group, None where it has none."""
        if self.array is not None or not has_metadata(self.attributes):
            return None
        return read_metadata(
            self.attributes, path=self.path, zarr_format=self.zarr_format, version=self.version
        )


@dataclass(frozen=True)
class DocumentSet:
    """All groups and arrays of one hierarchy.

    Parameters
    ----------
    nodes
        Groups and arrays by their path; ``""`` is the root.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Mapping[str, Mapping[str, object]]) -> DocumentSet:
        """Return the set of parsed documents.

        Parameters
        ----------
        documents
            By path (``""`` for the root): a parsed ``zarr.json``, or for Zarr v2 an object that
            holds the parsed ``.zgroup``, ``.zarray`` and ``.zattrs`` under these names.
        """
        nodes = {path: _node(path, document) for path, document in documents.items()}
        version = _common_version(nodes)
        return cls(
            {
                path: Node(path, node.zarr_format, node.attributes, node.array, version)
                for path, node in sorted(nodes.items(), key=lambda item: _breadth_first(item[0]))
            }
        )

    @cached_property
    def metadata(self) -> Mapping[str, Metadata]:
        """The OME-Zarr metadata of every group that has some, parents before children."""
        found = ((path, node.metadata) for path, node in self.nodes.items())
        return {path: metadata for path, metadata in found if metadata is not None}

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
        """The paths of all images below a path; paths without any are left out."""
        found: dict[str, list[str]] = {}
        for path in self.metadata:
            if path and self.is_image(path):
                parts = path.split("/")
                for i in range(len(parts)):
                    found.setdefault("/".join(parts[:i]), []).append(path)
        return {path: tuple(images) for path, images in found.items()}

    @property
    def version(self) -> str | None:
        """The version the hierarchy is judged by: that of its first group with metadata."""
        return next((m.spec.version for m in self.metadata.values()), None)

    def array(self, path: str | None) -> ArrayFacts | None:
        """Return the array at a path, None where there is none."""
        node = self.nodes.get(path) if path is not None else None
        return node.array if node is not None else None

    def described(self, path: str | None) -> Metadata | None:
        """Return the metadata of the group at a path, None where it has none."""
        return self.metadata.get(path) if path is not None else None

    def is_group(self, path: str | None) -> bool:
        """Whether a group lies at a path."""
        return path is not None and path in self.nodes and self.nodes[path].array is None

    def is_image(self, path: str | None) -> bool:
        """Whether the group at a path describes an image."""
        metadata = self.described(path)
        return metadata is not None and "multiscales" in metadata.content


def _breadth_first(path: str) -> tuple[int, str]:
    return (path.count("/") + 1 if path else 0, path)


def _common_version(nodes: Mapping[str, Node]) -> str | None:
    for path in sorted(nodes, key=_breadth_first):
        metadata = nodes[path].metadata
        if metadata is not None and isinstance(metadata.stated, str):
            return metadata.stated
    return None


def _node(path: str, document: Mapping[str, object]) -> Node:
    v2 = [document.get(name) for name in (".zgroup", ".zarray", ".zattrs")]
    if any(is_object(part) for part in v2):
        attributes, array = document.get(".zattrs"), document.get(".zarray")
        facts = _v2_array(array) if is_object(array) else None
        return Node(path, 2, attributes if is_object(attributes) else {}, facts)
    attributes = document.get("attributes")
    facts = _v3_array(document) if document.get("node_type") == "array" else None
    return Node(path, 3, attributes if is_object(attributes) else {}, facts)


def _shape(raw: object) -> tuple[int, ...]:
    return tuple(int(n) for n in raw if is_integer(n)) if is_list(raw) else ()


def _v2_array(raw: Mapping[str, object]) -> ArrayFacts:
    dtype = str(raw.get("dtype"))
    return ArrayFacts(
        shape=_shape(raw.get("shape")),
        dtype=dtype.lstrip("<>|="),
        integer=_V2_INTEGER.fullmatch(dtype) is not None,
        dimension_names=None,
        separator=str(raw.get("dimension_separator", ".")),
    )


def _v3_array(raw: Mapping[str, object]) -> ArrayFacts:
    data_type = raw.get("data_type")
    dtype = str(data_type.get("name")) if is_object(data_type) else str(data_type)
    names = raw.get("dimension_names")
    return ArrayFacts(
        shape=_shape(raw.get("shape")),
        dtype=dtype,
        integer=_INTEGER.fullmatch(dtype) is not None,
        dimension_names=tuple(names) if is_list(names) else None,
        separator=None,
    )
