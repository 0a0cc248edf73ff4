"""Measure every cell of a time-lapse on a cluster, and keep what was measured beside the labels.

The movie is one file. Each worker opens it by itself and reads only the time points it measures;
nothing is copied to the workers beforehand. Here the cluster is this computer. For another one,
change one line: `Client("tcp://scheduler:8786")`, with the file behind a link, or in a folder that
all machines share.

    python measure_on_a_cluster.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster
from PIL import Image
from skimage.measure import regionprops_table

from napari_ome_zip import open_image, render, save_image, strict_reading, to_layer_data

SHAPE = (12, 2, 256, 256)
"""Time points, channels, y, and x."""
SPACE = {"axis_labels": ("t", "y", "x"), "units": ("second", "micrometer", "micrometer")}
SCALE = (60.0, 0.5, 0.5)


def main(folder: Path) -> None:
    """Make a movie, measure it, and save it again with what was measured."""
    movie, measured = folder / "movie.ozx", folder / "movie-measured.ozx"
    write_movie(movie)
    workers = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with workers as cluster, Client(cluster) as client:
        tasks = client.map(measure, [str(movie.resolve())] * SHAPE[0], range(SHAPE[0]))
        columns = joined(client.gather(tasks))
    save_with_features(movie, measured, columns)
    report(measured)
    drawn = render(open_image(measured), 480, at={"t": 8}, labels="outline", scale_bar=True)
    Image.fromarray(drawn).save(folder / "measure_on_a_cluster.png")


def write_movie(path: Path) -> None:
    """Write cells that move, and of which half get brighter, with a label for each of them."""
    random = np.random.default_rng(4)
    starts, steps = random.uniform(30, 226, (24, 2)), random.uniform(-3, 3, (24, 2))
    y, x = np.mgrid[:256, :256]
    pixels, labels = np.full(SHAPE, 100.0), np.zeros((SHAPE[0], *SHAPE[2:]), np.uint16)
    for t in range(SHAPE[0]):
        for number, (start, step) in enumerate(zip(starts, steps, strict=True), 1):
            center = start + t * step
            inside = np.hypot(y - center[0], x - center[1]) < 9
            labels[t, inside] = number + 100 * t  # a number for each cell at each time point
            pixels[t, 0, inside] = 900
            pixels[t, 1, inside] = 300 + (80 * t if number % 2 else 0)
    noisy = random.poisson(pixels).astype(np.uint16)
    channels = {"channel_axis": 1, "name": ["membrane", "reporter"], "colormap": ["blue", "green"]}
    limits = {"contrast_limits": (100, 1300)}
    place = {"scale": SCALE, **SPACE}
    save_image(
        [
            (noisy, {**channels, **limits, **place}, "image"),
            (labels, {"name": "cells", **place}, "labels"),
        ],
        path,
    )


def measure(path: str, t: int) -> dict[str, np.ndarray]:
    """Measure all cells of one time point; this runs on a worker."""
    composite = open_image(path)
    image, labels = composite.images[0], composite.labels[0]
    with strict_reading():  # a damaged chunk is an error, and not background
        cells = labels.levels[0][t].compute()
        reporter = image.channel_levels("reporter")[0][t].compute()
    found = regionprops_table(cells, reporter, properties=("label", "area", "mean_intensity"))
    area = found["area"] * image.scale["y"] * image.scale["x"]
    return {
        "index": found["label"],
        "time (s)": np.full(len(area), t * image.scale["t"]),
        "area (µm²)": area,
        "reporter": found["mean_intensity"].round(1),
    }


def joined(tables: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the rows of several tables as those of one."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def save_with_features(source: Path, target: Path, columns: dict[str, np.ndarray]) -> None:
    """Save a file again, with columns for its labels. Pixels are copied byte for byte."""
    layers = [
        (data, {**keywords, "features": columns} if kind == "labels" else keywords, kind)
        for data, keywords, kind in to_layer_data(open_image(source))
    ]
    save_image(layers, target)


def report(path: Path) -> None:
    """Print the mean of the reporter at each time point, as the file has it."""
    features = to_layer_data(open_image(path))[-1][1]["features"]
    times, reporter = (np.asarray(features[name], float) for name in ("time (s)", "reporter"))
    for time in np.unique(times):
        print(f"{time:5.0f} s: {reporter[times == time].mean():6.1f}")


if __name__ == "__main__":
    main(Path(*sys.argv[1:2]))
