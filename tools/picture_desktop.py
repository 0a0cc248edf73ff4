"""Picture a folder of archives in a file manager, and what a double click on one opens.

Runs on a virtual display of its own, with a real window manager and a real file manager, after
``ome-zip integrate``. On Debian: ``apt-get install xvfb openbox pcmanfm xdotool ffmpeg
desktop-file-utils shared-mime-info``.

    python tools/picture_desktop.py docs/images/desktop.png
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from film_drop import FILES, NAPARI, SHOWN_WIDTH, Desk, screen, write_settings
from napari_ome_zip.plugin.sample_archive import write_sample_archive
from picture_archives import faulty, head, measured, mosaic, plate

CLICKED = (240, 85)
"""A point of the second file in the folder."""


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, help="where the picture goes (.png)")
    parser.add_argument("--display", default=":78", help="a display that nobody uses")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place,  # napari ends later
        ExitStack() as running,
    ):
        home = Path(place)
        files = home / "my images"
        files.mkdir()
        write_settings(home / "config")
        write_sample_archive(files / "colon section.ome.zip")
        for name, archive in {
            "cells.ozx": measured(),
            "head.ozx": head(),
            "plate 12.ozx": plate(),
            "scan.ome.zip": mosaic(),
            "stain.ome.zip": faulty(),
        }.items():
            archive.write(files / name)
        desk = Desk(arguments.display, home)
        print(desk.run(sys.executable, "-m", "napari_ome_zip", "integrate"))
        running.enter_context(desk.program("Xvfb", desk.display, *screen()))
        time.sleep(2)
        running.enter_context(desk.program("openbox"))
        running.enter_context(desk.program("pcmanfm", str(files)))
        folder = desk.window(files.name)
        desk.put(folder, FILES)
        time.sleep(25)  # previews
        desk.run("xdotool", "key", "F5")
        time.sleep(3)
        desk.double_click(CLICKED)
        window = desk.window("napari")
        time.sleep(5)
        desk.put(window, NAPARI)
        time.sleep(10)
        desk.picture(home / "desktop.png")
        desk.run("xdotool", "windowclose", window)
        with Image.open(home / "desktop.png") as taken:
            height = taken.height * SHOWN_WIDTH // taken.width
            small = taken.convert("RGB").resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
            small.quantize(128, dither=Image.Dither.NONE).save(arguments.picture, optimize=True)
    print(f"{arguments.picture.name}: {arguments.picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
