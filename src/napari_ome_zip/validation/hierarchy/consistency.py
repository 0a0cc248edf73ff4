"""Checks a hierarchy as a whole: one version throughout, and metadata at its root."""

from __future__ import annotations

from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import CONTENT_MISSING
from napari_ome_zip.ome.stated_version import SECTION
from napari_ome_zip.ome.versions import SPECS, known_spec
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy

INCONSISTENT = Rule(
    "version-inconsistent",
    MUST,
    SECTION,
    "All groups of a hierarchy follow the same version (since 0.5).",
    "Convert the older part to the version of the rest.",
    effect=Effect.REFUSED,
)


def check_consistency(judged: JudgedHierarchy) -> None:
    """Check that all groups follow one version, and that the root has metadata."""
    _check_same_version(judged)
    _check_root(judged)


def _check_same_version(judged: JudgedHierarchy) -> None:
    first: str | None = None
    for parsed in judged.groups.values():
        stated = parsed.namespace.stated
        spec = known_spec(stated) if isinstance(stated, str) else None
        if spec is None:
            continue
        if first is None and parsed.group.node is not None:
            return  # a node may lead to an image of any version
        first = first or spec.version
        namespaced = spec.namespaced or SPECS[first].namespaced
        if spec.version != first and namespaced:
            message = f"Version {quoted(stated)} inside a hierarchy of version {first}"
            parsed.at.report(INCONSISTENT, message)


def _check_root(judged: JudgedHierarchy) -> None:
    root = judged.groups.get("")
    if root is not None and root.namespace.has_content:
        return
    if root is None:
        # Without metadata there is no version: it is guessed from the Zarr format.
        v3 = "" in judged.nodes and judged.nodes[""].zarr_format == 3
        at = judged.missing("", SPECS["0.5" if v3 else "0.4"])
    else:
        at = root.at
    where = next((path for path in judged.groups if path), None)
    inside = f"; there are some in {quoted(where)}" if where else ""
    at.report(CONTENT_MISSING, f"No OME-Zarr image at the root of the file{inside}")
