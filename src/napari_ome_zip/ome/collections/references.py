"""Reads paths to nodes, and references to what has an id."""

from __future__ import annotations

import re
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.node import JSON, ZARR, NodePath, NodeReference
from napari_ome_zip.ome.json_values import described, found_in, is_name, quoted, string
from napari_ome_zip.rules import MUST, Effect, Rule

PATHS = "RFC-8: Path interface"
REFERENCES = "RFC-8: Reference interface"

PATH_INVALID = Rule(
    "node-path-invalid",
    MUST,
    PATHS,
    "A path is an object with a type and a path, both strings.",
    'Write {"type": "zarr", "path": "./image"} for a group or an array, and "json" for a document.',
    effect=Effect.NOT_SHOWN,
)
PATH_KIND = Rule(
    "node-path-kind-unknown",
    MUST,
    PATHS,
    'The type of a path is "zarr" or "json", or has the prefix of the program that defines it.',
    'Write "zarr" for a group or an array, "json" for a document.',
    effect=Effect.NOT_SHOWN,
)
REFERENCE_INVALID = Rule(
    "node-reference-invalid",
    MUST,
    REFERENCES,
    "A reference is an object with an id, and with a path where the id lies in another document.",
    'Write {"id": "raw"}, with the id of what is meant.',
    effect=Effect.PLACE,
)
ID_INVALID = Rule(
    "node-id-invalid",
    MUST,
    "RFC-8: Node",
    "An id is a string of letters, digits, hyphens, underscores and full stops.",
    'Write an id of these characters, for instance "raw_0", and use the same in references to it.',
    effect=Effect.REFUSED,
)
OLDER_FORM = Rule(
    "node-older-form",
    MUST,
    "RFC-8: abstract structure",
    "Nodes, paths and references are written as the draft of August 2026 has them.",
    "Write the file again with a program that follows this draft.",
    effect=Effect.REFUSED,
)

_ID = re.compile(r"[a-zA-Z0-9\-_.]+")


def older_form(found: str, done: str, at: At) -> None:
    """Report a form of earlier drafts, or of their examples, that is understood all the same."""
    at.report(OLDER_FORM, found, done, harmless=True)


def read_id(value: dict[str, Any], at: At, *, needed: bool) -> str | None:
    """Read the ``id`` of an object.

    Parameters
    ----------
    value
        The object.
    at
        Its place.
    needed
        Whether the object must have one.
    """
    written = value.get("id")
    if written is None and not needed:
        if "id" in value:
            at.key("id").report(ID_INVALID, f"Id is {described(written)}")
        return None
    if not isinstance(written, str) or _ID.fullmatch(written) is None:
        at.key("id").report(ID_INVALID, f"Id is {found_in(value, 'id')}")
    return string(written)


def read_path(value: Any, at: At) -> NodePath | None:
    """Read a path; None, which is reported, where there is no usable one."""
    if is_name(value):
        guessed = JSON if value.endswith(".json") else ZARR
        older_form("A path is a bare string", f"it is taken for one of type {guessed}", at)
        return NodePath(guessed, value)
    if not isinstance(value, dict):
        found = f"Path is {described(value)}, not an object"
        at.report(PATH_INVALID, found, "there is nothing to open")
        return None
    path, kind = value.get("path"), value.get("type")
    if not is_name(path):
        found = f"Path without a path: found {found_in(value, 'path')}"
        at.report(PATH_INVALID, found, "there is nothing to open")
        return None
    if not is_name(kind):
        guessed = JSON if path.endswith(".json") else ZARR
        found = f"Path without a type: found {found_in(value, 'type')}"
        at.report(PATH_INVALID, found, f"it is taken for {guessed}")
        return NodePath(guessed, path)
    if kind not in (ZARR, JSON) and ":" not in kind:
        at.report(PATH_KIND, f"Type of a path is {quoted(kind)}, not zarr or json")
    return NodePath(kind, path)


def read_reference(value: Any, at: At, done: str) -> NodeReference | None:
    """Read a reference; None, which is reported, where there is no usable one.

    Parameters
    ----------
    value
        Any JSON value.
    at
        Its place.
    done
        What is done where it cannot be used.
    """
    if is_name(value):
        older_form("A reference is a bare string", "it is taken for an id", at)
        return NodeReference(value, at=at)
    if not isinstance(value, dict):
        found = f"Reference is {described(value)}, not an object"
        at.report(REFERENCE_INVALID, found, done)
        return None
    if "id" not in value:
        value = _older_reference(value, at)
    written = string(value.get("id"))
    if written is None:
        found = f"Reference without an id: found {found_in(value, 'id')}"
        at.report(REFERENCE_INVALID, found, done)
        return None
    if not isinstance(value.get("id"), str) or _ID.fullmatch(written) is None:
        at.key("id").report(ID_INVALID, f"Id is {found_in(value, 'id')}")
    path = value.get("path")
    return NodeReference(written, None if path is None else read_path(path, at.key("path")), at)


def _older_reference(value: dict[str, Any], at: At) -> dict[str, Any]:
    """Return a reference with what earlier drafts call ``ref`` as its id."""
    for name in ("ref", "$ref"):
        inner: Any = value.get(name)
        if isinstance(inner, dict):
            value = {**value, **inner}
            inner = inner.get("id")
        if is_name(inner):
            older_form(f'A reference gives "{name}" in place of "id"', "it is read as the id", at)
            return {**value, "id": inner}
    return value
