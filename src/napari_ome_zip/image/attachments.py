"""What a file holds beside its images: tables, OME-XML, crates, and whatever else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.mosaic_array import MosaicArray
from napari_ome_zip.image.napari_group import GROUP, is_napari_group
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.ome import parse_group
from napari_ome_zip.pixels.source import AnySource, PixelSource
from napari_ome_zip.storage.hierarchy import Node, join, natural_key
from napari_ome_zip.thumbnails.convention import stated_thumbnails


class Form(StrEnum):
    """What something beside the images is."""

    ENTRY = "file"
    GROUP = "group"
    ARRAY = "array"


@dataclass(frozen=True)
class Attachment:
    """An entry, group or array that belongs to no image."""

    path: str
    name: str
    """Its path below what holds it."""
    form: Form
    size: int
    """Bytes that it takes in the file, with all that it holds."""
    is_table: bool = False
    held: tuple[Attachment, ...] = ()
    table: Table | None = None
    """What is known of it where it is a table that is recognized."""
    is_thumbnail: bool = False
    """Whether it is a picture of the whole, as the file says."""

    @property
    def title(self) -> str:
        """What it is called for a person: by its kind, where its name does not tell."""
        if self.is_thumbnail:
            return f"Thumbnail ({self.name})"
        return _TITLES.get(self.path.rpartition("/")[2].lower(), self.name)


_TITLES = {
    "metadata.ome.xml": "OME-XML (METADATA.ome.xml)",
    "ro-crate-metadata.json": "RO-Crate (ro-crate-metadata.json)",
}


@dataclass
class _Folder:
    form: Form
    size: int = 0
    is_table: bool = False
    held: dict[str, _Folder] = field(default_factory=dict)


def find_attachments(opened: Opened, parts: Iterable[PlacedPart]) -> tuple[Attachment, ...]:
    """List what belongs to no image; takes a while where a file has very many entries.

    Parameters
    ----------
    opened : Opened
    parts : iterable of PlacedPart
        What is shown of it.
    """
    levels = _Levels(opened, parts)
    leading = _leading(opened.shown)
    entries: dict[str, int] = {}
    for name, size in opened.sizes.items():
        folder, _, base = name.rpartition("/")
        is_leading = base in DOCUMENT_NAMES and folder in leading
        if not is_leading and not levels.hold(folder):
            entries[name] = size
    found = _nodes(opened, entries)
    nodes = {path: node for path, node in found.items() if not _is_known(path, found)}
    others = {name: n for name, n in entries.items() if not _is_known_entry(name, found)}
    return _Tree(opened.tables, _thumbnails(opened)).of(others, nodes)


def _thumbnails(opened: Opened) -> frozenset[str]:
    """Entries that the root names as pictures of the whole."""
    node = _node(opened, "")
    stated = () if node is None else stated_thumbnails(node.attributes)
    return frozenset(each.path for each in stated if each.path is not None)


class _Levels:
    """The arrays that are levels of images.

    Those of what is shown are known; documents are read only of groups that hold something else.
    """

    def __init__(self, opened: Opened, parts: Iterable[PlacedPart]) -> None:
        self._opened = opened
        self._paths = {path for part in parts for source in part.sources for path in _paths(source)}
        self._paths.discard("")
        self._read: set[str] = set()
        self._known: dict[str, bool] = {}

    def hold(self, folder: str) -> bool:
        """Whether a folder lies in a level."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._is_below(folder) or self._is_listed(folder)
        return known

    def _is_below(self, folder: str) -> bool:
        while folder:
            if folder in self._paths:
                return True
            folder = folder.rpartition("/")[0]
        return False

    def _is_listed(self, folder: str) -> bool:
        """Whether it is in a level by the document of the image that it may be in."""
        group = folder
        while group and group not in self._opened.shown:
            group = group.rpartition("/")[0]
        if group in self._read or group not in self._opened.shown:
            return False
        self._read.add(group)
        self._paths.update(_listed_levels(self._opened, group))
        return self._is_below(folder)


def _paths(source: AnySource) -> list[str]:
    """Paths of the arrays that pixels come from, as far as they are known."""
    if isinstance(source, MosaicArray):
        return [tile.source.path for tile in source.tiles]
    return [source.path] if isinstance(source, PixelSource) else []


def _listed_levels(opened: Opened, path: str) -> Iterator[str]:
    group = opened.group(path)
    for multiscale in group.multiscales if group is not None else ():
        for dataset in multiscale.datasets:
            level = join(path, dataset.path)
            if level is not None:
                yield level


def _leading(shown: Iterable[str]) -> set[str]:
    """The groups of images, and those that lead to them."""
    found = {""}
    for path in shown:
        while path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return found


def _nodes(opened: Opened, entries: Iterable[str]) -> dict[str, Node]:
    """Groups and arrays among entries; those whose documents are damaged are files only."""
    folders = {name.rpartition("/")[0] for name in entries if _is_document(name)}
    found = {folder: _node(opened, folder) for folder in sorted(folders)}
    return {folder: node for folder, node in found.items() if node is not None}


def _is_known(path: str, nodes: Mapping[str, Node]) -> bool:
    """Whether a group or array is no attachment: it lists images, or it is shown as layers."""
    if f"{path}/".startswith(f"{GROUP}/") and GROUP in nodes and is_napari_group(nodes[GROUP]):
        return True
    node = nodes.get(path)
    if node is None or node.kind == "array":
        return False
    group = parse_group(node.attributes, path=path, zarr_format=node.zarr_format).group
    lists = (group.series, group.labels, group.well, group.plate)
    return any(each is not None for each in lists)


def _is_known_entry(name: str, nodes: Mapping[str, Node]) -> bool:
    """Whether an entry is a document of what is no attachment, or lies in the group for napari."""
    folder = name.rpartition("/")[0]
    path = folder if _is_document(name) else name
    return _is_known(path, nodes)


def _is_document(name: str) -> bool:
    return name.rpartition("/")[2] in DOCUMENT_NAMES


def _node(opened: Opened, path: str) -> Node | None:
    try:
        return opened.hierarchy.node(path)
    except (OmeZipError, OSError):
        return None


class _Tree:
    """Puts everything in the group or array that holds it.

    Parameters
    ----------
    tables : iterable of Table
        Those that are recognized.
    thumbnails : collection of str
        Names of entries that are pictures of the whole.
    """

    def __init__(self, tables: Iterable[Table], thumbnails: Collection[str]) -> None:
        self._thumbnails = thumbnails
        self._tables = {table.path: table for table in tables}
        self._folders = {path.rpartition("/")[0] for path in self._tables}

    def of(self, entries: Mapping[str, int], nodes: Mapping[str, Node]) -> tuple[Attachment, ...]:
        """Entries by name with their sizes, and groups and arrays by path, as a tree."""
        root = _Folder(Form.GROUP)
        folders = {"": root}
        for path in sorted(nodes, key=lambda path: path.count("/")):
            node, holder = nodes[path], _holder(path, folders)
            form = Form.ARRAY if node.kind == "array" else Form.GROUP
            is_table = self._is_table(node) or folders[holder].is_table
            folders[path] = _Folder(form, is_table=is_table)
            folders[holder].held[path] = folders[path]
        for name, size in entries.items():
            above = _holder(name, folders)
            if folders[above].form is Form.ARRAY or (_is_document(name) and above):
                folders[above].size += size
            else:
                folders[above].held[name] = _Folder(Form.ENTRY, size)
        return self._attachments("", root)

    def _is_table(self, node: Node) -> bool:
        """Whether a group is or holds tables: known ones, or as NGFF lists or AnnData encodes."""
        encoding = node.attributes.get("encoding-type")
        listed = node.attributes.get("tables")
        is_known = node.path in self._tables or node.path in self._folders
        return is_known or isinstance(listed, list) or encoding in ("anndata", "dataframe")

    def _attachments(self, above: str, folder: _Folder) -> tuple[Attachment, ...]:
        found = []
        for path in sorted(folder.held, key=natural_key):
            one = folder.held[path]
            held = self._attachments(path, one)
            name = path[len(above) + 1 :] if above else path
            size = one.size + sum(each.size for each in held)
            table = self._tables.get(path)
            shows_all = path in self._thumbnails
            found.append(
                Attachment(path, name, one.form, size, one.is_table, held, table, shows_all)
            )
        return tuple(found)


def _holder(path: str, folders: Mapping[str, _Folder]) -> str:
    folder = path.rpartition("/")[0]
    while folder not in folders:
        folder = folder.rpartition("/")[0]
    return folder
