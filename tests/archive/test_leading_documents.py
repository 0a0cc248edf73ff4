"""Documents that come first are read many at once: the same bytes, or nothing."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from napari_ome_zip.archive.index import ArchiveIndex

COMMENT = {"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
DOCUMENTS = {
    f"{group}/zarr.json".lstrip("/"): json.dumps({"group": group}).encode()
    for group in ["", *map(str, range(600))]
}


def archive(documents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytearray:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as zipped:
        for name, content in {**documents, "0/c/0": b"pixels"}.items():
            zipped.writestr(name, content)
        zipped.comment = json.dumps(COMMENT).encode()
    return bytearray(written.getvalue())


def reader(content: bytes | bytearray) -> Callable[[int, int], bytes]:
    return lambda offset, length: bytes(content[offset : offset + length])


def contents(content: bytes | bytearray, names: list[str]) -> dict[str, bytes | None]:
    read = reader(content)
    index = ArchiveIndex(read, len(content))
    return {name: index.leading_content(name, read) for name in names}


def test_all_of_them_are_what_was_written_in_any_order() -> None:
    names = [*DOCUMENTS][::7] + [*DOCUMENTS][::-1]
    assert contents(archive(DOCUMENTS), names) == {name: DOCUMENTS[name] for name in names}


def test_few_accesses_are_enough_for_all() -> None:
    content = archive(DOCUMENTS)
    accesses: list[int] = []

    def read(offset: int, length: int) -> bytes:
        accesses.append(offset)
        return bytes(content[offset : offset + length])

    index = ArchiveIndex(read, len(content))
    accesses.clear()
    for name in DOCUMENTS:
        assert index.leading_content(name, read) is not None
    assert len(accesses) < 10


def test_what_is_damaged_is_left_to_whoever_says_so() -> None:
    content = archive(DOCUMENTS)
    place = content.index(DOCUMENTS["7/zarr.json"])
    content[place + 3] ^= 1
    found = contents(content, [*DOCUMENTS])
    assert [name for name, read in found.items() if read is None] == ["7/zarr.json"]


@pytest.mark.parametrize(
    ("documents", "method"),
    [
        ({"zarr.json": b"{}" * 600_000}, zipfile.ZIP_STORED),
        ({"zarr.json": b"{}", "0/zarr.json": b"{}"}, zipfile.ZIP_DEFLATED),
    ],
)
def test_what_is_large_or_compressed_is_read_by_itself(
    documents: dict[str, bytes], method: int
) -> None:
    found = contents(archive(documents, method), [*documents])
    assert set(found.values()) == {None}


def test_what_is_not_there_has_no_content() -> None:
    assert contents(archive(DOCUMENTS), ["x/zarr.json", "0/c/0"]) == {
        "x/zarr.json": None,
        "0/c/0": None,
    }
