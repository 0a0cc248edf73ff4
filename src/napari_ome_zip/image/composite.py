"""The composite image: what `open_image` returns and every floor above works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.described import composite_lines
from napari_ome_zip.image.napari_group import NapariGroup
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.placed import (
    Channel,
    Field,
    Kept,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.ome import CoordinateSystem

__all__ = [
    "Channel",
    "CompositeImage",
    "Field",
    "Kept",
    "PlacedImage",
    "PlacedLabels",
    "PlacedPart",
    "PlacedWell",
]


@dataclass(frozen=True)
class PlacedWell:
    """A well of a plate that has at least one field of view.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> [well.name for well in open_image("plate.ozx").wells]
    ['A1', 'A2', 'A3', 'B1', 'B2']
    """

    name: str
    """Row and column, such as ``A1``."""
    low: tuple[float, float]
    """Lowest y and x that its fields cover, on the last two axes of the display system."""
    high: tuple[float, float]
    """Highest y and x."""


@dataclass(frozen=True, repr=False)
class CompositeImage:
    """Everything in one single-image OME-Zarr, placed in one coordinate system.

    It can be pickled and used by several threads at once. The file stays open as long as the
    image, or anything that was taken from it, is in use.

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> open_image("cells.ozx")
    <CompositeImage 'cells' along z, y, x (micrometer)
      image 'cells' (c=2, z=16, y=192, x=256) uint16, 2 levels, channels DAPI, GFP
      labels 'nuclei' (z=16, y=192, x=256) uint16, 2 levels
      table 'measured' (features)>
    """

    name: str
    source: str | None
    """Absolute path of the archive or folder; None in memory."""
    system: CoordinateSystem
    """The display system, without channel axes; its units are those the file declares."""
    parts: tuple[PlacedPart, ...]
    findings: tuple[Finding, ...] = ()
    """What was repaired or could not be shown, in the order it was met."""
    wells: tuple[PlacedWell, ...] = field(default=(), repr=False)
    """The wells of all plates, in document order."""
    systems: tuple[str, ...] = ()
    """Names of the coordinate systems it can be shown in, the default first; empty where there is
    no choice."""
    opened: Opened | None = field(default=None, repr=False, compare=False)
    """What it was opened from; None for one that was made of layers of no file."""
    napari: NapariGroup = field(default_factory=NapariGroup, repr=False, compare=False)
    """Points, shapes and other layers that are no image, and the view that was last seen."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {composite_lines(self)}>"

    @property
    def units(self) -> dict[str, str | None]:
        """Unit of each axis of the display system, by name; None where the file says none."""
        return {axis.name: axis.unit for axis in self.system.axes}

    @property
    def images(self) -> tuple[PlacedImage, ...]:
        """The intensity images, in document order."""
        return tuple(part for part in self.parts if isinstance(part, PlacedImage))

    @property
    def labels(self) -> tuple[PlacedLabels, ...]:
        """The label images, in document order."""
        return tuple(part for part in self.parts if isinstance(part, PlacedLabels))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables beside the images; their rows are read when someone asks for them."""
        return () if self.opened is None else self.opened.tables
