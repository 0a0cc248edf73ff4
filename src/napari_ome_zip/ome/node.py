"""Recognizes documents of the next OME-Zarr: nodes of collections (RFC-8, a draft)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONTENT_OF_TODAY = ("multiscales", "plate", "well", "scene")


@dataclass(frozen=True)
class DraftNode:
    """What a node says of itself."""

    type: str
    """``collection``, ``multiscale``, or a type that is not known."""
    version: str | None
    names: tuple[str, ...]
    """Names of the nodes below it that have one."""


def draft_node(attributes: Mapping[str, Any]) -> DraftNode | None:
    """What the attributes of a group say by RFC-8; None where they are no node of it.

    A node has a ``type``, and its content in ``nodes`` or at a ``path`` (RFC-8, section "Node").
    """
    ome = attributes.get("ome")
    if not isinstance(ome, Mapping) or any(key in ome for key in _CONTENT_OF_TODAY):
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
