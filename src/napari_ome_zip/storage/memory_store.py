"""A read-only Zarr store on a dictionary of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest

from napari_ome_zip.findings import Finding
from napari_ome_zip.names import is_document
from napari_ome_zip.storage.base import HierarchyStore, as_buffer, resolve_range
from napari_ome_zip.storage.tree import NameTree, SortedNames, group_paths


class MappingStore(HierarchyStore):
    """A hierarchy in memory.

    Parameters
    ----------
    contents : mapping of str to bytes
        Content of each entry by its name. The mapping is not copied, and must not change.
    name : str
        Display name.
    root : str
        Folder that is the root of the hierarchy; empty for the mapping's own root.
    """

    def __init__(self, contents: Mapping[str, bytes], name: str = "memory", root: str = "") -> None:
        super().__init__(name, None)
        self.root = root.strip("/")
        self._prefix = f"{self.root}/" if self.root else ""
        self._contents = contents

    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> MappingStore:
        # docstring inherited
        other = type(self)(self._contents, self.name, self._prefix + root)
        other._noted = self._noted + noted
        return other

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        content = self._contents.get(self._prefix + key)
        if content is None:
            return None
        start, stop = resolve_range(byte_range, len(content))
        return as_buffer(memoryview(content)[start:stop], prototype)

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        content = self._contents.get(self._prefix + key)
        return None if content is None else len(content)

    def keys(self) -> Iterator[str]:
        # docstring inherited
        prefix = self._prefix
        for name in self._contents:
            if name.startswith(prefix):
                yield name[len(prefix) :]

    def child_names(self, prefix: str) -> tuple[str, ...]:
        # docstring inherited
        return self._tree.children(prefix)

    def names_below(self, folder: str) -> Sequence[str] | None:
        # docstring inherited
        return self._sorted_names.below(folder)

    def group_paths(self) -> tuple[str, ...]:
        # docstring inherited
        return group_paths(key for key in self.keys() if is_document(key))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self))
            and self.name == other.name
            and self.root == other.root
            and (self._contents is other._contents or self._contents == other._contents)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.root, len(self._contents)))

    def __str__(self) -> str:
        return f"memory://{self.name}" + (f"/{self.root}" if self.root else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _clone(self) -> MappingStore:
        return self.at_root("")

    @cached_property
    def _sorted_names(self) -> SortedNames:
        return SortedNames(self.keys())

    @cached_property
    def _tree(self) -> NameTree:
        return NameTree(self.keys())
