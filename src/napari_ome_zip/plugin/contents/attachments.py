"""What a file holds beside its images: tables, OME-XML, crates, and whatever else; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.ome import parse_group
from napari_ome_zip.storage.hierarchy import Node, join, natural_key


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

    @property
    def title(self) -> str:
        """What it is called for a person: by its kind, where its name does not tell."""
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


def find_attachments(opened: Opened) -> tuple[Attachment, ...]:
    """List what belongs to no image; takes a while where a file has very many entries."""
    levels = _levels(opened)
    leading = _leading(opened.shown)
    entries: dict[str, int] = {}
    for name, size in opened.sizes.items():
        folder, _, base = name.rpartition("/")
        listing = base in DOCUMENT_NAMES and folder in leading
        if not listing and not _is_below(folder, levels):
            entries[name] = size
    return _tree(entries, _nodes(opened, entries))


def _levels(opened: Opened) -> set[str]:
    """Paths of the arrays that are levels of images, as their documents list them."""
    levels: set[str] = set()
    listed: dict[int, list[str]] = {}
    for path in opened.shown:
        node = _node(opened, path)
        if node is not None:
            # Thousands of fields of view share what was parsed.
            key = id(node.attributes)
            if key not in listed:
                listed[key] = _datasets(node)
            levels.update(level for name in listed[key] if (level := join(path, name)) is not None)
    return levels


def _datasets(node: Node) -> list[str]:
    group = parse_group(node.attributes, path=node.path, zarr_format=node.zarr_format).group
    return [dataset.path for image in group.multiscales for dataset in image.datasets]


def _leading(shown: Iterable[str]) -> set[str]:
    """The groups of images, and those that lead to them."""
    found = {""}
    for path in shown:
        while path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return found


def _is_below(folder: str, levels: set[str]) -> bool:
    while folder:
        if folder in levels:
            return True
        folder = folder.rpartition("/")[0]
    return False


def _nodes(opened: Opened, entries: Iterable[str]) -> dict[str, Node]:
    """Groups and arrays among entries; those whose documents are damaged are files only."""
    folders = {name.rpartition("/")[0] for name in entries if _is_document(name)}
    found = {folder: _node(opened, folder) for folder in sorted(folders)}
    return {folder: node for folder, node in found.items() if node is not None}


def _is_document(name: str) -> bool:
    return name.rpartition("/")[2] in DOCUMENT_NAMES


def _node(opened: Opened, path: str) -> Node | None:
    try:
        return opened.hierarchy.node(path)
    except (OmeZipError, OSError):
        return None


def _tree(entries: Mapping[str, int], nodes: Mapping[str, Node]) -> tuple[Attachment, ...]:
    """Everything in the group or array that holds it."""
    root = _Folder(Form.GROUP)
    folders = {"": root}
    for path in sorted(nodes, key=lambda path: path.count("/")):
        node, holder = nodes[path], _holder(path, folders)
        form = Form.ARRAY if node.kind == "array" else Form.GROUP
        folders[path] = _Folder(form, is_table=_is_table(node) or folders[holder].is_table)
        folders[holder].held[path] = folders[path]
    for name, size in entries.items():
        above = _holder(name, folders)
        if folders[above].form is Form.ARRAY or (_is_document(name) and above):
            folders[above].size += size
        else:
            folders[above].held[name] = _Folder(Form.ENTRY, size)
    return _attachments("", root)


def _holder(path: str, folders: Mapping[str, _Folder]) -> str:
    folder = path.rpartition("/")[0]
    while folder not in folders:
        folder = folder.rpartition("/")[0]
    return folder


def _attachments(above: str, folder: _Folder) -> tuple[Attachment, ...]:
    found = []
    for path in sorted(folder.held, key=natural_key):
        one = folder.held[path]
        held = _attachments(path, one)
        name = path[len(above) + 1 :] if above else path
        size = one.size + sum(each.size for each in held)
        found.append(Attachment(path, name, one.form, size, one.is_table, held))
    return tuple(found)


def _is_table(node: Node) -> bool:
    """Whether a group holds tables: as NGFF lists them, or as AnnData encodes them."""
    encoding = node.attributes.get("encoding-type")
    listed = node.attributes.get("tables")
    return isinstance(listed, list) or encoding in ("anndata", "dataframe")
