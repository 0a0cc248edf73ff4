"""Save an opened archive again: as it was, and with one label image more.

The floor is `cp`, and waiting until the copy is on the disk, as saving does too; with labels, it
also compresses their chunks with the same codec on all cores, and puts them on the disk. It is
given the smaller levels. The archive has been read before, and nothing else waits to be written.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample, append_encoded, peak_above, reset_peak, timed
from data import KEPT, LEVELS, archive

NAME = "nuclei"
CHUNK = 512
SHAPE = (64, 2048, 2048)


@cache
def labels() -> np.ndarray:
    """Values of a disk every 64 pixels, another for each disk of a plane."""
    y, x = np.ogrid[: SHAPE[1], : SHAPE[2]]
    disk = np.hypot(y % 64 - 32, x % 64 - 32) < 20
    plane = np.where(disk, 1 + y // 64 * (SHAPE[2] // 64) + x // 64, 0).astype(np.uint16)
    return np.broadcast_to(plane, SHAPE).copy()


def ours(folder: Path, case: str) -> Callable[[], Path]:
    """From what napari was given, which reads the archive when it needs pixels."""
    from napari_ome_zip import open_image, save_image, to_layer_data

    layers = to_layer_data(open_image(archive(KEPT)))
    if case == "labels":
        layers.append(labels_layer())
    return lambda: save_image(layers, folder / "ours.ozx")


def labels_alone(folder: Path, case: str) -> Callable[[], Path]:
    """What the labels cost by themselves: their smaller levels are made too."""
    from napari_ome_zip import save_image

    layers = [labels_layer()]
    return lambda: save_image(layers, folder / "labels.ozx")


def labels_layer() -> Any:
    place = {"axis_labels": ("z", "y", "x"), "units": ("micrometer",) * 3}
    return labels(), {"name": NAME, "scale": (1.0, 0.25, 0.25), **place}, "labels"


def floor(folder: Path, case: str) -> Callable[[], Path]:
    """Copy, and encode what is new."""
    from numcodecs import Zstd

    blocks = list(_blocks()) if case == "labels" else []
    path = folder / "copy.ozx"

    def save() -> Path:
        subprocess.run(["cp", str(archive(KEPT)), str(path)], check=True)
        append_encoded(path, Zstd(level=1), blocks)
        return path

    return save


def _blocks() -> Iterator[np.ndarray]:
    level = labels()
    for _ in range(LEVELS):
        for plane in level:
            for y in range(0, plane.shape[0], CHUNK):
                for x in range(0, plane.shape[1], CHUNK):
                    yield np.ascontiguousarray(plane[y : y + CHUNK, x : x + CHUNK])
        level = level[:, ::2, ::2]


CASES = {
    "unchanged": "Saving an opened archive of 1.07 GB of pixels with four levels again, unchanged",
    "labels": "Saving it with one label image of 537 MB more, which has four levels too",
}
CONTENDERS: dict[str, dict[str, Callable[[Path, str], Callable[[], Path]]]] = {
    "unchanged": {"ours": ours, "floor": floor},
    "labels": {"ours": ours, "ours, the labels alone": labels_alone, "floor": floor},
}


def prepare(case: str) -> None:
    archive(KEPT)


def measure(case: str, contender: str) -> Iterator[Sample]:
    """Time, peak memory and size of the file, which zipfile and zarr read back."""
    for _ in _parts(archive(KEPT)):  # read before, by every contender
        pass
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        save = CONTENDERS[case][contender](Path(folder), case)
        os.sync()
        reset_peak()
        base = peak_above(0)
        duration, path = timed(save)
        peak = peak_above(base)
        right = contender != "ours" or _is_kept(path, case)
        yield Sample("save", duration, right)
        yield Sample("peak", peak, right=True, unit="MB")
        yield Sample("size", path.stat().st_size / 1e6, right=True, unit="MB")


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 24):
            yield part


def _is_kept(path: Path, case: str) -> bool:
    """Whether every plane of every level is as it was, and the labels are those that were given."""
    import zarr
    from zarr.storage import ZipStore

    old = zarr.open_group(ZipStore(archive(KEPT), mode="r"), mode="r")
    new = zarr.open_group(ZipStore(path, mode="r"), mode="r")
    datasets = [
        [level["path"] for level in group.attrs["ome"]["multiscales"][0]["datasets"]]
        for group in (old, new)
    ]
    kept = len(datasets[0]) == len(datasets[1]) and all(
        np.array_equal(old[one][channel, z], new[other][channel, z])
        for one, other in zip(*datasets, strict=True)
        for channel in range(2)
        for z in range(SHAPE[0])
    )
    if not kept or case == "unchanged":
        return kept
    image = new[f"labels/{NAME}"]
    first = image.attrs["ome"]["multiscales"][0]["datasets"][0]["path"]
    return bool(np.array_equal(image[first][...].reshape(SHAPE), labels()))
