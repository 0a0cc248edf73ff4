"""What napari sees of this package: the only place that imports napari or Qt."""

from __future__ import annotations

from napari_ome_zip.garbage import no_collection

# What all of it needs, and whoever opens the first file waits for: thousands of modules, classes
# and functions that stay.
with no_collection():
    import dask.array  # noqa: F401
    import zarr  # noqa: F401
