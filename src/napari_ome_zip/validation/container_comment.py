"""Checks on the archive's comment (RFC-9, S6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from napari_ome_zip.archive import rules
from napari_ome_zip.findings import listed
from napari_ome_zip.ome.json_values import described, is_object
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue

_MEANT: Mapping[str, Any] = {
    "ome": {"version": {}, "zipFile": {"centralDirectory": {"jsonFirst": {}}}}
}
"""All fields of a comment that RFC-9 gives a meaning."""
_SHOWN = 4
_MAJOR_MINOR = re.compile(r"(\d+\.\d+).*", re.DOTALL)


def comment_version(comment: bytes) -> str | None:
    """Return the version in an archive's comment, None where it has none."""
    version = _value(_parsed(comment), "version")
    return version if isinstance(version, str) else None


def check_comment(comment: bytes) -> Iterator[Issue]:
    """Check the comment by itself.

    S6: the comment is UTF-8 JSON that holds at least ``{"ome": {"version": "X.Y"}}``.
    """
    if not comment.strip(b"\0"):
        yield issue(
            rules.COMMENT_MISSING, "The archive has no comment that says which OME-Zarr is inside"
        )
        return
    parsed = _parsed(comment)
    if parsed is None:
        yield issue(rules.COMMENT_FORM, f"The comment is not JSON: {_shown(comment)}")
        return
    if comment.endswith(b"\0"):
        message = "The comment is padded with zeros, so other programs cannot read it as JSON"
        yield issue(rules.COMMENT_FORM, message)
    version = _value(parsed, "version")
    if version is None:
        yield issue(rules.COMMENT_VERSION, "The comment does not give the version of OME-Zarr")
    elif not isinstance(version, str):
        message = f"The comment gives the version as {described(version)}, a string is expected"
        yield issue(rules.COMMENT_VERSION, message)
    promise = _value(parsed, "zipFile", "centralDirectory", "jsonFirst")
    if promise is not None and not isinstance(promise, bool):
        message = f"The comment's jsonFirst is {described(promise)}, true or false is expected"
        yield issue(rules.COMMENT_JSON_FIRST, message)
    foreign = [*_foreign(parsed, _MEANT)]
    if foreign:
        message = f"The comment holds what RFC-9 gives no meaning: {listed(foreign, _SHOWN)}"
        yield issue(rules.COMMENT_FOREIGN, message, count=len(foreign))


def _foreign(value: object, meant: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the fields of a comment that have no meaning, as they lie in one another."""
    for key, inner in value.items() if is_object(value) else ():
        if key not in meant:
            yield above + key
        else:
            yield from _foreign(inner, meant[key], f"{above}{key}.")


def check_comment_version(comment: bytes, stated: str | None) -> Iterator[Issue]:
    """Check that the comment gives the version of the metadata."""
    version = comment_version(comment)
    if version is None or stated is None:
        return
    # The comment's version is X.Y, also where the metadata are of a development version.
    if version != stated and version != _MAJOR_MINOR.sub(r"\1", stated):
        message = f"The comment says OME-Zarr {version}, the metadata say {stated}"
        yield issue(rules.COMMENT_DIFFERS, message)


def _parsed(comment: bytes) -> object:
    """Return the JSON value of a comment; None where it is not JSON, or null."""
    try:
        return json.loads(comment.rstrip(b"\0").decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _value(parsed: object, *keys: str) -> object:
    for key in ("ome", *keys):
        if not isinstance(parsed, dict):
            return None
        parsed = parsed.get(key)
    return parsed


def _shown(comment: bytes) -> str:
    text = comment[:40].decode("utf-8", "replace")
    return repr(text) + ("…" if len(comment) > 40 else "")
