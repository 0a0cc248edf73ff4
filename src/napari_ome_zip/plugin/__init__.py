"""What napari sees of this package: the only place that imports napari or Qt."""
