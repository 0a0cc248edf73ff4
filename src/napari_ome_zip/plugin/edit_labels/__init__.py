"""Labels that napari locks, replaced where they are by labels that can be painted."""

from __future__ import annotations
