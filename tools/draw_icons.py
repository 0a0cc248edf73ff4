"""Make the renditions of the icon for Windows and macOS from its drawing, with rsvg-convert.

Run it when ``archive.svg`` changes: ``.venv/bin/python tools/draw_icons.py``.
"""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parents[1] / "src" / "napari_ome_zip" / "desktop" / "icons"
WINDOWS = (16, 20, 24, 32, 40, 48, 64, 256)
MACOS = {
    b"icp4": 16,
    b"icp5": 32,
    b"ic11": 32,
    b"ic12": 64,
    b"ic07": 128,
    b"ic08": 256,
    b"ic09": 512,
}
"""Types of the parts of an ICNS file that are PNG, and the edge of each."""


def drawn(edge: int) -> Image.Image:
    """Return the icon as a square of ``edge`` pixels."""
    command = ["rsvg-convert", "--width", str(edge), "--height", str(edge), FOLDER / "archive.svg"]
    done = subprocess.run(command, check=True, capture_output=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGBA")


def main() -> None:
    """Write both renditions."""
    largest, *others = (drawn(edge) for edge in reversed(WINDOWS))
    largest.save(
        FOLDER / "archive.ico", sizes=[(edge, edge) for edge in WINDOWS], append_images=others
    )
    parts = b"".join(_part(kind, _png(drawn(edge))) for kind, edge in MACOS.items())
    (FOLDER / "archive.icns").write_bytes(_part(b"icns", parts))


def _part(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content) + 8) + content


def _png(image: Image.Image) -> bytes:
    with io.BytesIO() as made:
        image.save(made, "png", optimize=True)
        return made.getvalue()


if __name__ == "__main__":
    main()
