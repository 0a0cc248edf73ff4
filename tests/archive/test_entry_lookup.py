"""A few entries found without parsing the directory are those that other readers find."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from napari_ome_zip.archive.entry_lookup import EntryLookup
from napari_ome_zip.errors import DamagedEntryError
from zipbuilder import DEFLATE, ENCRYPTED, Entry, build_zip


def lookup(raw: bytes) -> EntryLookup:
    return EntryLookup(lambda offset, length: raw[offset : offset + length], len(raw), "it")


ENTRIES = [
    Entry("zarr.json", b'{"node_type": "group"}'),
    Entry("a/zarr.json", b"{}", method=DEFLATE),
    Entry("xzarr.json", b"another"),
    Entry("zarr.json.bak", b"backup"),
    Entry("Übersicht.png", b"picture" * 9, zip64_central=True, zip64_local=True),
    Entry("small.png", b"p" * 999, method=DEFLATE, extra=b"\x99\x99\x04\x00abcd"),
]


@pytest.mark.parametrize(
    "options", [{}, {"comment": b"{}", "zip64_end": True}, {"prefix": b"x" * 99}]
)
def test_entries_are_those_that_zipfile_finds(tmp_path: Path, options: dict[str, object]) -> None:
    raw = build_zip(ENTRIES, **options)  # type: ignore[arg-type]
    (tmp_path / "a.zip").write_bytes(raw)
    found = lookup(raw)
    with zipfile.ZipFile(tmp_path / "a.zip") as oracle:
        assert list(found.names()) == oracle.namelist()
        there = found.find_all([*oracle.namelist(), "json", "no.png", "mall.png"])
        assert set(there) == set(oracle.namelist())
        for name, entry in there.items():
            assert found.content(entry, 1 << 20) == oracle.read(name)


def test_of_two_records_of_a_name_the_last_counts() -> None:
    found = lookup(build_zip([Entry("a", b"first"), Entry("b", b"b"), Entry("a", b"last")]))
    assert found.content(found.find_all(["a"])["a"], 99) == b"last"


def test_nothing_is_looked_for_where_nothing_is_wanted() -> None:
    assert lookup(build_zip([Entry("a")])).find_all([]) == {}


def test_a_record_that_says_too_little_of_its_place_is_left_out() -> None:
    raw = build_zip([Entry("a", b"1", zip64_central=True)])
    at = raw.rindex(b"PK\x01\x02")
    extra = raw.index(b"\x01\x00", at + 46)
    broken = raw[:extra] + b"\x77" + raw[extra + 1 :]  # another kind of extra field
    assert lookup(broken).find_all(["a"]) == {}


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", b"12345", crc=1),
        Entry("a", b"12345", method=DEFLATE, payload=b"no deflate"),
        Entry("a", b"12345", method=DEFLATE, size=4),
        Entry("a", b"12345", method=DEFLATE, size=99),
        Entry("a", b"12345", size=4),
        Entry("a", b"12345", local_signature=b"nono"),
    ],
)
def test_damage_is_an_error(entry: Entry) -> None:
    found = lookup(build_zip([entry, Entry("after", b"x" * 99)]))
    with pytest.raises(DamagedEntryError):
        found.content(found.find_all(["a"])["a"], 99)


def test_what_ends_before_its_last_byte_is_an_error() -> None:
    raw = build_zip([Entry("a", b"12345", size=900, compressed_size=900)])
    found = lookup(raw)
    with pytest.raises(DamagedEntryError, match="ends before"):
        found.content(found.find_all(["a"])["a"], 1000)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", b"1" * 100),
        Entry("a", b"1", flags=ENCRYPTED),
        Entry("a", b"1", method=14, payload=b"lzma"),
        Entry("a", b"1", method=DEFLATE, size=1 << 31),
    ],
)
def test_what_is_too_large_or_packed_in_another_way_is_not_read(entry: Entry) -> None:
    found = lookup(build_zip([entry]))
    assert found.content(found.find_all(["a"])["a"], 99) is None
