"""The size of a file is known within a fifth before it is written, whatever its pixels are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving.estimate import ENOUGH_BYTES, estimate_size, largest_size
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan
from range_server import RangeServer

type Pixels = Callable[[np.random.Generator], Any]


WITHOUT = SaveOptions(thumbnail=False)


def noise(random: np.random.Generator) -> np.ndarray:
    return random.poisson(300, (3, 2, 1100, 700)).astype(np.uint16)


def smooth(random: np.random.Generator) -> np.ndarray:
    y, x = np.ogrid[:2300, :1900]
    waves = 2000 + 1500 * np.sin(y / 300) * np.cos(x / 170)
    return (waves + random.normal(0, 3, waves.shape)).astype(np.uint16)


def sparse_labels(random: np.random.Generator) -> np.ndarray:
    labels = np.zeros((4096, 4096), np.int32)
    y, x = np.ogrid[-15:16, -15:16]
    disk = y**2 + x**2 < 200
    # Crowded on one side, empty on the other.
    for number in range(1, 900):
        top, left = int(random.integers(4000)), int(4000 * random.random() ** 3)
        labels[top : top + 31, left : left + 31][disk] = number
    return labels


def one_corner(random: np.random.Generator) -> np.ndarray:
    pixels = np.zeros((12, 2048, 2048), np.uint8)
    pixels[3:9, :700, :700] = random.integers(0, 200, (6, 700, 700))
    return pixels


def isotropic(random: np.random.Generator) -> np.ndarray:
    return random.poisson(40, (40, 512, 700)).astype(np.uint8)


def floats(random: np.random.Generator) -> da.Array:
    return da.random.default_rng(5).normal(0, 1, (1700, 1200), chunks=700).astype(np.float32)


def levels(random: np.random.Generator) -> list[np.ndarray]:
    full = random.integers(0, 4000, (2000, 1700), np.uint16)
    return [full, full[::2, ::2], full[::4, ::4]]


def layer(pixels: Pixels, name: str = "a") -> Any:
    keywords = {"name": name}
    if pixels is sparse_labels:
        return pixels(np.random.default_rng(12)), keywords, "labels"
    return pixels(np.random.default_rng(12)), {**keywords, "contrast_limits": (0, 9)}, "image"


def plan_of(layers: list[Any], options: SaveOptions | None = None) -> SavePlan:
    return plan_save(from_layer_data(layers, snapshot=False), options)


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (noise, {}),
        (noise, {"codec": "gzip", "level": 1, "chunk": 300, "shard": 0}),
        (smooth, {}),
        (smooth, {"codec": "blosc", "level": 5}),
        (smooth, {"codec": "none", "chunk": 700, "shard": 1400}),
        (sparse_labels, {}),
        (sparse_labels, {"chunk": 64, "shard": 0}),
        (one_corner, {}),
        (isotropic, {"levels": 4}),
        (floats, {}),
        (floats, {"chunk": 1700, "shard": 1700}),
        (levels, {}),
    ],
)
def test_it_is_near_the_size_that_is_written(
    tmp_path: Path, pixels: Pixels, options: dict[str, Any]
) -> None:
    layers = [layer(pixels)]
    chosen = SaveOptions(**options, thumbnail=False)  # how large one gets nobody knows
    estimate = estimate_size(plan_of(layers, chosen), seconds=100)
    written = save_image(layers, tmp_path / "a.ozx", chosen).stat().st_size
    assert estimate.certainty == "about"
    assert estimate.nbytes == pytest.approx(written, rel=0.12)


@pytest.mark.parametrize("pixels", [noise, smooth, sparse_labels, isotropic])
def test_a_quarter_of_the_pixels_is_enough(tmp_path: Path, pixels: Pixels) -> None:
    layers = [layer(pixels)]
    plan = plan_of(layers, WITHOUT)
    estimate = estimate_size(plan, seconds=100, most=plan.arrays[0].nbytes // 4)
    written = save_image(layers, tmp_path / "a.ozx", WITHOUT).stat().st_size
    assert estimate.nbytes == pytest.approx(written, rel=0.2)


def test_images_too_many_to_look_at_are_taken_for_such_as_the_others(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    layers = []
    for number in range(60):
        pixels = random.poisson(50, (96, 96 + number)).astype(np.uint16)
        keywords = {"name": str(number), "contrast_limits": (0, 9), "translate": (0, number)}
        layers.append((pixels, keywords, "image"))
    plan = plan_of(layers)
    estimate = estimate_size(plan, seconds=100, most=plan.nbytes // 4)
    written = save_image(layers, tmp_path / "a.ozx").stat().st_size
    assert estimate.nbytes == pytest.approx(written, rel=0.2)


def test_no_more_is_read_than_is_allowed() -> None:
    read = []

    def note(block: np.ndarray) -> np.ndarray:
        read.append(block.nbytes)
        return block

    source = da.zeros((64, 4096, 4096), dtype=np.uint8, chunks=(1, 512, 512)).map_blocks(
        note, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8)
    )
    plan = plan_of([(source, {"name": "a", "contrast_limits": (0, 9)}, "image")])
    assert estimate_size(plan, seconds=100).nbytes < 100_000
    assert sum(read) < ENOUGH_BYTES + (1 << 20)


def test_what_is_copied_is_counted(tmp_path: Path) -> None:
    path = save_image([layer(noise)], tmp_path / "a.ozx", WITHOUT)
    layers = to_layer_data(open_image(path))
    unchanged = estimate_size(plan_of(layers, WITHOUT))
    written = save_image(layers, tmp_path / "b.ozx", WITHOUT).stat().st_size
    assert unchanged.certainty == "exactly"
    assert 0 <= written - unchanged.nbytes < 250  # end records and comment are no entry's
    layers.append(layer(sparse_labels, "new"))
    written = save_image(layers, tmp_path / "c.ozx", WITHOUT).stat().st_size
    with_labels = estimate_size(plan_of(layers, WITHOUT))
    assert with_labels.certainty == "about"
    assert with_labels.nbytes - unchanged.nbytes == pytest.approx(
        written - unchanged.nbytes, rel=0.2
    )


def test_nothing_is_claimed_of_pixels_that_cannot_be_looked_at() -> None:
    def fail(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    source = da.zeros((512, 512), dtype=np.uint16, chunks=512).map_blocks(
        fail, dtype=np.uint16, meta=np.empty((0, 0), np.uint16)
    )
    plan = plan_of([(source, {"name": "a", "contrast_limits": (0, 9)}, "image")])
    estimate = estimate_size(plan)
    assert estimate == largest_size(plan)
    assert estimate.certainty == "at most"
    assert estimate.nbytes > 512 * 512 * 2


def test_it_does_not_wait_for_a_server(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 2**16, (4, 300, 300), np.uint16)
    options = {"chunks": (1, 100, 100), "compressors": None}
    path = HierarchyBuilder().image(pixels, "zyx", options=options).archive(tmp_path / "a.ozx")
    with RangeServer({"a.ozx": path.read_bytes()}) as server:
        plan = plan_save(open_image(server.url("a.ozx")), SaveOptions(chunk=64))
        server.forget()
        server.hold()
        found = estimate_size(plan, cancelled=server.asked.is_set, seconds=60)
        assert found == largest_size(plan)
        server.release()
        assert estimate_size(plan).certainty == "about"


def test_it_ends_when_it_is_cancelled() -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) == 3

    estimate_size(plan_of([layer(smooth)]), cancelled=cancelled)
    assert len(asked) == 3
