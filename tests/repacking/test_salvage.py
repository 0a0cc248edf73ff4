"""Archives whose end is missing, or that are damaged: what is whole is saved, the rest is named."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.storage import ZipStore

from broken_files import PIXELS, array, entries, entry, root, write
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image, repack, validate
from napari_ome_zip.cli.main import main
from napari_ome_zip.errors import ArchiveError, DamagedEntryError, SaveCancelledError, SaveWarning
from napari_ome_zip.findings import Finding
from raw_zip import take_apart
from zipbuilder import DATA_DESCRIPTOR, DEFLATE, STORED, Entry, build_zip

SHAPE = (4, 16, 20)
VALUES = ramp(SHAPE) + 1
HIERARCHY = HierarchyBuilder().image(VALUES, "zyx", options={"chunks": (1, 8, 20)})


def salvage(path: Path, **options: Any) -> tuple[Path, list[Finding]]:
    notes: list[Finding] = []
    target = path.with_name("saved.ozx")
    return repack(path, target, salvage=True, noted=notes.append, **options), notes


def content(path: Path) -> dict[str, bytes]:
    """What an archive holds, by Python's own reader, which verifies every checksum."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Stream(io.BytesIO):
    """What cannot be sought in, as a pipe: sizes are then written after the bytes."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def by_zipfile(method: int, stream: bool, zip64: bool) -> bytes:
    out = Stream() if stream else io.BytesIO()
    names = sorted(HIERARCHY.entries, key=lambda name: (not name.endswith("json"), name))
    names.remove("zarr.json")
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in ["zarr.json", *names]:
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=zip64) as file:
                file.write(HIERARCHY.entries[name])
    return out.getvalue()


def whole_before(data: bytes, cut: int) -> set[str]:
    """Entries that end before a place, by the directory of the complete archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        ends = [info.header_offset for info in infos[1:]] + [archive.start_dir]
    return {info.filename for info, end in zip(infos, ends, strict=True) if end <= cut}


WRITERS = [
    pytest.param(lambda: by_zipfile(STORED, False, False), id="stored"),
    pytest.param(lambda: by_zipfile(DEFLATE, False, False), id="deflated"),
    pytest.param(lambda: by_zipfile(STORED, False, True), id="stored ZIP64"),
    pytest.param(lambda: by_zipfile(STORED, True, False), id="streamed"),
    pytest.param(lambda: by_zipfile(DEFLATE, True, False), id="deflated and streamed"),
    pytest.param(lambda: by_zipfile(STORED, True, True), id="streamed ZIP64"),
    pytest.param(lambda: by_zipfile(DEFLATE, True, True), id="deflated and streamed ZIP64"),
]


@pytest.mark.parametrize("writer", WRITERS)
def test_wherever_it_is_cut_what_is_whole_is_saved(
    writer: Callable[[], bytes], tmp_path: Path
) -> None:
    data = writer()
    path = tmp_path / "cut.ozx"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        starts = [info.header_offset for info in archive.infolist()]
        cuts = {place + shift for place in (*starts, archive.start_dir) for shift in (-1, 0, 1, 40)}
    for cut in sorted(cut for cut in cuts | {len(data) - 1} if 0 < cut < len(data)):
        path.write_bytes(data[:cut])
        whole = whole_before(data, cut)
        if "zarr.json" not in whole:
            with pytest.raises(ArchiveError, match="Nothing can be salvaged"):
                salvage(path)
            continue
        made, notes = salvage(path)
        # The last entry may be whole though its descriptor is not: then nothing tells its end.
        assert content(made) == {name: HIERARCHY.entries[name] for name in whole}
        take_apart(made.read_bytes())
        assert bool(notes) == (whole != set(HIERARCHY.entries))


DIES = """
import os, sys
import numpy as np, zarr
from zarr.storage import ZipStore
store = ZipStore(sys.argv[1], mode="w")
document = {"version": "0.5", "multiscales": []}
zarr.create_group(store, attributes={"ome": document})
image = zarr.create_array(store, name="0", shape=(60, 64, 64), chunks=(1, 64, 64), dtype="u2")
for z in range(60):
    image[z] = np.random.default_rng(z).integers(1, 60000, (64, 64))
os._exit(1)
"""


def test_of_a_program_that_died_the_pixels_it_wrote_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "died.ozx"
    assert subprocess.run([sys.executable, "-c", DIES, str(path)], check=False).returncode == 1
    with pytest.raises(ArchiveError, match="salvage what is left"):
        open_image(path)
    made, notes = salvage(path)
    with ZipStore(made, mode="r") as store:
        saved = zarr.open_array(store, path="0", mode="r")[...]
    written = [z for z in range(60) if saved[z].any()]
    assert len(written) > 40  # of what was written last some was still in memory
    for z in written:
        plane = np.random.default_rng(z).integers(1, 60000, (64, 64))
        np.testing.assert_array_equal(saved[z], plane)
    missing = 60 - len(written)
    said = "".join(note.message for note in notes)
    assert (f"at most {missing} of 60 chunks" in said) == bool(missing)


def test_what_is_missing_is_named_with_its_number(tmp_path: Path) -> None:
    data = by_zipfile(STORED, False, False)
    cut = data.index(b"0/c/2/1/0") + 20  # in the bytes of the sixth of eight chunks
    path = tmp_path / "cut.ozx"
    path.write_bytes(data[:cut])
    with pytest.raises(ArchiveError, match="salvage what is left"):
        open_image(path)
    (issue,) = (issue for issue in validate(path).issues if issue.code == "archive-incomplete")
    assert "salvage what is left" in issue.remedy
    made, notes = salvage(path)
    said = "\n".join(note.message for note in notes)
    assert "'0/c/2/1/0': the file ends before its last byte" in said
    assert "Array '0': at most 3 of 8 chunks are missing" in said
    with ZipStore(made, mode="r") as store:
        saved = zarr.open_array(store, path="0", mode="r")[...]
    np.testing.assert_array_equal(saved[:2], VALUES[:2])
    np.testing.assert_array_equal(saved[2, :8], VALUES[2, :8])
    assert not saved[2, 8:].any()
    assert not saved[3].any()


def test_empty_chunks_that_were_never_stored_are_no_certain_loss(tmp_path: Path) -> None:
    listed = [entry("zarr.json", root()), entry("0/zarr.json", array((20, 25)))]
    listed.append(entry("0/c/0/0", PIXELS[:20, :25].tobytes()))
    path = write(tmp_path, listed)
    path.write_bytes(path.read_bytes()[:-30])
    _, notes = salvage(path)
    (note,) = notes
    assert "at most 3 of 4 chunks" in note.message


def test_shards_are_counted_as_shards(tmp_path: Path) -> None:
    options = {"chunks": (1, 8, 10), "shards": (2, 8, 20)}
    source = HierarchyBuilder().image(VALUES, "zyx", options=options).archive(tmp_path / "a.ozx")
    with zipfile.ZipFile(source) as archive:
        last = max(info.header_offset for info in archive.infolist())
    path = tmp_path / "cut.ozx"
    path.write_bytes(source.read_bytes()[: last + 50])
    _, notes = salvage(path)
    assert any("at most 1 of 4 shards" in note.message for note in notes)


def test_levels_and_labels_that_are_gone_altogether_are_named(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image([VALUES, VALUES[:, ::2, ::2]], "zyx")
    builder.labels("nuclei").image(VALUES, "zyx", "labels/nuclei")
    documents = [name for name in builder.entries if name.endswith("zarr.json")]
    order = ["zarr.json", "0/zarr.json", "0/c/0/0/0", "labels/zarr.json"]
    order += [name for name in builder.entries if name not in order]
    assert len(documents) == 6
    data = build_zip([Entry(name, builder.entries[name]) for name in order])
    path = tmp_path / "cut.ozx"
    path.write_bytes(data[: data.index(order[4].encode()) - 30])
    _, notes = salvage(path)
    said = "\n".join(note.message for note in notes)
    assert "The array '1' that 'the root' names is missing" in said
    assert "The label image 'labels/nuclei' that 'labels' names is missing" in said


# Damage


def damaged(data: bytes, name: str) -> bytes:
    """Change a byte in the middle of an entry."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(name)
    place = info.header_offset + 30 + len(name) + info.compress_size // 2
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("end", [True, False])
def test_a_damaged_entry_costs_itself_alone(
    writer: Callable[[], bytes], end: bool, tmp_path: Path
) -> None:
    data = damaged(writer(), "0/c/1/0/0")
    path = tmp_path / "damaged.ozx"
    path.write_bytes(data if end else data[:-60])
    made, notes = salvage(path)
    expected = {name: data for name, data in HIERARCHY.entries.items() if name != "0/c/1/0/0"}
    assert content(made) == expected
    said = "\n".join(note.message for note in notes)
    assert "'0/c/1/0/0'" in said
    assert "at most 1 of 8" in said


def test_bytes_that_were_lost_in_the_middle_cost_what_lay_there(tmp_path: Path) -> None:
    data = by_zipfile(STORED, False, False)
    start = data.index(b"0/c/1/0/0") + 20
    path = tmp_path / "hole.ozx"
    path.write_bytes(data[:start] + data[start + 500 :])
    made, notes = salvage(path)
    assert set(HIERARCHY.entries) - set(content(made)) == {"0/c/1/0/0", "0/c/1/1/0"}
    assert "at most 2 of 8" in "\n".join(note.message for note in notes)


def test_sizes_that_lie_do_not_hide_what_comes_after(tmp_path: Path) -> None:
    listed = [Entry(name, content) for name, content in HIERARCHY.entries.items()]
    number = next(i for i, each in enumerate(listed) if each.name == "0/c/1/0/0")
    listed[number] = replace(listed[number], size=1 << 30, compressed_size=1 << 30)
    path = tmp_path / "lies.ozx"
    path.write_bytes(build_zip(listed)[:-10])
    made, _ = salvage(path)
    assert set(HIERARCHY.entries) - set(content(made)) == {"0/c/1/0/0"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(5000), id="zeros"),
        pytest.param(b"PK\x03\x04" * 3000, id="signatures"),
        pytest.param(b"PK\x03\x04" + b"\xff" * 5000, id="absurd header"),
        pytest.param(np.random.default_rng(1).bytes(100_000), id="noise"),
    ],
)
def test_of_garbage_nothing_is_made(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "garbage.ozx"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="Nothing can be salvaged"):
        salvage(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("lost", ["zarr.json", "zarr.json and its header"])
def test_without_the_document_of_the_image_nothing_is_made(lost: str, tmp_path: Path) -> None:
    listed = entries()
    data = build_zip(listed)
    if lost == "zarr.json":
        data = damaged(data, "zarr.json")
    else:
        start = data.index(b"0/zarr.json") - 30
        data = bytes(start) + data[start:]
    path = tmp_path / "headless.ozx"
    path.write_bytes(data[:-40])
    with pytest.raises(ArchiveError, match=r"Nothing can be salvaged.*zarr\.json"):
        salvage(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_image_in_a_folder_moves_to_the_root(tmp_path: Path) -> None:
    listed = [replace(each, name=f"cells.zarr/{each.name}") for each in entries()]
    path = tmp_path / "cut.ozx"
    path.write_bytes(build_zip(listed)[:-10])
    made, notes = salvage(path)
    assert set(content(made)) == {"zarr.json", "0/zarr.json", "0/c/0/0"}
    assert notes == []


def test_a_copy_that_would_hide_damage_says_how_to_save_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "damaged.ozx"
    path.write_bytes(damaged(by_zipfile(STORED, False, False), "0/c/1/0/0"))
    with pytest.raises(DamagedEntryError, match=r"'0/c/1/0/0'.*salvage what is left"):
        repack(path, tmp_path / "copy.ozx")


@given(
    writer=st.sampled_from([(m, s, z) for m in (STORED, DEFLATE) for s in (0, 1) for z in (0, 1)]),
    holes=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=60)), max_size=4
    ),
    end=st.floats(0.1, 1),
)
@settings(max_examples=60, deadline=None)
def test_whatever_happened_to_the_bytes_what_is_saved_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    writer: tuple[int, int, int],
    holes: list[tuple[float, int, bytes]],
    end: float,
) -> None:
    data = by_zipfile(writer[0], bool(writer[1]), bool(writer[2]))
    for place, lost, instead in holes:
        start = int(place * len(data))
        data = data[:start] + instead + data[start + lost :]
    path = tmp_path_factory.mktemp("any") / "any.ozx"
    path.write_bytes(data[: int(end * len(data))])
    try:
        made, _ = salvage(path)
    except ArchiveError:
        assert not path.with_name("saved.ozx").exists()
        return
    saved = content(made)
    assert saved == {name: HIERARCHY.entries[name] for name in saved}


# What only looks like an entry, and entries that count no more


def test_entries_of_an_archive_inside_are_not_the_image_s(tmp_path: Path) -> None:
    inner = build_zip([Entry("zarr.json", b"{}"), Entry("0/c/0/0", b"inner")])
    listed = [*entries(), entry("copy.ozx", inner)]
    data = build_zip(listed)
    path = tmp_path / "cut.ozx"
    whole = {str(each.name): each.data for each in entries()}
    for cut in (len(data) - 10, data.index(inner) + len(inner), data.index(inner) + len(inner) - 3):
        path.write_bytes(data[:cut])
        with pytest.raises(ArchiveError, match="The archive is incomplete"):
            open_image(path)
        saved = content(salvage(path)[0])
        saved.pop("copy.ozx", None)
        assert saved.keys() == whole.keys()
        assert saved["0/c/0/0"] == PIXELS.tobytes()


def test_a_streamed_archive_inside_is_kept_whole(tmp_path: Path) -> None:
    inner = by_zipfile(STORED, True, False)
    out = Stream()
    with zipfile.ZipFile(out, "w") as archive:
        for each in [*entries(), Entry("copy.ozx", inner)]:
            archive.writestr(str(each.name), each.data)
    path = tmp_path / "cut.ozx"
    path.write_bytes(out.getvalue()[:-10])
    saved = content(salvage(path)[0])
    assert saved["copy.ozx"] == inner
    assert saved["0/c/0/0"] == PIXELS.tobytes()


def test_pixels_that_look_like_records_end_nothing(tmp_path: Path) -> None:
    pixels = PIXELS.copy()
    flat = pixels.reshape(-1)
    for place, text in ((100, b"PK\x03\x04"), (200, b"PK\x07\x08"), (300, b"PK\x01\x02\xff\xff")):
        flat[place : place + len(text)] = np.frombuffer(text, np.uint8)
    flat[400:416] = np.frombuffer(struct.pack("<4s3I", b"PK\x07\x08", 1, 400, 400), np.uint8)
    out = Stream()
    with zipfile.ZipFile(out, "w") as archive:
        for each in [*entries()[:2], Entry("0/c/0/0", pixels.tobytes())]:
            archive.writestr(str(each.name), each.data)
    path = tmp_path / "cut.ozx"
    path.write_bytes(out.getvalue()[:-10])
    made, notes = salvage(path)
    assert content(made)["0/c/0/0"] == pixels.tobytes()
    assert notes == []


def test_descriptors_without_a_signature_are_found(tmp_path: Path) -> None:
    # APPNOTE 4.3.9.3: "values may or may not be marked with a signature".
    data = b""
    for each in entries():
        start = build_zip([replace(each, flags=DATA_DESCRIPTOR, zip64_local=False)])
        assert start.count(b"PK\x07\x08") == 1
        data += start[: start.index(b"PK\x07\x08")]
        data += struct.pack("<3I", zlib.crc32(each.data), len(each.data), len(each.data))
    path = tmp_path / "cut.ozx"
    path.write_bytes(data)
    assert content(salvage(path)[0]) == {str(each.name): each.data for each in entries()}


def test_of_what_was_written_twice_the_last_whole_one_is_saved(tmp_path: Path) -> None:
    newer = bytes(reversed(PIXELS.tobytes()))
    listed = [*entries(), entry("0/c/0/0", newer)]
    data = build_zip(listed)
    path = tmp_path / "cut.ozx"
    path.write_bytes(data[:-10])
    made, notes = salvage(path)
    assert content(made)["0/c/0/0"] == newer
    assert notes == []
    path.write_bytes(data[: data.index(newer) + 100])
    made, notes = salvage(path)
    assert content(made)["0/c/0/0"] == PIXELS.tobytes()
    assert "an earlier one of this name is kept" in "\n".join(note.message for note in notes)


def test_what_was_deleted_stays_deleted_where_the_directory_is_there(tmp_path: Path) -> None:
    listed = [*entries(), entry("0/c/0/1", b"gone", in_directory=False)]
    listed[2] = replace(listed[2], crc=1)
    made, notes = salvage(write(tmp_path, listed))
    assert set(content(made)) == {"zarr.json", "0/zarr.json"}
    assert notes[0].where == "0/c/0/0"


def test_an_entry_has_the_name_that_the_directory_gives_it(tmp_path: Path) -> None:
    listed = entries()
    listed[2] = replace(listed[2], local_name="other")
    made, notes = salvage(write(tmp_path, [*listed, entry("0/c/0/1", b"damaged", crc=1)]))
    assert content(made)["0/c/0/0"] == PIXELS.tobytes()
    assert [note.where for note in notes] == ["0/c/0/1"]


def test_an_entry_that_is_listed_and_not_there_is_named(tmp_path: Path) -> None:
    listed = entries()
    listed[2] = replace(listed[2], local_signature=b"XXXX")
    made, notes = salvage(write(tmp_path, listed))
    assert set(content(made)) == {"zarr.json", "0/zarr.json"}
    assert "'0/c/0/0': it is not where the directory says" in notes[0].message


# The whole of it


def test_a_good_archive_loses_nothing(tmp_path: Path) -> None:
    path = HIERARCHY.archive(tmp_path / "good.ozx")
    made, notes = salvage(path)
    assert content(made) == HIERARCHY.entries
    assert notes == []


def test_chunks_that_never_were_are_not_missed_where_the_directory_is_there(
    tmp_path: Path,
) -> None:
    listed = [entry("zarr.json", root()), entry("0/zarr.json", array((20, 25)))]
    _, notes = salvage(write(tmp_path, listed))
    assert notes == []


def test_what_is_saved_can_be_sharded(tmp_path: Path) -> None:
    data = by_zipfile(DEFLATE, True, False)
    path = tmp_path / "cut.ozx"
    path.write_bytes(data[:-10])
    made, _ = salvage(path, shard=True)
    with ZipStore(made, mode="r") as store:
        read = zarr.open_array(store, path="0", mode="r")
        assert read.shards is not None
        np.testing.assert_array_equal(read[...], VALUES)


def test_an_archive_may_be_replaced_by_what_is_left_of_it(tmp_path: Path) -> None:
    path = tmp_path / "cut.ozx"
    path.write_bytes(by_zipfile(STORED, False, False)[:-10])
    repack(path, path, salvage=True)
    assert content(path) == HIERARCHY.entries


def test_what_is_missing_is_a_warning_to_who_does_not_ask(tmp_path: Path) -> None:
    path = tmp_path / "cut.ozx"
    data = by_zipfile(STORED, False, False)
    path.write_bytes(data[: data.index(b"0/c/3/1/0") - 30])
    with pytest.warns(SaveWarning, match="at most 1 of 8"):
        repack(path, tmp_path / "saved.ozx", salvage=True)


def test_work_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "cut.ozx"
    path.write_bytes(by_zipfile(STORED, False, False)[:-10])
    told: list[tuple[int, int]] = []
    salvage(path, progress=lambda *numbers: told.append(numbers))
    searched = [done for done, total in told if total == path.stat().st_size]
    assert searched == sorted(searched)
    assert searched[-1] == path.stat().st_size
    assert told[-1][0] == told[-1][1]
    (tmp_path / "saved.ozx").unlink()
    for after in (0, 3, 10, 30):  # while it is searched, and while it is copied
        asked = iter(range(1000))
        with pytest.raises(SaveCancelledError):
            salvage(path, cancelled=lambda asked=asked, after=after: next(asked) >= after)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    large = 96 << 20
    document = array((1, 1), shape=[large], chunk_grid=_one_chunk(large), dimension_names=["x"])
    path = tmp_path / "cut.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zarr.json", json.dumps(root()))
        archive.writestr("0/zarr.json", json.dumps(document))
        with archive.open("0/c/0", "w", force_zip64=True) as file:
            for _ in range(large >> 20):
                file.write(bytes(1 << 20))
        end = archive.fp.tell() if archive.fp else 0
    with path.open("r+b") as out:
        out.truncate(end)
    tracemalloc.start()
    made, notes = salvage(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert notes == []
    assert zipfile.ZipFile(made).getinfo("0/c/0").file_size == large
    assert peak < 32 << 20


def _one_chunk(size: int) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": [size]}}


def test_the_command_saves_what_is_left_and_says_what_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = by_zipfile(STORED, False, False)
    path, target = tmp_path / "cut.ozx", tmp_path / "saved.ozx"
    path.write_bytes(data[: data.index(b"0/c/3/1/0") + 20])
    assert main(["repack", str(path), str(target)]) == 2
    assert "--salvage" in capsys.readouterr().err
    assert main(["repack", "--salvage", str(path), str(target)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"Salvaged as {target}\n")
    assert "'0/c/3/1/0'" in said.err
    assert "at most 1 of 8 chunks" in said.err
