"""Of an archive behind a line only those parts of the directory come that are asked for."""

from __future__ import annotations

import gc
import itertools
import random
import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counted_file import CountedFile
from napari_ome_zip.archive import ArchiveIndex, remote_index
from napari_ome_zip.archive.remote_index import RemoteIndex
from napari_ome_zip.errors import ArchiveError
from zipbuilder import ENCRYPTED, Entry, build_zip, ome_comment

JSON_FIRST = ome_comment(json_first=True)
LEVELS = ((16, 64, 64), (16, 32, 32), (16, 16, 16), (16, 8, 8))
DOCUMENTS = ["zarr.json", *(f"{level}/zarr.json" for level in range(4))]
ARRAYS = [
    [f"{level}/c/{z}/{y}/{x}" for z, y, x in itertools.product(*map(range, grid))]
    for level, grid in enumerate(LEVELS)
]
PLANE = [f"0/c/8/{y}/{x}" for y in range(20, 30) for x in range(20, 30)]


def scattered(names: Sequence[str]) -> list[str]:
    """As threads write them: each somewhat earlier or later than its turn."""
    chance = random.Random(1)
    turns = sorted((turn + chance.uniform(0, 40), name) for turn, name in enumerate(names))
    return [name for _, name in turns]


def chained(arrays: Sequence[Sequence[str]]) -> list[str]:
    return [name for array in arrays for name in array]


ORDERS: dict[str, Callable[[], list[str]]] = {
    "C": lambda: chained(ARRAYS),
    "text": lambda: chained([sorted(array) for array in ARRAYS]),
    "coarse first": lambda: chained(ARRAYS[::-1]),
    "x outermost": lambda: chained([sorted(a, key=lambda n: n.split("/")[::-1]) for a in ARRAYS]),
    "threads": lambda: scattered(chained(ARRAYS)),
}


def packed(names: Sequence[str], **form: object) -> bytes:
    """An archive of 87,000 entries; each holds its own name."""
    entries = {name: name.encode() for name in [*DOCUMENTS, *names]}
    form = {"comment": JSON_FIRST, "zip64_end": True, **form}
    return build_zip(entries, **form)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def archives() -> Callable[[str], bytes]:
    """Made once by the name of its order."""
    known: dict[str, bytes] = {}

    def made(order: str) -> bytes:
        if order not in known:
            known[order] = packed(ORDERS[order]())
        return known[order]

    return made


@pytest.fixture
def without_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched but what is looked for."""
    monkeypatch.setattr(RemoteIndex, "_complete_in_background", lambda self: None)


@pytest.fixture(autouse=True)
def _believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_index, "_disproved", set())
    monkeypatch.setattr(remote_index, "QUIET", 0)


def offsets(raw: bytes, names: Sequence[str]) -> list[int | None]:
    """Where the local headers of entries are, from the names in them."""
    found = [raw.find(name.encode() + name.encode()) for name in names]
    return [place - 30 if place >= 0 else None for place in found]


@pytest.mark.usefixtures("without_background")
@pytest.mark.parametrize("order", ORDERS)
def test_chunks_are_found_by_a_small_part_of_the_directory(
    archives: Callable[[str], bytes], order: str
) -> None:
    raw = archives(order)
    file = CountedFile(raw)
    index = RemoteIndex(file)
    assert not index.is_complete
    assert (file.turns, len(file.requests)) == (2, 1)
    assert file.asked <= 1 << 16
    found = index.find_all(PLANE)
    assert [entry and entry.offset for entry in found] == offsets(raw, PLANE)
    assert not index.is_complete
    assert file.turns <= 5
    assert file.asked < index.end.directory_size / 4
    before = file.asked
    assert [index.find(name) for name in PLANE] == found
    assert file.asked == before


@pytest.mark.usefixtures("without_background")
def test_chunks_at_the_end_of_the_file_cost_nothing(archives: Callable[[str], bytes]) -> None:
    file = CountedFile(archives("C"))
    index = RemoteIndex(file)
    before = list(file.requests)
    assert None not in index.find_all(ARRAYS[3])
    assert file.requests == before


@pytest.mark.usefixtures("without_background")
@pytest.mark.parametrize("name", ["0/c/8/64/0", "0/c/99/0/0", "0/c/1/2", "OME/METADATA.ome.xml"])
def test_only_the_whole_directory_says_that_something_is_not_there(
    archives: Callable[[str], bytes], name: str
) -> None:
    file = CountedFile(archives("C"))
    index = RemoteIndex(file)
    assert index.find(name) is None
    assert index.is_complete
    assert file.turns <= 6


@pytest.mark.usefixtures("without_background")
def test_documents_are_known_from_the_beginning(archives: Callable[[str], bytes]) -> None:
    file = CountedFile(archives("C"))
    index = RemoteIndex(file)
    assert index.documents() == tuple(DOCUMENTS)
    assert index.find("labels/zarr.json") is None
    assert index.leading_content("2/zarr.json", file.read) == b"2/zarr.json"
    assert (file.turns, index.is_complete) == (2, False)


def test_where_the_order_says_nothing_the_directory_comes_once() -> None:
    names = chained(ARRAYS)
    random.Random(2).shuffle(names)
    raw = packed(names)
    file = CountedFile(raw)
    index = RemoteIndex(file)
    found = index.find_all(PLANE)
    assert [entry and entry.offset for entry in found] == offsets(raw, PLANE)
    assert index.is_complete
    assert file.asked <= 1.3 * index.end.directory_size


def test_the_rest_comes_in_the_background(archives: Callable[[str], bytes]) -> None:
    file = CountedFile(archives("C"))
    index = RemoteIndex(file)
    found = index.find_all(PLANE)
    ended(index)
    assert index.is_complete
    assert index.findings == ()
    assert index.find_all(PLANE) == found
    assert len(index) == len(DOCUMENTS) + sum(map(len, ARRAYS))
    before = file.asked
    assert index.find("0/c/8/64/0") is None
    assert file.asked == before < 1.2 * index.end.directory_size


def test_an_index_that_is_let_go_of_fetches_no_more(archives: Callable[[str], bytes]) -> None:
    held, go = threading.Event(), threading.Event()

    class Held(CountedFile):
        def read(self, offset: int, length: int) -> bytes:
            if threading.current_thread() is not threading.main_thread():
                held.set()
                assert go.wait(60)
            return super().read(offset, length)

    file = Held(archives("C"))
    index = RemoteIndex(file)
    index.find_all(PLANE)
    thread = index._thread
    assert thread is not None
    assert held.wait(60)
    before = file.asked
    del index
    gc.collect()
    go.set()
    thread.join(60)
    assert not thread.is_alive()
    assert file.asked - before <= remote_index.PIECE_BYTES


def ended(index: RemoteIndex) -> None:
    """Wait until the whole directory has come, or cannot come."""
    thread = index._thread
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()


class Told:
    def __init__(self, index: RemoteIndex) -> None:
        self.messages: list[str] = []
        index.listen(self.tell)

    def tell(self, message: str) -> None:
        self.messages.append(message)


def misplaced(names: Sequence[str], what: str, at: float = 0.4) -> list[str]:
    """Names with one that comes too late."""
    place = int(at * len(names))
    return [*names[:place], what, *names[place:]]


def test_a_document_that_comes_to_light_later_is_told_of() -> None:
    raw = packed(misplaced(chained(ARRAYS), "labels/cells/zarr.json"))
    index = RemoteIndex(CountedFile(raw))
    told = Told(index)
    assert "labels/cells/zarr.json" not in index.documents()
    index.find_all(PLANE)
    ended(index)
    (message,) = told.messages
    assert "labels/cells/zarr.json" in message
    assert message in [finding.with_headline for finding in index.findings]
    # From now on that comment is not believed.
    assert "labels/cells/zarr.json" in RemoteIndex(CountedFile(raw)).documents()


def repeated(name: str, twin: bytes) -> bytes:
    """An archive in which a chunk comes again, far behind the first."""
    entries = [Entry(each, each.encode()) for each in [*DOCUMENTS, *chained(ARRAYS)]]
    entries.insert(70_000, Entry(name, twin))
    return build_zip(entries, comment=JSON_FIRST, zip64_end=True)


def test_a_chunk_that_was_shown_but_does_not_count_is_told_of() -> None:
    raw = repeated(PLANE[0], b"the last one counts")
    index = RemoteIndex(CountedFile(raw))
    told = Told(index)
    first = index.find(PLANE[0])
    assert first is not None
    assert first.size == len(PLANE[0])
    ended(index)
    last = index.find(PLANE[0])
    assert last is not None
    assert last.size == len(b"the last one counts")
    (message,) = told.messages
    assert PLANE[0] in message


def test_an_archive_made_to_fill_disks_answers_nothing_once_that_is_known() -> None:
    entries = [Entry(each, each.encode()) for each in [*DOCUMENTS, *chained(ARRAYS)]]
    entries += [
        Entry(f"0/c/again{n}", offset=0, size=5000, compressed_size=5000) for n in range(9000)
    ]
    raw = build_zip(entries, comment=JSON_FIRST, zip64_end=True)
    index = RemoteIndex(CountedFile(raw))
    told = Told(index)
    index.find_all(PLANE)
    ended(index)
    (message,) = told.messages
    assert "Likely harmful" in message
    for name in (PLANE[0], "zarr.json", "0/c/0/0/1"):
        with pytest.raises(ArchiveError, match="Likely harmful"):
            index.find(name)


def test_a_listener_that_is_gone_gives_way_to_the_one_before() -> None:
    raw = packed(misplaced(chained(ARRAYS), "labels/cells/zarr.json"))
    index = RemoteIndex(CountedFile(raw))
    told = Told(index)
    Told(index)
    gc.collect()
    index.complete()
    assert len(told.messages) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"prefix": b"#!/bin/sh\n" * 9},
        {"prefix": b"#!/bin/sh\n" * 9, "prefix_counted": False},
        {
            "before_end": b"a signature of some other tool",
            "zip64_end": False,
            "entry_count": 87_045 & 0xFFFF,
        },
        {"after": b"\0" * 60_000},
        {"directory_order": range(87_044, -1, -1)},
    ],
)
@pytest.mark.usefixtures("without_background")
def test_every_form_of_a_large_archive_gives_the_entries_of_its_full_index(
    form: dict[str, object],
) -> None:
    raw = packed(chained(ARRAYS), **form)
    full = ArchiveIndex(lambda offset, length: raw[offset : offset + length], len(raw))
    file = CountedFile(raw)
    index = RemoteIndex(file)
    wanted = [*DOCUMENTS, *PLANE, *ARRAYS[3], "0/c/8/64/0"]
    assert index.find_all(wanted) == [full.find(name) for name in wanted]
    assert file.asked <= 1.5 * index.end.directory_size


@pytest.mark.parametrize("flags", [ENCRYPTED, 0])
def test_the_first_chunk_stands_for_all(flags: int) -> None:
    entries = [Entry(name, b"{}") for name in DOCUMENTS]
    entries += [Entry(name, b"x", flags=flags) for name in chained(ARRAYS)]
    raw = build_zip(entries, comment=JSON_FIRST, zip64_end=True)
    assert RemoteIndex(CountedFile(raw)).is_complete is bool(flags)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives of a few hundred entries are large, as compared with the parts of them."""
    from napari_ome_zip.archive import end_record, kept_bytes, partial_directory

    for name, value in {
        "HEAD_BYTES": 256,
        "TAIL_BYTES": 700,
        "AT_ONCE_BYTES": 1500,
        "BEGINNING_BYTES": 700,
    }.items():
        monkeypatch.setattr(kept_bytes, name, value)
    monkeypatch.setattr(end_record, "_WINDOWS", (600, 1 << 20))
    monkeypatch.setattr("counted_file.HEAD_BYTES", 256)
    monkeypatch.setattr("counted_file.TAIL_BYTES", 700)
    monkeypatch.setattr(remote_index, "BEGINNING_BYTES", 700)
    monkeypatch.setattr(remote_index, "AT_ONCE_BYTES", 1500)
    monkeypatch.setattr(remote_index, "PIECE_BYTES", 4000)
    monkeypatch.setattr(remote_index, "_CHUNKS_BYTES", 200)
    sizes = {"_BESIDE": 200, "_GAP": 600, "_WIDE_GAP": 1200, "_MERGED": 200, "_PROBE": 300}
    for name, value in {**sizes, "_PER_PROBE": 3000, "_OVERLAP": 120}.items():
        monkeypatch.setattr(partial_directory, name, value)


def names_in_any_order() -> st.SearchStrategy[list[str]]:
    arrays = st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(1, 12), st.integers(5, 15)),
        min_size=2,
        max_size=4,
    )
    chunks = arrays.map(
        lambda found: [f"{a}/c/{y}/{x}" for a, h, w in found for y in range(h) for x in range(w)]
    )
    odd = st.lists(
        st.sampled_from(
            ["A/c/1/2", "B/c/2", "A/c/", "x/PK\x01\x02y", "B\\c\\1\\1", "../A/c/1/1", "A/c/01/2"]
        )
        | st.text(max_size=9),
        max_size=4,
    )
    orders: st.SearchStrategy[Callable[[list[str]], list[str]]] = st.sampled_from(
        [list, sorted, scattered, lambda n: n[::-1], lambda n: random.Random(0).sample(n, len(n))]
    )
    return st.builds(lambda c, o, order: order([*c, *o]), chunks, odd, orders)


@pytest.mark.usefixtures("small_parts")
@given(names_in_any_order(), st.data())
def test_answers_are_those_of_the_full_index(names: list[str], data: st.DataObject) -> None:
    documents = ["zarr.json", "A/zarr.json", "B/zarr.json", "C/zarr.json"]
    entries = [Entry(name, f"{n}".encode()) for n, name in enumerate([*documents, *names])]
    raw = build_zip(entries, comment=JSON_FIRST)
    try:
        full = ArchiveIndex(lambda offset, length: raw[offset : offset + length], len(raw))
        full.complete()
    except ArchiveError:
        with pytest.raises(ArchiveError):
            RemoteIndex(CountedFile(raw)).complete()
        return
    index = RemoteIndex(CountedFile(raw))
    wanted = data.draw(st.lists(st.sampled_from([*documents, *names, "A/c/40/1"]), max_size=30))
    for name, entry in zip(wanted, index.find_all(wanted), strict=True):
        expected = full.find(name)
        # Of a name that is there more than once an earlier one may be found; never anything else.
        if expected is None or names.count(name) <= 1:
            assert entry == expected
        else:
            assert entry in [record for record in full.records() if record.name == name]
    index.complete()
    assert index.find_all(wanted) == [full.find(name) for name in wanted]
    assert index.names() == full.names()
