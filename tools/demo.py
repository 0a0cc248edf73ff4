"""Write the sample archive to demo/ and open it in napari, as a person would.

With a display the window stays open. On the virtual display of ``make demo``, or with
``--screenshot``, the window is pictured once its layers are drawn, and closed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import napari
import numpy as np
from qtpy.QtTest import QTest

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


def take_screenshot(
    viewer: napari.Viewer, picture: Path, size: tuple[int, int] = (1400, 900)
) -> None:
    """Picture the whole window, once drawing has come to rest."""
    viewer.window.resize(*size)
    QTest.qWait(500)
    viewer.reset_view()
    before = None
    for _ in range(20):
        # Layers of several levels choose theirs after the first drawing, and draw again.
        QTest.qWait(250)
        now = viewer.screenshot(canvas_only=True, flash=False)
        if before is not None and np.array_equal(before, now):
            break
        before = now
    viewer.screenshot(picture, canvas_only=False, flash=False)


if __name__ == "__main__":
    main()
