"""Keeps previews for file managers of what is opened and saved in a window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from qtpy.QtCore import QTimer

from napari_ome_zip.desktop.drawn_preview import BUDGET, drawn_preview
from napari_ome_zip.desktop.thumbnail_cache import EDGE, keep_preview, wants_preview
from napari_ome_zip.files import is_link
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.plugin.preferences import keeps_previews
from napari_ome_zip.rendering import thumbnail_png
from napari_ome_zip.threads import begins_thread
from napari_ome_zip.thumbnails.stored import read_thumbnail

REST_MS = 3000
"""After a file is opened, before a preview of it is made: first come the pixels that are shown."""

_LOGGER = logging.getLogger(__name__)

type _Picture = Callable[[], bytes]


def keep_preview_of_opened(source: str, layers: Sequence[LayerData]) -> None:
    """Keep a preview of a file that was opened, where there is none yet; a little later.

    Parameters
    ----------
    source : str
        Absolute path; nothing is done for a link.
    layers : sequence of LayerData
        What it is shown as.
    """
    draw = partial(thumbnail_png, list(layers), EDGE, budget=BUDGET)
    if _is_wanted(source):
        QTimer.singleShot(REST_MS, partial(_begin, Path(source), draw))


def keep_preview_of_saved(path: Path) -> None:
    """Keep a preview of a file that was saved, as it is now."""
    if _is_wanted(str(path)):
        _begin(path, partial(drawn_preview, path, EDGE))


def _is_wanted(source: str) -> bool:
    return bool(source) and not is_link(source) and keeps_previews() and wants_preview(Path(source))


def _begin(path: Path, draw: _Picture) -> None:
    begins_thread(partial(_keep, path, draw), f"preview of {path.name}", daemon=True)


def _keep(path: Path, draw: _Picture) -> None:
    try:
        keep_preview(path, partial(_picture, path, draw))
    except Exception:
        _LOGGER.debug("There is no preview of %s.", path, exc_info=True)


def _picture(path: Path, draw: _Picture) -> bytes:
    stored = read_thumbnail(path, EDGE)
    return draw() if stored is None else stored.data
