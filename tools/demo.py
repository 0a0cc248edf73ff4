"""Write the sample archive to demo/ and open it in napari, as a person would.

With a display the window stays open. On the virtual display of ``make demo``, or with
``--screenshot``, the window is pictured once its layers are drawn, and closed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import napari
from qtpy.QtWidgets import QApplication

from napari_ome_zip.plugin.sample_archive import write_sample_archive

FOLDER = Path(__file__).resolve().parents[1] / "demo"


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screenshot", action="store_true", help="picture the window and end")
    arguments = parser.parse_args()

    FOLDER.mkdir(exist_ok=True)
    archive = FOLDER / "overlapping-fields.ome.zip"
    write_sample_archive(archive)
    print(f"Wrote {archive}")

    viewer = napari.Viewer()
    layers = viewer.open(archive, plugin="napari-ome-zip")
    print(f"napari shows {len(layers)} layers:")
    for layer in layers:
        print(f"  {type(layer).__name__:6} {layer.name}")
    if arguments.screenshot:
        picture = FOLDER / "demo.png"
        take_screenshot(viewer, picture)
        print(f"The screenshot is {picture}")
        viewer.close()
    else:
        napari.run()


def take_screenshot(viewer: napari.Viewer, picture: Path) -> None:
    """Picture the whole window, after all pending events have drawn the layers."""
    viewer.window.resize(1400, 900)
    for _ in range(20):
        QApplication.processEvents()
    viewer.reset_view()
    viewer.screenshot(picture, canvas_only=False, flash=False)


if __name__ == "__main__":
    main()
