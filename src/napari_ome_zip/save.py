"""Saves a composite image or napari's layer data, which `saving` itself knows nothing of."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from napari_ome_zip.errors import SaveError, SaveWarning
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.own_thumbnail import warn_of
from napari_ome_zip.layers.channel_axis import split_channels
from napari_ome_zip.layers.from_layers import from_layer_data
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.older_tables import TABLE_OLDER, TABLE_UNREAD
from napari_ome_zip.layers.typed import likely_slips
from napari_ome_zip.names import stem, unusual_name
from napari_ome_zip.paths import target_path
from napari_ome_zip.progress import Cancelled, Progress
from napari_ome_zip.rendering import thumbnail_png
from napari_ome_zip.repacking.folder_links import stray_link
from napari_ome_zip.saving import save
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.storage import DirectoryStore

THUMBNAIL_BUDGET = 256 << 20
"""Bytes of pixels that are decoded for a thumbnail, at most (256 MiB): a third of a second."""


def thumbnail_of(image: CompositeImage) -> bytes:
    """Draw the thumbnail of a composite image, as files hold it: a PNG of 256 pixels an edge.

    Raises
    ------
    PictureError
        If nothing of it can be drawn, or that would take longer than saving should.
    """
    return thumbnail_png(image, budget=THUMBNAIL_BUDGET)


def save_composite(
    image: CompositeImage,
    path: str | os.PathLike[str],
    options: SaveOptions | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    plan: SavePlan | None = None,
    noted: Callable[[Finding], None] = warn_of,
) -> Path:
    """Save a composite image, with a thumbnail as the options say.

    Parameters
    ----------
    image, path, options, progress, cancelled, plan, noted
        As for `napari_ome_zip.saving.save.save_composite`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    SaveError, SaveCancelledError
        As there. If the image lies in a folder that the file would lie in as well, or that a link
        leads out of to a file that is not part of the image.
    """
    _check_folder(image, path)
    return save.save_composite(
        image,
        path,
        options,
        progress=progress,
        cancelled=cancelled,
        plan=plan,
        picture=thumbnail_of,
        noted=noted,
    )


def _check_folder(image: CompositeImage, path: str | os.PathLike[str]) -> None:
    """Refuse to take over what is not part of the folder of an image, or would be the file itself.

    As when the folder is packed: whoever shares the file does not expect others of their files.
    """
    store = None if image.opened is None else image.opened.store
    if not isinstance(store, DirectoryStore):
        return
    target = target_path(path).resolve()
    if Path(str(store.source)).resolve() in target.parents:
        raise SaveError(
            f"The file would lie in the folder of the image that it is made of: {target.name!r}. "
            "Choose a place outside it. Nothing was saved."
        )
    try:
        stray = stray_link(store, store.entries())
    except OSError:
        return  # why the folder cannot be listed is said where its files are copied
    if stray:
        raise SaveError(f"Nothing was saved: {stray}")


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
        What `open_image` returns, or layers, bottom layer first, each ``(data, keyword arguments,
        type)`` as napari knows them: an array of shape (..., y, x), or a list of such, largest
        first; ``scale``, ``translate``, ``units``, ``axis_labels`` and the like; ``"image"``,
        ``"labels"`` and so on. At least one of them is an image or labels. Images of one shape and
        place are the channels of one image. ``channel_axis`` says which axis of an array is that
        of channels; ``name``, ``colormap`` and ``contrast_limits`` may then be lists.
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
    TypeError
        If `source` is neither of the two.

    Warns
    -----
    SaveWarning
        If programs may not recognize the file by its name. If a keyword, a unit, or the name of a
        colormap is probably a slip. If features of labels were changed that the file has in a
        table: they are saved with the labels, and the table is older then. If labels are saved
        alone, and a table about them was not read. If no thumbnail could be made.

    Examples
    --------
    Another version of OME-Zarr:

    >>> from napari_ome_zip import SaveOptions, open_image, save_image
    >>> save_image(open_image("cells.ozx"), "copy.ozx", SaveOptions(version="0.6")).name
    'copy.ozx'

    An array of two channels, with voxels of 1 × 0.5 × 0.5 µm:

    >>> import numpy as np
    >>> pixels = np.zeros((2, 8, 64, 64), np.uint16)
    >>> names = ["DAPI", "GFP"]
    >>> space = {"axis_labels": "zyx", "scale": (1, 0.5, 0.5), "units": "micrometer"}
    >>> written = save_image(
    ...     [(pixels, {"channel_axis": 0, "name": names, **space}, "image")], "new.ozx"
    ... )
    >>> open_image(written).images
    (<PlacedImage 'new' (c=2, z=8, y=64, x=64) uint16, 1 level, channels DAPI, GFP>,)
    """
    slips: list[str] = []
    if not isinstance(source, CompositeImage):
        # The caller waits, so pixels do not change; saving in the background needs a snapshot.
        alone = options is not None and options.labels_alone
        name = stem(path)
        layers = split_channels(source, name)
        source = from_layer_data(layers, name=name, snapshot=False, target=path, labels_alone=alone)
        slips = [*dict.fromkeys(likely_slips(layers))]
    written = save_composite(source, path, options, progress=progress, cancelled=cancelled)
    # Nothing in the file says these.
    told = [each.message for each in source.findings if each.code in (TABLE_OLDER, TABLE_UNREAD)]
    for message in filter(None, (unusual_name(written), *slips, *told)):
        warnings.warn(message, SaveWarning, stacklevel=2)
    return written
