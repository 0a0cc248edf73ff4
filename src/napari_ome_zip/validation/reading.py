"""Reading all metadata documents of a hierarchy, with an issue for each that cannot be used."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_object
from napari_ome_zip.progress import Watch
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.validation.container_rules import issue
from napari_ome_zip.validation.report import Issue

type Document = Mapping[str, object]

_ZARR = "Zarr: metadata documents"
_ZARR_V2_NAMES = (".zgroup", ".zarray", ".zattrs")

DAMAGED = Rule(
    "document-damaged",
    MUST,
    "ZIP (APPNOTE), 4.4.7 CRC-32",
    "The bytes of a metadata document are those that were written.",
    "Copy or download the file again, or restore it from a backup.",
)
UNREADABLE = Rule(
    "document-unreadable",
    MUST,
    _ZARR,
    "A metadata document can be read.",
    "Copy the file again, or write it again without encryption and compression by ZIP.",
)
POINTER = Rule(
    "document-is-pointer",
    MUST,
    _ZARR,
    "A metadata document is there itself, not a Git LFS pointer to it.",
    "Run 'git lfs pull' where the files come from, then pack them again.",
)
NOT_JSON = Rule(
    "document-not-json",
    MUST,
    _ZARR,
    "A metadata document is a JSON text.",
    "Write the document again: it may have been edited by hand, or cut off.",
)
NOT_OBJECT = Rule(
    "document-not-object",
    MUST,
    _ZARR,
    "A metadata document holds a JSON object.",
    "Write the document again.",
)
BYTE_ORDER_MARK = Rule(
    "document-byte-order-mark",
    SHOULD,
    "JSON (RFC 8259), 8.1 character encoding",
    "A JSON text begins without a byte order mark.",
    "Save the document as UTF-8 without a byte order mark; other programs may refuse it.",
)
NODE_TYPE = Rule(
    "node-type-unknown",
    MUST,
    "Zarr v3, node_type",
    'A zarr.json says whether it describes a "group" or an "array".',
    "Write the document again.",
)


@dataclass(frozen=True)
class Documents:
    """All documents of a hierarchy that can be used, and the issues of those that cannot."""

    by_path: Mapping[str, Document]
    """By the path of their group or array: a ``zarr.json``, or those of Zarr v2 by name."""
    issues: tuple[Issue, ...]


def read_documents(store: HierarchyStore, watch: Watch) -> Documents:
    """Read and parse every document of a store.

    Raises
    ------
    CheckCancelledError
        If whoever asked does not want the answer any more.
    """
    found: dict[str, Document] = {}
    issues: list[Issue] = []
    paths = store.group_paths()
    for number, path in enumerate(paths):
        watch.tell(number, len(paths))
        prefix = f"{path}/" if path else ""
        document, problems = _read(store, prefix + "zarr.json")
        issues += problems
        if document is not None:
            found[path] = document
            if document.get("node_type") not in ("group", "array"):
                message = f"node_type is {describe(document.get('node_type'))}"
                issues.append(issue(NODE_TYPE, message, prefix + "zarr.json"))
            continue
        parts: dict[str, object] = {}
        for name in _ZARR_V2_NAMES:
            document, problems = _read(store, prefix + name)
            issues += problems
            if document is not None:
                parts[name] = document
        if parts:
            found[path] = parts
    return Documents(found, tuple(issues))


def _read(store: HierarchyStore, key: str) -> tuple[Document | None, tuple[Issue, ...]]:
    try:
        raw = store.read_document(key)
    except DamagedEntryError as error:
        return None, (issue(DAMAGED, str(error), key),)
    except ArchiveError as error:
        # Those of the container are told by its own checks.
        rule = {POINTER.code: POINTER}.get(error.code, UNREADABLE)
        return None, (issue(rule, str(error), key),)
    if raw is None:
        return None, ()
    return parse_document(raw, key)


def parse_document(raw: bytes, key: str) -> tuple[Document | None, tuple[Issue, ...]]:
    """The object that a JSON document holds, and what is wrong with the text."""
    issues = tuple(_check_mark(raw, key))
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return None, (*issues, issue(NOT_JSON, f"No JSON text: {reason}", key))
    if not is_object(document):
        message = f"An object is expected, but it holds {describe(document)}"
        return None, (*issues, issue(NOT_OBJECT, message, key))
    return document, issues


def _check_mark(raw: bytes, key: str) -> Iterator[Issue]:
    if raw.startswith(codecs.BOM_UTF8):
        yield issue(BYTE_ORDER_MARK, "The document begins with a byte order mark", key)
