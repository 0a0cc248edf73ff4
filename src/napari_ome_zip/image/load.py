"""Open a single-image OME-Zarr as one composite image: documents first, pixels when needed.

The way of the data, a module for each step::

    store ── discover ──▶ groups that are images, labels or scenes
          ── loaded ────▶ each multiscale with its lazy levels and its axes
          ── placement ─▶ where each lies in the display system, resampled where it must be (warp)
          ── wells ─────▶ fields of view at their place on the plate
          ── parts ─────▶ with channels, colors and labels' properties, as they are shown
          ── mosaic ────▶ many on one pixel grid as one
          ── virtual_levels ─▶ levels coarser than those of the file, where these are too large
          ── tables ────▶ beside the images, without their rows

What was repaired on the way is kept as findings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from napari_ome_zip.archive import refuse_without_chunks
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import first_reasons
from napari_ome_zip.garbage import no_collection
from napari_ome_zip.image.choice import SystemChoice
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.discover import discover
from napari_ome_zip.image.loaded import load_all
from napari_ome_zip.image.mosaic import FUSE_FROM, fuse
from napari_ome_zip.image.napari_group_reader import read_napari_group
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.parts import as_parts
from napari_ome_zip.image.placement import place
from napari_ome_zip.image.systems import SystemsBuilder
from napari_ome_zip.image.tables.find import find_tables
from napari_ome_zip.image.virtual_levels import virtual_levels
from napari_ome_zip.image.wells import lay_out, place_wells
from napari_ome_zip.storage import ArchiveStore, HierarchyStore, open_store
from napari_ome_zip.storage.hierarchy import Hierarchy


def open_image(
    source: str | os.PathLike[str] | HierarchyStore | Mapping[str, bytes],
    *,
    fuse_from: int = FUSE_FROM,
    system: str | None = None,
) -> CompositeImage:
    """Open the composite image in an archive, a folder or a store.

    Reads metadata documents only, no chunk of pixels (except labels stored as floating point
    numbers, to see whether all are whole; too large ones are shown as an image instead). Vector
    fields of an image are read, for its extent depends on them.

    Parameters
    ----------
    source : path, HierarchyStore or mapping
        A ``.ome.zip`` or ``.ozx`` archive, a folder that is a Zarr hierarchy, an open store, or
        the entries of a hierarchy by name.
    fuse_from : int
        Images on one pixel grid that lie apart become one mosaic when there are at least so
        many; the fields of view of a plate always do. 0 fuses nothing.
    system : str, optional
        Name of the coordinate system to place everything in, one of the composite's `systems`;
        without it the default one.

    Returns
    -------
    CompositeImage
        Every image and label image, placed in one coordinate system; lazy.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ArchiveError
        If the archive is incomplete or encrypted, or not an archive, or if none of its chunks can
        be read.
    MetadataError
        If nothing in it is an OME-Zarr image that can be shown.
    TransformationError
        If there is no coordinate system of the name that is asked for.

    Notes
    -----
    RFC-9, "single-image OME-Zarr": a composite image opens as one unit.

    Examples
    --------
    >>> composite = open_image("cells.ome.zip")
    >>> [(image.name, image.shape) for image in composite.images]
    [('cells', (2, 16, 192, 256))]
    """
    store = open_store(source)
    if isinstance(store, ArchiveStore):
        refuse_without_chunks(store.index)
    with no_collection():
        return _composite(store, fuse_from, system)


def _composite(store: HierarchyStore, fuse_from: int, system: str | None) -> CompositeImage:
    hierarchy = Hierarchy(store)
    discovery = discover(hierarchy)
    findings = [*discovery.findings, *hierarchy.consolidated_findings()]
    loaded, problems = load_all(hierarchy, discovery.found)
    if not loaded:
        raise MetadataError(first_reasons(problem.message for problem in problems))
    findings += problems
    builder = SystemsBuilder(hierarchy)
    for item in loaded:
        builder.add_image(item.systems)
    choice = SystemChoice(system)
    display, affines, unplaced, warps, orientations = place(
        builder,
        discovery.scenes,
        [item.systems for item in loaded],
        [item.pixels for item in loaded],
        choice,
    )
    if system is not None:
        display = replace(display, name=system)
    loaded = [
        item if warp is None else replace(item, warp=warp)
        for item, warp in zip(loaded, warps, strict=True)
    ]
    shapes = [item.sources[0].shape for item in loaded]
    positions = [item.found.position for item in loaded]
    affines = lay_out(affines, shapes, positions)
    parts, repaired = as_parts(loaded, affines, orientations, store.name)
    parts, moved = fuse(parts, store.name, fuse_from)
    parts = tuple(replace(part, overviews=virtual_levels(part)) for part in parts)
    napari, unusable = read_napari_group(hierarchy)
    tables, amiss = find_tables(hierarchy, [item.found for item in loaded])
    findings += [*unplaced, *repaired, *moved, *unusable, *amiss]
    shown = frozenset(item.found.group.path for item in loaded)
    return CompositeImage(
        store.name,
        store.source,
        display,
        parts,
        (*store.findings, *dict.fromkeys(findings)),
        place_wells(affines, shapes, positions),
        choice.names,
        Opened(store, shown, fuse_from, napari, tables),
        napari,
    )
