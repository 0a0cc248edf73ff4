"""A real file manager shows the icon and the preview of archives, and a double click opens one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_ome_zip.desktop.integrate.environment import Environment
from napari_ome_zip.desktop.integrate.linux.linux_desktop import LinuxDesktop
from napari_ome_zip.desktop.integrate.linux.places import own_places
from waiting import until

NEEDED = ("Xvfb", "pcmanfm", "xdotool", "update-mime-database", "update-desktop-database")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="a file manager of Linux"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

NUCLEUS, PREVIEW = (0xFF, 0xD9, 0x4A), (12, 220, 34)
"""A color of the icon (archive.svg), and that of the preview."""

_BYTES_OF_A_COLOR = 12
"""Of a color map in an X window dump."""

# In place of Python: makes a preview of one file alone, and tells what is to be opened.
INTERPRETER = """\
#!/bin/sh
case "$3" in
napari_ome_zip.desktop.thumbnailer)
    case "$4" in *seen*) cp '{preview}' "$5" ;; *) exit 1 ;; esac ;;
*)
    printf '%s\\n' "$@" > '{told}.part'
    mv '{told}.part' '{told}' ;;
esac
"""


@dataclass
class Screen:
    """A screen of its own: what is clicked there is no window of another test."""

    name: str
    memory: Path
    """Where the server keeps its pixels, as a file of the X Window Dump format."""

    def spots(self, color: tuple[int, int, int]) -> list[tuple[int, int]]:
        """Return the places (x, y) in pixels that have a color."""
        dump = self.memory.read_bytes()
        header = np.frombuffer(dump, ">u4", 25)
        width, height, line, colors = (int(header[field]) for field in (4, 5, 12, 19))
        start = int(header[0]) + colors * _BYTES_OF_A_COLOR
        pixels = np.frombuffer(dump, np.uint8, line * height, start).reshape(height, line // 4, 4)
        rows, columns = np.nonzero((pixels[:, :width, 2::-1] == color).all(axis=-1))
        return [(int(x), int(y)) for x, y in zip(columns, rows, strict=True)]

    def double_click(self, spot: tuple[int, int]) -> None:
        environ = {**os.environ, "DISPLAY": self.name}
        for command in (
            ["mousemove", "--sync", *map(str, spot)],
            ["click", "--repeat", "2", "--delay", "100", "1"],
        ):
            subprocess.run(["xdotool", *command], env=environ, check=True, timeout=60)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    read, write = os.pipe()
    size = ["-screen", "0", "800x600x24", "-fbdir", str(tmp_path), "-nolisten", "tcp"]
    command = ["Xvfb", "-displayfd", str(write), *size]
    with ended(subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)):
        os.close(write)
        with os.fdopen(read) as told:
            name = told.readline().strip()
        yield Screen(f":{name}", tmp_path / "Xvfb_screen0")


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a program after use."""
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def test_archives_have_an_icon_a_preview_and_open_by_double_click(
    own_home: Path, tmp_path: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, preview = tmp_path / "told", tmp_path / "preview.png"
    Image.new("RGB", (128, 128), PREVIEW).save(preview)
    interpreter = tmp_path / "my env" / "python"
    interpreter.parent.mkdir()
    interpreter.write_text(INTERPRETER.format(preview=preview, told=told))
    interpreter.chmod(0o755)
    LinuxDesktop(Environment(interpreter), own_places()).set_up()

    folder = own_home / "My images"
    folder.mkdir()
    names = ("Zellkörper's 100%.ome.zip", "seen.ozx")
    for name in names:
        (folder / name).write_bytes(b"PK\x05\x06" + bytes(18))
    monkeypatch.setenv("DISPLAY", screen.name)
    for name in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    with ended(subprocess.Popen(["pcmanfm", folder], stderr=subprocess.DEVNULL)):
        until(lambda: len(screen.spots(PREVIEW)) > 100)
        until(lambda: bool(screen.spots(NUCLEUS)))
        screen.double_click(screen.spots(NUCLEUS)[0])
        until(told.exists)
    assert told.read_text().splitlines()[-2:] == ["open", str(folder / names[0])]
