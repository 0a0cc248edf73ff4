"""A multiscale with its levels and the axes of its arrays, before it is placed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry.named_axes import axes_text, counted
from napari_ome_zip.image.channels import MAX_CHANNELS
from napari_ome_zip.image.found import Found
from napari_ome_zip.image.levels import DIMENSIONS, Levels, load_levels
from napari_ome_zip.image.placement import Pixels
from napari_ome_zip.image.systems import ImageSystems
from napari_ome_zip.image.warp import Warp
from napari_ome_zip.ome import Axis, CoordinateSystem, Multiscale
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.storage.hierarchy import Hierarchy, Node, join


@dataclass(frozen=True)
class LoadedImage:
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


def load_all(
    hierarchy: Hierarchy, found: Sequence[Found]
) -> tuple[list[LoadedImage], list[Finding]]:
    """Levels of every multiscale; one that has none is left out, with a finding."""
    loaded, findings = [], []
    loader = _Loader(hierarchy)
    for item in found:
        for number, multiscale in enumerate(item.group.multiscales):
            try:
                one, notes = loader.load(item, number, multiscale)
            except MetadataError as error:
                findings.append(Finding("image-unusable", item.group.path, str(error)))
                continue
            loaded.append(one)
            findings += notes
    return loaded, findings


class _Loader:
    """Loads multiscales, and remembers those of which nothing had to be said.

    Thousands of fields of view of a plate have equal levels: they are not judged again.
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._axes: dict[Hashable, tuple[Axis, ...]] = {}

    def load(
        self, found: Found, number: int, multiscale: Multiscale
    ) -> tuple[LoadedImage, tuple[Finding, ...]]:
        """A multiscale with its levels, and what had to be said of them.

        Raises
        ------
        MetadataError
            If no level is usable.
        """
        path = found.group.path
        nodes = self._level_nodes(path, multiscale)
        if nodes is None:
            return _load(self._hierarchy, found, number, multiscale)
        kind = (
            multiscale.axes,
            len(multiscale.coordinate_systems),
            multiscale.version,
            *((id(node.document), node.zarr_format) for node in nodes),
        )
        axes = self._axes.get(kind)
        if axes is None:
            loaded, notes = _load(self._hierarchy, found, number, multiscale)
            if not notes:
                self._axes[kind] = loaded.systems.axes
            return loaded, notes
        arrays = tuple(ChunkedArray(self._hierarchy.store, node) for node in nodes)
        systems = ImageSystems(path, number, multiscale, axes, found.image, found.is_free)
        return LoadedImage(found, systems, Levels(arrays, multiscale.datasets)), ()

    def _level_nodes(self, path: str, multiscale: Multiscale) -> list[Node] | None:
        """The arrays of all levels; None where one is not there or cannot be used."""
        nodes = []
        for dataset in multiscale.datasets:
            where = join(path, dataset.path)
            try:
                node = None if where is None else self._hierarchy.node(where)
            except MetadataError:
                return None
            if node is None or node.kind != "array":
                return None
            nodes.append(node)
        return nodes


def _load(
    hierarchy: Hierarchy, found: Found, number: int, multiscale: Multiscale
) -> tuple[LoadedImage, tuple[Finding, ...]]:
    path = found.group.path
    levels, notes = load_levels(hierarchy, path, multiscale)
    ndim = levels.arrays[0].ndim
    axes, many = _with_few_channels(_array_axes(multiscale, ndim), levels.arrays[0].shape, path)
    notes += many
    declared = multiscale.axes
    if declared and len(declared) != ndim and len(multiscale.coordinate_systems) == 1:
        notes += (
            Finding.of(
                DIMENSIONS,
                f"{path}: multiscales[{number}].axes",
                f"{axes_text([axis.name for axis in declared])} for an array of "
                f"{counted(ndim, 'dimension', 'dimensions')}; "
                f"its dimensions were taken as {', '.join(axis.name for axis in axes)}.",
            ),
        )
        intrinsic = CoordinateSystem(multiscale.intrinsic.name, axes)
        multiscale = replace(multiscale, coordinate_systems=(intrinsic,))
    systems = ImageSystems(path, number, multiscale, axes, found.image, found.is_free)
    return LoadedImage(found, systems, levels), notes


def _array_axes(multiscale: Multiscale, ndim: int) -> tuple[Axis, ...]:
    """One axis per array dimension; the last of t, c, z, y, x where none are given (0.1, 0.2)."""
    if len(multiscale.axes) == ndim:
        # Channels become layers along one axis; a second such axis is one to look along, and so is
        # the only axis of a spectrum.
        first = _channel_axis(multiscale.axes) if ndim > 1 else None
        return tuple(
            replace(axis, is_slider=True) if axis.role == "channel" and number != first else axis
            for number, axis in enumerate(multiscale.axes)
        )
    names = tuple(TYPES_BY_NAME)[-ndim:] if ndim <= len(TYPES_BY_NAME) else ()
    if not names:
        return tuple(Axis(f"dim_{i}") for i in range(ndim))
    return tuple(Axis(name, TYPES_BY_NAME[name]) for name in names)


def _channel_axis(axes: Sequence[Axis]) -> int | None:
    return next((number for number, axis in enumerate(axes) if axis.role == "channel"), None)


def _with_few_channels(
    axes: tuple[Axis, ...], shape: Sequence[int], path: str
) -> tuple[tuple[Axis, ...], tuple[Finding, ...]]:
    """The axes, those of very many channels as one to look along."""
    channel = _channel_axis(axes)
    if channel is None or shape[channel] <= MAX_CHANNELS:
        return axes, ()
    text = (
        f"There are {shape[channel]:,} channels, more than the {MAX_CHANNELS} that are shown as "
        "layers of their own; they are shown one at a time along a slider."
    )
    slider = replace(axes[channel], is_slider=True)
    return (*axes[:channel], slider, *axes[channel + 1 :]), (Finding("channels-many", path, text),)
