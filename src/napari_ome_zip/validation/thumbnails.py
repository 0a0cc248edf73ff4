"""Checks the thumbnails that groups and arrays list, and the pictures that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zarr.abc.store import RangeByteRequest

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.rules import INFO, SHOULD, Effect, Location, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Node
from napari_ome_zip.thumbnails.convention import (
    NOT_SMALL,
    SECTION,
    THUMBNAILS,
    Thumbnail,
    is_small,
    stated_thumbnails,
)
from napari_ome_zip.thumbnails.picture_facts import PictureFacts, picture_facts
from napari_ome_zip.thumbnails.stored import MAX_EDGE, MAX_PICTURE_BYTES
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue

_HEAD = 1 << 14
"""First bytes of a picture that mostly say how large it is (16 KiB)."""

MISSING = Rule(
    "thumbnail-missing",
    SHOULD,
    SECTION,
    "The picture of a thumbnail lies where its path leads.",
    "Write the thumbnail again, or take it out of the list.",
    effect=Effect.DETAIL,
)
UNREADABLE = Rule(
    "thumbnail-unreadable",
    SHOULD,
    SECTION,
    "A thumbnail is a picture that programs can read.",
    "Write the thumbnail again.",
    effect=Effect.DETAIL,
)
SIZE_DIFFERS = Rule(
    "thumbnail-size-differs",
    SHOULD,
    SECTION,
    "A thumbnail has the width and the height that are stated.",
    "State the size of the picture, or write the thumbnail again.",
    effect=Effect.DETAIL,
)
TYPE_DIFFERS = Rule(
    "thumbnail-type-differs",
    SHOULD,
    SECTION,
    "A thumbnail is of the media type that is stated.",
    "State the type of the picture, or write the thumbnail again.",
    effect=Effect.DETAIL,
)
TOO_LARGE = Rule(
    "thumbnail-too-large",
    INFO,
    SECTION,
    f"A thumbnail has at most {readable_size(MAX_PICTURE_BYTES)}, and {MAX_EDGE} pixels an edge.",
    "Write a smaller one: previews leave this one alone.",
    effect=Effect.NONE,
)


def check_stated_thumbnails(attributes: Mapping[str, Any], entry: str) -> tuple[Issue, ...]:
    """Check what the attributes of one group or array say of thumbnails.

    Parameters
    ----------
    attributes : mapping
    entry : str
        Name of the document that they stand in.
    """
    return tuple(_stated(attributes, entry)[1])


def check_thumbnails(store: HierarchyStore, nodes: Mapping[str, Node]) -> Iterator[Issue]:
    """Check the thumbnails of all groups and arrays: what is said of them, and the pictures.

    Each picture is looked at once, mostly at its first bytes, and at 4 MiB at most; nothing is
    fetched from a ``url``.

    Parameters
    ----------
    store : HierarchyStore
    nodes : mapping of str to Node
        All groups and arrays by their paths.

    Notes
    -----
    The Zarr convention "thumbnails", version 1.
    """
    pictures = _Pictures(store)
    for path, node in nodes.items():
        if THUMBNAILS not in node.attributes:
            continue
        entry = _document_of(node)
        thumbnails, issues = _stated(node.attributes, entry)
        yield from issues
        yield from _check_pictures(pictures, path, entry, thumbnails)


def thumbnail_entries(nodes: Mapping[str, Node]) -> frozenset[str]:
    """Return the names of the entries that are thumbnails of any group or array."""
    return frozenset(
        f"{path}/{each.path}" if path else each.path
        for path, node in nodes.items()
        for each in stated_thumbnails(node.attributes)
        if each.path is not None
    )


def _document_of(node: Node) -> str:
    name = "zarr.json" if node.zarr_format == 3 else ".zattrs"
    return f"{node.path}/{name}" if node.path else name


def _stated(
    attributes: Mapping[str, Any], entry: str
) -> tuple[tuple[Thumbnail, ...], Sequence[Issue]]:
    issues: list[Issue] = []

    def report(rule: Rule, parts: tuple[str | int, ...], found: str) -> None:
        issues.append(_issue(rule, found, entry, *parts))

    return stated_thumbnails(attributes, report), issues


def _issue(rule: Rule, found: str, entry: str, *parts: str | int) -> Issue:
    return replace(issue(rule, found, entry), location=Location(entry).at(*parts))


def _check_pictures(
    pictures: _Pictures, path: str, entry: str, thumbnails: Sequence[Thumbnail]
) -> Iterator[Issue]:
    small = False
    for thumbnail in thumbnails:
        if thumbnail.path is None:
            # What lies elsewhere is not fetched: it may be the small one.
            small = small or _may_be_small(thumbnail)
            continue
        name = f"{path}/{thumbnail.path}" if path else thumbnail.path
        at = (THUMBNAILS, thumbnail.number)
        nbytes = pictures.size_of(name)
        if nbytes is None:
            yield _issue(MISSING, f"There is no {name!r}, which a thumbnail names", entry, *at)
            continue
        if nbytes > MAX_PICTURE_BYTES:
            found = f"The thumbnail {name!r} has {readable_size(nbytes)}"
            yield _issue(TOO_LARGE, found, entry, *at)
            continue
        facts = pictures.facts(name)
        if facts is None:
            found = f"{name!r}, which a thumbnail names, is no PNG, JPEG, WebP or GIF picture"
            yield _issue(UNREADABLE, found, entry, *at)
            continue
        small = small or is_small(facts.width, facts.height, nbytes)
        yield from _compare(thumbnail, facts, name, entry)
    if thumbnails and not small:
        yield _issue(NOT_SMALL, "None of the thumbnails is a small one", entry, THUMBNAILS)


def _may_be_small(thumbnail: Thumbnail) -> bool:
    return is_small(thumbnail.width or 0, thumbnail.height or 0, 0)


class _Pictures:
    """Entries that are named as pictures: a list may name one of them a million times."""

    def __init__(self, store: HierarchyStore) -> None:
        self._store = store
        self._known: dict[str, PictureFacts | None] = {}

    def size_of(self, name: str) -> int | None:
        """Size in bytes; None where there is no such entry."""
        return self._store.size_of(name)

    def facts(self, name: str) -> PictureFacts | None:
        """What it is; None for no picture, or where it cannot be read, as a deep check reports."""
        if name not in self._known:
            self._known[name] = self._look(name, _HEAD) or self._look(name, MAX_PICTURE_BYTES)
        return self._known[name]

    def _look(self, name: str, nbytes: int) -> PictureFacts | None:
        try:
            data = self._store.read(name, RangeByteRequest(0, nbytes))
        except (OmeZipError, OSError):
            return None
        return None if data is None else picture_facts(bytes(data))


def _compare(thumbnail: Thumbnail, facts: PictureFacts, name: str, entry: str) -> Iterator[Issue]:
    at = (THUMBNAILS, thumbnail.number)
    if max(facts.width, facts.height) > MAX_EDGE:
        found = f"The thumbnail {name!r} has {facts.width} × {facts.height} pixels"
        yield _issue(TOO_LARGE, found, entry, *at)
    stated = thumbnail.width or facts.width, thumbnail.height or facts.height
    if stated != (facts.width, facts.height):
        found = (
            f"{name!r} has {facts.width} × {facts.height} pixels, "
            f"{stated[0]} × {stated[1]} are stated"
        )
        yield _issue(SIZE_DIFFERS, found, entry, *at)
    if thumbnail.media_type not in (None, facts.media_type):
        found = f"{name!r} is of the type {facts.media_type}, {thumbnail.media_type} is stated"
        yield _issue(TYPE_DIFFERS, found, entry, *at)
