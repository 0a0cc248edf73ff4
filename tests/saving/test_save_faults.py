"""Whatever goes wrong, the target is the old file or the whole new one, and no other is left."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

from killed_work import ends_of_killed_work
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveCancelledError, SaveError

OPTIONS = SaveOptions(chunk=64, shard=128)
SHAPE = (8, 300, 300)

SAVE = """
import numpy as np
from napari_ome_zip import SaveOptions, save_image

pixels = np.random.default_rng(2).integers(0, 999, (8, 300, 300), np.uint16)
pixels[0, 0, 0] = 2
layers = [(pixels, {"name": "cells", "contrast_limits": (0, 999)}, "image")]


def work(moment):
    save_image(layers, path, SaveOptions(chunk=64, shard=128), progress=moment)
"""


def layer(value: int) -> list[tuple]:
    pixels = np.random.default_rng(value).integers(0, 999, SHAPE, np.uint16)
    pixels[0, 0, 0] = value
    return [(pixels, {"name": "cells", "contrast_limits": (0, 999)}, "image")]


def value_in(path: Path) -> int:
    """Return the value a file was made of, after all its pixels were compared."""
    composite = open_image(path)
    assert not composite.findings
    pixels = np.asarray(composite.parts[0].levels[0])
    value = int(pixels[0, 0, 0])
    np.testing.assert_array_equal(pixels, layer(value)[0][0])
    return value


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_save_leaves_the_old_file_or_the_whole_new_one(tmp_path: Path) -> None:
    path = tmp_path / "cells.ozx"
    save_image(layer(1), path, OPTIONS)
    ends = ends_of_killed_work(SAVE, path, lambda: value_in(path))
    assert ends[-1] == ("done", 2)
    values = [value for _, value in ends]
    assert values == sorted(values), "old up to one moment, new from there on"
    assert values.count(1) > 10, "each tile is a moment"
    assert ("killed", 2) in ends, "the folder was still to be told"
    for left in tmp_path.iterdir():
        assert left == path or left.name.endswith(".partial"), "named for what it is"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no command 'mount'")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_the_old_file_and_says_so(small_disk: Path) -> None:
    path = small_disk / "cells.ozx"
    old = [(np.full((50, 50), 7, np.uint8), {"name": "old"}, "image")]
    save_image(old, path)
    before = path.read_bytes()
    large = np.random.default_rng(0).integers(0, 60_000, (20, 300, 300), np.uint16)
    with pytest.raises(SaveError, match="Disk full"):
        save_image([(large, {"contrast_limits": (0, 9)}, "image")], path, OPTIONS)
    assert path.read_bytes() == before
    assert list(small_disk.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folders without the right to write")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told_before_any_pixel_is_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SaveError, match="No right to write"):
            save_image([(never_read(), {}, "image")], tmp_path / "a.ozx")
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_of_that_name_is_told_before_any_pixel_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.ozx").mkdir()
    with pytest.raises(SaveError, match="A folder has this name"):
        save_image([(never_read(), {"contrast_limits": (0, 1)}, "image")], tmp_path / "a.ozx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ozx"]


def test_a_missing_folder_is_told_before_any_pixel_is_read(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="No such folder"):
        save_image([(never_read(), {"contrast_limits": (0, 1)}, "image")], tmp_path / "b" / "a.ozx")
    assert not list(tmp_path.iterdir())


def never_read() -> da.Array:
    def read(block: np.ndarray) -> np.ndarray:
        pytest.fail("pixels were read")

    return da.zeros((300, 300), np.uint16, chunks=100).map_blocks(
        read, meta=np.empty((0, 0), np.uint16)
    )


def test_cancelling_in_the_middle_keeps_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "cells.ozx"
    save_image(layer(1), path, OPTIONS)
    done: list[int] = []
    with pytest.raises(SaveCancelledError):
        save_image(
            layer(2),
            path,
            OPTIONS,
            progress=lambda count, total: done.append(count),
            cancelled=lambda: len(done) >= 3,
        )
    assert len(done) == 3, "it stops at once"
    assert value_in(path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_from_a_block_is_told_of_the_layer_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    class CameraError(Exception):
        pass

    def read(block: np.ndarray, block_info: dict) -> np.ndarray:
        if block_info[0]["chunk-location"] == (0, 2, 1):
            raise CameraError("no such frame")
        return block

    pixels = da.ones(SHAPE, dtype=np.uint16, chunks=(8, 64, 64)).map_blocks(read, dtype=np.uint16)
    keywords = {"name": "stage", "contrast_limits": (0, 1)}
    with pytest.raises(SaveError, match=r"'stage'.*no such frame") as failed:
        save_image([(pixels, keywords, "image")], tmp_path / "a.ozx", OPTIONS)
    assert isinstance(failed.value.__cause__, CameraError)
    assert not list(tmp_path.iterdir())
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("ome-zip-save")]


def test_saving_over_the_file_that_is_shown_keeps_its_layers_readable(tmp_path: Path) -> None:
    path = tmp_path / "cells.ozx"
    save_image(layer(1), path, OPTIONS)
    shown = to_layer_data(open_image(path))
    edited = [
        (255 - data[0] if isinstance(data, list) else 255 - data, k, t) for data, k, t in shown
    ]
    save_image(edited, path, OPTIONS)
    for data, _, _ in shown:
        full = data[0] if isinstance(data, list) else data
        np.testing.assert_array_equal(np.asarray(full), layer(1)[0][0])
    again = to_layer_data(open_image(path))[0][0]
    full = again[0] if isinstance(again, list) else again
    np.testing.assert_array_equal(np.asarray(full), 255 - layer(1)[0][0])


def test_a_cluster_computes_and_encodes_and_this_process_writes(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    pixels = da.random.default_rng(1).integers(0, 999, SHAPE, dtype=np.uint16, chunks=(2, 100, 150))
    item = (pixels, {"name": "cells", "contrast_limits": (0, 999)}, "image")
    options = SaveOptions(chunk=64, shard=128, levels=3)
    save_image([item], tmp_path / "threads.ozx", options)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster),
    ):
        save_image([item], tmp_path / "cluster.ozx", options)
    one, other = (open_image(tmp_path / name).parts[0] for name in ("threads.ozx", "cluster.ozx"))
    assert len(one.levels) == len(other.levels) == 3
    for level, again in zip(one.levels, other.levels, strict=True):
        np.testing.assert_array_equal(np.asarray(level), np.asarray(again))
