"""Read the images A, B, C and E: how each contender opens one, and the work it is given."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample, peak_above, reset_peak, sampled, timed
from data import IMAGES, LEVELS, SHAPE, archive, folder, levels
from floor import Floor, Index, read_documents

Read = Callable[[int, Index], Any]
"""Pixels of a level: ``read(level, index)``; an array, or one for each channel."""

PLANE: Index = (1, 8, slice(None), slice(None))
WHOLE: Index = (slice(None),) * 4
SCROLLED = range(2, 14)
SIDE = 256
THREADS = 8
READS_A_THREAD = 8


# --- contenders


def ours(path: Path) -> Read:
    """All the way to what napari is given: a layer per channel, placed and coloured."""

    import napari_ome_zip

    return _of_layers(napari_ome_zip.to_layer_data(napari_ome_zip.open_image(path)))


def _of_layers(layers: list[Any]) -> Read:
    """One layer for each channel, as napari has them: never put together in one array."""

    def read(level: int, index: Index) -> Any:
        if isinstance(index[0], int):
            return np.asarray(layers[index[0]][0][level][index[1:]])
        return [np.asarray(layer[0][level][index[1:]]) for layer in layers]

    return read


def ngff_zarr(path: Path) -> Read:
    from ngff_zarr import from_ngff_zarr

    images = from_ngff_zarr(str(path)).images
    return lambda level, index: np.asarray(images[level].data[index])


def _zarr_arrays(store: Any) -> list[Any]:
    import zarr

    group = zarr.open_group(store, mode="r")
    ome = group.attrs.get("ome", group.attrs)
    return [group[dataset["path"]] for dataset in ome["multiscales"][0]["datasets"]]


def _indexed(arrays: list[Any]) -> Read:
    return lambda level, index: np.asarray(arrays[level][index])


def zip_store(path: Path) -> Read:
    from zarr.storage import ZipStore

    return _indexed(_zarr_arrays(ZipStore(path, mode="r")))


def local_store(path: Path) -> Read:
    from zarr.storage import LocalStore

    return _indexed(_zarr_arrays(LocalStore(path, read_only=True)))


def ome_zarr(path: Path) -> Read:
    """It opens no archive by itself: the store is made for it."""
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.io import ZarrLocation
    from ome_zarr.reader import Reader
    from zarr.storage import ZipStore

    kind = FormatV04() if IMAGES[path.stem].zarr_format == 2 else FormatV05()
    return _indexed(next(iter(Reader(ZarrLocation(ZipStore(path, mode="r"), fmt=kind))())).data)


def bioio(path: Path) -> Read:
    from bioio_ome_zarr import Reader

    reader = Reader(path)
    found = []
    for level in reader.resolution_levels:
        reader.set_resolution_level(level)
        found.append(reader.dask_data)
    return _indexed(found)


def tensorstore(path: Path) -> Read:
    """It knows arrays only: every level is opened by its path."""
    import tensorstore

    driver = "zarr" if IMAGES[path.stem.removesuffix(".ome")].zarr_format == 2 else "zarr3"
    inside = (
        {"driver": "zip", "base": f"file://{path}", "path": ""}
        if path.is_file()
        else {"driver": "file", "path": f"{path}/"}
    )
    arrays = [
        tensorstore.open(
            {"driver": driver, "kvstore": {**inside, "path": f"{inside['path']}{level}/"}},
            open=True,
            read=True,
        )
        for level in range(LEVELS)
    ]
    stores = [array.result() for array in arrays]
    return lambda level, index: stores[level][index].read().result()


def napari_ome_zarr(path: Path) -> Read:
    """As napari reads the unzipped folder."""
    import npe2

    npe2.PluginManager.instance().discover()
    return _of_layers(npe2.read([str(path)], plugin_name="napari-ome-zarr", stack=False))


def floor(path: Path) -> Read:
    """Nothing but ``os.pread`` and the C codec on all cores: where chunks lie is known already."""
    return Floor(path).read


CASES = {
    "A": "Archive A: chunks of 256² in shards of 8 × 1024², zstd",
    "B": "Archive B: chunks of 256², no shards, zstd",
    "C": "Archive C: chunks of 64², no shards, zstd: 44,000 entries",
    "E": "Archive E: OME-Zarr 0.4 (Zarr v2), chunks of 256², blosc",
}
_CONTENDERS: dict[str, tuple[Callable[[Path], Read], Callable[[str], Path]]] = {
    "ours": (ours, archive),
    "ngff-zarr": (ngff_zarr, archive),
    "bioio-ome-zarr": (bioio, archive),
    "ome-zarr on ZipStore": (ome_zarr, archive),
    "zarr ZipStore": (zip_store, archive),
    "tensorstore zip": (tensorstore, archive),
    "tensorstore folder": (tensorstore, folder),
    "zarr LocalStore": (local_store, folder),
    "napari-ome-zarr": (napari_ome_zarr, folder),
    "floor": (floor, archive),
}
"""By name: how to open, and whether the archive or the unzipped folder is opened."""
_TOO_SLOW = ("bioio-ome-zarr", "ome-zarr on ZipStore", "napari-ome-zarr")
"""Of chunks of 64² these take minutes: dask has a task for each chunk."""


def _takes_part(name: str, contender: str) -> bool:
    # Of shards in an archive tensorstore's reading never ends; elsewhere its archive is enough.
    if contender == ("tensorstore zip" if IMAGES[name].shard else "tensorstore folder"):
        return False
    return not (IMAGES[name].chunk == 64 and contender in _TOO_SLOW)


CONTENDERS = {
    name: {contender: how for contender, how in _CONTENDERS.items() if _takes_part(name, contender)}
    for name in CASES
}
ROUNDS = 2


# --- the work


class _Opened:
    """An opened image; where decoded chunks are kept, it is opened anew to have all decoded."""

    def __init__(self, opener: Callable[[], Read], keeps: bool) -> None:
        self._open = opener
        self._keeps = keeps
        self._read = opener()

    def __call__(self, level: int, index: Index) -> Any:
        return self._read(level, index)

    def renew(self) -> None:
        """What is set up once is set up again, by a pixel far away."""
        if self._keeps:
            self._read = self._open()
            self._read(0, tuple(n - 1 for n in SHAPE))


def regions() -> list[Index]:
    """Places of 256² pixels, the same for all; few begin where a chunk does."""
    random = np.random.default_rng(7)
    corners = random.integers(0, [SHAPE[0], SHAPE[1], SHAPE[2] - SIDE, SHAPE[3] - SIDE], (64, 4))
    return [
        (int(c), int(z), slice(int(y), int(y) + SIDE), slice(int(x), int(x) + SIDE))
        for c, z, y, x in corners
    ]


def prepare(case: str) -> None:
    levels()
    archive(case)
    folder(case)


def measure(name: str, contender: str) -> Iterator[Sample]:
    """Every work in turn, warm; pixels are compared with those that were made."""
    opener, where = _CONTENDERS[contender]
    path = where(name)
    expected = levels()
    if contender == "floor":
        yield from sampled("open", lambda: read_documents(path))
    else:
        yield from sampled("open", lambda: opener(path))
    read = _Opened(partial(opener, path), keeps=contender == "ours")
    places = itertools.cycle(regions())

    def check(level: int, index: Index, pixels: Any) -> bool:
        if isinstance(pixels, list):
            return all(map(np.array_equal, pixels, expected[level][index]))
        return bool(np.array_equal(pixels, expected[level][index]))

    def one(work: str, level: int, index: Index) -> Iterator[Sample]:
        yield from sampled(
            work,
            lambda: read(level, index),
            lambda pixels: check(level, index, pixels),
            before=read.renew,
        )

    yield from one("plane", 0, PLANE)
    yield from sampled(
        "region",
        lambda: (place := next(places), read(0, place)),
        lambda done: check(0, *done),
        repeats=20,
        before=read.renew,
    )
    yield from sampled(
        "scroll",
        lambda: [read(0, (1, z, *PLANE[2:])) for z in SCROLLED],
        lambda planes: all(
            check(0, (1, z, *PLANE[2:]), plane) for z, plane in zip(SCROLLED, planes, strict=True)
        ),
        before=read.renew,
    )
    yield from one("coarse", LEVELS - 1, WHOLE)
    yield from sampled(
        "threads",
        lambda: _in_threads(read),
        lambda done: _all_right(done, check),
        before=read.renew,
    )
    read.renew()
    reset_peak()
    before = peak_above(0)
    duration, pixels = timed(lambda: read(0, WHOLE))
    # Before the comparison, which maps the expected pixels into memory.
    size = sum(array.nbytes for array in pixels)
    yield Sample("peak", peak_above(before) - size / 1e6, right=True, unit="MB")
    yield Sample("whole", duration, check(0, WHOLE, pixels))
    if duration < 2000:
        del pixels
        yield from one("whole", 0, WHOLE)


def _in_threads(read: Read) -> list[tuple[Index, Any]]:
    done: list[tuple[Index, Any]] = []

    def work(places: list[Index]) -> None:
        done.extend((place, read(0, place)) for place in places)

    threads = [
        threading.Thread(target=work, args=(regions()[n::THREADS][:READS_A_THREAD],))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _all_right(done: list[tuple[Index, Any]], check: Callable[[int, Index, Any], bool]) -> bool:
    complete = len(done) == THREADS * READS_A_THREAD
    return complete and all(check(0, place, pixels) for place, pixels in done)
