"""A read-only Zarr store on the entries of another one, under other names and documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest

from napari_ome_zip.files.byte_file import Expectation
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import is_document
from napari_ome_zip.storage.base import HierarchyStore, Wanted, as_buffer, resolve_range
from napari_ome_zip.storage.tree import NameTree, group_paths


class RenamedStore(HierarchyStore):
    """Entries of another store by other names, beside documents that it does not have.

    Parameters
    ----------
    base : HierarchyStore
        The other store.
    names : mapping of str to str
        Names in the other store by those here; an entry that is not named here is not there.
    documents : mapping of str to bytes
        Documents by their names; they hide entries of the same name.
    """

    def __init__(
        self, base: HierarchyStore, names: Mapping[str, str], documents: Mapping[str, bytes]
    ) -> None:
        super().__init__(base.name, base.source)
        self.base = base
        self._names = names
        self._documents = documents

    @property
    def findings(self) -> tuple[Finding, ...]:
        # docstring inherited
        return self.base.findings + self._noted

    @property
    def is_current(self) -> bool:
        # docstring inherited
        return self.base.is_current

    @property
    def holds_secrets(self) -> bool:
        # docstring inherited
        return self.base.holds_secrets

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self.base.is_remote

    def expect(self, wanted: Sequence[Wanted], *, ahead: bool = False) -> Expectation:
        # docstring inherited
        there = [base for each in wanted if (base := self._wanted_of_base(each)) is not None]
        return self.base.expect(there, ahead=ahead)

    def replaces(self, key: str) -> bool:
        """Whether a document of its own has the place of an entry of the other store."""
        return key in self._documents

    def _wanted_of_base(self, wanted: Wanted) -> Wanted | None:
        key, of_range = (wanted, None) if isinstance(wanted, str) else wanted
        name = self._name_in_base(key)
        if name is None or of_range is None:
            return name
        return name, of_range

    def _name_in_base(self, key: str) -> str | None:
        return None if key in self._documents else self._names.get(key)

    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> RenamedStore:
        # docstring inherited
        folder = f"{root.strip('/')}/" if root.strip("/") else ""
        other = type(self)(self.base, _below(folder, self._names), _below(folder, self._documents))
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
        document = self._documents.get(key)
        if document is not None:
            start, stop = resolve_range(byte_range, len(document))
            return as_buffer(document[start:stop], prototype)
        name = self._names.get(key)
        if name is None:
            return None
        return self.base.get_sync(name, prototype=prototype, byte_range=byte_range)

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        document = self._documents.get(key)
        if document is not None:
            return len(document)
        name = self._names.get(key)
        return None if name is None else self.base.size_of(name)

    def keys(self) -> Iterator[str]:
        # docstring inherited
        yield from self._documents
        yield from (name for name in self._names if name not in self._documents)

    def child_names(self, prefix: str) -> tuple[str, ...]:
        # docstring inherited
        return self._tree.children(prefix)

    def group_paths(self) -> tuple[str, ...]:
        # docstring inherited
        return group_paths(key for key in self.keys() if is_document(key))

    def stream(self, key: str) -> Iterator[bytes | memoryview]:
        # docstring inherited
        name = self._name_in_base(key)
        return super().stream(key) if name is None else self.base.stream(name)

    def read_through(self, key: str, buffer: memoryview) -> bytes | memoryview | None:
        # docstring inherited
        name = self._name_in_base(key)
        return self.read(key) if name is None else self.base.read_through(name, buffer)

    def checksum_of(self, key: str) -> int | None:
        # docstring inherited
        name = self._name_in_base(key)
        return None if name is None else self.base.checksum_of(name)

    def verify(self, key: str) -> None:
        # docstring inherited
        name = self._name_in_base(key)
        if name is not None:
            self.base.verify(name)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self))
            and self.base == other.base
            and self._names == other._names
            and self._documents == other._documents
        )

    def __hash__(self) -> int:
        return hash((self.base, len(self._names), len(self._documents)))

    def __str__(self) -> str:
        return f"renamed {self.base}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _clone(self) -> RenamedStore:
        return self.at_root("")

    @cached_property
    def _tree(self) -> NameTree:
        return NameTree(self.keys())


def _below[T](folder: str, entries: Mapping[str, T]) -> dict[str, T]:
    return {
        name.removeprefix(folder): found
        for name, found in entries.items()
        if name.startswith(folder)
    }
