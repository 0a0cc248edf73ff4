"""Which thumbnails of a file are still true, and whether it gets a new one.

A thumbnail says what an image looked like when it was made. Where nothing changed that is seen,
it stays byte for byte, whoever made it; else it would lie, and goes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_ome_zip.errors import DamagedEntryError, OmeZipError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.own_thumbnail import NOT_MADE, free_name
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.carrying import ROOT, Copy, consolidated
from napari_ome_zip.saving.original.removed import MAX_NAMED, part_paths, removed
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.storage.json_writing import to_json
from napari_ome_zip.thumbnails.convention import (
    THUMBNAILS,
    stated_thumbnails,
    why_not_stated,
    with_entries,
)
from napari_ome_zip.thumbnails.picture_facts import picture_facts
from napari_ome_zip.thumbnails.stored import MAX_PICTURE_BYTES, read_thumbnail

OUTDATED = "thumbnail-outdated"
"""Code of the finding on thumbnails that other programs made and that are no longer true."""

_KEY = f'"{THUMBNAILS}"'.encode()


def settle_thumbnails(plan: SavePlan, image: CompositeImage, options: SaveOptions) -> SavePlan:
    """Decide which thumbnails stay, and whether one is made.

    Parameters
    ----------
    plan : SavePlan
        Everything else.
    image : CompositeImage
        What is saved.
    options : SaveOptions

    Returns
    -------
    SavePlan
        Without thumbnails that are no longer true; those made by others are in ``lost``.
    """
    listings = {
        name: parsed
        for name, raw in plan.documents.items()
        if _KEY in raw and (parsed := _parsed(raw)) is not None
    }
    opened = image.opened
    changed = None if opened is None else _changed(image, opened)
    settled = _Settled()
    if opened is not None and listings:
        names = {*plan.documents, *plan.extras, *(copy.name for copy in plan.copies)}
        settled.damaged = _own_damaged(plan, opened, listings.get(ROOT))
        for name, document in listings.items():
            stale = bool(changed) and _is_stale(name, plan, opened, changed or set())
            settled.look_at(name, document, names, stale=stale)
        plan = _without(plan, opened, settled)
    if options.thumbnail and not _has_picture(plan, settled):
        plan = _with_new_one(plan)
    return _with_pictures_last(plan, settled)


def _has_picture(plan: SavePlan, settled: _Settled) -> bool:
    """Whether there is a true picture of the whole that previews will find."""
    return bool(settled.at_root) and read_thumbnail(_Planned(plan)) is not None


class _Planned:
    """Entries of a plan that are not encoded, as a thumbnail is read from them."""

    def __init__(self, plan: SavePlan) -> None:
        self._written = {**plan.documents, **plan.extras}
        self._sources = {copy.name: copy.source for copy in plan.copies}
        self._store = plan.origin

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        if key in self._written:
            return len(self._written[key])
        source = self._sources.get(key)
        return None if source is None or self._store is None else self._store.size_of(source)

    def read(self, key: str) -> bytes | memoryview | None:
        # docstring inherited
        if key in self._written:
            return self._written[key]
        source = self._sources.get(key)
        return None if source is None or self._store is None else self._store.read(source)


def _with_new_one(plan: SavePlan) -> SavePlan:
    """The plan with a thumbnail that is made, or why none can be."""
    problem = why_not_stated(json.loads(plan.documents[ROOT]).get("attributes") or {})
    if problem is None:
        return replace(plan, thumbnail=free_name(set(_names_at_root(plan))))
    told = Finding(NOT_MADE, "", f"The file gets no thumbnail: {problem}.")
    return replace(plan, lost=(*plan.lost, told))


@dataclass
class _Settled:
    """What becomes of the thumbnails of a file."""

    damaged: frozenset[str] = frozenset()
    """Entries that were made here and cannot be read any more."""
    documents: dict[str, bytes] = field(default_factory=dict)
    """Those that list others than before."""
    kept: set[str] = field(default_factory=set)
    """Entries that are thumbnails of something still."""
    gone: set[str] = field(default_factory=set)
    """Entries that something named as thumbnails, and no longer does."""
    foreign: list[str] = field(default_factory=list)
    """What others had made of these."""
    at_root: list[str] = field(default_factory=list)
    """Entries that are thumbnails of the whole."""

    def look_at(
        self, name: str, document: dict[str, Any], names: Collection[str], *, stale: bool
    ) -> None:
        """Sort the thumbnails that a document lists."""
        attributes = document["attributes"]
        folder = name.removesuffix(ROOT)
        listed = attributes[THUMBNAILS]
        dropped = set()
        for each in stated_thumbnails(attributes):
            entry = None if each.path is None else folder + each.path
            if stale or (entry is not None and (entry not in names or entry in self.damaged)):
                dropped.add(each.number)
                if entry is not None:
                    self.gone.add(entry)
                if not each.is_ours:
                    self.foreign.append(entry or f"one elsewhere, of {folder or 'the whole'}")
            elif entry is not None:
                self.kept.add(entry)
                if not folder:
                    self.at_root.append(entry)
        if dropped:
            rest = [entry for number, entry in enumerate(listed) if number not in dropped]
            changed = {**document, "attributes": with_entries(attributes, rest)}
            self.documents[name] = to_json(changed)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """A document that lists thumbnails; None for any other."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    attributes = found.get("attributes") if isinstance(found, dict) else None
    if not isinstance(attributes, dict) or not isinstance(attributes.get(THUMBNAILS), list):
        return None
    return dict(found)


def _changed(image: CompositeImage, opened: Opened) -> set[str]:
    """Paths of the groups of the file that look otherwise now, the root for whatever is new."""
    found = set(removed(image, opened))
    for part in image.parts:
        kept = part.kept
        if kept is None:
            of_image = (part.image_path or "") if isinstance(part, PlacedLabels) else ""
            found.add(of_image if of_image in opened.images else "")
        elif not (kept.pixels and kept.place and kept.look and kept.shown):
            found.update(part_paths(part))
        elif not kept.order:
            found.add("")
    return found


def _is_stale(name: str, plan: SavePlan, opened: Opened, changed: Collection[str]) -> bool:
    """Whether thumbnails that a document lists show what is no longer so; something changed."""
    path = name.removesuffix(ROOT).removesuffix("/")
    if not path:
        return True
    if plan.layout != "kept":
        # Where a group came from is not known any more; one that nobody touched stays true.
        return plan.documents[name] != _as_it_was(opened, name)
    rewritten = {array.path for array in plan.arrays}
    return path in rewritten or any(p == path or p.startswith(f"{path}/") for p in changed)


def _own_damaged(plan: SavePlan, opened: Opened, root: Mapping[str, Any] | None) -> frozenset[str]:
    """Pictures at the root that were made here and are damaged: no save shall end with them."""
    stated = () if root is None else stated_thumbnails(root["attributes"])
    own = {each.path for each in stated if each.is_ours and "/" not in (each.path or "/")}
    return frozenset(
        copy.name
        for copy in plan.copies
        if copy.name in own and copy.nbytes <= MAX_PICTURE_BYTES and _is_damaged(copy, opened)
    )


def _is_damaged(copy: Copy, opened: Opened) -> bool:
    try:
        opened.store.read(copy.source)
    except DamagedEntryError:
        return True
    return False


def _as_it_was(opened: Opened, name: str) -> bytes | None:
    try:
        found = opened.store.read(name)
    except (OmeZipError, OSError):
        return None
    return None if found is None else bytes(found)


def _without(plan: SavePlan, opened: Opened, settled: _Settled) -> SavePlan:
    """The plan without pictures that are thumbnails of nothing any more."""
    arrays = _arrays(plan.documents)
    copies = tuple(
        copy
        for copy in plan.copies
        if copy.name not in settled.gone - settled.kept
        or not (copy.name in settled.damaged or _is_picture(copy, opened, arrays))
    )
    lost = plan.lost
    if settled.foreign:
        named = ", ".join(f"'{each}'" for each in settled.foreign[:MAX_NAMED])
        more = len(settled.foreign) - MAX_NAMED
        text = (
            f"Thumbnails of {opened.store.name} that another program made show what is no longer "
            f"so, and are left out: {named}{f' and {more} more' if more > 0 else ''}."
        )
        lost = (*lost, Finding(OUTDATED, "", text))
    documents = plan.documents | settled.documents
    if ROOT in documents:
        documents[ROOT] = consolidated(documents, settled.documents)
    return replace(plan, documents=documents, copies=copies, lost=lost)


def _arrays(documents: Mapping[str, bytes]) -> frozenset[str]:
    """Folders of the arrays, as far as thumbnails may lie in them."""
    return frozenset(
        name.removesuffix(ROOT) for name, raw in documents.items() if b'"chunk_grid"' in raw
    )


def _is_picture(copy: Copy, opened: Opened, arrays: Collection[str]) -> bool:
    """Whether an entry is nothing but a picture: whoever names chunks so must not lose them."""
    folder, slash, _ = copy.name.rpartition("/")
    while slash:
        if f"{folder}/" in arrays:
            return False
        folder, slash, _ = folder.rpartition("/")
    if copy.nbytes > MAX_PICTURE_BYTES:
        return False
    try:
        found = opened.store.read(copy.source)
    except (OmeZipError, OSError):
        return False
    return found is not None and picture_facts(bytes(found)) is not None


def _names_at_root(plan: SavePlan) -> Iterator[str]:
    for name in (*plan.documents, *plan.extras, *(copy.name for copy in plan.copies)):
        yield name.partition("/")[0].lower()
    for array in plan.arrays:
        yield array.path.partition("/")[0].lower()


def _with_pictures_last(plan: SavePlan, settled: _Settled) -> SavePlan:
    """The plan with pictures of the whole beside the directory, where one read fetches both."""
    last = frozenset(settled.at_root)
    if not last:
        return plan
    return replace(plan, copies=tuple(sorted(plan.copies, key=lambda copy: copy.name in last)))
