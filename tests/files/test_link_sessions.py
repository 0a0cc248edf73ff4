"""A link in one process and the next, in forked ones, and on workers of a cluster."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import dask
import numpy as np
import pytest

from napari_ome_zip import open_image
from napari_ome_zip.errors import ArchiveError, LinkError
from napari_ome_zip.files import Link, open_file
from napari_ome_zip.files.disk_cache import cache_folder
from napari_ome_zip.storage import ArchiveStore
from range_server import RangeServer
from whole_archives import whole_archive

CONTENT = random.Random(15).randbytes(2 << 20)

SESSION = """
import sys, zlib
from napari_ome_zip.files import Link, open_file
file = open_file(Link(sys.argv[1]))
spans = [tuple(map(int, each.split("-"))) for each in sys.argv[2:]]
with file.expect(spans):
    print([zlib.crc32(file.read(start, stop - start)) for start, stop in spans])
"""


def begun(url: str, folder: Path, *spans: str) -> subprocess.Popen[str]:
    """Begin to read ranges of a link in a process of its own."""
    env = {
        **os.environ,
        cache_folder.LINK_CACHE_VARIABLE: "100",
        cache_folder.LINK_CACHE_FOLDER_VARIABLE: str(folder),
    }
    command = [sys.executable, "-c", SESSION, url, *spans]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    """Return what a process printed."""
    printed, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    return printed


def session(url: str, folder: Path, *spans: str) -> str:
    """Read ranges of a link in a process of its own."""
    return ended(begun(url, folder, *spans))


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer({"a.ozx": CONTENT}) as running:
        yield running


def test_another_session_needs_one_request(server: RangeServer, tmp_path: Path) -> None:
    url = server.url("a.ozx")
    spans = ["300000-400000", "1000000-1600000"]
    first = session(url, tmp_path, *spans)
    assert len(server.requests) == 4
    assert server.sent <= 1.2 * (700_000 + (2 << 16))
    server.forget()
    assert session(url, tmp_path, *spans) == first
    assert len(server.requests) == 1
    assert server.sent <= 1 << 16
    server.forget()
    server.files["a.ozx"] = CONTENT[::-1]
    changed = session(url, tmp_path, *spans)
    assert changed != first
    server.forget()
    assert session(url, tmp_path, *spans) == changed
    assert len(server.requests) == 1


def test_sessions_at_the_same_time_share_the_folder(server: RangeServer, tmp_path: Path) -> None:
    url = server.url("a.ozx")
    spans = [f"{start}-{start + 150_000}" for start in range(100_000, 1_500_000, 200_000)]
    expected = session(url, tmp_path / "alone", *spans)
    together = [begun(url, tmp_path / "both", *spans) for _ in range(3)]
    assert [ended(process) for process in together] == [expected] * 3
    server.forget()
    assert session(url, tmp_path / "both", *spans) == expected
    assert len(server.requests) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_reads_on_with_connections_of_its_own(server: RangeServer) -> None:
    file = open_file(Link(server.url("a.ozx")))
    file.read(500_000, 1000)
    child = os.fork()
    if child == 0:
        right = file.read(700_000, 50_000) == CONTENT[700_000:750_000]
        os._exit(0 if right and file.read(500_000, 1000) == CONTENT[500_000:501_000] else 1)
    assert file.read(900_000, 50_000) == CONTENT[900_000:950_000]
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def image_server(tmp_path: Path) -> Iterator[RangeServer]:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    with RangeServer({"cells.ome.zip": path.read_bytes()}) as running:
        yield running


def test_workers_open_the_link_themselves(image_server: RangeServer) -> None:
    distributed = pytest.importorskip("distributed")
    image = open_image(image_server.url("cells.ome.zip"))
    level = image.parts[0].levels[0]
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, dashboard_address=":0", processes=True
        ) as cluster,
        distributed.Client(cluster),
    ):
        (found,) = dask.compute(level)
    np.testing.assert_array_equal(found, np.asarray(level))


def test_a_worker_refuses_another_version(image_server: RangeServer) -> None:
    store = ArchiveStore(Link(image_server.url("cells.ome.zip")))
    name = next(store.keys())
    sent = pickle.dumps(store)
    assert pickle.loads(sent).read(name) == store.read(name)
    assert store.is_current
    image_server.files["cells.ome.zip"] += b"more"
    del store
    with pytest.raises(ArchiveError, match="changed since it was opened"):
        pickle.loads(sent).read(name)


def test_a_file_that_is_gone_is_not_current(image_server: RangeServer) -> None:
    store = ArchiveStore(Link(image_server.url("cells.ome.zip")))
    content = image_server.files.pop("cells.ome.zip")
    assert not store.is_current
    with pytest.raises(LinkError):
        ArchiveStore(Link(image_server.url("cells.ome.zip")))
    image_server.files["cells.ome.zip"] = content
    assert store.is_current
    assert store == pickle.loads(pickle.dumps(store))


AT_THE_END = """
import atexit, sys, zlib
from napari_ome_zip.files import Link, open_file
file = open_file(Link(sys.argv[1]))
expectation = file.expect([(300_000, 400_000)])
atexit.register(lambda: print(zlib.crc32(file.read(500_000, 600_000))))
"""


def test_bytes_can_be_read_while_the_program_ends(server: RangeServer) -> None:
    command = [sys.executable, "-c", AT_THE_END, server.url("a.ozx")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout.strip(), done.stderr) == (str(zlib.crc32(CONTENT[500_000:1_100_000])), "")


HELD = """
import sys
from napari_ome_zip.files import Link, open_file
file = open_file(Link(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
expectation = file.expect([(start, start + 100) for start in range(200_000, 10**6, 10**5)])
"""


def test_a_program_ends_although_the_server_does_not_answer(server: RangeServer) -> None:
    command = [sys.executable, "-c", HELD, server.url("a.ozx")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        server.hold()
        process.communicate("\n", timeout=60)
    server.release()
    assert process.returncode == 0
