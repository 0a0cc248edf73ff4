"""Recognizes nodes of collections, which a later OME-Zarr may have (RFC-8, a draft)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_RELEASED_CONTENT = ("multiscales", "plate", "well", "scene")


@dataclass(frozen=True)
class DraftNode:
    """A node of a collection, as its document describes it."""

    type: str
    """``collection``, ``multiscale``, or an unknown type."""
    version: str | None
    names: tuple[str, ...]
    """Names of its child nodes, as far as they have one."""


def draft_node(attributes: Mapping[str, Any]) -> DraftNode | None:
    """Return the node that the attributes of a group describe; None where they are not one.

    A node has a ``type``, and its content in ``nodes`` or at a ``path`` (RFC-8, section "Node").
    """
    ome = attributes.get("ome")
    if not isinstance(ome, Mapping) or any(key in ome for key in _RELEASED_CONTENT):
        return None
    kind, version, nodes = ome.get("type"), ome.get("version"), ome.get("nodes")
    if not isinstance(kind, str) or not ("nodes" in ome or "path" in ome):
        return None
    listed = nodes if isinstance(nodes, list) else []
    names = [node.get("name") for node in listed if isinstance(node, Mapping)]
    return DraftNode(
        kind,
        version if isinstance(version, str) else None,
        tuple(name for name in names if isinstance(name, str)),
    )
