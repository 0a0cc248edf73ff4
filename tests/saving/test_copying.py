"""Entries are copied byte for byte, whatever their number, sizes, names and form."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import SaveCancelledError, SaveError
from napari_ome_zip.progress import Watch
from napari_ome_zip.saving.original import copying
from napari_ome_zip.saving.original.carrying import Copy
from napari_ome_zip.saving.original.copying import copy_entries
from napari_ome_zip.storage import ArchiveStore, MappingStore

RANDOM = np.random.default_rng(3)
NAMES = [
    "a",
    "b/c",
    "é/ü",
    "long/" + "n" * 500,
    "long/" + "µ" * 90,
    *[f"c/{n}" for n in range(700)],
]
SIZES = [0, 1, 100, 4000, 70_000, 1_100_000]


def contents() -> dict[str, bytes]:
    sizes = [SIZES[n % len(SIZES)] if n % 50 < 6 else 37 * n for n in range(len(NAMES))]
    return {name: RANDOM.bytes(size) for name, size in zip(NAMES, sizes, strict=True)}


def archive(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for number, (name, content) in enumerate(entries.items()):
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.extra = b"\xfe\xca" + (number % 90).to_bytes(2, "little") + bytes(number % 90)
            file.writestr(info, content)
    return path


def watch(cancelled: bool = False) -> Watch:
    return Watch(None, lambda: cancelled, lambda: SaveCancelledError("stopped"), 0)


def copied(store: ArchiveStore | MappingStore, path: Path) -> dict[str, bytes]:
    copies = [Copy(name, f"to/{name}", store.size_of(name) or 0) for name in NAMES]
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents({"zarr.json": b"{}"})
        copy_entries(store, copies, writer, watch())
        writer.commit()
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return {name.removeprefix("to/"): file.read(name) for name in file.namelist()[1:]}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("held", [copying.MAX_HELD_BYTES, 50_000], ids=["at once", "in pieces"])
def test_every_entry_of_an_archive_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int, held: int
) -> None:
    monkeypatch.setattr(copying, "MAX_HELD_BYTES", held)
    entries = contents()
    store = ArchiveStore(archive(tmp_path / "a.zip", entries, method))
    assert copied(store, tmp_path / "b.zip") == entries


def test_entries_in_memory_are_copied_too(tmp_path: Path) -> None:
    entries = contents()
    assert copied(MappingStore(entries, "memory"), tmp_path / "b.zip") == entries


@pytest.mark.parametrize("number", [2, 5, 301, len(NAMES) - 1])
def test_one_damaged_entry_ends_the_copy_and_is_named(tmp_path: Path, number: int) -> None:
    entries = contents()
    path = archive(tmp_path / "a.zip", entries)
    with zipfile.ZipFile(path) as file:
        info = file.infolist()[number]
    raw = bytearray(path.read_bytes())
    start = info.header_offset + 30 + int.from_bytes(raw[info.header_offset + 26 :][:2], "little")
    start += int.from_bytes(raw[info.header_offset + 28 :][:2], "little")
    raw[start + info.file_size // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SaveError, match="is damaged") as caught:
        copied(ArchiveStore(path), tmp_path / "b.zip")
    assert str(caught.value).startswith(NAMES[number])
    assert not (tmp_path / "b.zip").exists()


def test_a_copy_that_is_no_longer_wanted_stops(tmp_path: Path) -> None:
    store = ArchiveStore(archive(tmp_path / "a.zip", contents()))
    copies = [Copy(name, name, store.size_of(name) or 0) for name in NAMES]
    with ArchiveWriter(tmp_path / "b.zip", "0.5") as writer:
        writer.write_documents({"zarr.json": b"{}"})
        with pytest.raises(SaveCancelledError):
            copy_entries(store, copies, writer, watch(cancelled=True))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
