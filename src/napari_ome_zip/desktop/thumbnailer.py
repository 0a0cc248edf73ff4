"""The program that file managers start for a preview of an archive.

It is started for files that nobody chose to open, so it limits itself first, opens the one file
that it is given and no link, and whatever is wrong there ends it: then there is no preview. It
loads as little as it can: with a thumbnail in the file it takes a tenth of a second, while what
reads pixels takes most of one to be loaded.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from napari_ome_zip.archive.entry_lookup import EntryLookup
from napari_ome_zip.desktop.limits import limit_process, limit_processor_time
from napari_ome_zip.desktop.preview import preview_png, preview_texts, write_preview
from napari_ome_zip.errors import MetadataError, PictureError
from napari_ome_zip.files import open_file
from napari_ome_zip.names import ZARR_JSON, is_document
from napari_ome_zip.paths import source_path
from napari_ome_zip.thumbnails.stored import MAX_DOCUMENT_BYTES, read_thumbnail

MAX_EDGE = 1024
"""Largest preview that desktops ask for, in pixels."""

SECONDS = 1.0
"""Of processors, that looking into a file may take, and drawing what is in it another time."""

LOADED_WITHIN = 10.0
"""Seconds that loading what draws may take, which is no matter of the file: on a slow machine."""

_UNNEEDED = ("distributed", "pandas", "scipy", "xarray")
"""Libraries that others import where they are installed, which takes longer than all the rest.
Without them a preview is the same, but for images whose vector fields only scipy interpolates."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a preview of a file.

    Parameters
    ----------
    arguments : sequence of str, optional
        The file, the preview to write, and its longest edge in pixels; by default those of the
        command line.

    Returns
    -------
    int
        The exit status: 0 where there is a preview.
    """
    options = _parser().parse_args(arguments)
    limit_process()
    limit_processor_time(SECONDS)
    warnings.simplefilter("ignore")  # of damaged chunks, for one: they are shown empty
    try:
        path = source_path(options.input).absolute()
        edge = max(1, min(options.size, MAX_EDGE))
        texts = preview_texts(path)  # of the file before it is read: it may be changed meanwhile
        made = _from_thumbnail(path, edge, texts) or _drawn(path, edge, texts)
        limit_processor_time(0)  # what is written now is not left half written
        write_preview(Path(options.output), made)
    except Exception as error:  # noqa: BLE001 (whatever it is, there is no preview)
        sys.stderr.write(f"No preview: {error or type(error).__name__}\n")
        return 1
    return 0


def _from_thumbnail(path: Path, edge: int, texts: Mapping[str, str]) -> bytes | None:
    """Make a preview of the thumbnail in a file; None where there is none that can be used."""
    found = read_thumbnail(path, edge)
    if found is None:
        return None
    try:
        return preview_png(found.data, edge, texts)
    except PictureError:
        return None


def _drawn(path: Path, edge: int, texts: Mapping[str, str]) -> bytes:
    """Draw what is in a file.

    Raises
    ------
    OmeZipError, OSError
        If that is nothing that can be drawn, as far as known before what draws it is loaded.
    """
    _refuse_without_image(path)
    for name in _UNNEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # so it is not found
    limit_processor_time(LOADED_WITHIN)
    drawing = importlib.import_module("napari_ome_zip.desktop.drawn_preview")
    limit_processor_time(SECONDS)
    return preview_png(drawing.drawn_preview(path, edge), edge, texts)


def _refuse_without_image(path: Path) -> None:
    """Refuse an archive without documents, or whose first one is none.

    Raises
    ------
    MetadataError, DamagedEntryError
    """
    file = open_file(path)
    lookup = EntryLookup(file.read, file.size, file.label)
    if not any(map(is_document, lookup.names())):
        raise MetadataError(f"There is no OME-Zarr in {file.label}.")
    for entry in lookup.find_all([ZARR_JSON]).values():
        content = lookup.content(entry, MAX_DOCUMENT_BYTES)
        if content is not None and not isinstance(json.loads(content), dict):
            raise MetadataError(f"The document of the root is no JSON object in {file.label}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari_ome_zip.desktop.thumbnailer",
        description="Write a preview of a single-image OME-Zarr archive, for file managers.",
    )
    parser.add_argument("input", metavar="FILE", help="a path, or file:///…")
    parser.add_argument("output", metavar="PNG", help="the preview to write")
    parser.add_argument("size", metavar="SIZE", type=int, help="longest edge in pixels")
    return parser


if __name__ == "__main__":
    # Looking for garbage, and taking everything apart at the end, are a third of the time.
    gc.disable()
    status = main()
    sys.stderr.flush()
    os._exit(status)
