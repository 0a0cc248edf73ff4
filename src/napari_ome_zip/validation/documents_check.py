"""Checks documents: one by itself, or all of a hierarchy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from napari_ome_zip.ome.at import Departure
from napari_ome_zip.ome.parse import CONTENT_MISSING, parse_group
from napari_ome_zip.rules import MUST, SHOULD
from napari_ome_zip.validation.hierarchy.collections import check_collections
from napari_ome_zip.validation.hierarchy.consistency import check_consistency
from napari_ome_zip.validation.hierarchy.graph import check_document_graph, check_graph
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.hierarchy.label_images import check_label_images
from napari_ome_zip.validation.hierarchy.levels import check_levels
from napari_ome_zip.validation.hierarchy.node_references import check_node_references
from napari_ome_zip.validation.hierarchy.nodes import check_nodes
from napari_ome_zip.validation.hierarchy.vector_fields import check_vector_fields
from napari_ome_zip.validation.report import Issue

_CHECKS = (
    check_consistency,
    check_levels,
    check_label_images,
    check_collections,
    check_nodes,
    check_node_references,
    check_graph,
    check_vector_fields,
)


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
    parsed = parse_group(
        attributes, path=path, zarr_format=zarr_format, assumed=version, judging=True
    )
    if not parsed.namespace.has_content:
        message = "No image, labels, plate, well, scene or series is described"
        parsed.at.report(CONTENT_MISSING, message)
    check_document_graph(parsed)
    return tuple(_issue_of_document(departure) for departure in parsed.departures.all())


def _issue_of_document(departure: Departure) -> Issue:
    issue = Issue.of(departure)
    is_error = departure.rule.is_agreement and issue.severity is MUST
    return replace(issue, severity=SHOULD) if is_error else issue


def check_hierarchy_documents(
    documents: JudgedHierarchy | Mapping[str, Mapping[str, object]],
) -> tuple[Issue, ...]:
    """Check all group and array documents of a hierarchy, each and together.

    Parameters
    ----------
    documents
        A hierarchy, or parsed documents by path, as for `JudgedHierarchy.of`.

    Returns
    -------
    tuple of Issue
        Not merged; make a `Report` of them to have equal ones merged and errors first.
    """
    judged = documents if isinstance(documents, JudgedHierarchy) else JudgedHierarchy.of(documents)
    for check in _CHECKS:
        check(judged)
    return judged.issues
