"""Open hierarchies of great extent, all the way to what napari is given.

Every process opens another, small image before, so that imports do not count, and then the case
once: the first opening is the one that a person waits for.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import data
import extremes
import numpy as np
from child import Sample, timed

CASES = {
    data.PLATE: "Plate D, 384 wells of 4 fields of view: napari-ome-zarr shows one of each well",
    "large-plate": "A plate of 1,536 wells of 9 fields of view: napari-ome-zarr shows one of each",
    "entries": "A million chunks, and nothing that tells the contrast",
    "labels": "Labels with a million rows of properties",
    "times": "10,000 time points, and nothing that tells the contrast",
    "channels": "60 channels, and nothing that tells the contrast",
}
WARM = "channels"
"""What is opened before."""
ROUNDS = 3
QUICK = tuple(CASES)
QUICK_CONTENDERS = ("floor",)
CORNER = 32


def ours(path: Path) -> Any:
    import napari_ome_zip

    layers = napari_ome_zip.to_layer_data(napari_ome_zip.open_image(path))
    return next(levels for levels, _, kind in layers if kind == "image")


def napari_ome_zarr(path: Path) -> Any:
    import npe2

    npe2.PluginManager.instance().discover()
    return npe2.read([str(path)], plugin_name="napari-ome-zarr", stack=False)[0][0]


def zip_store(path: Path) -> Any:
    """One array alone."""
    import zarr
    from zarr.storage import ZipStore

    return [zarr.open_group(ZipStore(path, mode="r"), mode="r")["0"]]


def tensorstore_zip(path: Path) -> Any:
    """One array alone."""
    import tensorstore

    inside = {"driver": "zip", "base": f"file://{path}", "path": "0/"}
    return [tensorstore.open({"driver": "zarr3", "kvstore": inside}).result()]


def documents(path: Path) -> None:
    """The floor: every document is read and parsed; they lie first."""
    with path.open("rb") as file:
        while (header := file.read(30))[:4] == b"PK\x03\x04":
            size, _, name, extra = struct.unpack_from("<IIHH", header, 18)
            if not file.read(name + extra)[:name].endswith(b"zarr.json"):
                return
            json.loads(file.read(size))


Opener = Callable[[Path], Any]
_PEERS: dict[str, tuple[Opener, bool]] = {
    "ours": (ours, True),
    "napari-ome-zarr": (napari_ome_zarr, False),
    "floor": (documents, True),
}
_ARRAYS: dict[str, tuple[Opener, bool]] = {
    "ours": (ours, True),
    "zarr ZipStore": (zip_store, True),
    "tensorstore zip": (tensorstore_zip, True),
    "floor": (documents, True),
}
CONTENDERS = {case: _ARRAYS if case == "entries" else _PEERS for case in CASES}
"""By name: how to open, and whether the archive or the unzipped folder is opened."""


def _path(case: str, packed: bool) -> Path:
    source: Any = data if case == data.PLATE else extremes
    return source.archive(case) if packed else source.folder(case)


def prepare(case: str) -> None:
    for packed in {packed for _, packed in CONTENDERS[case].values()}:
        _path(WARM, packed)
        _path(case, packed)


def measure(case: str, contender: str) -> Iterator[Sample]:
    """The pixels of a corner are compared."""
    opener, packed = CONTENDERS[case][contender]
    opener(_path(WARM, packed))
    path = _path(case, packed)
    value, levels = timed(lambda: opener(path))
    yield Sample("open", value, contender == "floor" or _is_right(case, levels))


def _is_right(case: str, levels: Any) -> bool:
    """One array where an image has one level, and none above it."""
    first = levels if hasattr(levels, "shape") else levels[0]
    side = 16 if case == "entries" else CORNER
    corner = (*(0 for _ in first.shape[:-2]), slice(side), slice(side))
    found = np.asarray(first[corner])
    return bool(np.array_equal(found, extremes.tile()[:side, :side].astype(found.dtype)))
