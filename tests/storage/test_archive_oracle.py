"""Generated archives, compared entry by entry with the standard library's zipfile."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.buffer import default_buffer_prototype

from napari_ome_zip.archive.recognize import LFS_POINTER
from napari_ome_zip.storage import ArchiveStore
from zipbuilder import ome_comment

_segment = st.text(
    st.characters(codec="utf-8", exclude_characters='/\\\0:"'), min_size=1, max_size=8
).filter(lambda part: part not in (".", ".."))
_name = st.one_of(
    st.lists(_segment, min_size=1, max_size=4).map("/".join),
    st.lists(st.sampled_from(["0", "1", "c", "labels", "zarr.json"]), min_size=1, max_size=4).map(
        "/".join
    ),
)
_methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
# A Git LFS pointer is refused as a document, which other tests are about.
_content_bytes = st.binary(max_size=400).filter(lambda data: not data.startswith(LFS_POINTER))
_entry = st.tuples(_name, _content_bytes, st.sampled_from(_methods), st.booleans())
_comment = st.one_of(
    st.just(b""),
    st.binary(max_size=80),
    st.sampled_from([ome_comment(json_first=True), ome_comment(json_first=False)]),
)


class _Unseekable(io.RawIOBase):
    """What a network connection is to a writer: no way back, so data descriptors are written."""

    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._target.write(data)  # type: ignore[arg-type]


def _zip(
    entries: list[tuple[str, bytes, int, bool]], comment: bytes, prefix: bytes, streamed: bool
) -> bytes:
    target = io.BytesIO()
    target.write(prefix)
    with zipfile.ZipFile(_Unseekable(target) if streamed else target, "w") as archive:
        for name, data, method, zip64 in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as file:
                file.write(data)
        archive.comment = comment
    return target.getvalue()


@settings(deadline=None, max_examples=150)
@given(
    st.lists(_entry, max_size=12, unique_by=lambda entry: entry[0]),
    _comment,
    st.binary(max_size=30),
    st.booleans(),
    st.data(),
)
def test_names_bytes_and_ranges_are_those_of_zipfile(
    entries: list[tuple[str, bytes, int, bool]],
    comment: bytes,
    prefix: bytes,
    streamed: bool,
    data: st.DataObject,
) -> None:
    # What begins so is one part of several, which zipfile does not notice.
    assume(not prefix.startswith(b"PK\x07\x08"))
    raw = _zip(entries, comment, prefix, streamed)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(raw)) as oracle:
        path = Path(folder) / "a.ozx"
        path.write_bytes(raw)
        store = ArchiveStore(path)
        # Asked first, while only the leading documents may be known.
        probes = data.draw(st.lists(_name, max_size=3))
        assert [store.has(name) for name in probes] == [n in oracle.namelist() for n in probes]
        assert sorted(store.keys()) == sorted(oracle.namelist())
        assert store.index.comment == oracle.comment
        for info in oracle.infolist():
            expected = oracle.read(info)
            assert store.size_of(info.filename) == info.file_size
            assert _bytes(store, info.filename) == expected
            assert store.read_document(info.filename) == expected
            _compare_ranges(store, info.filename, expected, data)


def _compare_ranges(store: ArchiveStore, name: str, expected: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(expected) + 5))
    stop = data.draw(st.integers(start, len(expected) + 9))
    assert _bytes(store, name, RangeByteRequest(start, stop)) == expected[start:stop]
    assert _bytes(store, name, OffsetByteRequest(start)) == expected[start:]
    tail = expected[max(0, len(expected) - start) :]
    assert _bytes(store, name, SuffixByteRequest(start)) == tail
    requests = [RangeByteRequest(start, stop), None, RangeByteRequest(0, 3), SuffixByteRequest(2)]
    found = dict(store.get_ranges_sync(name, requests, prototype=default_buffer_prototype()))
    assert [_content(found[i]) for i in range(4)] == [
        expected[start:stop],
        expected,
        expected[:3],
        expected[-2:],
    ]


def _bytes(store: ArchiveStore, name: str, byte_range: object = None) -> bytes:
    return _content(store.get_sync(name, byte_range=byte_range))  # type: ignore[arg-type]


def _content(buffer: object) -> bytes:
    assert buffer is not None
    return buffer.to_bytes()  # type: ignore[no-any-return, attr-defined]
