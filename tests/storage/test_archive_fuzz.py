"""Archives changed at random: only the package's own errors, and little memory."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.abc.store import RangeByteRequest, SuffixByteRequest

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.storage import open_store
from zipbuilder import DATA_DESCRIPTOR, DEFLATE, Entry, build_zip, group, ome_comment

MEMORY = 48 << 20

_CONTENTS = {
    "zarr.json": group(ome={"version": "0.5"}),
    "0/zarr.json": json.dumps({"node_type": "array"}).encode(),
    "0/c/0/0": bytes(range(256)) * 3,
    "0/c/0/1": b"\0" * 3000,
    "labels/zellkérne/zarr.json": group(),
}


def _archive(**form: object) -> bytes:
    entries = [
        Entry(
            name,
            data,
            DEFLATE if row % 2 else 0,
            zip64_central=row % 3 == 0,
            zip64_local=row % 2 == 0,
            flags=DATA_DESCRIPTOR if row == 3 else None,
        )
        for row, (name, data) in enumerate(_CONTENTS.items())
    ]
    return build_zip(entries, **form)  # type: ignore[arg-type]


ARCHIVES = [
    _archive(),
    _archive(comment=ome_comment(json_first=True), zip64_end=True),
    _archive(prefix=b"stub" * 5, prefix_counted=False, after=b"\0" * 9),
]

_place = st.floats(0, 1, exclude_max=True)
_flip = st.tuples(st.just("flip"), _place, st.integers(1, 255))
_field = st.tuples(
    st.just("field"),
    _place,
    st.sampled_from([b"\0\0", b"\xff\xff", b"\xff" * 4, b"\xff" * 8, b"\0" * 4, b"\x7f" * 8]),
)
_cut = st.tuples(st.just("cut"), _place, _place)
_double = st.tuples(st.just("double"), _place, _place)


def changed(raw: bytes, changes: list[tuple[str, float, object]]) -> bytes:
    """Apply the changes, which fall mostly on the directory, at the end."""
    data = bytearray(raw)
    directory = raw.index(b"PK\x01\x02")
    for kind, where, what in changes:
        # Three of four fall on the directory and the end record.
        start = min(directory, len(data) - 1) if where > 0.25 else 0
        place = start + int(where * max(len(data) - start, 1))
        if kind == "flip" and place < len(data):
            data[place] ^= int(what)  # type: ignore[call-overload]
        elif kind == "field":
            assert isinstance(what, bytes)
            data[place : place + len(what)] = what
        elif kind == "cut":
            del data[place : place + int(float(str(what)) * 60)]
        elif kind == "double":
            data[place:place] = data[place : place + int(float(str(what)) * 90)]
    return bytes(data)


def read_everything(path: Path) -> None:
    store = open_store(path)
    keys = [*store.keys(), *_CONTENTS]
    for group_path in store.group_paths():
        store.child_names(group_path)
    for key in keys:
        for request in (None, RangeByteRequest(3, 50), SuffixByteRequest(20)):
            try:
                store.get_sync(key, byte_range=request)
            except OmeZipError as error:
                if not str(error):
                    raise


@settings(deadline=None, max_examples=600)
@given(
    st.sampled_from(ARCHIVES),
    st.lists(st.one_of(_flip, _field, _cut, _double), min_size=1, max_size=6),
)
def test_changed_archives_raise_only_the_package_s_errors(
    raw: bytes, changes: list[tuple[str, float, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ozx"
        path.write_bytes(changed(raw, changes))
        tracemalloc.start()
        try:
            read_everything(path)
        except OmeZipError as error:
            if len(str(error)) < 15:
                raise
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < MEMORY


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_random_bytes_raise_only_the_package_s_errors(head: bytes, tail: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ozx"
        path.write_bytes(head + b"PK\x05\x06" + tail)
        try:
            read_everything(path)
        except OmeZipError as error:
            if len(str(error)) < 15:
                raise
