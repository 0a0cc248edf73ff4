"""Packing, unpacking, repairing: pixels stay, faults go, and nothing leaves the folder."""

from __future__ import annotations

import hashlib
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.storage import ZipStore

from broken_files import PIXELS, ZSTD, array, entries, entry, root, write
from file_rules import FILE_RULES
from folders import folder_of
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image, pack, repack, unpack, validate
from napari_ome_zip.errors import (
    ArchiveError,
    DamagedEntryError,
    OmeZipError,
    SaveCancelledError,
    SaveError,
)
from napari_ome_zip.storage import ArchiveStore
from raw_zip import take_apart
from shared_material import corpus_params
from zipbuilder import DEFLATE, STORED, build_zip

ZSTD_METHOD = 93

# What a repaired container may still be told about: these concern the content.
_CONTENT = {
    "arrays-unsharded",
    "array-not-readable",
    "chunks-missing",
    "chunks-outside-array",
    "chunk-size-impossible",
    "consolidated-metadata-stale",
    "document-byte-order-mark",
    "case-colliding-names",
    "node-type-unknown",
    "second-hierarchy",
    "foreign-entries",
    "entries-tiny",
    "name-not-ozx",
    "name-ome-zip",
    "archive-in-archive",
    "thumbnail-not-small",
    "thumbnail-size-differs",
    "thumbnail-type-differs",
}


def zeros_as_zstd(mebibytes: int) -> bytes:
    """So many zeros as one Zstandard frame of blocks that repeat a byte (RFC 8878, 3.1.1)."""
    block = 1 << 17
    count = (mebibytes << 20) // block
    # A frame header with a window of 128 KiB, then blocks of type RLE, the last one marked.
    header = b"\x28\xb5\x2f\xfd\x00" + bytes([(17 - 10) << 3])
    middle = ((block << 3) | 2).to_bytes(3, "little") + b"\0"
    last = ((block << 3) | 3).to_bytes(3, "little") + b"\0"
    return header + middle * (count - 1) + last


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def pixels(path: Path) -> dict[str, str]:
    image = open_image(path)
    return {
        f"{part.path}:{number}": hashlib.sha256(np.ascontiguousarray(level)).hexdigest()
        for part in image.parts
        for number, level in enumerate(part.levels)
        if level.nbytes < 1 << 26
    }


@pytest.mark.filterwarnings("ignore::napari_ome_zip.pixels.damage.DamagedChunkWarning")
@pytest.mark.filterwarnings("ignore::napari_ome_zip.errors.SaveWarning")
@pytest.mark.parametrize("case", corpus_params())
def test_what_opens_is_repaired_and_keeps_its_pixels(case: dict[str, Any], tmp_path: Path) -> None:
    source, target = case["file"], tmp_path / "fixed.ozx"
    before = {issue.code for issue in validate(source, deep=True).issues}
    try:
        assert repack(source, target) == target
    except OmeZipError:
        assert not target.exists()
        unrepairable = {
            "root-zarr-v2",
            "entry-damaged",
            "document-damaged",
            "document-is-pointer",
            "no-hierarchy",
            "root-missing",
            "several-hierarchies",
            "encrypted-entries",
            "file-empty",
            "not-a-zip",
            "archive-incomplete",
            "archive-empty",
            "archive-in-archive",
            "archive-split",
        }
        assert before & unrepairable
        return
    after = {issue.code for issue in validate(target).issues}
    assert after & set(FILE_RULES) <= _CONTENT
    take_apart(target.read_bytes())
    if case["expected"]["outcome"] in ("open", "open+warn"):
        assert pixels(target) == pixels(source)


def test_a_folder_is_packed_and_unpacked_again(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp((3, 40, 50)), "zyx", options={"chunks": (1, 20, 50)})
    folder = folder_of(builder.put("notes.txt", b"hello"), tmp_path / "cells.zarr")
    (folder / ".DS_Store").write_bytes(b"junk")
    packed = pack(folder, tmp_path / "cells.ozx")
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == builder.entries
    unpacked = unpack(packed, tmp_path / "again.zarr")
    assert contents(unpacked) == builder.entries


@given(
    shape=st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple),
    chunk=st.integers(1, 5),
    dtype=st.sampled_from(["u1", ">u2", "<f4", "i8"]),
    empty=st.booleans(),
    room=st.sampled_from([1, 200, 32 << 20]),
)
@settings(max_examples=40, deadline=None)
def test_sharding_changes_no_pixel_whoever_reads(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, ...],
    chunk: int,
    dtype: str,
    empty: bool,
    room: int,
) -> None:
    folder = tmp_path_factory.mktemp("shard")
    values = ramp(shape, np.dtype(dtype))
    values = values * 0 if empty else values
    builder = HierarchyBuilder().group(multiscales=[])
    builder.array("a", values, chunks=tuple(min(chunk, n) for n in shape))
    source = builder.archive(folder / "source.ozx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_ome_zip.repacking.resharding.TARGET_SHARD_BYTES", room)
        made = repack(source, folder / "sharded.ozx", shard=True)
    with ZipStore(made, mode="r") as store:
        read = zarr.open_array(store, path="a", mode="r")
        np.testing.assert_array_equal(read[...], values)
        several = any(min(chunk, n) < n for n in shape)
        assert (read.shards is not None) == several


def test_sharding_leaves_few_entries_and_no_warning(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(
        ramp((4, 40, 40)) + 1, "zyx", options={"chunks": (1, 10, 10)}
    )
    made = repack(builder.archive(tmp_path / "a.ozx"), tmp_path / "b.ozx", shard=True)
    assert "arrays-unsharded" not in {issue.code for issue in validate(made, deep=True).issues}
    assert len(zipfile.ZipFile(made).namelist()) == 3
    assert set(pixels(made).values()) == set(pixels(tmp_path / "a.ozx").values())


def test_an_archive_can_be_repaired_in_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, entries(), comment=b"")
    assert validate(path).issues
    repack(path, path)
    assert validate(path).issues == ()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_damage_is_not_hidden_by_a_copy(tmp_path: Path) -> None:
    listed = entries()
    listed[2].crc = 1
    with pytest.raises(DamagedEntryError, match="0/c/0/0"):
        repack(write(tmp_path, listed), tmp_path / "b.ozx")
    assert not (tmp_path / "b.ozx").exists()


@pytest.mark.parametrize("read", [pack, repack])
def test_zarr_v2_is_refused_with_what_to_do(read: Callable[..., Path], tmp_path: Path) -> None:
    builder = HierarchyBuilder(2).image(ramp((20, 30)), "yx")
    source = (
        folder_of(builder, tmp_path / "a.zarr")
        if read is pack
        else builder.archive(tmp_path / "a.zip")
    )
    with pytest.raises(ArchiveError, match=r"Zarr v2.*Convert it"):
        read(source, tmp_path / "b.ozx")


def test_an_archive_is_not_packed_into_its_own_folder(tmp_path: Path) -> None:
    folder = folder_of(HierarchyBuilder().image(ramp((20, 30)), "yx"), tmp_path / "a.zarr")
    with pytest.raises(SaveError, match="outside"):
        pack(folder, folder / "a.ozx")


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "C:/evil", "..\\evil", "a/../../evil"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, [*entries(), entry(name, b"!")])
    with pytest.raises(ArchiveError, match="leads out"):
        unpack(path, tmp_path / "in" / "out")
    assert [file.name for file in tmp_path.rglob("*")] == [path.name]


def test_a_link_is_unpacked_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cells.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        for each in entries():
            archive.writestr(str(each.name), each.data)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    made = unpack(path, tmp_path / "out")
    assert not (made / "link").is_symlink()
    assert (made / "link").read_text() == "/etc/passwd"


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [*entries(), entry("0/c", b"!")])
    with pytest.raises(ArchiveError, match="both a file and a folder"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "as_one"),
    [
        (["a.txt", "A.txt"], str.lower),
        (["\u00e9.txt", "e\u0301.txt"], partial(unicodedata.normalize, "NFC")),
    ],
)
def test_names_that_are_one_on_this_disk_are_refused(
    names: list[str],
    as_one: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # This disk may tell such names apart; one that does not finds the file there already.
    path = write(tmp_path, [*entries(), *(entry(name, name.encode()) for name in names)])
    real = Path.open

    def opened(self: Path, *arguments: Any, **keywords: Any) -> Any:
        return real(self.with_name(as_one(self.name)), *arguments, **keywords)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(ArchiveError, match=f"{names[1]}' has the same name"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def copies_of_one_entry(folder: Path, count: int, content: bytes, method: int) -> Path:
    """An archive in which many names stand for the same few bytes."""
    listed = [*entries(), entry("0/c/0/1", content, method=method)]
    start = build_zip(listed).index(b"0/c/0/1") - 30
    stored = len(listed[-1].used_payload())
    copy = replace(
        listed[-1],
        data=b"",
        payload=b"",
        offset=start,
        size=len(content),
        compressed_size=stored,
        crc=zlib.crc32(content),
    )
    return write(folder, [*listed, *(replace(copy, name=f"copy/{n}") for n in range(count))])


@pytest.mark.parametrize("work", ["repack", "unpack", "open", "validate"])
@pytest.mark.parametrize(
    ("count", "content", "method"),
    [
        pytest.param(100, bytes(range(250)) * 200, STORED, id="stored"),
        pytest.param(300, bytes(10_000_000), DEFLATE, id="deflated"),
    ],
)
def test_many_names_of_few_bytes_are_refused_by_all(
    work: str, count: int, content: bytes, method: int, tmp_path: Path
) -> None:
    path = copies_of_one_entry(tmp_path, count, content, method)
    assert count * len(content) > 30 * path.stat().st_size
    if work == "validate":
        (issue,) = validate(path).issues
        assert issue.code == "entries-overlap"
        assert "epack" not in issue.remedy
        return
    runs: dict[str, Callable[[], object]] = {
        "repack": lambda: repack(path, tmp_path / "new.ozx"),
        "unpack": lambda: unpack(path, tmp_path / "new"),
        "open": lambda: ArchiveStore(path).get_sync("0/c/0/0"),
    }
    with pytest.raises(ArchiveError, match="fill disks") as refused:
        runs[work]()
    assert refused.value.code == "entries-overlap"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_more_than_any_compression_can_hold_is_refused(tmp_path: Path) -> None:
    # Zstandard as ZIP compression may give more than DEFLATE ever can; of no image it does.
    payload = zeros_as_zstd(600)
    zeros = entry("0/c/0/1", b"", method=ZSTD_METHOD, payload=payload, size=600 << 20)
    path = write(tmp_path, [*entries(), zeros, replace(zeros, name="0/c/0/2")])
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ArchiveError, match=f"{1 << 30:,} that are believed"):
        unpack(path, tmp_path / "out")


def test_archives_that_are_full_to_the_brim_are_not_refused(tmp_path: Path) -> None:
    listed = [*entries(), entry("0/c/0/1", bytes(20_000_000), method=DEFLATE)]
    path = write(tmp_path, listed)
    assert path.stat().st_size < 50_000
    made = unpack(path, tmp_path / "out")
    assert (made / "0/c/0/1").stat().st_size == 20_000_000
    assert zipfile.ZipFile(repack(path, tmp_path / "b.ozx")).testzip() is None


def test_one_entry_that_lies_does_not_spoil_the_others(tmp_path: Path) -> None:
    lies = entry("0/c/0/1", b"12", method=DEFLATE, size=900 << 20)
    path = write(tmp_path, [*entries(), lies, replace(lies, name="0/c/0/2")])
    assert ArchiveStore(path).read("0/c/0/0") == PIXELS.tobytes()
    with pytest.raises(DamagedEntryError, match="0/c/0/1"):
        ArchiveStore(path).read("0/c/0/1")


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, entries())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(SaveError, match="there already"):
        unpack(path, tmp_path / "out")
    with pytest.raises(SaveError, match="not a folder"):
        unpack(path, path)
    with pytest.raises(SaveError):
        unpack(path, tmp_path / "none" / "out")
    assert contents(tmp_path / "out") == {"mine": b"mine"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = unpack(write(tmp_path, entries()), tmp_path / "out")
    assert contents(made)["0/c/0/0"] == PIXELS.tobytes()


@pytest.mark.parametrize("work", ["pack", "repack", "unpack"])
def test_work_tells_how_far_it_is_and_can_be_stopped(work: str, tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(
        ramp((4, 40, 40)) + 1, "zyx", options={"chunks": (1, 40, 40)}
    )
    archive = builder.archive(tmp_path / "a.ozx")
    folder = folder_of(builder, tmp_path / "a.zarr")
    runs: dict[str, Callable[..., Path]] = {
        "pack": lambda **k: pack(folder, tmp_path / "new", **k),
        "repack": lambda **k: repack(archive, tmp_path / "new", **k),
        "unpack": lambda **k: unpack(archive, tmp_path / "new", **k),
    }
    there = sorted(tmp_path.iterdir())
    asked = iter(range(100))
    with pytest.raises(SaveCancelledError):
        runs[work](cancelled=lambda: next(asked) >= 2)
    assert sorted(tmp_path.iterdir()) == there
    told: list[tuple[int, int]] = []
    runs[work](progress=lambda *numbers: told.append(numbers))
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize(
    ("stated", "named"), [("0.6.dev4", "0.6"), ("0.9.dev1", "0.9.dev1"), ("0.9.dev7", "0.9")]
)
def test_the_version_of_a_draft_is_named_as_x_y_unless_it_is_known(
    tmp_path: Path, stated: str, named: str
) -> None:
    listed = [entry("zarr.json", root(stated)), *entries()[1:]]
    made = repack(write(tmp_path, listed), tmp_path / "b.ozx")
    assert f'"version": "{named}"'.encode() in take_apart(made.read_bytes()).comment


def test_chunks_that_were_compressed_twice_are_stored_once(tmp_path: Path) -> None:
    listed = [entries()[0], entry("0/zarr.json", array(codecs=ZSTD))]
    listed.append(entry("0/c/0/0", b"as the codec left it", method=DEFLATE))
    made = repack(write(tmp_path, listed), tmp_path / "b.ozx")
    assert zipfile.ZipFile(made).read("0/c/0/0") == b"as the codec left it"
