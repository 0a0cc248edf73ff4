"""Open a plate of 1,536 fields of view and move about on it: ours beside its peers.

384 wells × 4 fields × 3 channels × 4 levels of 1024², of which the documents are there and the
chunks of one field: opening is what is measured, not a disk. Ours and ngff-zarr get the archive,
napari-ome-zarr, which reads none, the unzipped folder. Each runs in a process of its own, one after
the other, several rounds; medians are printed with their ratio to ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.storage import MemoryStore

ROWS, COLUMNS, FIELDS, LEVELS, SIDE = 16, 24, 4, 4, 1024
CHUNK = 256
VIEW, MOVES = 1000, 10
FILLED = "B/3/0"
"""The one field of view that has chunks; they hold `VALUE`."""
VALUE = 1000
SECONDS = 180
"""A contender that takes longer is left out, and said."""


def plate() -> dict[str, bytes]:
    """Every entry of the plate."""
    rows = [chr(65 + n) for n in range(ROWS)]
    columns = [str(n + 1) for n in range(COLUMNS)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c}
        for (r, row), (c, column) in product(enumerate(rows), enumerate(columns))
    ]
    sides = {"rows": [{"name": n} for n in rows], "columns": [{"name": n} for n in columns]}
    entries = {
        "zarr.json": _group(
            {"plate": {"name": "P", "field_count": FIELDS, **sides, "wells": wells}}
        )
    }
    image = _group(_image())
    arrays = [_array(level, filled=False) for level in range(LEVELS)]
    entries |= {f"{row}/zarr.json": _group(None) for row in rows}
    well_document = _group({"well": {"images": [{"path": str(n)} for n in range(FIELDS)]}})
    for well in wells:
        entries[f"{well['path']}/zarr.json"] = well_document
        for number in range(FIELDS):
            path = f"{well['path']}/{number}"
            entries[f"{path}/zarr.json"] = image
            for level, array in enumerate(arrays):
                entries |= {f"{path}/{level}/{name}": content for name, content in array.items()}
    for level in range(LEVELS):
        filled = _array(level, filled=True)
        entries |= {f"{FILLED}/{level}/{name}": content for name, content in filled.items()}
    return entries


def _group(ome: dict[str, Any] | None) -> bytes:
    attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}).encode()


def _image() -> dict[str, Any]:
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    datasets = [
        {
            "path": str(k),
            "coordinateTransformations": [{"type": "scale", "scale": [1, 2**k / 2, 2**k / 2]}],
        }
        for k in range(LEVELS)
    ]
    window = {"min": 0, "max": 65535, "start": 0, "end": 4000}
    channels = [
        {"label": label, "color": color, "active": True, "window": window}
        for label, color in (("a", "FF0000"), ("b", "00FF00"), ("c", "0000FF"))
    ]
    multiscale = {"name": "field", "axes": axes, "datasets": datasets}
    return {"multiscales": [multiscale], "omero": {"channels": channels}}


def _array(level: int, *, filled: bool) -> dict[str, bytes]:
    content: dict[str, Any] = {}
    array = zarr.create_array(
        MemoryStore(content),
        shape=(3, SIDE >> level, SIDE >> level),
        dtype="uint16",
        chunks=(1, min(CHUNK, SIDE >> level), min(CHUNK, SIDE >> level)),
        dimension_names=("c", "y", "x"),
        fill_value=0,
    )
    if filled:
        array[...] = VALUE
    return {name: value.to_bytes() for name, value in content.items()}


def write(folder: Path) -> tuple[Path, Path]:
    """Write the archive, documents first, and the same as a folder."""
    entries = plate()
    archive, unzipped = folder / "plate.ozx", folder / "plate.ome.zarr"
    order = sorted(entries, key=lambda n: (not n.endswith("zarr.json"), n.count("/"), n))
    with zipfile.ZipFile(archive, "w") as zipped:
        for name in order:
            zipped.writestr(name, entries[name])
        comment = {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}
        zipped.comment = json.dumps({"ome": comment}).encode()
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(unzipped)
    return archive, unzipped


def ours(archive: Path, _: Path) -> list[Any]:
    import npe2

    return _levels(npe2.read([str(archive)], plugin_name="napari-ome-zip", stack=False)[0])


def napari_ome_zarr(_: Path, folder: Path) -> list[Any]:
    import npe2

    return _levels(npe2.read([str(folder)], plugin_name="napari-ome-zarr", stack=False)[0])


def ngff_zarr(archive: Path, _: Path) -> list[Any]:
    from ngff_zarr import from_ngff_zarr

    return [image.data for image in from_ngff_zarr(str(archive)).images]


CONTENDERS = {"ours": ours, "napari-ome-zarr": napari_ome_zarr, "ngff-zarr": ngff_zarr}


def _levels(layer: tuple[Any, ...]) -> list[Any]:
    data = layer[0]
    return list(data) if isinstance(data, list | tuple) else [data]


def measure(contender: str, archive: Path, folder: Path) -> dict[str, float]:
    """Seconds to open, and to read a view after each of ten moves at full resolution."""
    import dask.array  # noqa: F401  (what all contenders import is no difference between them)

    if contender != "ngff-zarr":
        from npe2 import PluginManager

        PluginManager.instance().discover()
    start = time.perf_counter()
    levels = CONTENDERS[contender](archive, folder)
    opened = time.perf_counter() - start
    height, width = levels[0].shape[-2:]
    times = []
    for move in range(MOVES):
        y = (height - VIEW) * move // MOVES
        x = (width - VIEW) * move // MOVES
        start = time.perf_counter()
        np.asarray(levels[0][..., y : y + VIEW, x : x + VIEW])
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    overview = np.asarray(levels[-1])
    seen = time.perf_counter() - start
    return {
        "open": opened,
        "move": statistics.median(times),
        "overview": seen,
        "right": float(overview.max() == VALUE),
        "height": float(height),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=3, metavar=("CONTENDER", "ARCHIVE", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.measure:
        name, archive, folder = arguments.measure
        print(json.dumps(measure(name, Path(archive), Path(folder))))
        return
    with tempfile.TemporaryDirectory() as place:
        paths = write(Path(place))
        print(f"plate of {ROWS * COLUMNS} wells, {ROWS * COLUMNS * FIELDS} fields of view")
        results: dict[str, list[dict[str, float]]] = defaultdict(list)
        cannot: set[str] = set()
        for _ in range(arguments.rounds):
            for name in CONTENDERS:
                if name not in cannot and (found := run(name, paths)) is not None:
                    results[name].append(found)
                elif name not in results:
                    cannot.add(name)
        print_table(results)


def run(contender: str, paths: tuple[Path, Path]) -> dict[str, float] | None:
    """One contender in a process of its own; why it cannot is told."""
    command = [sys.executable, __file__, "--measure", contender, *map(str, paths)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{contender}: not done after {SECONDS} s")
    except subprocess.CalledProcessError as error:
        print(f"{contender} cannot: {error.stderr.strip().splitlines()[-1]}")
    else:
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found
    return None


def print_table(results: dict[str, list[dict[str, float]]]) -> None:
    columns = ("open", "move", "overview")
    print(f"{'':18}" + "".join(f"{column + ' (s)':>24}" for column in columns) + "   pixels")
    best = {column: _median(results["ours"], column) for column in columns}
    for name, rounds in results.items():
        cells = [
            f"{_median(rounds, column):14.3f} ({_median(rounds, column) / best[column]:6.1f}×)"
            for column in columns
        ]
        right = "right" if all(found["right"] for found in rounds) else "WRONG"
        height = f"{rounds[0]['height']:.0f} high"
        print(f"{name:18}" + "".join(f"{cell:>24}" for cell in cells) + f"   {right}, {height}")


def _median(rounds: list[dict[str, float]], column: str) -> float:
    return statistics.median(found[column] for found in rounds)


if __name__ == "__main__":
    main()
