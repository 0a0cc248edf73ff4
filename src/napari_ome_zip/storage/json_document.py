"""Parses metadata documents, and judges them as far as they are JSON."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.errors import ArchiveError, DamagedEntryError, MetadataError
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

_ZARR = "Zarr: metadata documents"

DAMAGED = Rule(
    "document-damaged",
    MUST,
    "ZIP (APPNOTE), 4.4.7 CRC-32",
    "The bytes of a metadata document are those that were written.",
    "Copy or download the file again, or restore it from a backup.",
    effect=Effect.DAMAGED,
)
UNREADABLE = Rule(
    "document-unreadable",
    MUST,
    _ZARR,
    "A metadata document can be read.",
    "Copy the file again, or write it again without encryption and compression by ZIP.",
    effect=Effect.NOT_SHOWN,
)
POINTER = Rule(
    "document-is-pointer",
    MUST,
    _ZARR,
    "A metadata document is there itself, not a Git LFS pointer to it.",
    "Run 'git lfs pull' where the files come from, then pack them again.",
    effect=Effect.NOT_SHOWN,
)
NOT_JSON = Rule(
    "document-not-json",
    MUST,
    _ZARR,
    "A metadata document is valid JSON.",
    "Write the document again: it may have been edited by hand, or cut off.",
    effect=Effect.NOT_SHOWN,
)
NOT_OBJECT = Rule(
    "document-not-object",
    MUST,
    _ZARR,
    "A metadata document holds a JSON object.",
    "Write the document again.",
    effect=Effect.NOT_SHOWN,
)
BYTE_ORDER_MARK = Rule(
    "document-byte-order-mark",
    SHOULD,
    "JSON (RFC 8259), 8.1 character encoding",
    "JSON begins without a byte order mark.",
    "Save the document as UTF-8 without a byte order mark; other programs may refuse it.",
    effect=Effect.REFUSED,
)
NODE_TYPE = Rule(
    "node-type-unknown",
    MUST,
    "Zarr v3, node_type",
    'A zarr.json says whether it describes a "group" or an "array".',
    "Write the document again.",
    effect=Effect.NOT_SHOWN,
)


@dataclass(frozen=True)
class DocumentFault:
    """A fault of one document as a whole."""

    rule: Rule
    key: str
    """Name of the entry."""
    found: str
    """What was found: a continuation of "the document", or a sentence that names the entry."""

    @property
    def message(self) -> str:
        """What was found, for a report, which gives the place itself."""
        return self.found if self.found.endswith(".") else f"The document {self.found}"

    @property
    def error(self) -> MetadataError:
        """The error to raise where this document is needed."""
        if self.rule is DAMAGED:
            advice = "Ask for the file again, or restore it from a backup."
            return MetadataError(f"{self.found} {advice}")
        found = self.found if self.found.endswith(".") else f"{self.key} {self.found}."
        return MetadataError(found)


class JsonDocument(dict[str, Any]):
    """A parsed document, and what was worked out from it, once for all nodes that share it."""

    __slots__ = ("worked_out",)
    worked_out: object
    """Whatever a floor above wants to remember of the document; not part of its value."""

    def __init__(self, items: dict[str, Any]) -> None:
        super().__init__(items)
        self.worked_out = None

    # In another process nothing has been worked out.
    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


def parse_json(raw: bytes, key: str) -> tuple[JsonDocument | None, tuple[DocumentFault, ...]]:
    """Return the object in a JSON document, and its faults.

    Without an object, which is None then, the last fault says why.
    """
    faults: tuple[DocumentFault, ...] = ()
    if raw.startswith(codecs.BOM_UTF8):
        faults = (DocumentFault(BYTE_ORDER_MARK, key, "begins with a byte order mark"),)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return None, (*faults, DocumentFault(NOT_JSON, key, f"is not valid JSON: {reason}"))
    if not isinstance(document, dict):
        found = f"holds a JSON {type(document).__name__}, expected an object"
        return None, (*faults, DocumentFault(NOT_OBJECT, key, found))
    return JsonDocument(document), faults


def unreadable(key: str, error: ArchiveError | DamagedEntryError) -> DocumentFault:
    """Return the fault of a document whose bytes cannot be read."""
    if isinstance(error, DamagedEntryError):
        return DocumentFault(DAMAGED, key, str(error))
    return DocumentFault(POINTER if error.code == POINTER.code else UNREADABLE, key, str(error))
