"""Offers the contents of a file that has much in it."""

from __future__ import annotations

from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.plugin.contents.plate import count

MANY_LAYERS = 12
"""Files of more layers than so many have much in them."""


def what_is_in(composite: CompositeImage, layers: int) -> str:
    """What a person should know of a file that has much in it; empty for any other.

    Parameters
    ----------
    composite : CompositeImage
    layers : int
        Number of layers that show it.

    Examples
    --------
    >>> print(what_is_in(plate, 3))  # doctest: +SKIP
    96 wells, 2 channels.
    Contents lists them.
    """
    channels = max((image.channel_count for image in composite.images), default=1)
    shown = count(channels, "channel", "channels")
    tiles = sum(len(image.fields) for image in composite.images if image.position is None)
    if composite.wells:
        found = count(len(composite.wells), "well", "wells")
    elif tiles:
        found = count(tiles, "tile", "tiles")
    elif layers > MANY_LAYERS:
        found = count(len(composite.images), "image", "images")
    else:
        return ""
    labels = len(composite.labels)
    more = f", {count(labels, 'label image', 'label images')}" if labels else ""
    # A notification shows its first line until it is expanded.
    return f"{found}, {shown}{more}.\nContents lists them."
