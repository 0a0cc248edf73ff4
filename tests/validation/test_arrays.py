"""Arrays against their entries: what is missing, what is too much, what belongs to nothing."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import google_crc32c
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.rules import Severity
from napari_ome_zip.save import save_image
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from napari_ome_zip.validation.stored_arrays import find_arrays
from napari_ome_zip.validation.validate import validate
from zipbuilder import build_zip

SHAPE = (3, 20, 30)


def issues_of(builder: HierarchyBuilder, path: Path) -> dict[str, tuple[str, int]]:
    return {i.code: (i.message, i.count) for i in validate(builder.archive(path)).issues}


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 10, 10)},
        {"chunks": (1, 10, 10), "shards": (3, 20, 20)},
        {"chunks": (1, 7, 9), "chunk_key_encoding": {"name": "default", "separator": "."}},
        {"chunks": (1, 7, 9), "chunk_key_encoding": {"name": "v2", "separator": "."}},
        {"chunks": (1, 7, 9), "chunk_key_encoding": {"name": "v2", "separator": "/"}},
    ],
)
def test_every_chunk_finds_its_array_whatever_its_name(options: dict[str, object]) -> None:
    builder = HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx", options=options)
    store = MappingStore(builder.entries)
    arrays = find_arrays(store, Hierarchy(store).usable_nodes())
    names = {name for name in builder.entries if not name.endswith("zarr.json")}
    assert set(arrays.chunks["0"].names) == names
    assert arrays.other == []
    cells = np.prod(arrays.stored["0"].grid)
    assert len(np.unique(arrays.chunks["0"].coordinates, axis=0)) == cells


@pytest.mark.parametrize("separator", [".", "/"])
def test_zarr_v2_too(separator: str) -> None:
    options = {
        "chunks": (1, 7, 9),
        "chunk_key_encoding": {"name": "v2", "separator": separator},
    }
    builder = HierarchyBuilder(2).image(ramp(SHAPE) + 1, "zyx", options=options)
    store = MappingStore(builder.entries)
    arrays = find_arrays(store, Hierarchy(store).usable_nodes())
    assert len(arrays.chunks["0"].names) == 3 * 3 * 4
    assert arrays.other == []


def test_missing_chunks_are_counted(tmp_path: Path) -> None:
    pixels = ramp(SHAPE) + 1
    pixels[0] = 0  # zarr does not write chunks of the fill value
    builder = HierarchyBuilder().image(pixels, "zyx", options={"chunks": (1, 10, 30)})
    message, _ = issues_of(builder, tmp_path / "a.ozx")["chunks-missing"]
    assert message.startswith("2 of 6 chunks")


def test_arrays_of_one_chunk_need_no_shards(tmp_path: Path) -> None:
    found = issues_of(HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx"), tmp_path / "a.ozx")
    assert "arrays-unsharded" not in found


def test_unsharded_arrays_are_counted_with_their_entries(tmp_path: Path) -> None:
    levels = [ramp(SHAPE) + 1, ramp((3, 10, 15)) + 1]
    builder = HierarchyBuilder().image(levels, "zyx", options={"chunks": (1, 10, 15)})
    message, count = issues_of(builder, tmp_path / "a.ozx")["arrays-unsharded"]
    assert count == 2
    assert "15 entries" in message


def test_a_folder_is_not_asked_for_shards(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx", options={"chunks": (1, 10, 15)})
    for name, content in builder.entries.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    report = validate(tmp_path)
    assert report.kind == "directory"
    assert not {i.code for i in report.issues} & {"arrays-unsharded", "comment-missing", "no-zip64"}


def test_chunks_beyond_the_shape_are_told(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx", options={"chunks": (1, 10, 30)})
    builder.edit("0/zarr.json", shape=[2, 20, 30])
    message, count = issues_of(builder, tmp_path / "a.ozx")["chunks-outside-array"]
    assert count == 2
    assert "(2, 20, 30)" in message


def test_other_files_are_named_not_blamed(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx")
    builder.put("README.md", b"hello").put("0/c/notes.txt", b"hello")
    report = validate(builder.archive(tmp_path / "a.ozx"))
    (issue,) = (i for i in report.issues if i.code == "foreign-entries")
    assert {issue.location.entry, *(a.entry for a in issue.also)} == {"README.md", "0/c/notes.txt"}
    assert issue.severity == "info"


def test_tables_of_texts_beside_the_image_are_no_reason_to_complain(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp(SHAPE) + 1, "zyx").group("tables")
    builder.array("tables/names", np.array(["a", "bc"], dtype=np.dtypes.StringDType()))
    found = issues_of(builder, tmp_path / "a.ozx")
    assert not set(found) & {"array-not-readable", "foreign-entries"}


def test_chunks_that_our_own_writer_leaves_out_are_an_information_with_their_number(
    tmp_path: Path,
) -> None:
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:20, :20] = 7  # lies in the first of 4 x 4 chunks, and in the next ones by 4 pixels
    options = SaveOptions(levels=1, chunk=16, shard=0, thumbnail=False)
    layer = (pixels, {"name": "cells", "units": ("um", "um")}, "image")
    save_image(from_layer_data([layer], name="cells"), tmp_path / "a.ozx", options)
    report = validate(tmp_path / "a.ozx", deep=True)
    (missing,) = (issue for issue in report.issues if issue.code == "chunks-missing")
    with zipfile.ZipFile(tmp_path / "a.ozx") as archive:
        stored = [name for name in archive.namelist() if not name.endswith("zarr.json")]
    assert len(stored) == 4
    assert missing.severity is Severity.INFO
    assert missing.message.startswith("12 of 16 chunks are not stored")
    assert not {"chunks-lost", "chunk-damaged"} & {issue.code for issue in report.issues}


def test_chunks_that_the_archive_counts_and_does_not_list_are_a_warning(tmp_path: Path) -> None:
    layer = (np.ones((64, 64), np.uint8), {"name": "cells"}, "image")
    options = SaveOptions(levels=1, chunk=16, shard=0, thumbnail=False)
    save_image(from_layer_data([layer], name="cells"), tmp_path / "a.ozx", options)
    with zipfile.ZipFile(tmp_path / "a.ozx") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    lost = entries.popitem()
    assert lost[0].startswith("0/c/")
    for counted, code in ((len(entries), "chunks-missing"), (len(entries) + 1, "chunks-lost")):
        (tmp_path / "b.ozx").write_bytes(
            build_zip(entries, comment=comment, entry_count=counted, zip64_end=True)
        )
        found = {i.code: i for i in validate(tmp_path / "b.ozx").issues if i.code[:7] == "chunks-"}
        assert list(found) == [code]
        assert found[code].message.startswith("1 of 16 chunks")
    assert found["chunks-lost"].severity is Severity.WARNING


def test_a_shard_s_index_that_lists_a_chunk_beyond_its_end_is_damage(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(
        ramp(SHAPE) + 1, "zyx", options={"chunks": (1, 10, 10), "shards": (3, 20, 20)}
    )
    shard = builder.entries["0/c/0/0/0"]
    index = bytearray(shard[-(12 * 16 + 4) : -4])  # 3 x 2 x 2 chunks of offset and length
    struct.pack_into("<QQ", index, 16, len(shard) + 1000, 500)
    checksum = struct.pack("<I", google_crc32c.value(bytes(index)))
    builder.put("0/c/0/0/0", shard[: -len(index) - 4] + bytes(index) + checksum)
    path = builder.archive(tmp_path / "a.ozx")
    (issue,) = (i for i in validate(path, deep=True).errors if i.code == "chunk-damaged")
    assert issue.location.entry == "0/c/0/0/0"
    assert "no chunk at" in issue.message
