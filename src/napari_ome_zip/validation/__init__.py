"""Check an OME-Zarr: which rules it breaks, where, and what to do about it."""

from __future__ import annotations

from napari_ome_zip.rules import Location, Rule, Severity
from napari_ome_zip.validation.documents_check import (
    check_group_attributes,
    check_hierarchy_documents,
)
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.profiles import PROFILES, Profile
from napari_ome_zip.validation.registry import RULES
from napari_ome_zip.validation.report import Issue, Report, aggregate

__all__ = [
    "PROFILES",
    "RULES",
    "Issue",
    "JudgedHierarchy",
    "Location",
    "Profile",
    "Report",
    "Rule",
    "Severity",
    "aggregate",
    "check_group_attributes",
    "check_hierarchy_documents",
]
