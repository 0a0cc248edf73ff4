"""Ways to spoil an archive of OME-Zarr 0.5, by zipfile alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def change_root(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite an archive with its root's OME metadata changed, by zipfile alone."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    root = json.loads(entries["zarr.json"])
    change(root["attributes"]["ome"])
    entries["zarr.json"] = json.dumps(root).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = comment


def two_channels_for_one(ome: dict[str, Any]) -> None:
    """Describe a channel that the image does not have: other colors may be shown than meant."""
    ome["omero"]["channels"] *= 2


def damage(path: Path, name: str) -> None:
    """Overwrite the bytes of a stored entry, past its local header's 30 bytes and its name."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    first = entry.header_offset + 30 + len(entry.filename)
    content[first : first + entry.compress_size] = b"\xff" * entry.compress_size
    path.write_bytes(content)
