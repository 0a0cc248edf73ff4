"""Save an image of 268 MB with four levels: ours beside its peers and the floor, in one run.

The floor is the least that any program must do: compress the same blocks with the same codec on
all cores, and put the bytes on the disk. Each contender runs in a process of its own, and saves
the same dask array, in memory. The image ten times larger is made while it is saved.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np

SHAPE = (2, 16, 2048, 2048)
LEVELS = 4
CHUNK = 512
SPACING = {"c": 1.0, "z": 1.0, "y": 0.25, "x": 0.25}
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

    image = nz.to_ngff_image(loaded(), dims=list(SPACING), scale=SPACING)
    factors = [{"z": 1, "y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    path = folder / "ngff.ozx"

    def save() -> Path:
        multiscales = nz.to_multiscales(image, scale_factors=factors, chunks=(1, 1, CHUNK, CHUNK))
        nz.to_ngff_zarr(str(path), multiscales, version="0.5")
        return path

    return save


def ome_zarr(folder: Path) -> Callable[[], Path]:
    import zipfile

    import zarr
    from ome_zarr.writer import write_image

    factors = [{"z": 1, "y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    pixels = loaded()

    def save() -> Path:
        group = zarr.open_group(folder / "ome.zarr", mode="w", zarr_format=3)
        options = {"chunks": (1, 1, CHUNK, CHUNK)}
        write_image(pixels, group, scale_factors=factors, axes="czyx", storage_options=options)
        path = folder / "ome.ozx"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted((folder / "ome.zarr").rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder / "ome.zarr"))
        return path

    return save


def floor(folder: Path) -> Callable[[], Path]:
    from numcodecs import Zstd

    from napari_ome_zip.saving.pyramid import downsample

    level = source()
    blocks: list[np.ndarray] = []
    for number in range(LEVELS):
        pixels = np.asarray(level)
        for plane in pixels.reshape(-1, *pixels.shape[2:]):
            for y in range(0, plane.shape[0], CHUNK):
                for x in range(0, plane.shape[1], CHUNK):
                    blocks.append(np.ascontiguousarray(plane[y : y + CHUNK, x : x + CHUNK]))
        if number + 1 < LEVELS:
            level = downsample(da.from_array(pixels, chunks=BLOCK), (1, 1, 2, 2))
    path = folder / "floor.bin"

    def save() -> Path:
        codec = Zstd(level=1)
        with path.open("wb") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
            for encoded in pool.map(codec.encode, blocks):
                file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        return path

    return save


CONTENDERS: dict[str, Callable[[Path], Callable[[], Path]]] = {
    "ours": ours,
    "floor": floor,
    "ome-zarr, zipped": ome_zarr,
    "ngff-zarr": ngff_zarr,
    "ours, lazy": partial(ours, pixels=source),
    "ours, ten times": partial(ours, pixels=partial(source, 10 * SHAPE[1])),
}


def measure(name: str) -> dict[str, float]:
    """Seconds, peak memory over that at the start, and size of the file."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        save = CONTENDERS[name](Path(folder))
        base = _peak()
        start = time.perf_counter()
        path = save()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "peak": _peak() - base, "size": path.stat().st_size}


def _peak() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="processes for each contender")
    parser.add_argument("--only", choices=CONTENDERS, action="append")
    parser.add_argument("--measure", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    results: dict[str, list[dict[str, float]]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for name in arguments.only or CONTENDERS:
            command = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name} failed: {done.stderr.strip().splitlines()[-1]}")
            else:
                results[name].append(json.loads(done.stdout.splitlines()[-1]))
    print_table(results)


def print_table(results: dict[str, list[dict[str, float]]]) -> None:
    base = statistics.median(each["seconds"] for each in results["ours"])
    print(f"{'':18}{'seconds':>9}{'to ours':>9}{'peak MB':>9}{'file MB':>9}")
    for name, found in results.items():
        seconds, peak, size = (
            statistics.median(each[key] for each in found) for key in ("seconds", "peak", "size")
        )
        numbers = f"{seconds:9.2f}{seconds / base:9.2f}{peak / 1e6:9.0f}{size / 1e6:9.0f}"
        print(f"{name:18}{numbers}")


if __name__ == "__main__":
    main()
