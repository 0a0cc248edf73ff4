"""How long checks take, beside what nobody can save: reading the directory, decoding all chunks.

Run as ``python benchmarks/bench_validate.py``; makes its data in a temporary folder.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from napari_ome_zip import save_image, validate
from napari_ome_zip.image.arrays import ChunkedArray
from napari_ome_zip.image.hierarchy import Hierarchy
from napari_ome_zip.saving.arrays import ArrayLayout, array_document
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.storage import ArchiveWriter, open_store

ROOT = b"""{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5",
"multiscales": [{"name": "many", "type": "none", "metadata": {"method": "none"}, "axes": [
{"name": "z", "type": "space", "unit": "micrometer"},
{"name": "y", "type": "space", "unit": "micrometer"},
{"name": "x", "type": "space", "unit": "micrometer"}], "datasets": [{"path": "0",
"coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}]}]}}}"""


def best(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def many_entries(path: Path, count: int) -> Path:
    """An archive of so many chunks (about), each of 16 bytes."""
    side = round((count / 87) ** 0.5)
    shape = (87, side, side)
    layout = ArrayLayout((1, 1, 1), None)
    options = SaveOptions(codec="none")
    document = array_document(shape, np.dtype("u8"), layout, "zyx", options)
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents({"zarr.json": ROOT, "0/zarr.json": document})
        for z, y, x in itertools.product(*map(range, shape)):
            writer.write(f"0/c/{z}/{y}/{x}", b"12345678")
        writer.commit()
    return path


def image(path: Path, megabytes: int) -> Path:
    """An archive of one image of so many megabytes, noisy as images are."""
    planes = max(1, megabytes // 8)
    noise = np.random.default_rng(1).poisson(200, (planes, 2048, 2048)).astype(np.uint16)
    layer = (noise, {"name": "noise", "axis_labels": ("z", "y", "x")}, "image")
    return save_image([layer], path)


def decode_everything(path: Path) -> None:
    """Read and decode every stored object of an archive on all cores; verify nothing."""
    hierarchy = Hierarchy(open_store(path))
    tasks = []
    for folder in hierarchy.store.group_paths():
        node = hierarchy.node(folder)
        if node is not None and node.kind == "array":
            array = ChunkedArray(hierarchy.store, node)
            ranges = [range(0, n, s) for n, s in zip(array.shape, array.stored, strict=True)]
            for corner in itertools.product(*ranges):
                sides = zip(corner, array.stored, array.shape, strict=True)
                region = tuple(slice(c, min(c + s, n)) for c, s, n in sides)
                tasks.append((array, region))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda task: task[0].read(task[1]) is None, tasks):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=87_000)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = many_entries(Path(folder) / "many.ozx", options.entries)
        theirs = best(lambda: zipfile.ZipFile(path).close(), options.repeats)
        ours = best(lambda: validate(path), options.repeats)
        report = validate(path)
        print(f"{report.verdict}; {len(zipfile.ZipFile(path).namelist()):,} entries")
        print(f"zipfile reads the directory  {theirs:.3f} s")
        print(f"validate                     {ours:.3f} s   ratio {ours / theirs:.2f} (target 2)")

        path = image(Path(folder) / "image.ozx", options.megabytes)
        theirs = best(lambda: decode_everything(path), options.repeats)
        ours = best(lambda: validate(path, deep=True), options.repeats)
        print(f"{validate(path, deep=True).verdict}; {path.stat().st_size / 2**20:,.0f} MiB")
        print(f"decode every chunk           {theirs:.3f} s")
        print(f"validate --deep              {ours:.3f} s   ratio {ours / theirs:.2f} (target 1.5)")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of all of it     {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
