"""Save an image of 268 MB with four levels, from pixels in memory, or made as they are written.

The floor is the least that any program must do: compress the same blocks with the same codec on
all cores, and put the bytes on the disk; it is given the smaller levels.
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from child import Sample, append_encoded, peak_above, reset_peak, timed
from data import AXES, LEVELS, halved

SHAPE = (2, 16, 2048, 2048)
CHUNK = 512
SCALE = {"c": 1.0, "z": 1.0, "y": 0.25, "x": 0.25}
BLOCK = (1, 1, 2048, 2048)


def source(planes: int = SHAPE[1]) -> da.Array:
    """Smooth structures with the noise of a camera, made block by block from one plane."""
    random = np.random.default_rng(2026)
    y, x = np.mgrid[0 : SHAPE[2], 0 : SHAPE[3]].astype(np.float32)
    signal = 800 + 600 * np.sin(x / 37) * np.cos(y / 53)
    plane = signal.astype(np.uint16) + random.integers(0, 64, signal.shape, dtype=np.uint16)

    def block(block_info: Any) -> np.ndarray:
        (_, _), (first, last), *_ = block_info[None]["array-location"]
        out = np.empty((1, last - first, *plane.shape), np.uint16)
        for number in range(last - first):
            np.add(plane, np.uint16(3 * (first + number)), out=out[0, number])
        return out

    chunks = da.core.normalize_chunks(BLOCK, (SHAPE[0], planes, *SHAPE[2:]), dtype=np.uint16)
    return da.map_blocks(block, chunks=chunks, dtype=np.uint16, meta=np.empty((0,) * 4, np.uint16))


def loaded() -> da.Array:
    """The image in memory, as a viewer holds one that it has loaded."""
    return da.from_array(source().compute(), chunks=BLOCK, name=False)


def ours(folder: Path, pixels: Callable[[], da.Array] = loaded) -> Callable[[], Path]:
    from napari_ome_zip import SaveOptions, save_image

    keywords = {"axis_labels": ("z", "y", "x"), "units": ("micrometer",) * 3}
    layers = [
        (channel, {**keywords, "scale": (1.0, 0.25, 0.25), "contrast_limits": (0, 2000)}, "image")
        for channel in pixels()
    ]
    options = SaveOptions(levels=LEVELS, chunk=CHUNK)
    return lambda: save_image(layers, folder / "ours.ozx", options)


def ngff_zarr(folder: Path) -> Callable[[], Path]:
    import ngff_zarr as nz

    image = nz.to_ngff_image(loaded(), dims=list(AXES), scale=SCALE)
    factors = [{"z": 1, "y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    path = folder / "ngff.ozx"

    def save() -> Path:
        multiscales = nz.to_multiscales(image, scale_factors=factors, chunks=(1, 1, CHUNK, CHUNK))
        nz.to_ngff_zarr(str(path), multiscales, version="0.5")
        return path

    return save


def ome_zarr(folder: Path) -> Callable[[], Path]:
    """It writes no archive by itself: the folder is zipped."""
    import zarr
    from ome_zarr.writer import write_image

    factors = [{"z": 1, "y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    pixels = loaded()

    def save() -> Path:
        group = zarr.open_group(folder / "ome.zarr", mode="w", zarr_format=3)
        options = {"chunks": (1, 1, CHUNK, CHUNK)}
        write_image(pixels, group, scale_factors=factors, axes=AXES, storage_options=options)
        return _zipped(folder / "ome.zarr")

    return save


def bioio(folder: Path) -> Callable[[], Path]:
    """It writes no archive by itself: the folder is zipped."""
    from bioio_ome_zarr.writers import OMEZarrWriter

    pixels = loaded()
    shapes = [(*SHAPE[:2], SHAPE[2] >> level, SHAPE[3] >> level) for level in range(LEVELS)]

    def save() -> Path:
        path = folder / "bioio.zarr"
        writer = OMEZarrWriter(
            str(path),
            shapes,
            np.uint16,
            chunk_shape=(1, 1, CHUNK, CHUNK),
            axes_names=list(AXES),
            axes_types=["channel", "space", "space", "space"],
            physical_pixel_size=list(SCALE.values()),
        )
        writer.write_full_volume(pixels)
        return _zipped(path)

    return save


def _zipped(folder: Path) -> Path:
    path = folder.with_suffix(".ozx")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


def floor(folder: Path) -> Callable[[], Path]:
    from numcodecs import Zstd

    blocks: list[np.ndarray] = []
    pixels = source().compute()
    for _ in range(LEVELS):
        for plane in pixels.reshape(-1, *pixels.shape[2:]):
            for y in range(0, plane.shape[0], CHUNK):
                for x in range(0, plane.shape[1], CHUNK):
                    blocks.append(np.ascontiguousarray(plane[y : y + CHUNK, x : x + CHUNK]))
        pixels = halved(pixels)
    path = folder / "floor.bin"

    def save() -> Path:
        path.unlink(missing_ok=True)
        append_encoded(path, Zstd(level=1), blocks)
        return path

    return save


def layer_in_memory(folder: Path, kind: str) -> Callable[[], Path]:
    """As a viewer saves a layer of 1.07 GB: it may be painted on meanwhile."""
    from napari_ome_zip import SaveOptions
    from napari_ome_zip.layers import from_layer_data
    from napari_ome_zip.saving.save import save_composite

    y, x = np.ogrid[:2048, :2048]
    disk = np.hypot(y % 64 - 32, x % 64 - 32) < 20
    plane = np.where(disk, 1 + y // 64 * 32 + x // 64, 0).astype(np.int32)
    pixels = np.broadcast_to(plane, (64, 2048, 2048)).copy()
    keywords = {"contrast_limits": (0, 1024)} if kind == "image" else {}

    def save() -> Path:
        image = from_layer_data([(pixels, keywords, kind)])
        return save_composite(image, folder / "layer.ozx", SaveOptions(levels=LEVELS))

    return save


def slow_block(block_info: Any) -> np.ndarray:
    """A plane that takes 0.1 s to wait for, as for a disk, and as long to compute."""
    _, (first, _), *_ = block_info[None]["array-location"]
    time.sleep(0.1)
    y, x = np.mgrid[0 : SHAPE[2], 0 : SHAPE[3]].astype(np.float32)
    signal = 800 + 600 * np.sin(x / 37 + first) * np.cos(y / 53)
    noise = np.random.default_rng(first).integers(0, 64, signal.shape, np.uint16)
    return (signal.astype(np.uint16) + noise)[np.newaxis, np.newaxis]


def on_cluster(folder: Path, workers: int) -> Callable[[], Path]:
    """Processes of one thread each, or as many threads as there are cores where there are none."""
    from napari_ome_zip import SaveOptions, save_image

    if workers:
        import distributed

        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0"
        )
        distributed.Client(cluster).wait_for_workers(workers)
    chunks = da.core.normalize_chunks(BLOCK, (1, 32, *SHAPE[2:]), dtype=np.uint16)
    empty = np.empty((0,) * 4, np.uint16)
    image = da.map_blocks(slow_block, chunks=chunks, dtype=np.uint16, meta=empty)[0]
    options = SaveOptions(levels=LEVELS, chunk=CHUNK)

    def save(planes: int = 32) -> Path:
        layer = (image[:planes], {"contrast_limits": (0, 2000)}, "image")
        return save_image([layer], folder / "cluster.ozx", options)

    save(2 * max(1, workers))  # every worker has imported what it needs
    return save


CASES = {
    "saving": "Saving 268 MB with four levels; *peak* is memory over that at the start",
    "memory": "Saving what is made as it is written: memory does not grow with the image",
    "layer": "Saving a layer of 1.07 GB in memory; *peak* is memory beside it",
    "cluster": "Saving 268 MB that take time to compute, by threads (*ours*) or by workers of a "
    "cluster on the same cores; *peak* is memory of the process that writes",
}
CONTENDERS: dict[str, dict[str, Callable[[Path], Callable[[], Path]]]] = {
    "saving": {
        "ours": ours,
        "ome-zarr, then zipped": ome_zarr,
        "bioio-ome-zarr, then zipped": bioio,
        "ngff-zarr": ngff_zarr,
        "floor": floor,
    },
    "memory": {
        "ours": partial(ours, pixels=source),
        "ours, ten times as large": partial(ours, pixels=partial(source, 10 * SHAPE[1])),
    },
    "layer": {
        "ours": partial(layer_in_memory, kind="image"),
        "ours, labels": partial(layer_in_memory, kind="labels"),
    },
    "cluster": {
        "ours": partial(on_cluster, workers=0),
        **{f"ours, {n} workers": partial(on_cluster, workers=n) for n in (1, 2, 4)},
    },
}


def measure(case: str, contender: str) -> Iterator[Sample]:
    """Time, peak memory and size of the file; level 0 is read back with zarr's own store."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        save = CONTENDERS[case][contender](Path(folder))
        reset_peak()
        base = peak_above(0)
        duration, path = timed(save)
        peak = peak_above(base)
        right = contender == "floor" or case != "saving" or _is_source(path)
        yield Sample("save", duration, right)
        yield Sample("peak", peak, right=True, unit="MB")
        yield Sample("size", path.stat().st_size / 1e6, right=True, unit="MB")


def _is_source(path: Path) -> bool:
    import zarr
    from zarr.storage import ZipStore

    group = zarr.open_group(ZipStore(path, mode="r"), mode="r")
    first = group.attrs["ome"]["multiscales"][0]["datasets"][0]["path"]
    found = np.asarray(group[first][...])
    return bool(np.array_equal(found.reshape(SHAPE), source().compute()))
