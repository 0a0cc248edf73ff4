"""The command ``ome-zip``: what the package does, from a terminal."""

from __future__ import annotations
