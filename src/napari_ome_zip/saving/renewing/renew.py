"""A file as one of a newer version of OME-Zarr that holds the same chunks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import DOCUMENT_NAMES, is_zarr_json
from napari_ome_zip.ome import OmeGroup, parse_group, to_attributes
from napari_ome_zip.ome.versions import SPECS, Spec
from napari_ome_zip.saving.original.carrying import ROOT
from napari_ome_zip.saving.original.merging import LABELS, merged_attributes
from napari_ome_zip.saving.original.stored import StoredLevel
from napari_ome_zip.saving.renewing.arrays import CHUNKS, renewed_array, renewed_chunk_names
from napari_ome_zip.saving.renewing.documents import (
    CannotRenewError,
    group_document,
    images_of,
    renewed_group,
)
from napari_ome_zip.storage import RenamedStore
from napari_ome_zip.storage.hierarchy import Node, join

_COPIES_OF_DOCUMENTS = (".zmetadata", "zmetadata")


def renewed(opened: Opened, version: str) -> Opened | None:
    """Return a file with its documents in a newer version of OME-Zarr, and the same chunks.

    Plates, wells, series and lists of labels stay what they are. Groups and arrays that OME-Zarr
    says nothing of stay as they are, of Zarr v2 too.

    Parameters
    ----------
    opened : Opened
        A file of an older version of OME-Zarr; one of Zarr v2 may have images of several.
    version : str
        One that is written.

    Returns
    -------
    Opened or None
        Its chunks are read from the same file. None where the version is no newer one, or has no
        place for something in the file.
    """
    known = _known.setdefault(opened, {})
    if version not in known:
        try:
            known[version] = _renewed(opened, SPECS[version])
        except (CannotRenewError, OmeZipError):
            known[version] = None
    return known[version]


_known: WeakKeyDictionary[Opened, dict[str, Opened | None]] = WeakKeyDictionary()
"""Results by file: a form asks what would be written whenever something in it changes."""


@dataclass
class _Renewal:
    """What becomes of a file, as far as it was gone through."""

    documents: dict[str, bytes] = field(default_factory=dict)
    arrays: dict[str, StoredLevel] = field(default_factory=dict)
    """Arrays of Zarr v2 that become ones of Zarr v3, by their paths."""


def _renewed(opened: Opened, spec: Spec) -> Opened | None:
    if not _is_newer(opened, spec):
        return None
    renewal = _Renewal()
    for path in opened.store.group_paths():
        try:
            node = opened.hierarchy.node(path)
            if node is not None and node.kind == "group":
                _renew(renewal, opened, node, spec)
        except (CannotRenewError, OmeZipError):
            if _leads_to_shown(opened, path):
                raise  # others stay as they are, such as a field of view whose pixels are missing
    _add_lists_of_labels(renewal, opened, spec)
    _add_groups_above(renewal, opened)
    if ROOT not in renewal.documents:
        raise CannotRenewError
    store = RenamedStore(opened.store, _names(renewal, opened), renewal.documents)
    return replace(opened, store=store)


def _is_newer(opened: Opened, spec: Spec) -> bool:
    """Whether a file is of an older version of OME-Zarr, or of Zarr."""
    groups = [found.group for found in opened.images.values()]
    versions, formats = {g.version for g in groups}, {g.zarr_format for g in groups}
    order = [version for version, known in SPECS.items() if not known.is_draft]
    if len(formats) != 1 or not {*versions, spec.version} <= {*order}:
        return False
    steps = [order.index(spec.version) - order.index(version or "") for version in versions]
    if formats == {3}:
        return len(steps) == 1 and steps[0] > 0
    # A file of both formats may be read otherwise by the next program.
    return min(steps) >= 0 and not any(map(is_zarr_json, opened.sizes))


def _renew(renewal: _Renewal, opened: Opened, node: Node, spec: Spec) -> None:
    document = renewed_group(opened, node, spec)
    if document is None:
        return
    renewal.documents[_in(node.path)] = document
    try:
        levels = [*_renewed_levels(opened, node)]
    except CannotRenewError:
        if node.path in opened.shown:
            raise
        return
    for level, array in levels:
        renewal.documents[_in(level.path)] = array
        renewal.arrays[level.path] = level


def _renewed_levels(opened: Opened, node: Node) -> Iterator[tuple[StoredLevel, bytes]]:
    group = parse_group(node.attributes, path=node.path, zarr_format=node.zarr_format).group
    for image in images_of(opened, group) if node.zarr_format == 2 else ():
        names = [axis.name for axis in image.model.axes]
        for level in image.levels:
            document = renewed_array(level.array, names)
            if document is None:
                raise CannotRenewError
            yield level, document


def _leads_to_shown(opened: Opened, path: str) -> bool:
    inside = f"{path}/" if path else ""
    return any(shown == path or shown.startswith(inside) for shown in opened.shown)


def _add_lists_of_labels(renewal: _Renewal, opened: Opened, spec: Spec) -> None:
    """List label images where nothing does: versions since 0.5 want that, and 0.4 does not."""
    unlisted: dict[str, list[str]] = defaultdict(list)
    for path, found in opened.images.items():
        folder = join(found.image or "", LABELS) or LABELS
        is_inside = found.image is not None and path.startswith(f"{folder}/")
        if is_inside and _in(folder) not in renewal.documents:
            unlisted[folder].append(path.removeprefix(f"{folder}/"))
    for folder, names in unlisted.items():
        node = opened.hierarchy.node(folder)
        group = OmeGroup(version=spec.version, labels=tuple(names))
        attributes = to_attributes(group, spec.version)
        there = {} if node is None else node.attributes
        renewal.documents[_in(folder)] = group_document(merged_attributes(there, attributes))


def _add_groups_above(renewal: _Renewal, opened: Opened) -> None:
    """Add the groups that lead to those of OME-Zarr, such as the rows of a plate."""
    for name in list(renewal.documents):
        path = name.rpartition("/")[0]
        while path:
            path = path.rpartition("/")[0]
            if _in(path) not in renewal.documents:
                node = opened.hierarchy.node(path)
                if node is None or node.zarr_format == 2:
                    attributes = {} if node is None else dict(node.attributes)
                    renewal.documents[_in(path)] = group_document(attributes)


def _names(renewal: _Renewal, opened: Opened) -> Mapping[str, str]:
    """The entries that stay, in the order in which they lie, by the names that they get."""
    names: dict[str, str] = {}
    below: dict[str, list[str]] = defaultdict(list)
    for name in opened.sizes:
        folder, _, last = name.rpartition("/")
        is_replaced = _in(folder) in renewal.documents
        if is_replaced and (last in DOCUMENT_NAMES or last in _COPIES_OF_DOCUMENTS):
            continue
        array = _array_above(name, renewal)
        if array is None:
            names[name] = name
        else:
            below[array].append(name.removeprefix(f"{array}/" if array else ""))
    for path, inside in below.items():
        chunks = {old: new for new, old in renewed_chunk_names(renewal.arrays[path].array, inside)}
        prefix = f"{path}/" if path else ""
        for name in inside:
            if name in chunks or not name.startswith(CHUNKS):  # where it would be taken for one
                names[prefix + chunks.get(name, name)] = prefix + name
    return names


def _array_above(name: str, renewal: _Renewal) -> str | None:
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in renewal.arrays:
            return folder
    return None


def _in(folder: str) -> str:
    return f"{folder}/{ROOT}" if folder else ROOT
