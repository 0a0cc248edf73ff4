"""File > Open Sample: writes the sample archive and reads it as any other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from napari_ome_zip.plugin.reader import get_reader

from napari_ome_zip.plugin.sample_archive import write_sample_archive

if TYPE_CHECKING:
    from napari.types import LayerData


def open_overlapping_fields() -> list[LayerData]:
    """Return the layers of a scene of four overlapping fields of view with their nuclei."""
    path = Path(_folder().name) / "overlapping-fields.ome.zip"
    if not path.exists():
        write_sample_archive(path)
    read = get_reader(str(path))
    return list(read(str(path)))


@cache
def _folder() -> TemporaryDirectory[str]:
    # Layers read their pixels when they are looked at, so the archive stays as long as napari.
    return TemporaryDirectory(prefix="napari-ome-zip-", ignore_cleanup_errors=True)
