"""Layers of one archive read at once by threads, processes and a cluster: bit-equal."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image, to_layer_data
from other_process import read_all

LEVELS = [
    np.random.default_rng(0).integers(0, 2**16, (2, 4, side, side), dtype=np.uint16)
    for side in (96, 48)
]


@pytest.fixture(scope="module", params=["sharded", "chunked"])
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options: dict[str, Any] = {"chunks": (1, 1, 16, 16)}
    if request.param == "sharded":
        options["shards"] = (2, 2, 48, 48)
    builder = HierarchyBuilder().image(LEVELS, "czyx", options=options)
    return builder.archive(tmp_path_factory.mktemp("concurrency") / "a.ome.zip")


def layers_of_archive(path: Path) -> list[list[da.Array]]:
    return [data for data, _, _ in to_layer_data(open_image(path))]


def all_equal(layers: list[list[Any]]) -> bool:
    """Whether every level of every channel is what was written."""
    return all(
        np.array_equal(dask.compute(array, scheduler="synchronous")[0], written[channel])
        for channel, levels in enumerate(layers)
        for array, written in zip(levels, LEVELS, strict=True)
    )


def test_32_threads(archive: Path) -> None:
    layers = layers_of_archive(archive)
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(lambda _: all_equal(layers), range(32)))


def test_the_threaded_scheduler(archive: Path) -> None:
    layers = layers_of_archive(archive)
    for channel, levels in enumerate(layers):
        found = dask.compute(*levels, scheduler="threads", num_workers=16)
        for array, written in zip(found, LEVELS, strict=True):
            np.testing.assert_array_equal(array, written[channel])


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_other_processes(archive: Path, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{sys.platform} cannot {method}")
    layers = layers_of_archive(archive)
    assert all_equal(layers)  # so that the file is open and in use when the process is made
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    processes = [context.Process(target=read_all, args=(layers, queue)) for _ in range(2)]
    for process in processes:
        process.start()
    assert all_equal(layers)
    found = [queue.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(120)
    assert all(all_equal(pixels) for _, pixels in found)
    assert len({pid for pid, _ in found} | {os.getpid()}) == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_of_processes(archive: Path) -> None:
    distributed = pytest.importorskip("distributed")
    layers = layers_of_archive(archive)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"n_workers": 2, "threads_per_worker": 2, "processes": True}
        with (
            distributed.LocalCluster(dashboard_address=None, **options) as cluster,
            distributed.Client(cluster) as client,
        ):
            futures = [client.compute(array) for levels in layers for array in levels]
            assert all_equal(layers)
            found = client.gather(futures)
    written = [level[channel] for channel in range(2) for level in LEVELS]
    for array, expected in zip(found, written, strict=True):
        np.testing.assert_array_equal(array, expected)
