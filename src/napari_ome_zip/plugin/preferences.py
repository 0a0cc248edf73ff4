"""What a person sets in napari's preferences (File > Preferences > OME-Zarr archives)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from napari.settings import get_plugin_settings

from napari_ome_zip.files.disk_cache.cache_folder import LINK_CACHE_VARIABLE, set_link_cache_size
from napari_ome_zip.pixels.decoded_chunks import CACHE_VARIABLE, set_cache_size

_PLUGIN = "napari-ome-zip"
_SIZES = {
    "cache_mb": (CACHE_VARIABLE, set_cache_size),
    "link_cache_mb": (LINK_CACHE_VARIABLE, set_link_cache_size),
}

MEMORY_FOR_3D = 512 << 20
"""Bytes that an image in 3D may take where nothing else is set."""


def use_preferences() -> None:
    """Let the preferences count, now and whenever they change.

    The environment variables for the sizes of the caches win over them: whoever starts napari by a
    script may know what the machine has to spare.
    """
    reading = _reading()
    if reading is None:
        return
    _resize()
    for name in _SIZES:
        event = getattr(reading.events, name)
        event.disconnect(_resize)  # connected once, however often this is called
        event.connect(_resize)


def memory_for_3d() -> int:
    """Bytes that what is shown in 3D may take."""
    reading = _reading()
    return MEMORY_FOR_3D if reading is None else int(reading.memory_3d_mb) << 20


def follow_memory_for_3d(changed: Callable[[], None]) -> None:
    """Call a method whenever a person allows more or less memory for 3D."""
    reading = _reading()
    if reading is not None:
        reading.events.memory_3d_mb.connect(changed)


def shows_orientation() -> bool:
    """Whether words at the edges of a canvas say which way is anterior."""
    reading = _reading()
    return True if reading is None else bool(reading.show_orientation)


def follow_orientation(changed: Callable[[], None]) -> None:
    """Call a method whenever a person wants these words, or does not."""
    reading = _reading()
    if reading is not None:
        reading.events.show_orientation.connect(changed)


def restores_view() -> bool:
    """Whether a file that is opened into an empty window is shown as it was when it was saved."""
    reading = _reading()
    return True if reading is None else bool(reading.restore_view)


def takes_files() -> bool:
    """Whether files that come from a file manager are opened in a window that is running."""
    reading = _reading()
    return True if reading is None else bool(reading.take_files)


def keeps_previews() -> bool:
    """Whether a preview of each file is kept for file managers."""
    reading = _reading()
    return True if reading is None else bool(reading.keep_previews)


def saving() -> Any:
    """The settings for saving, which may be set; None where the plugin is not registered."""
    return _section("saving")


def saves_thumbnails() -> bool:
    """Whether a small picture of the whole image is put into files that are saved."""
    settings = saving()
    return True if settings is None else bool(settings.thumbnail)


def links() -> Any:
    """The settings for links, which may be set; None where the plugin is not registered."""
    return _section("links")


def _resize() -> None:
    reading = get_plugin_settings(_PLUGIN).reading
    for name, (variable, use) in _SIZES.items():
        if not os.environ.get(variable):
            use(getattr(reading, name) << 20)


def _reading() -> Any:
    """The settings for reading; None where the plugin is not registered."""
    return _section("reading")


def _section(name: str) -> Any:
    try:
        return getattr(get_plugin_settings(_PLUGIN), name)
    except KeyError:
        return None
