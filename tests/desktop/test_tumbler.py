"""Tumbler, which makes the previews of several file managers, has ours, and keeps what we kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.desktop.thumbnail_cache import keep_preview
from pictures import pixels_of, png

_PLACES = ("/usr/lib/x86_64-linux-gnu/tumbler-1", "/usr/lib/tumbler-1", "/usr/libexec/tumbler-1")
TUMBLER = shutil.which("tumblerd", path=os.pathsep.join(_PLACES))
MISSING = [name for name in ("dbus-run-session", "gdbus") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(TUMBLER is None, reason="tumbler is not installed"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

NAME = "org.freedesktop.thumbnails.Thumbnailer1"
TYPE = "application/vnd.ome-zarr+zip"

# On a bus of its own: asks for previews of files, and waits until it is done with the last one.
ASKS = f"""
import json, subprocess, sys
from pathlib import Path
from waiting import until
tumbler, last, *uris = sys.argv[1:]
with subprocess.Popen([tumbler]) as running:
    try:
        subprocess.run(["gdbus", "wait", "--session", "--timeout=60", "{NAME}"], check=True)
        path = "/" + "{NAME}".replace(".", "/")
        call = ["gdbus", "call", "--session", "--dest={NAME}", "--object-path=" + path]
        what = [json.dumps(uris), json.dumps(["{TYPE}"] * len(uris)), "normal", "default", "0"]
        subprocess.run([*call, "--method={NAME}.Queue", *what], check=True)
        until(Path(last).exists)
    finally:
        running.kill()
"""


@pytest.fixture
def folder(tmp_path: Path, short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of a person of the test's own, whose desktop knows our program."""
    home = tmp_path / "home"
    entry = home / "share" / "thumbnailers" / "ours.thumbnailer"
    entry.parent.mkdir(parents=True)
    module = "napari_ome_zip.desktop.thumbnailer"
    entry.write_text(
        f"[Thumbnailer Entry]\nExec={sys.executable} -P -m {module} %i %o %s\nMimeType={TYPE};\n"
    )
    for name, place in (
        ("HOME", home),
        ("XDG_DATA_HOME", home / "share"),
        ("XDG_CACHE_HOME", tmp_path / "cache"),
        ("XDG_CONFIG_HOME", home / "config"),
        ("XDG_RUNTIME_DIR", short_path),
        ("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])),
    ):
        monkeypatch.setenv(name, str(place))
    return home


def ask_for_previews(cache: Path, *files: Path) -> None:
    """Ask for previews of files, of which the last one is good, one after the other."""
    uris = [file.as_uri() for file in files]
    last = cache / "normal" / f"{hashlib.md5(uris[-1].encode()).hexdigest()}.png"
    command = ["dbus-run-session", "--", sys.executable, "-c", ASKS, str(TUMBLER), str(last)]
    subprocess.run([*command, *uris], check=True, capture_output=True, timeout=200)


def previews(cache: Path) -> dict[str, Path]:
    found = {}
    for path in (cache / "normal").glob("*.png"):
        with Image.open(path) as preview:
            found[preview.info["Thumb::URI"]] = path
    return found


def bright(path: Path) -> Path:
    pixels = np.full((48, 64), 255, np.uint8)
    window = {"min": 0, "max": 255, "start": 0, "end": 255}
    omero = {"channels": [{"color": "FFFFFF", "window": window}]}
    return HierarchyBuilder().image(pixels, "yx", omero=omero).archive(path)


def test_tumbler_has_our_program_make_previews(folder: Path, cache: Path) -> None:
    good, bad = bright(folder / "my cells.ozx"), folder / "cut.ozx"
    bad.write_bytes(good.read_bytes()[:-100])
    ask_for_previews(cache, bad, good)
    assert [*previews(cache)] == [good.as_uri()]
    assert (pixels_of(previews(cache)[good.as_uri()].read_bytes()) == 255).all()


def test_tumbler_keeps_what_we_kept(folder: Path, cache: Path) -> None:
    file = bright(folder / "my cells.ozx")
    assert keep_preview(file, lambda: png(64, 64))
    kept = previews(cache)[file.as_uri()]
    before = kept.stat().st_ino, kept.read_bytes()
    ask_for_previews(cache, file, bright(folder / "another.ozx"))
    assert (kept.stat().st_ino, kept.read_bytes()) == before
