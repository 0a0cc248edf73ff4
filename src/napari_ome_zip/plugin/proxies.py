"""The viewer that napari hands to commands and widgets, and the one behind it."""

from __future__ import annotations


def viewer_itself[V](viewer: V) -> V:
    """Return a viewer without the proxy that napari hands out.

    The proxy knows less, and layers that are reached through it are other objects than they are.
    """
    itself: V = getattr(viewer, "__wrapped__", viewer)
    return itself
