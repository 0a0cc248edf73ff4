"""A file in a newer version of OME-Zarr: documents written anew, chunks as they are."""

from __future__ import annotations
