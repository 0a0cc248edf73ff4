"""zarr's own conformance suite for stores, run against each read-only store.

A store that cannot be written to is filled behind its back: ``set`` of the classes below changes
the archive, the folder or the mapping itself.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from zarr.abc.buffer import Buffer
from zarr.buffer import cpu
from zarr.testing.store import StoreTests

from napari_ome_zip.archive.file import ArchiveFile
from napari_ome_zip.names import is_document
from napari_ome_zip.storage import (
    ArchiveStore,
    DirectoryStore,
    HierarchyStore,
    MappingStore,
    RenamedStore,
)

READ_ONLY = "store was opened in read-only mode and does not support writing"


class RefilledArchive(ArchiveStore):
    def set_sync(self, key: str, value: Buffer) -> None:
        path = Path(str(self.source))
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        contents[key] = value.to_bytes()
        path.unlink()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in contents.items():
                archive.writestr(name, data)
        self._file = ArchiveFile(path)
        self._data_starts.clear()
        for cached in ("_tree", "_fingerprint"):
            self.__dict__.pop(cached, None)

    async def set(self, key: str, value: Buffer) -> None:
        self.set_sync(key, value)


class RefilledMapping(MappingStore):
    def set_sync(self, key: str, value: Buffer) -> None:
        assert isinstance(self._contents, dict)
        self._contents[key] = value.to_bytes()
        self.__dict__.pop("_tree", None)

    async def set(self, key: str, value: Buffer) -> None:
        self.set_sync(key, value)


class RefilledDirectory(DirectoryStore):
    def set_sync(self, key: str, value: Buffer) -> None:
        path = Path(str(self.source)) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value.to_bytes())

    async def set(self, key: str, value: Buffer) -> None:
        self.set_sync(key, value)


class RefilledRenaming(RenamedStore):
    """Entries come in under other names; documents are its own."""

    def set_sync(self, key: str, value: Buffer) -> None:
        assert isinstance(self._names, dict)
        assert isinstance(self._documents, dict)
        assert isinstance(self.base, RefilledMapping)
        if is_document(key):
            self._documents[key] = value.to_bytes()
        else:
            self._names[key] = f"elsewhere/{key}"
            self.base.set_sync(f"elsewhere/{key}", value)
        self.__dict__.pop("_tree", None)

    async def set(self, key: str, value: Buffer) -> None:
        self.set_sync(key, value)


class ReadOnlyStoreTests(StoreTests[Any, cpu.Buffer]):
    """The suite, with what it says about writing said of a read-only store."""

    buffer_cls = cpu.Buffer
    plain_cls: type[HierarchyStore]

    async def set(self, store: HierarchyStore, key: str, value: Buffer) -> None:
        store.set_sync(key, value)

    def test_store_repr(self, store: HierarchyStore) -> None:
        assert repr(store) == f"{type(store).__name__}({str(store)!r})"

    def test_store_supports_writes(self, store: HierarchyStore) -> None:
        assert not store.supports_writes
        assert not store.supports_deletes

    def test_store_supports_listing(self, store: HierarchyStore) -> None:
        assert store.supports_listing

    def test_store_read_only(self, store: HierarchyStore) -> None:
        assert store.read_only
        with pytest.raises(AttributeError):
            store.read_only = False  # type: ignore[misc]

    async def test_store_open_read_only(self, open_kwargs: dict[str, Any]) -> None:  # type: ignore[override]
        store = await self.plain_cls.open(**open_kwargs)
        assert store._is_open
        assert store.read_only

    async def test_read_only_store_raises(self, open_kwargs: dict[str, Any]) -> None:
        store = await self.plain_cls.open(**open_kwargs)
        value = self.buffer_cls.from_bytes(b"bar")
        with pytest.raises(ValueError, match=READ_ONLY):
            await store.set("foo", value)
        with pytest.raises(ValueError, match=READ_ONLY):
            await store.delete("foo")
        with pytest.raises(ValueError, match=READ_ONLY):
            store.set_sync("foo", value)
        with pytest.raises(ValueError, match=READ_ONLY):
            store.delete_sync("foo")

    async def test_set(self, open_kwargs: dict[str, Any]) -> None:  # type: ignore[override]
        store = await self.plain_cls.open(**open_kwargs)
        with pytest.raises(ValueError, match=READ_ONLY):
            await store.set("zarr.json", self.buffer_cls.from_bytes(b"{}"))
        assert await store.is_empty("")

    async def test_with_read_only_store(self, open_kwargs: dict[str, Any]) -> None:
        store = await self.plain_cls.open(**open_kwargs)
        again = store.with_read_only(True)
        assert again == store
        assert not again._is_open
        with pytest.raises(NotImplementedError, match="with_read_only is not implemented"):
            store.with_read_only(False)

    async def test_clear(self, store: HierarchyStore) -> None:
        with pytest.raises(NotImplementedError):
            await store.clear()


class TestArchiveStore(ReadOnlyStoreTests):
    store_cls = RefilledArchive
    plain_cls = ArchiveStore

    async def get(self, store: ArchiveStore, key: str) -> Buffer:
        with zipfile.ZipFile(str(store.source)) as archive:
            return self.buffer_cls.from_bytes(archive.read(key))

    @pytest.fixture
    def store_kwargs(self, tmp_path: Path) -> dict[str, Any]:
        path = tmp_path / "a.ozx"
        zipfile.ZipFile(path, "w").close()
        return {"place": str(path)}


class TestMappingStore(ReadOnlyStoreTests):
    store_cls = RefilledMapping
    plain_cls = MappingStore

    async def get(self, store: MappingStore, key: str) -> Buffer:
        return self.buffer_cls.from_bytes(store._contents[key])

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        return {"contents": {}, "name": "m"}


class TestDirectoryStore(ReadOnlyStoreTests):
    store_cls = RefilledDirectory
    plain_cls = DirectoryStore

    async def get(self, store: DirectoryStore, key: str) -> Buffer:
        return self.buffer_cls.from_bytes((Path(str(store.source)) / key).read_bytes())

    @pytest.fixture
    def store_kwargs(self, tmp_path: Path) -> dict[str, Any]:
        return {"path": str(tmp_path)}


class TestRenamedStore(ReadOnlyStoreTests):
    store_cls = RefilledRenaming
    plain_cls = RenamedStore

    async def get(self, store: RenamedStore, key: str) -> Buffer:
        assert isinstance(store.base, RefilledMapping)
        own = store._documents.get(key)
        held = store.base._contents[f"elsewhere/{key}"] if own is None else own
        return self.buffer_cls.from_bytes(held)

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        return {"base": RefilledMapping({}, "m"), "names": {}, "documents": {}}


def test_a_folder_s_keys_do_not_lead_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "zarr.json").write_bytes(b"{}")
    store = DirectoryStore(tmp_path / "image")
    assert store.has("zarr.json")
    for key in ("../secret", str(tmp_path / "secret"), "a/../../secret"):
        assert not store.has(key)
        assert store.get_sync(key) is None
    assert store.child_names("..") == ()


def test_a_folder_s_groups_are_found_without_a_look_into_chunks(tmp_path: Path) -> None:
    def write(name: str, content: object = b"") -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())

    write("zarr.json", {"node_type": "group"})
    write("0/zarr.json", {"node_type": "array"})
    write("0/c/0/zarr.json", {"node_type": "group"})  # nothing below an array is a group
    write("A/1/zarr.json", {"node_type": "group"})  # a row of a plate without a document
    write("old/.zgroup", {"zarr_format": 2})
    write("old/0/.zarray", {"zarr_format": 2})
    write("old/0/0/.zgroup", {})
    (tmp_path / "old" / "loop").symlink_to(tmp_path)
    assert DirectoryStore(tmp_path).group_paths() == ("", "0", "old", "A/1", "old/0")


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        DirectoryStore(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="not a folder"):
        DirectoryStore(tmp_path / "file")
