"""How each contender opens a layout, and reads regions of its level 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from layouts import LAYOUTS, Layout, archive, folder

Index = tuple[Any, ...]
"""Of z, y and x: an integer or a slice each."""
Read = Callable[[Index], Any]

PATIENCE = 30.0
"""Seconds to wait for one read of those that can be waited for."""
CACHE = 1 << 30
"""Bytes of decoded chunks that tensorstore may keep, where it does: as many as ours."""


def ours(layout: Layout, path: Path) -> Read:
    """What napari is given."""
    import napari_ome_zip

    return _of_layers(napari_ome_zip.to_layer_data(napari_ome_zip.open_image(path)), layout)


def napari_ome_zarr(layout: Layout, path: Path) -> Read:
    """What napari is given, of the folder."""
    import npe2

    npe2.PluginManager.instance().discover()
    return _of_layers(npe2.read([str(path)], plugin_name="napari-ome-zarr", stack=False), layout)


def _of_layers(layers: list[Any], layout: Layout) -> Read:
    kind = "labels" if layout.pixels == "labels" else "image"
    data = next(data for data, _, kind_of_layer in layers if kind_of_layer == kind)[0]
    return lambda index: np.asarray(data[index])


def tensorstore_zip(layout: Layout, path: Path) -> Read:
    """It knows arrays only. Of shards in an archive its reading never ends."""
    return _of_tensorstore(_zip_driver(layout, path))


def tensorstore_folder(layout: Layout, path: Path) -> Read:
    return _of_tensorstore(_folder_driver(layout, path))


def tensorstore_cache(layout: Layout, path: Path) -> Read:
    """It keeps as many decoded chunks as ours does, and is not asked to look for changes."""
    if path.is_dir():
        return _of_tensorstore(_folder_driver(layout, path), CACHE)
    return _of_tensorstore(_zip_driver(layout, path), CACHE)


def _zip_driver(layout: Layout, path: Path) -> dict[str, str]:
    return {"driver": "zip", "base": f"file://{path}", "path": f"{layout.array}/"}


def _folder_driver(layout: Layout, path: Path) -> dict[str, str]:
    return {"driver": "file", "path": f"{path}/{layout.array}/"}


def _of_tensorstore(driver: dict[str, str], keeping: int = 0) -> Read:
    import tensorstore

    store = tensorstore.open(
        {"driver": "zarr3", "kvstore": driver, "recheck_cached_data": False},
        context=tensorstore.Context({"cache_pool": {"total_bytes_limit": keeping}}),
        open=True,
        read=True,
    ).result(timeout=PATIENCE)
    return lambda index: store[index].read().result(timeout=PATIENCE)


def zip_store(layout: Layout, path: Path) -> Read:
    from zarr.storage import ZipStore

    return _of_store(ZipStore(path, mode="r"), layout)


def local_store(layout: Layout, path: Path) -> Read:
    from zarr.storage import LocalStore

    return _of_store(LocalStore(path, read_only=True), layout)


def _of_store(store: Any, layout: Layout) -> Read:
    import zarr

    array: Any = zarr.open_group(store, mode="r")[layout.array]
    return lambda index: np.asarray(array[index])


@dataclass(frozen=True)
class Contender:
    """How one opens an image."""

    opener: Callable[[Layout, Path], Read]
    where: Callable[[str], Path] = archive
    keeps: bool = False
    """Whether it keeps what it decoded, so that it is opened anew for each piece of work."""


def _contenders(layout: Layout) -> dict[str, Contender]:
    tensorstore = {
        "tensorstore zip": Contender(tensorstore_zip),
        "tensorstore zip, cache": Contender(tensorstore_cache, keeps=True),
        "tensorstore folder": Contender(tensorstore_folder, folder),
    }
    if layout.shards:
        tensorstore = {
            "tensorstore folder": Contender(tensorstore_folder, folder),
            "tensorstore folder, cache": Contender(tensorstore_cache, folder, keeps=True),
        }
    return {
        "ours": Contender(ours, keeps=True),
        **tensorstore,
        "zarr ZipStore": Contender(zip_store),
        "zarr LocalStore": Contender(local_store, folder),
        "napari-ome-zarr": Contender(napari_ome_zarr, folder),
    }


CONTENDERS = {name: _contenders(layout) for name, layout in LAYOUTS.items()}
