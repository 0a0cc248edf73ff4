"""One archive read from many threads and processes at once gives the same bytes to all."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path

import pytest

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.storage import ArchiveStore, open_store
from zipbuilder import DEFLATE, Entry, build_zip, ome_comment

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def _contents() -> dict[str, bytes]:
    randomness = random.Random(0)
    chunks = {f"0/c/{i}": randomness.randbytes(randomness.randrange(5000)) for i in range(300)}
    return {"zarr.json": b"{}", "0/zarr.json": b"{}", **chunks}


CONTENTS = _contents()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a.ome.zip"
    entries = [
        Entry(name, data, DEFLATE if row % 3 == 2 else 0)
        for row, (name, data) in enumerate(CONTENTS.items())
    ]
    path.write_bytes(build_zip(entries, comment=ome_comment(json_first=True)))
    return path


def test_32_threads_read_the_same_bytes(archive: Path) -> None:
    store = ArchiveStore(archive)
    assert not store.index.is_complete
    barrier = threading.Barrier(32)

    def read_all(seed: int) -> bool:
        names = list(CONTENTS)
        random.Random(seed).shuffle(names)
        barrier.wait()
        return all(store.read_document(name) == CONTENTS[name] for name in names)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(read_all, range(32)))


def _in_fork(action: object) -> int:
    """Exit code of a forked process that runs the action: 0 where it returns true."""
    with warnings.catch_warnings():
        # Forking beside threads is what Python warns of, and what this test is about.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        code = 2
        try:
            code = 0 if action() else 1  # type: ignore[operator]
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _reads_all(store: ArchiveStore) -> bool:
    return all(store.read_document(name) == data for name, data in CONTENTS.items())


@needs_fork
def test_a_forked_process_reads_the_same_bytes_while_the_parent_reads(archive: Path) -> None:
    store = ArchiveStore(archive)
    with ThreadPoolExecutor(1) as pool:
        parent = pool.submit(_reads_all, store)
        assert _in_fork(lambda: _reads_all(store)) == 0
        assert parent.result()


@needs_fork
def test_a_forked_process_does_not_wait_for_locks_of_the_parent_s_threads(archive: Path) -> None:
    store = ArchiveStore(archive)
    with store.index._lock, store._decoded._own_lock():
        assert _in_fork(lambda: _reads_all(store)) == 0


@needs_fork
def test_a_forked_process_keeps_the_file_it_had(archive: Path) -> None:
    store = ArchiveStore(archive)
    other = archive.with_name("other")
    other.write_bytes(build_zip({"zarr.json": b"another"}))
    other.replace(archive)
    assert _in_fork(lambda: _reads_all(store)) == 0


def test_a_spawned_process_reads_the_same_bytes(archive: Path) -> None:
    store = ArchiveStore(archive)
    names = list(CONTENTS)[:40]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for name in names:
            read = pool.apply(methodcaller("read_document", name), (store,))
            assert read == CONTENTS[name]


def test_a_pickled_store_is_the_same_store(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    path.write_bytes(build_zip({f"x/{name}": data for name, data in CONTENTS.items()}))
    store = open_store(path)
    again = pickle.loads(pickle.dumps(store))
    assert again == store
    assert hash(again) == hash(store)
    assert again.findings == store.findings
    assert again.name == store.name
    assert _reads_all(again)


def test_pickled_copies_share_one_open_file(archive: Path) -> None:
    pickled = pickle.dumps(ArchiveStore(archive))
    first, second = pickle.loads(pickled), pickle.loads(pickled)
    assert first.index is second.index


def test_a_store_of_a_file_that_was_replaced_is_refused_when_it_is_read(archive: Path) -> None:
    pickled = pickle.dumps(ArchiveStore(archive))
    archive.write_bytes(build_zip({"zarr.json": b"another"}))
    again = pickle.loads(pickled)  # where an error would end a worker, not a task
    with pytest.raises(ArchiveError, match="changed since it was opened"):
        again.get_sync("zarr.json")
