"""What the plugin costs when napari starts: importing the module that its manifest names."""

from __future__ import annotations

from collections.abc import Iterator

from child import Sample, timed

CASES = {"start": "Importing the reader module, after napari"}
CONTENDERS = {
    "start": {"ours": "napari_ome_zip.plugin.reader", "napari-ome-zarr": "napari_ome_zarr._reader"}
}
ROUNDS = 5


def measure(case: str, contender: str) -> Iterator[Sample]:
    import importlib

    import napari
    import napari._qt.qt_viewer  # noqa: F401  what a window has imported

    value, _ = timed(lambda: importlib.import_module(CONTENDERS[case][contender]))
    yield Sample("import", value, right=True)
