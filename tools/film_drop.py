"""Film a file being dragged from a file manager onto napari, for docs/images.

Runs on a virtual display of its own, with a real window manager and a real file manager. The file
is the second one that this napari opens: with the first, the program itself is loaded. On Debian:
``apt-get install xvfb openbox pcmanfm xdotool ffmpeg``.

    python tools/film_drop.py docs/images/drop.gif
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from picture_archives import plate

WIDTH, HEIGHT = 1260, 620
"""Of the screen, in pixels."""
SHOWN_WIDTH = 1000
FILES = (0, 0, 356, 590)
"""Place of the file manager's window: x, y, width, height."""
NAPARI = (358, 0, 900, 590)
"""Place of napari's window. The two fill the screen, but for their frames."""
FILE = (95, 85)
"""A point of the only file in the folder."""
CANVAS = (960, 250)
WELLS = ((860, 300), (1060, 300), (1060, 380))
"""Points of the plate that is shown, on which the pointer rests."""
RATE = 10
"""Pictures in a second."""
STEPS = 30
"""Of the hand, from the file to the canvas."""
NAPARI_IN_USE = """
import sys
from pathlib import Path
import napari
from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QTimer
viewer = napari.Viewer()
viewer.open(sys.argv[1], plugin="napari-ome-zip")
viewer.layers.clear()
def begin():
    for shown in viewer.window.main_menu.window().findChildren(NapariQtNotification):
        shown.close()
    Path(sys.argv[2]).touch()
QTimer.singleShot(5000, begin)
napari.run()
"""
ICONS = "[ui]\nbig_icon_size=112\nthumbnail_size=128\n"
NO_BARS = "[ui]\nside_pane_mode=hidden;places\ntoolbar=hidden;\nshow_statusbar=0\n"


def main() -> None:
    """Make the film."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, help="where the film goes (.gif)")
    parser.add_argument("--display", default=":77", help="a display that nobody uses")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ExitStack() as running:
        home = Path(place)
        files = home / "my images"
        files.mkdir()
        archive = plate().write(files / "plate.ozx")
        write_settings(home / "config")
        ready = home / "ready"
        desk = Desk(arguments.display, home)
        running.enter_context(desk.program("Xvfb", desk.display, *screen()))
        time.sleep(2)
        running.enter_context(desk.program("openbox"))
        running.enter_context(
            desk.program(sys.executable, "-c", NAPARI_IN_USE, str(archive), str(ready))
        )
        window = desk.window("napari")
        running.enter_context(desk.program("pcmanfm", str(files)))
        folder = desk.window(files.name)
        desk.put(window, NAPARI)
        desk.put(folder, FILES)
        while not ready.exists():
            time.sleep(0.5)
        time.sleep(5)
        film = home / "film.mkv"
        with desk.program(*_grab(desk.display), "-qp", "0", str(film)):
            time.sleep(1)
            desk.drag(FILE, CANVAS)
            time.sleep(3.5)
            for well in WELLS:
                desk.move(well)
            time.sleep(1)
        _as_gif(film, arguments.film)


class Desk:
    """A display with programs, and a hand that moves the mouse.

    Parameters
    ----------
    display : str
        Its name, such as ``:77``.
    home : Path
        Where the programs keep their settings: nobody's own are used.
    """

    def __init__(self, display: str, home: Path) -> None:
        self.display = display
        self._environment: Mapping[str, str] = {
            **os.environ,
            "DISPLAY": display,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
        }

    @contextmanager
    def program(self, *command: str) -> Iterator[None]:
        """Run a program as long as the context lasts."""
        running = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            running.terminate()
            running.wait(20)

    def window(self, title: str) -> str:
        """The visible window of a title; waits for it."""
        command = ["search", "--sync", "--onlyvisible", "--name", title]
        for _ in range(20):
            # It fails where a window, such as that of a start, vanishes while it is looked at.
            with suppress(subprocess.CalledProcessError):
                return self._do(*command).split()[-1]
            time.sleep(0.5)
        return self._do(*command).split()[-1]

    def put(self, window: str, place: Sequence[int]) -> None:
        """Move a window and size it."""
        x, y, width, height = map(str, place)
        self._do("windowsize", "--sync", window, width, height)
        self._do("windowmove", window, x, y)
        self._do("windowactivate", "--sync", window)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Take what lies at one point of the screen, and let go of it at another."""
        self._do("mousemove", *map(str, start))
        time.sleep(0.5)
        self._do("mousedown", "1")
        for step in range(1, STEPS + 1):
            there = [round(a + (b - a) * step / STEPS) for a, b in zip(start, end, strict=True)]
            self._do("mousemove", *map(str, there))
            time.sleep(1.2 / STEPS)
        time.sleep(0.4)
        self._do("mouseup", "1")

    def move(self, end: tuple[int, int]) -> None:
        """Move the pointer to a point of the screen, and rest there."""
        self._do("mousemove", *map(str, end))
        time.sleep(0.8)

    def double_click(self, place: tuple[int, int]) -> None:
        """Click twice at one point of the screen."""
        self._do("mousemove", *map(str, place))
        time.sleep(0.5)
        self._do("click", "--repeat", "2", "--delay", "120", "1")

    def picture(self, target: Path) -> None:
        """Picture the whole screen."""
        self.run(*_grab(self.display), "-frames:v", "1", str(target))

    def run(self, *command: str) -> str:
        """Run a program to its end, and return what it writes."""
        done = subprocess.run(
            command,
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    def _do(self, *arguments: str) -> str:
        return self.run("xdotool", *arguments)


def write_settings(config: Path) -> None:
    """Have a file manager show files alone, as large as previews need to be seen."""
    for name, text in {
        "libfm/libfm.conf": ICONS,
        "pcmanfm/default/pcmanfm.conf": NO_BARS,
    }.items():
        path = config / name
        path.parent.mkdir(parents=True)
        path.write_text(text)


def screen() -> list[str]:
    """Options of the server of a display."""
    return ["-screen", "0", f"{WIDTH}x{HEIGHT}x24"]


def _grab(display: str) -> list[str]:
    size = f"{WIDTH}x{HEIGHT}"
    source = ["-f", "x11grab", "-framerate", str(RATE), "-video_size", size, "-i", display]
    return ["ffmpeg", "-loglevel", "error", "-y", *source]


def _as_gif(film: Path, target: Path) -> None:
    """Few colors, chosen for this film: a picture in a README is to load at once."""
    scaled = f"fps={RATE},scale={SHOWN_WIDTH}:-1:flags=lanczos"
    colors = "split[a][b];[a]palettegen=max_colors=256[p];[b][p]paletteuse=dither=none"
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(film)]
    subprocess.run([*command, "-vf", f"{scaled},{colors}", str(target)], check=True)


if __name__ == "__main__":
    main()
