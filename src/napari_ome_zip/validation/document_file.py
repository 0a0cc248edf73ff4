"""Checks one JSON document by itself: a ``zarr.json``, or the attributes of a group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.ome.json_values import is_object
from napari_ome_zip.rules import INFO, Effect, Rule
from napari_ome_zip.storage.json_document import parse_json
from napari_ome_zip.validation.documents_check import check_group_attributes
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.thumbnails import check_stated_thumbnails

NOTHING_TO_CHECK = Rule(
    "nothing-to-check",
    INFO,
    "OME-Zarr",
    "A document by itself is checked where it describes a group.",
    "Check the whole archive or folder: an array is judged together with its image.",
    effect=Effect.NONE,
)


def check_document(place: Path) -> tuple[str | None, tuple[Issue, ...]]:
    """Check a document.

    Returns
    -------
    version : str or None
        Version of OME-Zarr that it was judged by; None where there is nothing to judge.
    issues : tuple of Issue
        Not merged.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    document, faults = parse_json(place.read_bytes(), place.name)
    issues = tuple(issue(fault.rule, fault.message, fault.key) for fault in faults)
    if document is None:
        return None, issues
    attributes, zarr_format = _attributes(document, place)
    if attributes is None:
        message = "The document of an array: nothing of OME-Zarr is in it"
        issues = (*issues, issue(NOTHING_TO_CHECK, message))
        return None, issues
    issues += check_group_attributes(attributes, zarr_format=zarr_format)
    issues += check_stated_thumbnails(attributes, place.name)
    judged = JudgedHierarchy.of({"": {"attributes": attributes}})
    return judged.version, issues


def _attributes(
    document: Mapping[str, Any], place: Path
) -> tuple[Mapping[str, Any] | None, int | None]:
    """Return the attributes in a document, None for an array; and its format, None if unknown."""
    if place.name in DOCUMENT_NAMES - {"zarr.json", ".zattrs"}:
        return None, 2
    if document.get("node_type") == "array":
        return None, 3
    if "node_type" in document or document.get("zarr_format") == 3:
        attributes = document.get("attributes")
        return (attributes if is_object(attributes) else {}), 3
    # Attributes alone: the format follows from the name of the file.
    return document, 2 if place.name == ".zattrs" else None
