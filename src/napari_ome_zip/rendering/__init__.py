"""A composite image, or layers, as one picture: what a viewer would show, without a viewer."""

from __future__ import annotations
