"""Move about on the plate D, 1,536 fields of view in 384 wells.

Ours lays out every field; napari-ome-zarr, which reads the unzipped folder, one field of each well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample, sampled
from data import LEVELS, PLATE, PLATE_CHANNELS, archive, folder, halved, plate_field

CASES = {
    PLATE: "Plate D; *view* is 1000² pixels of all channels at one of ten places, *overview* the "
    "coarsest level whole"
}
VIEW, MOVES = 1000, 10


def ours(path: Path) -> list[list[Any]]:
    import napari_ome_zip

    layers = napari_ome_zip.to_layer_data(napari_ome_zip.open_image(path))
    return [data for data, _, kind in layers if kind == "image"]


def napari_ome_zarr(path: Path) -> list[list[Any]]:
    import npe2

    npe2.PluginManager.instance().discover()
    layers = npe2.read([str(path)], plugin_name="napari-ome-zarr", stack=False)
    return [data for data, *_ in layers]


CONTENDERS: dict[str, dict[str, tuple[Callable[[Path], list[list[Any]]], Callable[..., Path]]]] = {
    PLATE: {
        "ours": (ours, archive),
        "napari-ome-zarr": (napari_ome_zarr, folder),
    }
}


def prepare(case: str) -> None:
    archive(case)
    folder(case)


def measure(case: str, contender: str) -> Iterator[Sample]:
    opener, where = CONTENDERS[case][contender]
    path = where(case)
    opened = [opener(path)]

    def renew() -> None:
        if contender == "ours":  # it keeps what it decoded
            opened[0] = opener(path)
            for levels in opened[0]:
                np.asarray(levels[0][..., :1, -1:])

    height, width = opened[0][0][0].shape[-2:]
    corners = [
        ((height - VIEW) * move // MOVES, (width - VIEW) * move // MOVES) for move in range(MOVES)
    ]
    places = iter(corners * 100)

    def view() -> list[np.ndarray]:
        y, x = next(places)
        return [np.asarray(levels[0][..., y : y + VIEW, x : x + VIEW]) for levels in opened[0]]

    expected = [plate_field(channel) for channel in range(PLATE_CHANNELS)]
    corner = (slice(0, 256), slice(0, 256))
    first = [np.asarray(levels[0][corner]) for levels in opened[0]]
    right = all(map(np.array_equal, first, (pixels[corner] for pixels in expected)))
    yield from sampled("view", view, lambda _: right, repeats=MOVES, before=renew)
    coarse = expected
    for _ in range(LEVELS - 1):
        coarse = [halved(pixels) for pixels in coarse]
    side = coarse[0].shape[0]
    yield from sampled(
        "overview",
        lambda: [np.asarray(levels[-1]) for levels in opened[0]],
        lambda seen: all(map(np.array_equal, (pixels[:side, :side] for pixels in seen), coarse)),
        before=renew,
    )
