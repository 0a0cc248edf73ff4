"""How each contender opens an archive and reads one plane: called in a process of its own."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PLANE = (1, 16)

type Plane = Callable[[], np.ndarray]
type Opener = Callable[[Path], Plane]


def ours(path: Path) -> Plane:
    """As the others: to lazy arrays of all levels."""
    import napari_ome_zip

    levels = napari_ome_zip.open_image(path).parts[0].levels
    return lambda: np.asarray(levels[0][PLANE])


def ours_to_layers(path: Path) -> Plane:
    """All the way to what napari is given: a layer per channel, placed and coloured."""
    import napari_ome_zip

    layers = napari_ome_zip.to_layer_data(napari_ome_zip.open_image(path))
    data = layers[PLANE[0]][0]
    return lambda: np.asarray(data[0][PLANE[1]])


def ngff_zarr(path: Path) -> Plane:
    from ngff_zarr import from_ngff_zarr

    multiscales = from_ngff_zarr(str(path))
    data = multiscales.images[0].data
    return lambda: np.asarray(data[PLANE])


def _zarr(store: Any) -> Plane:
    import dask.array as da
    import zarr

    group = zarr.open_group(store, mode="r")
    datasets = group.attrs["ome"]["multiscales"][0]["datasets"]
    levels = [da.from_zarr(group[dataset["path"]]) for dataset in datasets]
    return lambda: np.asarray(levels[0][PLANE])


def zarr_zip_store(path: Path) -> Plane:
    from zarr.storage import ZipStore

    return _zarr(ZipStore(path, mode="r"))


def zarr_local_store(path: Path) -> Plane:
    from zarr.storage import LocalStore

    return _zarr(LocalStore(path, read_only=True))


def tensorstore_zip(path: Path) -> Plane:
    import tensorstore

    array = tensorstore.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "zip", "base": f"file://{path}", "path": "0/"},
        },
        open=True,
        read=True,
    ).result()
    return lambda: array[PLANE].read().result()


CONTENDERS: dict[str, tuple[Opener, str]] = {
    "ours": (ours, "archive"),
    "ours, layers": (ours_to_layers, "archive"),
    "ngff-zarr": (ngff_zarr, "archive"),
    "zarr ZipStore": (zarr_zip_store, "archive"),
    "zarr LocalStore": (zarr_local_store, "folder"),
    "tensorstore zip": (tensorstore_zip, "archive"),
}
"""By name: how to open, and whether the archive or the unzipped folder is opened."""


def measure(name: str, path: Path, expected: Path, repeats: int) -> dict[str, Any]:
    """Median milliseconds to open and to read a plane, warm, and whether the pixels are right."""
    opener, _ = CONTENDERS[name]
    read = opener(path)
    right = bool(np.array_equal(read(), np.load(expected)))
    opening, reading = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        read = opener(path)
        opening.append(time.perf_counter() - start)
        start = time.perf_counter()
        read()
        reading.append(time.perf_counter() - start)
    return {
        "right": right,
        "open": 1000 * statistics.median(opening),
        "plane": 1000 * statistics.median(reading),
    }


if __name__ == "__main__":
    contender, source, plane, count = sys.argv[1:]
    print(json.dumps(measure(contender, Path(source), Path(plane), int(count))))
