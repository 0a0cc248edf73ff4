"""Images that are arranged anew: one image, a series or a scene."""

from __future__ import annotations
