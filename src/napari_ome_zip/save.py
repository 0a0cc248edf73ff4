"""Saves a composite image or napari's layer data, which `saving` itself knows nothing of."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.from_layers import from_layer_data
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.older_tables import TABLE_OLDER, TABLE_UNREAD
from napari_ome_zip.names import stem
from napari_ome_zip.progress import Cancelled, Progress
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.save import save_composite


def save_image(
    source: CompositeImage | Sequence[LayerData],
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Save a composite image, or napari layer data, as a single-image archive.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
        Layer data are ``(data, keyword arguments, type)``; layers other than images and labels
        are left out (`unsaved_layers` names them, `incomplete_layers` what others lose).
    path, options, progress, cancelled
        As for `napari_ome_zip.saving.save.save_composite`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    SaveError, SaveCancelledError
        As there.

    Warns
    -----
    SaveWarning
        If features of labels were changed that the file has in a table: they are saved with the
        labels, and the table is older then. If labels are saved alone, and a table about them was
        not read.

    Examples
    --------
    >>> from napari_ome_zip import SaveOptions, open_image, save_image
    >>> save_image(  # doctest: +SKIP
    ...     open_image("cells.ozx"), "copy.ozx", SaveOptions(version="0.6")
    ... )
    """
    if not isinstance(source, CompositeImage):
        # The caller waits, so pixels do not change; saving in the background needs a snapshot.
        alone = options is not None and options.labels_alone
        source = from_layer_data(
            source, name=stem(path), snapshot=False, target=path, labels_alone=alone
        )
    written = save_composite(source, path, options, progress=progress, cancelled=cancelled)
    for finding in source.findings:
        if finding.code in (TABLE_OLDER, TABLE_UNREAD):  # nothing in the file says so
            warnings.warn(finding.message, SaveWarning, stacklevel=2)
    return written
