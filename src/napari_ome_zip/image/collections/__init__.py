"""Images in nodes of collections (RFC-8, a draft), as the parts of a composite that they are."""

from __future__ import annotations

from napari_ome_zip.image.collections.walk import walk_collection

__all__ = ["walk_collection"]
