"""The index of an archive: where it lies, what it lists, and what it says of odd ones."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.archive import ArchiveIndex
from napari_ome_zip.archive.central_directory import count_signatures, holds_telltale
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.storage import ArchiveStore
from zipbuilder import FULL_32, Entry, build_zip, ome_comment

FILES = {
    "zarr.json": b"root",
    "0/zarr.json": b"array",
    "0/c/0/0": b"first",
    "0/c/0/1": b"second",
}
JSON_FIRST = ome_comment(json_first=True)


def index_of(raw: bytes) -> ArchiveIndex:
    return ArchiveIndex(lambda offset, length: raw[offset : offset + length], len(raw))


def codes(index: ArchiveIndex) -> list[str]:
    return [finding.code for finding in index.findings]


def contents(path: Path, raw: bytes) -> dict[str, bytes | None]:
    path.write_bytes(raw)
    store = ArchiveStore(path)
    return {name: store.read_document(name) for name in store.keys()}  # noqa: SIM118  a store


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"comment": b"any words"},
        {"comment": b"\xff" * 65_535},
        {"comment": JSON_FIRST + b"\0" * 100},
        {"zip64_end": True, "comment": JSON_FIRST},
        {"prefix": b"#!/bin/sh\n" * 9},
        {"prefix": b"#!/bin/sh\n" * 9, "zip64_end": True},
        {"prefix": b"#!/bin/sh\n" * 9, "prefix_counted": False},
        {"prefix": b"#!/bin/sh\n" * 9, "prefix_counted": False, "zip64_end": True},
        {"before_end": b"a signature of some other tool"},
        {"after": b"\0" * 100_000},
        {"after": b"line break added by a mail program\r\n"},
        {"directory_order": [3, 2, 1, 0]},
        {"comment": build_zip({})},
        {"comment": b"PK\x05\x06" + b"\0" * 18},
        {"comment": build_zip({"zarr.json": b"fake"})},
        {"comment": build_zip({"zarr.json": b"fake"})[:-3]},
    ],
)
def test_the_directory_is_found_in_every_form_of_archive(
    form: dict[str, object], tmp_path: Path
) -> None:
    assert contents(tmp_path / "a.ozx", build_zip(FILES, **form)) == FILES  # type: ignore[arg-type]


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("central", [False, True])
@pytest.mark.parametrize("extra", [b"", b"\x55\x54\x05\x00\x03abcd", b"\x01"])
def test_zip64_fields_are_read_wherever_they_stand(
    local: bool, central: bool, extra: bytes, tmp_path: Path
) -> None:
    entries = [
        Entry(name, data, zip64_local=local, zip64_central=central, extra=extra)
        for name, data in FILES.items()
    ]
    raw = build_zip(entries)
    assert contents(tmp_path / "a.ozx", raw) == FILES
    assert index_of(raw).zip64_record_count == (len(FILES) if central else 0)


def test_a_zip64_field_may_follow_others_and_hold_only_what_is_needed() -> None:
    timestamp = b"\x55\x54\x05\x00\x03abcd"
    raw = bytearray(build_zip([Entry("zarr.json", b"root", extra=timestamp + bytes(12))]))
    record = raw.index(b"PK\x01\x02")
    raw[record + 24 : record + 28] = b"\xff" * 4  # the size alone
    field = raw.index(timestamp, record) + len(timestamp)
    raw[field : field + 12] = struct.pack("<2HQ", 1, 8, 4)
    entry = index_of(bytes(raw)).find("zarr.json")
    assert entry is not None
    assert (entry.size, entry.compressed_size, entry.offset) == (4, 4, 0)


def test_a_directory_with_signatures_in_names_and_comments_is_read() -> None:
    names = ["PK\x01\x02", "a/PK\x01\x02PK\x01\x02", "b"]
    index = index_of(build_zip([Entry(name, name.encode()) for name in names]))
    assert list(index.names()) == names


def test_names_are_decoded_by_their_flag_and_by_what_they_can_be() -> None:
    raw = build_zip(
        [
            Entry("labels/zellkérne µ/0", b"utf-8 with its flag"),
            Entry("labels/日本".encode(), b"utf-8 without", flags=0),
            Entry("labels/é".encode("cp437"), b"code page 437", flags=0),
        ]
    )
    assert list(index_of(raw).names()) == ["labels/zellkérne µ/0", "labels/日本", "labels/é"]


def test_backslashes_are_read_as_slashes() -> None:
    index = index_of(build_zip({"zarr.json": b"", "0\\zarr.json": b"", "0\\c\\": b""}))
    assert index.names() == ("zarr.json", "0/zarr.json")
    assert codes(index) == ["backslash-names"]


@pytest.mark.parametrize("other", ["a\\b", "./a/b"])
def test_names_that_become_the_same_are_refused(other: str) -> None:
    for pair in (["a/b", other], [other, "a/b"]):
        with pytest.raises(ArchiveError, match="same name"):
            index_of(build_zip([Entry(name) for name in pair]))


def test_folders_are_not_entries() -> None:
    index = index_of(build_zip({"zarr.json": b"", "0/": b"", "0/c/": b"", "0/c/0": b""}))
    assert index.names() == ("zarr.json", "0/c/0")
    assert index.findings == ()


def test_unsafe_names_are_never_served() -> None:
    unsafe = ["../../etc/passwd", "/etc/passwd", "C:\\x", "C:/x", "a/../../x", "..\\y", "a//b", ""]
    index = index_of(build_zip({"zarr.json": b"", **dict.fromkeys(unsafe, b"evil")}))
    assert index.names() == ("zarr.json",)
    assert codes(index) == ["unsafe-entry-names"]
    assert "8 entries" in index.findings[0].message
    for name in unsafe:
        assert index.find(name) is None
        assert index.find(name.replace("\\", "/")) is None


def test_the_last_of_a_repeated_name_counts() -> None:
    twice = [Entry("zarr.json", b"old"), Entry("zarr.json", b"new")]
    index = index_of(build_zip(twice))
    entry = index.find("zarr.json")
    assert entry is not None
    assert entry.offset == index_of(build_zip(twice[:1])).end.directory_start
    assert len(index) == 1
    assert [record.name for record in index.records()] == ["zarr.json", "zarr.json"]


def test_a_repeated_name_is_told_where_it_leaves_doubt() -> None:
    rewritten = [Entry("zarr.json", b"old"), Entry("0/c/0", b""), Entry("zarr.json", b"new")]
    same = [Entry("zarr.json", b"same"), Entry("zarr.json", b"same")]
    assert codes(index_of(build_zip(rewritten))) == []
    assert codes(index_of(build_zip(same, comment=JSON_FIRST))) == []
    assert codes(index_of(build_zip(rewritten, directory_order=[2, 1, 0]))) == ["repeated-entries"]
    promised = index_of(build_zip(rewritten[::2], comment=JSON_FIRST))
    assert codes(promised) == ["repeated-entries"]


def test_several_repeated_names_are_told_in_a_sentence() -> None:
    names = ("zarr.json", "0/zarr.json")
    twice = [Entry(name, content) for content in (b"old", b"new") for name in names]
    (finding,) = index_of(build_zip(twice, directory_order=[2, 3, 0, 1])).findings
    assert finding.message == (
        "Entries with the same name and different content: 'zarr.json' and 1 more. The last one "
        "of each name is used."
    )


def test_a_true_promise_leaves_the_chunks_for_later() -> None:
    index = index_of(build_zip(FILES, comment=JSON_FIRST))
    assert not index.is_complete
    assert index.documents() == ("zarr.json", "0/zarr.json")
    assert index.find("1/zarr.json") is None
    assert index.find(".zattrs") is None
    assert not index.is_complete
    assert index.find("0/c/0/1") is not None
    assert index.is_complete
    assert index.names() == tuple(FILES)
    assert index.findings == ()


@pytest.mark.parametrize("claim", [None, False, "true", "false", 1, [True]])
def test_only_a_plain_true_is_a_promise(claim: object) -> None:
    index = index_of(build_zip(FILES, comment=ome_comment(json_first=claim)))
    assert not index.claims_json_first
    assert index.is_complete


@pytest.mark.parametrize(
    "comment", [b"", b"[1]", b'{"ome": 5}', b"\xff\xfe{", b"[" * 60_000, b'{"ome": {"zipFile": 1}}']
)
def test_odd_comments_promise_nothing(comment: bytes) -> None:
    assert not index_of(build_zip(FILES, comment=comment)).claims_json_first


def test_an_untrue_promise_is_seen_and_the_index_is_complete() -> None:
    late = {**FILES, "labels/zarr.json": b"late", "labels/0/zarr.json": b"late"}
    index = index_of(build_zip(late, comment=JSON_FIRST))
    assert index.is_complete
    assert set(index.documents()) >= {"labels/zarr.json", "labels/0/zarr.json"}
    assert [(f.code, f.where) for f in index.findings] == [
        ("json-first-untrue", "labels/zarr.json")
    ]


def test_the_root_s_document_is_promised_to_be_the_first() -> None:
    index = index_of(build_zip({"0/zarr.json": b"", "zarr.json": b""}, comment=JSON_FIRST))
    assert codes(index) == ["json-first-untrue"]


def test_other_files_and_other_documents_do_not_make_the_promise_untrue() -> None:
    files = {**FILES, "0/foozarr.json": b"", "ZARR.JSON": b"", "__MACOSX/._zarr.json": b""}
    assert codes(index_of(build_zip(files, comment=JSON_FIRST))) == []
    assert codes(index_of(build_zip({"README": b"", **FILES}, comment=JSON_FIRST))) == []
    only_end_alike = ("foozarr.json", "._zarr.json", "0/._zarr.json", "__MACOSX/zarr.json")
    for name in only_end_alike:
        assert codes(index_of(build_zip({**FILES, name: b""}, comment=JSON_FIRST))) == [], name
        assert codes(index_of(build_zip({name: b"", **FILES}, comment=JSON_FIRST))) == [], name
    old = index_of(build_zip({**FILES, "old/.zattrs": b"{}"}, comment=JSON_FIRST))
    assert old.documents() == ("zarr.json", "0/zarr.json", "old/.zattrs")


def test_unsafe_names_are_told_at_opening_in_spite_of_a_promise() -> None:
    raw = build_zip({**FILES, "../../evil": b""}, comment=JSON_FIRST)
    assert codes(index_of(raw)) == ["unsafe-entry-names"]


@pytest.mark.parametrize("comment", [b"", JSON_FIRST])
def test_a_wrong_count_of_entries_is_told_and_the_directory_believed(comment: bytes) -> None:
    index = index_of(build_zip(FILES, comment=comment, entry_count=3))
    assert index.names() == tuple(FILES)
    assert codes(index) == ["wrong-entry-count"]


def test_a_count_that_overflows_without_zip64_is_no_finding() -> None:
    raw = build_zip([Entry(f"{i}") for i in range(66_000)], entry_count=66_000 & 0xFFFF)
    index = index_of(raw)
    assert len(index) == 66_000
    assert index.findings == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (build_zip(FILES, disk=2), "split"),
        (build_zip(FILES, disk=2, zip64_end=True), "split"),
        (build_zip([Entry("zarr.json", disk=1)]), "split"),
        (b"PK\x07\x08" + build_zip(FILES), "split"),
        (build_zip(FILES, directory_size=10), "incomplete"),
        (build_zip(FILES, directory_size=200), "incomplete"),
        (build_zip(FILES, directory_size=FULL_32, directory_offset=FULL_32), "incomplete"),
        (build_zip(FILES, comment=b"cut", comment_length=30), "incomplete"),
    ],
)
def test_unusable_archives_are_refused_with_the_reason(raw: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        index_of(raw)


def test_a_directory_that_breaks_off_is_incomplete() -> None:
    raw = bytearray(build_zip(FILES))
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    raw[second] = 0
    with pytest.raises(ArchiveError, match="after 1 entries"):
        index_of(bytes(raw))


def test_huge_claims_do_no_work(tmp_path: Path) -> None:
    path = tmp_path / "sparse.ozx"
    tail = build_zip(FILES, zip64_end=True, directory_size=1 << 39)
    with path.open("wb") as file:
        file.truncate((1 << 40) - len(tail))
        file.seek(0, 2)
        file.write(tail)
    with pytest.raises(ArchiveError, match="more than the 512 MiB"):
        ArchiveStore(path)
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ArchiveError, match="zeros"):
        ArchiveStore(path)


def test_an_entry_of_terabytes_is_refused_as_a_whole_and_read_in_ranges(tmp_path: Path) -> None:
    size = 1 << 39
    path = tmp_path / "sparse.ozx"
    start = build_zip({"zarr.json": b"{}"})
    header = start[: start.index(b"PK\x01\x02")]
    entries = [Entry("zarr.json", b"{}", size=size, compressed_size=size, offset=0)]
    whole = build_zip(entries)
    directory = whole[whole.index(b"PK\x01\x02") :]
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)
        file.seek(0, 2)
        place = file.tell()
        record = directory[: directory.index(b"PK\x05\x06")]
        file.write(record)
        end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(record), place)
        file.write(end64 + struct.pack("<4sIQI", b"PK\x06\x07", 0, place + len(record), 1))
        file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(record), FULL_32, 0))
    store = ArchiveStore(path)
    assert store.size_of("zarr.json") == size
    with pytest.raises(ArchiveError, match="64 MiB"):
        store.read_document("zarr.json")
    with pytest.raises(ArchiveError, match="8 GiB"):
        store.get_sync("zarr.json")


def test_many_entries_are_those_of_zipfile(tmp_path: Path) -> None:
    path = tmp_path / "many.ozx"
    raw = build_zip({f"0/c/{i // 100}/{i % 100}": b"" for i in range(20_000)})
    path.write_bytes(raw)
    with zipfile.ZipFile(path) as oracle:
        expected = [(i.filename, i.header_offset, i.CRC) for i in oracle.infolist()]
    found = [(entry.name, entry.offset, entry.crc) for entry in index_of(raw).records()]
    assert found == expected


def test_the_comment_is_kept_as_it_is() -> None:
    comment = json.dumps({"ome": {"version": "0.6"}}).encode() + b"\0\0"
    assert index_of(build_zip(FILES, comment=comment)).comment == comment


TELLTALES = (b"zarr.json", b".zattrs", b".zgroup", b".zarray", b"/../")
texts = st.lists(
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from([*TELLTALES, *(word[:-1] for word in TELLTALES), b"PK\x01\x02", b"PK\x01"]),
    ),
    max_size=12,
).map(b"".join)


@given(texts, st.integers(0, 40))
def test_the_quick_search_finds_what_searching_for_each_text_finds(raw: bytes, start: int) -> None:
    # A text that begins before the start may be found too: then everything is read, for nothing.
    assert holds_telltale(raw, 0) == any(word in raw for word in TELLTALES)
    assert holds_telltale(raw, start) or not any(raw.find(word, start) >= 0 for word in TELLTALES)


@given(texts)
def test_signatures_are_counted_wherever_they_are(raw: bytes) -> None:
    assert count_signatures(raw) == raw.count(b"PK\x01\x02")
