"""File > Open Sample: writes the sample archive and reads it as any other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import napari

from napari_ome_zip.plugin.reader import read
from napari_ome_zip.plugin.sample_archive import write_sample_archive
from napari_ome_zip.plugin.view.restore import show_when_added
from napari_ome_zip.plugin.window import attend


def open_overlapping_fields() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the layers of a scene of four overlapping fields of view with their nuclei."""
    path = Path(_folder().name) / "overlapping-fields.ome.zip"
    if not path.exists():
        write_sample_archive(path)
    layers = read(str(path))
    viewer = napari.current_viewer()
    if viewer is not None:
        attend(viewer)
        if not viewer.layers:
            show_when_added(viewer, {str(path)}, len(layers))
    return layers


@cache
def _folder() -> TemporaryDirectory[str]:
    # Layers read their pixels when they are looked at, so the archive stays as long as napari.
    return TemporaryDirectory(prefix="napari-ome-zip-", ignore_cleanup_errors=True)


def is_sample(path: str | Path) -> bool:
    """Whether a file is one of the sample's, which are gone when napari ends."""
    made = _folder.cache_info().currsize > 0
    return made and Path(path).is_relative_to(_folder().name)
