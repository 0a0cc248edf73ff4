"""Rules on a hierarchy as a whole: one version, something at its root."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import CONTENT_MISSING
from napari_ome_zip.ome.version_reader import SECTION
from napari_ome_zip.ome.versions import SPECS, known_spec
from napari_ome_zip.rules import MUST, Location, Rule
from napari_ome_zip.validation.documents.group import (
    has_content,
)
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

INCONSISTENT = Rule(
    "version-inconsistent",
    MUST,
    SECTION,
    "All groups of a hierarchy follow the same version (since 0.5).",
    "Convert the older part to the version of the rest.",
)


def check_consistency(documents: DocumentSet) -> Iterator[Issue]:
    """Check versions throughout, and the root."""
    yield from _check_same_version(documents)
    yield from _check_root(documents)


def _check_same_version(documents: DocumentSet) -> Iterator[Issue]:
    first: str | None = None
    for metadata in documents.metadata.values():
        stated = metadata.stated
        spec = known_spec(stated) if isinstance(stated, str) else None
        if spec is None:
            continue
        first = first or spec.version
        namespaced = spec.namespaced or SPECS[first].namespaced
        if spec.version != first and namespaced:
            message = f"Version {quoted(stated)} inside a hierarchy of version {first}"
            yield metadata.place.issue(INCONSISTENT, message)


def _check_root(documents: DocumentSet) -> Iterator[Issue]:
    root = documents.metadata.get("")
    if root is not None and has_content(root.content):
        return
    if root is None:
        # Without metadata there is no version either: the storage tells old from new.
        v3 = "" in documents.nodes and documents.nodes[""].zarr_format == 3
        spec = SPECS["0.5" if v3 else "0.4"]
        at = Place(Location(spec.document_name), spec)
    else:
        at = root.place
    where = [path for path in documents.metadata if path]
    inside = f"; there are some in {quoted(where[0])}" if where else ""
    yield at.issue(CONTENT_MISSING, f"No OME-Zarr image at the root of the file{inside}")
