"""What holds an image, and what is said of what does not: the container's edge cases."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from napari_ome_zip.errors import ArchiveError, DamagedEntryError, OmeZipError
from napari_ome_zip.storage import (
    ArchiveStore,
    DirectoryStore,
    HierarchyStore,
    MappingStore,
    open_store,
)
from shared_material import corpus_params
from zipbuilder import DEFLATE, ENCRYPTED, Entry, build_zip, group, ome_comment

ROOT = group(ome={"version": "0.5"})
IMAGE = {"zarr.json": ROOT, "0/zarr.json": b'{"node_type": "array"}', "0/c/0/0": b"pixels"}


def archive(folder: Path, raw: bytes, name: str = "image.ome.zip") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def opened(folder: Path, *args: Any, **kwargs: Any) -> HierarchyStore:
    return open_store(archive(folder, build_zip(*args, **kwargs)))


def codes(store: HierarchyStore) -> list[str]:
    return [finding.code for finding in store.findings]


def inside(folder: str, contents: dict[str, bytes] = IMAGE) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in contents.items()}


def test_an_archive_opens_without_a_word(tmp_path: Path) -> None:
    store = opened(tmp_path, IMAGE, comment=ome_comment(json_first=True))
    assert isinstance(store, ArchiveStore)
    assert store.name == "image"
    assert store.source == str(tmp_path / "image.ome.zip")
    assert store.findings == ()
    assert store.group_paths() == ("", "0")
    assert store.read_document("zarr.json") == ROOT
    assert store.read_document("1/zarr.json") is None


def test_a_folder_and_a_mapping_open_like_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive(tmp_path, build_zip(IMAGE))) as packed:
        packed.extractall(tmp_path / "image.ome.zarr")
    folder = open_store(tmp_path / "image.ome.zarr")
    memory = open_store(IMAGE)
    assert isinstance(folder, DirectoryStore)
    assert isinstance(memory, MappingStore)
    for store in (folder, memory):
        assert store.findings == ()
        assert store.group_paths() == ("", "0")
        assert store.child_names("") == ("0", "zarr.json")
        assert store.child_names("0/") == ("c", "zarr.json")
        assert store.child_names("none") == ()
        assert store.read_document("zarr.json") == ROOT
    assert folder.name == "image"
    assert memory.source is None
    assert open_store(folder) is folder


def test_everything_in_one_folder_opens_from_there_with_a_finding(tmp_path: Path) -> None:
    store = opened(tmp_path, inside("my image.zarr"))
    assert codes(store) == ["root-in-folder"]
    assert "folder 'my image.zarr/'" in store.findings[0].message
    assert "Repack" in store.findings[0].message
    assert store.group_paths() == ("", "0")
    assert store.child_names("") == ("0", "zarr.json")
    assert sorted(store.keys()) == sorted(IMAGE)
    assert store.read_document("0/c/0/0") == b"pixels"


def test_a_folder_deeper_down_is_found_as_well(tmp_path: Path) -> None:
    store = opened(tmp_path, inside("a/b/image.zarr"))
    assert store.findings[0].where == "a/b/image.zarr"
    assert store.has("zarr.json")


def test_junk_of_a_file_manager_does_not_hide_the_root(tmp_path: Path) -> None:
    junk = {
        "__MACOSX/._image.zarr": b"x",
        "__MACOSX/image.zarr/._zarr.json": b"x",
        "__MACOSX/image.zarr/zarr.json": b"x",
        "image.zarr/.DS_Store": b"x",
        ".DS_Store": b"x",
    }
    entries = [
        Entry(name, data, DEFLATE) for name, data in {**junk, **inside("image.zarr")}.items()
    ]
    store = opened(tmp_path, entries)
    assert codes(store) == ["root-in-folder"]
    assert store.read_document("zarr.json") == ROOT


def test_a_folder_in_a_folder_opens_from_there(tmp_path: Path) -> None:
    (tmp_path / "outer" / "image.zarr").mkdir(parents=True)
    (tmp_path / "outer" / "image.zarr" / "zarr.json").write_bytes(ROOT)
    store = open_store(tmp_path / "outer")
    assert codes(store) == ["root-in-folder"]
    assert store.read_document("zarr.json") == ROOT


def test_zarr_2_opens_silently(tmp_path: Path) -> None:
    store = opened(tmp_path, {".zgroup": b"{}", ".zattrs": b"{}", "0/.zarray": b"{}", "0/0.0": b""})
    assert store.findings == ()
    assert store.group_paths() == ("", "0")


def test_a_name_that_only_ends_like_a_document_is_none(tmp_path: Path) -> None:
    store = opened(tmp_path, {**IMAGE, "extra/foozarr.json": b"{}"})
    assert store.group_paths() == ("", "0")
    with pytest.raises(ArchiveError, match="No OME-Zarr"):
        opened(tmp_path, {"foozarr.json": ROOT})


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({}, "archive is empty"),
        ({"a/image.ozx": b"x", "__MACOSX/a/._image.ozx": b"x"}, "contains another archive.*Unpack"),
        ({"a.tif": b"x", "b.tif": b"x", "c.txt": b"x"}, "No OME-Zarr.*2 × .tif"),
        ({**inside("one.zarr"), **inside("two.zarr")}, "Several OME-Zarr.*'one.zarr', 'two.zarr'"),
        ({**inside("s0"), **inside("s1")}, "No zarr.json at the root.*'s0', 's1'"),
    ],
)
def test_an_archive_without_one_image_is_refused(
    tmp_path: Path, contents: dict[str, bytes], words: str
) -> None:
    with pytest.raises(ArchiveError, match=words):
        opened(tmp_path, contents)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "file is empty"),
        (b"\x1f\x8b\x08" + b"x" * 300, "gzip"),
        (b"x" * 257 + b"ustar" + b"x" * 300, "tar archive"),
        (b"<!DOCTYPE html><html>404</html>", "HTML page"),
        (b"<?xml version='1.0'?><Error/>", "XML"),
        (b'{"message": "Not found"}', "JSON"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "Git LFS pointer.*lfs pull",
        ),
        (b"II*\0" + b"x" * 300, "TIFF"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\0" * 5000, "zeros"),
        (b"random words that are no archive", "something else"),
    ],
)
def test_what_is_no_zip_is_said_to_be_what_it_is(tmp_path: Path, raw: bytes, words: str) -> None:
    path = archive(tmp_path, raw, "download.ozx")
    with pytest.raises(ArchiveError, match=words) as caught:
        open_store(path)
    assert "download.ozx" in str(caught.value)


def test_missing_files_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_store(tmp_path / "none.ozx")
    with pytest.raises(IsADirectoryError, match="folder"):
        ArchiveStore(tmp_path)
    with pytest.raises(ArchiveError, match="No OME-Zarr in this folder"):
        open_store(tmp_path)


def test_every_truncation_is_an_incomplete_archive(tmp_path: Path) -> None:
    raw = build_zip(IMAGE, comment=ome_comment(json_first=True))
    for length in range(40, len(raw)):
        with pytest.raises(ArchiveError, match="incomplete"):
            open_store(archive(tmp_path, raw[:length]))


def test_encrypted_documents_are_refused_at_opening(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="archive is encrypted"):
        opened(tmp_path, [Entry("zarr.json", ROOT, flags=ENCRYPTED)])


def test_encrypted_chunks_are_refused_when_read(tmp_path: Path) -> None:
    store = opened(tmp_path, [Entry("zarr.json", ROOT), Entry("0/c/0", b"x", flags=ENCRYPTED)])
    with pytest.raises(ArchiveError, match=r"encrypted.*0/c/0"):
        store.get_sync("0/c/0")


@pytest.mark.parametrize(("method", "name"), [(9, "DEFLATE64"), (99, "AES"), (77, "method 77")])
def test_an_unknown_compression_is_named(tmp_path: Path, method: int, name: str) -> None:
    unknown = Entry("0/c/0", b"x", method)
    comment = ome_comment(json_first=True)
    store = opened(tmp_path, [Entry("zarr.json", ROOT), unknown], comment=comment)
    assert codes(store) == ["unusual-compression"]
    assert name in store.findings[0].message
    with pytest.raises(ArchiveError, match=name):
        store.get_sync("0/c/0")
    with pytest.raises(ArchiveError, match=name):
        opened(tmp_path, [Entry("zarr.json", ROOT, method)])


def test_a_document_that_is_a_git_lfs_pointer_is_said_to_be_one(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    store = opened(tmp_path, {"zarr.json": pointer})
    with pytest.raises(ArchiveError, match="Git LFS pointer"):
        store.read_document("zarr.json")


def test_a_document_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    huge = Entry("zarr.json", b"", DEFLATE, size=70 << 20, compressed_size=1 << 20)
    store = opened(tmp_path, [huge])
    with pytest.raises(ArchiveError, match="more than the 64 MiB"):
        store.read_document("zarr.json")


CONTAINER_FINDINGS = {
    "ozx-tck/error-misleadingsort": ["json-first-untrue"],
    "quirks/bzip2_method": ["unusual-compression"],
    "quirks/duplicate_entries_last_wins": ["repeated-entries"],
    "quirks/duplicate_entries_stub_last": ["repeated-entries"],
    "quirks/eocd_wrong_entry_count": ["wrong-entry-count"],
    "quirks/jsonfirst_lie_hides_labels": ["json-first-untrue"],
    "quirks/prefix_junk_unadjusted": ["uncounted-prefix"],
    "quirks/toplevel_folder_infozip": ["root-in-folder"],
    "quirks/wrapped_twice": ["root-in-folder"],
    "quirks/zip_slip_names": ["unsafe-entry-names"],
    "quirks/zstd_method_93": ["unusual-compression"],
    "versions/v04_folder_deflate": ["root-in-folder"],
}


@pytest.mark.parametrize("case", corpus_params("quirks", "ozx-tck", "versions"))
def test_the_corpus_opens_or_is_refused_as_it_should(case: dict[str, Any]) -> None:
    outcome = case["expected"]["outcome"]
    store = refusal = None
    try:
        store = open_store(case["file"])
        for path in store.group_paths():
            name = f"{path}/zarr.json".lstrip("/")
            json.loads(store.read_document(name) or b"{}")
    except OmeZipError as error:
        refusal = str(error)
    if refusal is not None:
        assert outcome in ("refuse", "choice"), refusal
    else:
        assert store is not None
        assert outcome != "refuse"
        assert codes(store) == CONTAINER_FINDINGS.get(case["id"], [])


@pytest.mark.parametrize("case", corpus_params())
def test_every_entry_of_the_corpus_is_what_zipfile_reads(case: dict[str, Any]) -> None:
    try:
        oracle = zipfile.ZipFile(case["file"])
    except zipfile.BadZipFile:
        pytest.skip("zipfile cannot read it")
    try:
        store = ArchiveStore(case["file"])
    except OmeZipError:
        assert case["expected"]["outcome"] in ("refuse", "choice")
        return
    with oracle:
        for info in {info.filename: info for info in oracle.infolist()}.values():
            if info.is_dir():
                continue
            try:
                expected = oracle.read(info)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
                continue
            found = store.get_sync(info.filename)
            if found is None:
                segments = info.filename.replace("\\", "/").split("/")
                assert {"", ".."} & set(segments) or ":" in info.filename
            else:
                assert found.to_bytes() == expected, info.filename


def test_a_wrong_checksum_names_the_entry(tmp_path: Path) -> None:
    store = opened(tmp_path, [Entry("zarr.json", ROOT), Entry("0/c/0/0", b"pixels", crc=1)])
    with pytest.raises(DamagedEntryError, match=r"0/c/0/0.*damaged.*checksum") as caught:
        store.get_sync("0/c/0/0")
    assert caught.value.entry == "0/c/0/0"
