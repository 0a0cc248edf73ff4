"""Workers of a cluster compute, encode and reduce; this process writes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image
from napari_ome_zip.errors import SaveCancelledError, SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving import save
from napari_ome_zip.saving.encoding.cluster import can_be_sent, distributed_client
from range_server import RangeServer

distributed = pytest.importorskip("distributed")

SHAPE = (5, 300, 260)
PIXELS = np.random.default_rng(5).integers(0, 999, SHAPE, np.uint16)
OPTIONS = SaveOptions(chunk=32, shard=64, levels=4)
LIMITS = {"name": "cells", "contrast_limits": (0, 999)}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", processes=True
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def computed_pixels(pixels: np.ndarray = PIXELS) -> da.Array:
    """Pixels that a function of the user's own makes."""
    return da.from_array(pixels, chunks=(1, 128, 128)).map_blocks(lambda block: block + 1)


def levels_of(path: Path) -> list[np.ndarray]:
    (part,) = open_image(path).parts
    return [np.asarray(level) for level in part.levels]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles of the arrays that workers were asked for."""
    found: list[str] = []
    whole = save.encoded_by_workers

    def noted(client: Any, blocks: Any, title: str, check: Any) -> Any:
        found.append(title)
        return whole(client, blocks, title, check)

    monkeypatch.setattr(save, "encoded_by_workers", noted)
    return found


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("read_back", [False, True], ids=["reduced by workers", "read back"])
def test_it_writes_what_threads_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: list[str], read_back: bool
) -> None:
    if read_back:
        monkeypatch.setattr(save, "tile_shapes", lambda chain: None)
    done: list[tuple[int, int]] = []
    save_image(
        [(computed_pixels(), LIMITS, "image")],
        tmp_path / "cluster.ozx",
        OPTIONS,
        progress=lambda count, total: done.append((count, total)),
    )
    assert sent == ["cells"]
    assert done[-1][0] == done[-1][1]
    with monkeypatch.context() as alone:
        alone.setattr(save, "distributed_client", lambda: None)
        save_image([(computed_pixels(), LIMITS, "image")], tmp_path / "threads.ozx", OPTIONS)
    found, expected = levels_of(tmp_path / "cluster.ozx"), levels_of(tmp_path / "threads.ozx")
    assert len(found) == len(expected) == 4
    np.testing.assert_array_equal(found[0], PIXELS + 1)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_pixels_that_the_cluster_keeps_stay_there(
    tmp_path: Path, client: Any, sent: list[str]
) -> None:
    kept = client.persist(computed_pixels())
    save_image([(kept, LIMITS, "image")], tmp_path / "a.ozx", OPTIONS)
    assert sent == ["cells"]
    np.testing.assert_array_equal(levels_of(tmp_path / "a.ozx")[0], PIXELS + 1)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("fails", [False, True])
def test_workers_read_what_lies_behind_a_link_themselves(
    tmp_path: Path, sent: list[str], fails: bool
) -> None:
    source = HierarchyBuilder().image(PIXELS, "zyx", options={"compressors": None})
    with RangeServer({"cells.ozx": source.archive(tmp_path / "cells.ozx").read_bytes()}) as server:
        url = server.url("cells.ozx").replace("http://", "http://me:passw0rd@")
        image = open_image(url)
        server.forget()
        if fails:
            server.files["cells.ozx"] += b"more"
            with pytest.raises(SaveError) as raised:
                save_image(image, tmp_path / "a.ozx", OPTIONS)
            assert "passw0rd" not in str(raised.value)
            assert not (tmp_path / "a.ozx").exists()
            return
        save_image(image, tmp_path / "a.ozx", OPTIONS)
        assert server.requests
    assert sent == ["cells"]
    np.testing.assert_array_equal(levels_of(tmp_path / "a.ozx")[0], PIXELS)


def test_what_a_worker_meets_names_the_layer_and_leaves_nothing(
    tmp_path: Path, client: Any
) -> None:
    def read(block: np.ndarray, block_info: Any) -> np.ndarray:
        if block_info[0]["chunk-location"] == (3, 1, 1):
            raise RuntimeError("no such frame")
        return block

    pixels = computed_pixels().map_blocks(read, dtype=np.uint16)
    with pytest.raises(SaveError, match=r"'cells'.*no such frame"):
        save_image([(pixels, LIMITS, "image")], tmp_path / "a.ozx", OPTIONS)
    assert not list(tmp_path.iterdir())
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("ome-zip-save")]


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda block: block + 0.5, "uint16, but they are float64"),
        (lambda block: block[:, 1:], "says that its shape is"),
    ],
    ids=["type", "shape"],
)
def test_pixels_that_are_not_what_was_said_are_refused(
    tmp_path: Path, change: Any, reason: str
) -> None:
    lying = computed_pixels().map_blocks(change, meta=np.empty((0, 0, 0), np.uint16))
    with pytest.raises(SaveError, match=reason):
        save_image([(lying, LIMITS, "image")], tmp_path / "a.ozx", OPTIONS)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("client")
def test_cancelling_keeps_nothing(tmp_path: Path) -> None:
    done: list[int] = []
    with pytest.raises(SaveCancelledError):
        save_image(
            [(computed_pixels(), LIMITS, "image")],
            tmp_path / "a.ozx",
            OPTIONS,
            progress=lambda count, total: done.append(count),
            cancelled=lambda: len(done) >= 3,
        )
    assert len(done) == 3
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_layers_in_memory_are_encoded_where_they_are(
    tmp_path: Path, sent: list[str], kind: str
) -> None:
    keywords = LIMITS if kind == "image" else {"name": "nuclei"}
    save_image([(PIXELS, keywords, kind)], tmp_path / "a.ozx", OPTIONS)
    assert not sent
    np.testing.assert_array_equal(levels_of(tmp_path / "a.ozx")[0], PIXELS)


def test_what_is_here_is_sent_only_to_be_computed() -> None:
    here = da.from_array(PIXELS, chunks=(1, 128, 128))
    assert not can_be_sent(here)
    assert not can_be_sent(da.stack([here, here])[0, :, ::2].astype(np.int32) * 2)
    assert can_be_sent(here.map_blocks(lambda block: block + 1))
    assert can_be_sent(da.zeros(SHAPE, np.uint16, chunks=(1, 128, 128)))
    (labels,) = from_layer_data([(PIXELS, {"name": "nuclei"}, "labels")]).parts
    assert not can_be_sent(labels.levels[0])
    unpicklable = threading.Lock()
    assert not can_be_sent(here.map_blocks(lambda block: block + bool(unpicklable)))


@pytest.mark.parametrize("moment", [0, 3])
def test_a_connection_that_ends_is_told(tmp_path: Path, moment: int) -> None:
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False
    ) as cluster:
        other = distributed.Client(cluster, set_as_default=False)
        done: list[int] = []

        def close(count: int, total: int) -> None:
            done.append(count)
            if len(done) == moment + 1:
                other.close()

        with (
            other.as_current(),
            pytest.raises(SaveError, match=r"connection to the dask cluster ended\. Nothing was"),
        ):
            save_image(
                [(computed_pixels(), LIMITS, "image")],
                tmp_path / "a.ozx",
                OPTIONS,
                progress=close,
            )
    assert len(done) > moment
    assert not list(tmp_path.iterdir())


def test_a_library_that_another_thread_is_importing_has_no_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", ModuleType("distributed"))
    assert distributed_client() is None
