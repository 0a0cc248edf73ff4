"""The deep check: damage is found where it was done, and nowhere else."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.errors import CheckCancelledError
from napari_ome_zip.validation import pixels
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.validate import validate

SHARDED = {"chunks": (1, 10, 10), "shards": (2, 20, 20)}


def image(path: Path, **options: object) -> Path:
    return HierarchyBuilder().image(ramp((4, 40, 40)) + 1, "zyx", options=options).archive(path)


def place(path: Path, name: str) -> tuple[int, int]:
    """Where the bytes of an entry begin in the file, and how many there are."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    header = path.read_bytes()[info.header_offset :][:30]
    lengths = struct.unpack("<HH", header[26:30])
    return info.header_offset + 30 + sum(lengths), info.compress_size


def damage(path: Path, name: str, at: int) -> None:
    start, size = place(path, name)
    content = bytearray(path.read_bytes())
    content[start + at % size] ^= 0xFF
    path.write_bytes(content)


def deep(path: Path) -> list[Issue]:
    found = validate(path, deep=True).issues
    return [issue for issue in found if issue.code in ("entry-damaged", "chunk-damaged")]


@given(at=st.integers(0, 10_000), cell=st.tuples(*[st.integers(0, 1)] * 3))
@settings(max_examples=20, deadline=None)
def test_one_wrong_byte_is_found_and_placed(
    tmp_path_factory: pytest.TempPathFactory, at: int, cell: tuple[int, int, int]
) -> None:
    path = image(tmp_path_factory.mktemp("damage") / "a.ozx", **SHARDED)
    name = "0/c/{}/{}/{}".format(*cell)
    damage(path, name, at)
    (issue,) = deep(path)
    assert (issue.code, issue.location.entry) == ("entry-damaged", name)
    z, y, x = cell
    region = f"[{2 * z}:{2 * z + 2}, {20 * y}:{20 * y + 20}, {20 * x}:{20 * x + 20}]"
    assert region in issue.message


def test_chunks_that_do_not_decode_are_found_although_their_checksum_is_right(
    tmp_path: Path,
) -> None:
    builder = HierarchyBuilder().image(
        ramp((4, 40, 40)) + 1, "zyx", options={"chunks": (2, 40, 40)}
    )
    path = builder.put("0/c/1/0/0", b"no chunk").archive(tmp_path / "a.ozx")
    (issue,) = deep(path)
    assert (issue.code, issue.location.entry) == ("chunk-damaged", "0/c/1/0/0")
    assert "[2:4, 0:40, 0:40]" in issue.message


def test_entries_that_are_no_chunks_are_verified_too(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp((4, 40, 40)) + 1, "zyx").put("notes.txt", b"hello")
    path = builder.archive(tmp_path / "a.ozx")
    damage(path, "notes.txt", 2)
    (issue,) = deep(path)
    assert issue.location.entry == "notes.txt"


def test_without_the_deep_check_no_pixel_is_read(tmp_path: Path) -> None:
    path = image(tmp_path / "a.ozx", **SHARDED)
    damage(path, "0/c/0/0/0", 3)
    found = {issue.code for issue in validate(path).issues}
    assert not found & {"entry-damaged", "chunk-damaged"}


def test_an_undamaged_image_has_no_damage(tmp_path: Path) -> None:
    assert deep(image(tmp_path / "a.ozx", **SHARDED)) == []


def test_much_damage_is_listed_in_part_and_counted_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "MAX_LISTED", 3)
    path = image(tmp_path / "a.ozx", chunks=(1, 20, 20))
    for z in range(4):
        for x in range(2):
            damage(path, f"0/c/{z}/0/{x}", 5)
    found = deep(path)
    assert len(found) == 4
    assert sum(issue.count for issue in found) == 8


def test_progress_runs_from_nothing_to_all_bytes(tmp_path: Path) -> None:
    path = image(tmp_path / "a.ozx", chunks=(1, 20, 20))
    told: list[tuple[int, int]] = []
    validate(path, deep=True, progress=lambda done, total: told.append((done, total)))
    with zipfile.ZipFile(path) as archive:
        infos = [i for i in archive.infolist() if not i.filename.endswith("zarr.json")]
    nbytes = sum(info.file_size for info in infos)
    assert told[-1] == (nbytes, nbytes)
    assert (0, nbytes) in told
    done = [d for d, total in told if total == nbytes]
    assert done == sorted(done)


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_check_that_is_cancelled_ends(tmp_path: Path, after: int) -> None:
    path = image(tmp_path / "a.ozx", chunks=(1, 5, 5))
    asked = iter(range(10_000))
    with pytest.raises(CheckCancelledError):
        validate(path, deep=True, cancelled=lambda: next(asked) >= after)
