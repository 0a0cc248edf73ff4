"""Archives behind a line: opening, the first picture, planes, a second opening; requests and bytes.

A server in a process of its own answers every request a while later (`line.py`). Every contender
begins in a process that has imported what it needs, by opening another small archive, and that has
nothing of this one: no cache on the disk either. *Again* is the first picture in another process,
with what the first one left on the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample, timed
from data import FOLDER, LEVELS, archive, levels
from floor import Index
from images import _indexed, _of_layers, _zarr_arrays
from line import Line, taken

Read = Callable[[int, Index], Any]

CASES = {
    "B-0": "Archive B (chunks of 256², no shards) behind a line of 0 ms",
    "B-30": "Archive B (chunks of 256², no shards) behind a line of 30 ms",
    "B-100": "Archive B (chunks of 256², no shards) behind a line of 100 ms",
    "A-30": "Archive A (chunks of 256² in shards of 8 × 1024²) behind a line of 30 ms",
    "C-30": "Archive C (chunks of 64², 44,000 entries) behind a line of 30 ms",
}
ROUNDS = 3
QUICK = ("B-30",)
PROCESS_SECONDS = 150
WARM = "W"
"""An archive like B, so small that it tells nothing of speed."""
SCREEN: tuple[int, Index] = (1, (1, 8, slice(None), slice(None)))
"""What a window of 1024² shows first."""
PLANE: Index = (1, 4, slice(None), slice(None))
SCROLLED = range(10, 14)


# --- contenders


def ours(url: str) -> Read:
    """All the way to what napari is given: a layer per channel, placed and coloured."""
    import napari_ome_zip

    return _of_layers(napari_ome_zip.to_layer_data(napari_ome_zip.open_image(url)))


def ngff_zarr(url: str) -> Read:
    """It opens no archive behind a link by itself: a mapping is made for it."""
    import fsspec
    from ngff_zarr import from_ngff_zarr

    images = from_ngff_zarr(fsspec.get_mapper(f"zip::{url}"), version="0.5").images
    return lambda level, index: np.asarray(images[level].data[index])


def bioio(url: str) -> Read:
    """It refuses links to archives, but takes those in the form of fsspec."""
    from bioio_ome_zarr import Reader

    reader = Reader(f"zip::{url}")
    found = []
    for level in reader.resolution_levels:
        reader.set_resolution_level(level)
        found.append(reader.dask_data)
    return _indexed(found)


def _zip_store(url: str) -> Any:
    """zarr's store of a ZIP, over a file of fsspec, as its class does it over a path."""
    import threading
    import zipfile

    import fsspec
    from zarr.storage import ZipStore

    class OverFile(ZipStore):
        def _sync_open(self) -> None:
            self._lock = threading.RLock()
            self._zf = zipfile.ZipFile(fsspec.open(url).open())
            self._is_open = True

    return OverFile(Path(url).name, mode="r")


def zip_store(url: str) -> Read:
    return _indexed(_zarr_arrays(_zip_store(url)))


def fsspec_zip(url: str) -> Read:
    """fsspec's own file system of a ZIP."""
    from zarr.storage import FsspecStore

    return _indexed(_zarr_arrays(FsspecStore.from_url(f"zip::{url}", read_only=True)))


def tensorstore(url: str) -> Read:
    """It knows arrays only: every level is opened by its path."""
    import tensorstore as ts

    arrays = [
        ts.open(
            {
                "driver": "zarr3",
                "kvstore": {"driver": "zip", "base": url, "path": f"{level}/"},
            },
            open=True,
            read=True,
        )
        for level in range(LEVELS)
    ]
    stores = [array.result() for array in arrays]
    return lambda level, index: stores[level][index].read().result()


_ALL: dict[str, Callable[[str], Read]] = {
    "ours": ours,
    "tensorstore zip": tensorstore,
    "ngff-zarr, fsspec": ngff_zarr,
    "bioio-ome-zarr, fsspec": bioio,
    "zarr ZipStore, fsspec": zip_store,
    "zarr zip::, fsspec": fsspec_zip,
}
_TOO_SLOW = ("ngff-zarr, fsspec", "bioio-ome-zarr, fsspec")
"""Of chunks of 64² these take minutes: one after the other, and dask has a task for each."""
CONTENDERS = {
    case: {name: how for name, how in _ALL.items() if case[0] != "C" or name not in _TOO_SLOW}
    for case in CASES
}


# --- the work


def prepare(case: str) -> None:
    levels()
    archive(case[0])
    _small()


def _small() -> None:
    """An archive that every contender opens before."""
    import data
    import zarr

    path = FOLDER / f"{WARM}.ozx"
    if path.exists():
        return
    source = FOLDER / f"{WARM}.ome.zarr"
    shutil.rmtree(source, ignore_errors=True)
    group = zarr.open_group(source, mode="w")
    listed = []
    for number in range(LEVELS):
        shape = (2, 16, 64 >> number, 64 >> number)
        array = group.create_array(
            str(number),
            shape=shape,
            chunks=(1, 1, *shape[2:]),
            dtype="u2",
            dimension_names=list(data.AXES),
        )
        array[:] = 1
        scale = [1.0, 1.0, 2.0**number, 2.0**number]
        transformations = [{"type": "scale", "scale": scale}]
        listed.append({"path": str(number), "coordinateTransformations": transformations})
    kinds = ["channel", "space", "space", "space"]
    axes = [{"name": n, "type": kind} for n, kind in zip(data.AXES, kinds, strict=True)]
    multiscale = {"axes": axes, "datasets": listed, "name": WARM}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    data.pack(source, path)


def measure(case: str, contender: str) -> Iterator[Sample]:
    """Two processes, one after the other, that share what is kept on the disk."""
    name, delay = case.split("-")
    with Line(FOLDER, int(delay) / 1000) as line, tempfile.TemporaryDirectory() as kept:
        for again in ("", "again"):
            command = [sys.executable, __file__, name, contender, line.url(""), again]
            environment = {**os.environ, "XDG_CACHE_HOME": kept, "TMPDIR": kept}
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, check=False
            )
            if done.returncode:
                told = [text for text in done.stderr.splitlines() if text.strip()]
                raise RuntimeError(told[-1] if told else "no message")
            for text in done.stdout.splitlines():
                if text.startswith('{"work"'):
                    yield Sample(**json.loads(text))


def _work(name: str, contender: str, root: str, again: bool) -> Iterator[Sample]:
    opener, expected = _ALL[contender], levels()
    warm = opener(f"{root}{WARM}.ozx")
    warm(0, (0, 0, slice(None), slice(None)))
    url = f"{root}{name}.ozx"
    taken(root)

    def right(level: int, index: Index, pixels: Any) -> bool:
        return bool(np.array_equal(pixels, expected[level][index]))

    opening, read = timed(lambda: opener(url))
    of_opening = taken(root)["requests"]
    first, pixels = timed(lambda: read(*SCREEN))
    is_right = right(*SCREEN, pixels)
    counted = taken(root)
    if again:
        yield Sample("again", opening + first, is_right)
        yield Sample("again req", of_opening + counted["requests"], is_right, unit="")
        return
    yield Sample("open", opening, right=True)
    yield Sample("picture", opening + first, is_right)
    yield Sample("open req", of_opening, right=True, unit="")
    yield Sample("pict req", of_opening + counted["requests"], is_right, unit="")
    value, pixels = timed(lambda: read(0, PLANE))
    yield Sample("plane", value, right(0, PLANE, pixels))
    counted = taken(root)
    yield Sample("plane req", counted["requests"], right=True, unit="")
    yield Sample("plane MB", counted["sent"] / 1e6, right=True, unit="")
    places: list[Index] = [(1, z, *PLANE[2:]) for z in SCROLLED]
    value, planes = timed(lambda: [read(0, place) for place in places])
    are_right = all(right(0, place, found) for place, found in zip(places, planes, strict=True))
    yield Sample("scroll", value, are_right)
    counted = taken(root)
    yield Sample("scroll MB", counted["sent"] / 1e6, right=True, unit="")


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    for sample in _work(*sys.argv[1:4], again=bool(sys.argv[4])):
        print(json.dumps(asdict(sample)), flush=True)
