"""Entry points of the document checks: one document, or all of a hierarchy."""

from __future__ import annotations

from collections.abc import Mapping

from napari_ome_zip.ome.parse import CONTENT_MISSING
from napari_ome_zip.validation.documents.group import (
    as_warning,
    check_form,
    has_content,
    read_metadata,
)
from napari_ome_zip.validation.hierarchy.collections import check_collections
from napari_ome_zip.validation.hierarchy.consistency import check_consistency
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.hierarchy.fields import check_fields
from napari_ome_zip.validation.hierarchy.graph import check_document_graph, check_graph
from napari_ome_zip.validation.hierarchy.label_images import check_label_images
from napari_ome_zip.validation.hierarchy.levels import check_levels
from napari_ome_zip.validation.report import Issue


def check_group_attributes(
    attributes: Mapping[str, object],
    *,
    path: str = "",
    zarr_format: int | None = None,
    version: str | None = None,
) -> tuple[Issue, ...]:
    """Check the attributes of one group by themselves.

    How the parts of a document fit together (names that are referred to, numbers of axes,
    indices of wells) is reported as a warning here: the specification's own conformance
    documents count such a document as valid. `check_hierarchy_documents`, which sees what they
    refer to, reports the same as errors.

    Parameters
    ----------
    attributes
        The ``attributes`` object of a ``zarr.json``, or a whole ``.zattrs``.
    path
        Path of the group, for locations.
    zarr_format
        2 or 3; None where it is unknown.
    version
        Version to assume where the document states none.

    Returns
    -------
    tuple of Issue
        In the order of the document; not merged.
    """
    metadata = read_metadata(attributes, path=path, zarr_format=zarr_format, version=version)
    issues = []
    if not has_content(metadata.content):
        message = "No image, labels, plate, well, scene or series is described"
        issues.append(metadata.place.issue(CONTENT_MISSING, message))
    issues += check_form(metadata, alone=True)
    if metadata.spec.graph:
        issues += map(as_warning, check_document_graph(metadata))
    return tuple(issues)


def check_hierarchy_documents(
    documents: DocumentSet | Mapping[str, Mapping[str, object]],
) -> tuple[Issue, ...]:
    """Check all group and array documents of a hierarchy, each and together.

    Parameters
    ----------
    documents
        A set of documents, or what `DocumentSet.of` takes: parsed documents by path.

    Returns
    -------
    tuple of Issue
        Not merged; make a `Report` of them to have equal ones merged and errors first.
    """
    checked = documents if isinstance(documents, DocumentSet) else DocumentSet.of(documents)
    issues = [*check_consistency(checked)]
    for metadata in checked.metadata.values():
        issues += check_form(metadata)
    for check in (check_levels, check_label_images, check_collections, check_graph, check_fields):
        issues += check(checked)
    return tuple(issues)
