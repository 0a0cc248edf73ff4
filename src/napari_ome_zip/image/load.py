"""Open a single-image OME-Zarr as one composite image: documents first, pixels when needed.

The way of the data: a store is opened, its documents are searched for images, labels and
scenes (`discover`), each multiscale becomes lazy levels (`levels`), all are placed in one
display system (`placement`), and what was repaired on the way is kept as findings.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.archive import refuse_without_chunks
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding, first_reasons
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.channels import MAX_CHANNELS, complete_channels
from napari_ome_zip.image.choice import SystemChoice
from napari_ome_zip.image.composite import (
    CompositeImage,
    Kept,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.discover import Found, discover
from napari_ome_zip.image.labels import as_integers, can_be_judged, spread_over_image
from napari_ome_zip.image.levels import Levels, load_levels
from napari_ome_zip.image.mosaic import FUSE_FROM, fuse
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.placement import Pixels, is_channel, place
from napari_ome_zip.image.planes import own_axes
from napari_ome_zip.image.systems import ImageSystems, SystemsBuilder
from napari_ome_zip.image.virtual_levels import virtual_levels
from napari_ome_zip.image.warp import Warp
from napari_ome_zip.image.wells import lay_out, place_wells
from napari_ome_zip.ome import Axis, CoordinateSystem, Multiscale
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.storage import ArchiveStore, HierarchyStore, open_store
from napari_ome_zip.storage.hierarchy import Hierarchy


@dataclass(frozen=True)
class _Loaded:
    """A multiscale with its levels, before it is placed."""

    found: Found
    systems: ImageSystems
    levels: Levels
    warp: Warp | None = None
    """Its grid in the display system, under a nonlinear map."""

    @property
    def pixels(self) -> Pixels:
        """What placing it needs."""
        transformations = tuple(dataset.transformation for dataset in self.levels.datasets)
        return Pixels(self.levels.arrays, transformations, self.found.kind == "labels")

    @property
    def sources(self) -> tuple[PixelSource, ...]:
        """Pixels of each level as they are shown, largest first."""
        return self.levels.arrays if self.warp is None else self.warp.sources

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One per array dimension, as they are shown."""
        return self.systems.axes if self.warp is None else self.warp.axes


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
        If the archive is incomplete, encrypted or no archive, or none of its chunks can be read.
    MetadataError
        If nothing in it is an OME-Zarr image that can be shown.
    TransformationError
        If there is no coordinate system of the name that is asked for.

    Notes
    -----
    RFC-9, "single-image OME-Zarr": a composite image opens as one unit.
    """
    store = open_store(source)
    if isinstance(store, ArchiveStore):
        refuse_without_chunks(store.index)
    hierarchy = Hierarchy(store)
    discovery = discover(hierarchy)
    findings = [*discovery.findings, *hierarchy.consolidated_findings()]
    loaded, problems = _load_all(hierarchy, discovery.found)
    if not loaded:
        raise MetadataError(first_reasons(problem.message for problem in problems))
    findings += problems
    builder = SystemsBuilder(hierarchy)
    for item in loaded:
        builder.add_image(item.systems)
    choice = SystemChoice(system)
    display, affines, unplaced, warps = place(
        builder,
        discovery.scenes,
        [item.systems for item in loaded],
        [item.pixels for item in loaded],
        choice,
    )
    if system is not None:
        display = replace(display, name=system)
    loaded = [replace(item, warp=warp) for item, warp in zip(loaded, warps, strict=True)]
    shapes = [item.sources[0].shape for item in loaded]
    positions = [item.found.position for item in loaded]
    affines = lay_out(affines, shapes, positions)
    parts, repaired = _parts(loaded, affines, store.name)
    parts, moved = fuse(parts, store.name, fuse_from)
    parts = tuple(replace(part, overviews=virtual_levels(part)) for part in parts)
    findings += [*unplaced, *repaired, *moved]
    return CompositeImage(
        store.name,
        store.source,
        display,
        parts,
        (*store.findings, *dict.fromkeys(findings)),
        place_wells(affines, shapes, positions),
        choice.names,
        Opened(store, frozenset(item.found.group.path for item in loaded)),
    )


def _load_all(hierarchy: Hierarchy, found: Sequence[Found]) -> tuple[list[_Loaded], list[Finding]]:
    """Levels of every multiscale; one that has none is left out, with a finding."""
    loaded, findings = [], []
    for item in found:
        for number, multiscale in enumerate(item.group.multiscales):
            try:
                one, notes = _load(hierarchy, item, number, multiscale)
            except MetadataError as error:
                findings.append(Finding("image-unusable", item.group.path, str(error)))
                continue
            loaded.append(one)
            findings += notes
    return loaded, findings


def _load(
    hierarchy: Hierarchy, found: Found, number: int, multiscale: Multiscale
) -> tuple[_Loaded, tuple[Finding, ...]]:
    path = found.group.path
    levels, notes = load_levels(hierarchy, path, multiscale)
    ndim = levels.arrays[0].ndim
    axes, many = _with_few_channels(_array_axes(multiscale, ndim), levels.arrays[0].shape, path)
    notes += many
    declared = multiscale.axes
    if declared and len(declared) != ndim and len(multiscale.coordinate_systems) == 1:
        notes += (
            Finding(
                "dataset-dimensions",
                f"{path}: multiscales[{number}].axes",
                f"{len(declared)} axes are given for an array of {ndim} dimensions; "
                f"they were taken as {', '.join(axis.name for axis in axes)}.",
            ),
        )
        intrinsic = CoordinateSystem(multiscale.intrinsic.name, axes)
        multiscale = replace(multiscale, coordinate_systems=(intrinsic,))
    systems = ImageSystems(path, number, multiscale, axes, found.image)
    return _Loaded(found, systems, levels), notes


def _array_axes(multiscale: Multiscale, ndim: int) -> tuple[Axis, ...]:
    """One axis per array dimension; the last of t, c, z, y, x where none are given (0.1, 0.2)."""
    if len(multiscale.axes) == ndim:
        # Channels become layers along one axis; a second such axis is one to look along.
        first = next((axis for axis in multiscale.axes if is_channel(axis)), None)
        return tuple(
            Axis(axis.name, "other", axis.unit) if is_channel(axis) and axis is not first else axis
            for axis in multiscale.axes
        )
    names = tuple(TYPES_BY_NAME)[-ndim:] if ndim <= len(TYPES_BY_NAME) else ()
    if not names:
        return tuple(Axis(f"dim_{i}") for i in range(ndim))
    return tuple(Axis(name, TYPES_BY_NAME[name]) for name in names)


def _with_few_channels(
    axes: tuple[Axis, ...], shape: Sequence[int], path: str
) -> tuple[tuple[Axis, ...], tuple[Finding, ...]]:
    """The axes, those of very many channels as one to look along."""
    channel = next((i for i, axis in enumerate(axes) if is_channel(axis)), None)
    if channel is None or shape[channel] <= MAX_CHANNELS:
        return axes, ()
    text = (
        f"There are {shape[channel]:,} channels, more than the {MAX_CHANNELS} that are shown as "
        "layers of their own; they are shown one at a time along a slider."
    )
    other = Axis(axes[channel].name, "other", axes[channel].unit)
    return (*axes[:channel], other, *axes[channel + 1 :]), (Finding("channels-many", path, text),)


def _parts(
    loaded: Sequence[_Loaded], affines: Sequence[Affine], archive: str
) -> tuple[tuple[PlacedPart, ...], list[Finding]]:
    parts: list[PlacedPart] = []
    findings: list[Finding] = []
    images: dict[str, PlacedPart] = {}
    names = _names(loaded, archive)
    affordable = _affordable_labels(loaded)
    for item, affine, name in zip(loaded, affines, names, strict=True):
        part, notes = _part(item, affine, name, images, affordable=id(item) in affordable)
        images.setdefault(part.path, part)
        parts.append(part)
        findings += notes
    return tuple(parts), findings


def _affordable_labels(loaded: Sequence[_Loaded]) -> set[int]:
    """Floating point labels, by their id, that can be read on opening.

    The fields of view of a plate count together: part of a mosaic would be labels, part an image.
    """
    groups: dict[str, list[_Loaded]] = defaultdict(list)
    for item in loaded:
        if item.found.kind == "labels" and item.levels.arrays[0].dtype.kind == "f":
            position = item.found.position
            groups[item.found.group.path if position is None else position.plate].append(item)
    affordable: set[int] = set()
    for items in groups.values():
        if can_be_judged(array for item in items for array in item.levels.arrays):
            affordable.update(id(item) for item in items)
    return affordable


def _part(
    item: _Loaded,
    affine: Affine,
    name: str,
    images: Mapping[str, PlacedPart],
    *,
    affordable: bool,
) -> tuple[PlacedPart, tuple[Finding, ...]]:
    group, axes = item.found.group, item.axes
    channel_axis = next((i for i, axis in enumerate(axes) if is_channel(axis)), None)
    common = PlacedPart(
        path=group.path,
        name=name,
        axes=axes,
        sources=item.sources,
        nonlinear=item.warp is not None,
        to_display=affine,
        channel_axis=channel_axis,
        multiscale=item.systems.number,
        position=item.found.position,
        display=group.display,
        kept=Kept(),
    )
    findings: tuple[Finding, ...] = ()
    if item.found.kind == "labels":
        sources, remark = as_integers(common, item.levels.arrays, affordable=affordable)
        shown = "" if sources is not None else "; they are shown as an image"
        if remark:
            text = f"Labels '{name}' {remark}{shown}."
            findings = (Finding("label-dtype", group.path, text),)
        if sources is not None:
            common = replace(common, sources=sources)
            image = images.get(item.found.image or "") if item.found.image is not None else None
            if image is not None and own_axes(common) is None:
                common = spread_over_image(common, image)
            return PlacedLabels(
                **_fields(common), image_path=item.found.image, label=group.image_label
            ), findings
    channels, notes = complete_channels(group.omero, common.channel_count, group.path)
    omero = group.omero
    image = PlacedImage(
        **_fields(common),
        channels=channels,
        default_t=max(0, (omero and omero.default_t) or 0),
        default_z=max(0, (omero and omero.default_z) or 0),
    )
    return image, (*findings, *notes)


def _fields(part: PlacedPart) -> dict[str, Any]:
    """What images and labels have in common, as arguments to make one of them."""
    return {field: getattr(part, field) for field in PlacedPart.__dataclass_fields__}


def _names(loaded: Sequence[_Loaded], archive: str) -> list[str]:
    """A name for each part: its own, else by its place in the archive, else the archive's."""
    names = []
    for item in loaded:
        path, own = item.found.group.path, (item.systems.multiscale.name or "").strip("/ ")
        last = path.rpartition("/")[2]
        if item.found.kind == "labels":
            folder = path.rpartition("labels/")[2]
            names.append(folder or last or archive)
        elif item.found.position is not None:
            names.append(item.found.name or last)
        else:
            # Libraries write the group's path, or the word itself, where there is no name.
            own = own.rpartition("/")[2] if own in (path, last) or "/" in own else own
            meaningless = own.lower() in ("", "image", "multiscales", "default", "/")
            names.append((last or archive) if meaningless else own)
    return names
