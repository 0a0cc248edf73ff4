"""What importing costs when the first file is dropped; napari starts without any of it.

At the first drop, Python tells how long each module takes (``-X importtime``). Modules that napari
has loaded by then cost nothing; of the others, *own* is the plugin itself, *arrays* zarr, dask and
what they bring.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import window
from child import Sample, timed

CASES = {
    "reader": "Importing the reader module, after napari, which the first drop does",
    "drop": "Imports of the first drop of archive A, beside the whole way to its first pixels",
}
_MODULES = {"ours": "napari_ome_zip.plugin.reader", "napari-ome-zarr": "napari_ome_zarr._reader"}
CONTENDERS = dict.fromkeys(CASES, tuple(_MODULES))
ROUNDS = 3
_OWN = {"ours": ("napari_ome_zip",), "napari-ome-zarr": ("napari_ome_zarr", "ome_zarr")}
_NAPARI = ("napari", "npe2", "app_model", "magicgui", "superqt", "qtpy", "PyQt6", "vispy")


def prepare(_case: str) -> None:
    window.prepare("A")


def measure(case: str, contender: str) -> Iterator[Sample]:
    yield from reader(contender) if case == "reader" else dropped(contender)


def reader(contender: str) -> Iterator[Sample]:
    import importlib

    import napari
    import napari._qt.qt_viewer  # noqa: F401  what a window has imported

    value, _ = timed(lambda: importlib.import_module(_MODULES[contender]))
    yield Sample("import", value, right=True)


def dropped(contender: str) -> Iterator[Sample]:
    """In a process of its own: the time within each package, after the drop."""
    child = Path(__file__).with_name("child.py")
    arguments = ["window", "A", json.dumps([contender]), "1"]
    command = [sys.executable, "-X", "importtime", str(child), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = iter(done.stderr.splitlines())
    for line in lines:
        if line.strip() == window.DROPPED:
            break
    of = _by_package(lines)
    own = sum(of.pop(name, 0.0) for name in _OWN[contender])
    napari = sum(of.pop(name, 0.0) for name in _NAPARI)
    yield Sample("own", own, right=True)
    yield Sample("arrays", sum(of.values()), right=True)
    yield Sample("napari", napari, right=True)


def _by_package(lines: Iterable[str]) -> dict[str, float]:
    """Milliseconds that the modules of each package took by themselves."""
    found: dict[str, float] = {}
    for line in lines:
        head, _, rest = line.partition("import time:")
        parts = rest.split("|")
        if head or len(parts) != 3 or not parts[0].strip().isdigit():
            continue
        package = parts[2].strip().partition(".")[0]
        found[package] = found.get(package, 0.0) + int(parts[0]) / 1000
    return found
