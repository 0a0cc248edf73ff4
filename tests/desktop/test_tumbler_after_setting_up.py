"""Tumbler makes previews by what setting up the desktop wrote, launcher and all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.desktop.integrate.environment import Environment
from napari_ome_zip.desktop.integrate.linux.linux_desktop import LinuxDesktop
from napari_ome_zip.desktop.integrate.linux.places import own_places
from napari_ome_zip.names import MIME_TYPE
from waiting import until

FOLDERS = (Path("/usr/lib"), Path("/usr/libexec"))
TUMBLER = next((each for at in FOLDERS for each in sorted(at.rglob("tumbler-1/tumblerd"))), None)
NEEDED = ("dbus-run-session", "gdbus", "update-mime-database")
MISSING = [name for name in NEEDED if shutil.which(name) is None] + ["tumblerd"] * (not TUMBLER)

pytestmark = pytest.mark.skipif(
    bool(MISSING) or sys.platform != "linux", reason=f"not installed: {', '.join(MISSING)}"
)

# On a bus of its own: asks once the service is there, and ends with whoever runs it.
SESSION = """\
'{tumbler}' &
service=org.freedesktop.thumbnails.Thumbnailer1
gdbus wait --session --timeout 60 $service
gdbus call --session -d $service -o /org/freedesktop/thumbnails/Thumbnailer1 -m $service.Queue \
    "['{uri}']" "['{kind}']" normal foreground 0
wait
"""


def test_a_preview_is_made(own_home: Path) -> None:
    LinuxDesktop(Environment(Path(sys.executable)), own_places()).set_up()
    file = own_home / "my-cells.ozx"
    pixels = np.full((48, 64), 255, np.uint8)
    window = {"min": 0, "max": 255, "start": 0, "end": 255}
    omero = {"channels": [{"label": "a", "color": "00FF00", "window": window}]}
    HierarchyBuilder().image([pixels], "yx", omero=omero).archive(file)
    session = SESSION.format(tumbler=TUMBLER, uri=file.as_uri(), kind=MIME_TYPE)
    cache = own_home / ".cache" / "thumbnails"
    running = subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", session],
        env={**os.environ, "XDG_RUNTIME_DIR": str(own_home)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: any(cache.glob("normal/*.png")))
    finally:
        os.killpg(running.pid, 15)
        running.wait()
    (made,) = cache.glob("normal/*.png")
    with Image.open(made) as seen:
        assert seen.size == (128, 96)
        assert seen.convert("RGB").getcolors() == [(128 * 96, (0, 255, 0))]
