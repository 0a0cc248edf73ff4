"""The parts of a composite image: images and label images with their pixels and places."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.described import part_line
from napari_ome_zip.image.found import FieldPosition
from napari_ome_zip.image.orientations import Orientations
from napari_ome_zip.ome import Axis, FrozenMapping, ImageLabel
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.source import AnySource, ChannelView, PixelSource


@dataclass(frozen=True)
class Channel:
    """How one channel is shown; what the file does not say is None.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> channel = open_image("cells.ozx").images[0].channels[0]
    >>> channel.name, channel.color, channel.limits
    ('DAPI', '#0000FF', (0.0, 1000.0))
    """

    name: str | None = None
    color: str | None = None
    """``#RRGGBB``."""
    limits: tuple[float, float] | None = None
    """Values shown darkest and brightest, in units of the stored pixels."""
    visible: bool = True
    contrast_range: tuple[float, float] | None = None
    """Values that a slider for the limits offers, from the lowest to the highest."""
    inverted: bool = False
    """Whether low values are bright, and high ones dark."""


@dataclass(frozen=True)
class Field:
    """One image of a mosaic."""

    path: str
    """Group path."""
    offset: tuple[int, ...]
    """Where its first pixel lies in the mosaic, in pixels of level 0."""
    shape: tuple[int, ...] = ()
    """Size of level 0 along each axis."""
    position: FieldPosition | None = None
    """Where on a plate it was taken."""
    name: str = ""


@dataclass(frozen=True)
class Kept:
    """What a part still has of the hierarchy that it was opened from."""

    pixels: bool = True
    """Whether its pixels are those of the file: stored levels are then copied as they are."""
    place: bool = True
    """Whether it lies where the file places it."""
    look: bool = True
    """Of labels, whether colors and properties are those of the file."""
    shown: bool = True
    """Whether it looks as the file shows it: colors, limits, opacity, and what is hidden."""
    order: bool = True
    """Whether it lies over and under the others as in the file."""
    unplaced: tuple[str, ...] = ()
    """Display axes along which the file does not say where it lies."""


@dataclass(frozen=True, repr=False)
class PlacedPart:
    """A multiscale with its place in the display system.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> image = open_image("cells.ozx").images[0]
    >>> image
    <PlacedImage 'cells' (c=2, z=16, y=192, x=256) uint16, 2 levels, channels DAPI, GFP>
    >>> image.levels[0][0, 8, :50, :50].compute().shape
    (50, 50)
    >>> image.to_display.apply((0, 8, 10, 20))
    array([ 8.,  5., 10.])
    """

    path: str
    """Group path in the hierarchy; empty for the root."""
    name: str
    axes: tuple[Axis, ...]
    """One per array dimension, in stored order."""
    sources: tuple[AnySource, ...] = field(repr=False)
    """Where the pixels of each level come from, largest first; all of one dtype and number of
    dimensions."""
    to_display: Affine
    """From indices of voxel centers at level 0 (one input per array dimension) to the axes of
    the composite's display system."""
    channel_axis: int | None
    """Position of the channel axis in `axes`, if there is one."""
    multiscale: int = 0
    """Which entry of the group's ``multiscales`` this is."""
    position: FieldPosition | None = None
    """Where on a plate it was taken."""
    fields: tuple[Field, ...] = field(default=(), repr=False)
    """The images that were fused into this one, where it is a mosaic."""
    display: FrozenMapping | None = None
    """What this package noted about display beyond the specification, as stored."""
    nonlinear: bool = False
    """Whether its map is nonlinear: pixels are resampled in the display system, outside of the
    image they are 0, and in another system they would be others."""
    overviews: tuple[PixelSource, ...] = field(default=(), repr=False)
    """Coarser levels than the file has, for viewers; they are computed, and never saved."""
    orientations: Orientations = ()
    """Where the axes of the display system lead in a body, as far as this part says; empty for a
    part of no file."""
    kept: Kept | None = None
    """What it has of the group at `path`, or those of `fields`; None for a part that lies in no
    hierarchy yet: its path only tells it from others."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {part_line(self)}>"

    @cached_property
    def levels(self) -> tuple[da.Array, ...]:
        """Lazy pixels with all channels, largest level first."""
        return tuple(map(lazy, self.sources))

    def channel_levels(self, channel: int) -> tuple[da.Array, ...]:
        """Lazy pixels of one channel, largest level first, without the channel axis.

        Raises
        ------
        IndexError
            If there is no channel of this number.
        """
        count = self.channel_count
        if not -count <= channel < count:
            raise IndexError(f"{self.name!r} has no channel {channel}, but 0 to {count - 1}.")
        if self.channel_axis is None:
            return self.levels
        return tuple(self._channel(source, channel % count) for source in self.sources)

    def channel_overviews(self, number: int) -> tuple[da.Array, ...]:
        """Lazy pixels of one channel at the levels that the file does not have."""
        return tuple(self._channel(source, number) for source in self.overviews)

    def _channel(self, source: AnySource, number: int) -> da.Array:
        axis = self.channel_axis
        if axis is None:
            return lazy(source)
        if isinstance(source, da.Array):
            channel: da.Array = source[(slice(None),) * axis + (number,)]
            return channel
        return lazy(ChannelView(source, axis, number))

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of level 0 along each axis."""
        return self.sources[0].shape

    @property
    def scale(self) -> dict[str, float]:
        """How far apart neighboring voxels of level 0 are along each axis, channels apart.

        In the units of the display system. Turned or sheared images, too, have a scale; where they
        lie is said by `to_display` alone.
        """
        steps = zip(self.axes, self.to_display.linear.T, strict=True)
        return {
            axis.name: math.hypot(*step)
            for number, (axis, step) in enumerate(steps)
            if number != self.channel_axis
        }

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self.sources[0].dtype

    @property
    def channel_count(self) -> int:
        """Number of channels: 1 where there is no channel axis."""
        return 1 if self.channel_axis is None else int(self.shape[self.channel_axis])


@dataclass(frozen=True, repr=False)
class PlacedImage(PlacedPart):
    """An intensity image: one field of view, one modality, or a whole image.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> image = open_image("cells.ozx").images[0]
    >>> [channel.name for channel in image.channels]
    ['DAPI', 'GFP']
    >>> int(image.channel_levels("GFP")[0].max())
    900
    """

    channels: tuple[Channel, ...] = ()
    """Exactly one per channel."""
    default_t: int = 0
    """Time that is shown first, as an index."""
    default_z: int = 0
    """Plane that is shown first, as an index."""

    def channel_levels(self, channel: int | str) -> tuple[da.Array, ...]:
        """Lazy pixels of one channel, largest level first, without the channel axis.

        Parameters
        ----------
        channel : int or str
            Its number, from 0, or its name; of several of one name the first.

        Raises
        ------
        IndexError
            If there is no channel of this number.
        KeyError
            If there is none of this name; the message says which there are.
        """
        if isinstance(channel, int):
            return super().channel_levels(channel)
        names = [each.name for each in self.channels]
        if channel not in names:
            raise KeyError(f"{self.name!r} has no channel {channel!r}, but {names}.")
        return super().channel_levels(names.index(channel))


@dataclass(frozen=True, repr=False)
class PlacedLabels(PlacedPart):
    """A label image: integers that name objects, 0 for background.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> labels = open_image("cells.ozx").labels[0]
    >>> labels
    <PlacedLabels 'nuclei' (z=16, y=192, x=256) uint16, 2 levels>
    >>> int(labels.levels[0].max())
    24
    """

    image_path: str | None = None
    """Group path of the image it segments."""
    label: ImageLabel | None = None
    """Colors and properties per label value."""
