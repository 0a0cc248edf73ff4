"""Pictures made by Pillow, and the thumbnails that name them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

THUMBNAILS_UUID = "49326c01-1180-4743-b15f-f7157038a6ab"
"""Of the Zarr convention, as its README gives it."""


def encoded(width: int, height: int, kind: str = "PNG", **options: Any) -> bytes:
    """Return a picture of this format, of a color that no image has by chance."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (12, 34, 56)).save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """Return a PNG picture."""
    return encoded(width, height)


def pixels_of(picture: bytes) -> np.ndarray:
    """Return the pixels of a picture (y, x, 3)."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def thumbnail(width: int, height: int, path: str, **others: Any) -> dict[str, Any]:
    """Return the entry of a list of thumbnails, of a PNG."""
    stated = {"width": width, "height": height, "media_type": "image/png", "path": path}
    return stated | others


def listing(*thumbnails: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that list thumbnails, and name their convention."""
    return {
        "zarr_conventions": [{"uuid": THUMBNAILS_UUID, "name": "thumbnails"}],
        "thumbnails": list(thumbnails),
    }
