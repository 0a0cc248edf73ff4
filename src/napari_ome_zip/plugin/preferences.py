"""What a person sets in napari's preferences (File > Preferences > Plugin settings)."""

from __future__ import annotations

import os

from napari.settings import get_plugin_settings

from napari_ome_zip.pixels.decoded_chunks import CACHE_VARIABLE, set_cache_size

_PLUGIN = "napari-ome-zip"


def use_preferences() -> None:
    """Let the preferences count, now and whenever they change.

    The environment variable for the size of the cache wins over them: whoever starts napari by a
    script may know what the machine has to spare.
    """
    try:
        reading = get_plugin_settings(_PLUGIN).reading
    except KeyError:
        return  # not registered as a plugin: napari only lends its window
    if os.environ.get(CACHE_VARIABLE):
        return
    set_cache_size(reading.cache_mb << 20)
    reading.events.cache_mb.disconnect(_resize)  # connected once, however often this is called
    reading.events.cache_mb.connect(_resize)


def _resize() -> None:
    set_cache_size(get_plugin_settings(_PLUGIN).reading.cache_mb << 20)
