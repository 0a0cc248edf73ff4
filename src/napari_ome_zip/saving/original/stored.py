"""The levels of an image as they lie in a file: what can be taken over, and how they are placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.levels import level_factors, load_levels
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.ome import Dataset, Multiscale
from napari_ome_zip.ome.transformations.writer import scale_and_translation
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.storage import RenamedStore
from napari_ome_zip.storage.hierarchy import join

_CORE_CODECS = frozenset({"blosc", "bytes", "gzip", "transpose", "zstd"})
"""Those of Zarr v3 itself, which every program reads; others are of zarr-python alone."""


@dataclass(frozen=True)
class StoredLevel:
    """One array of a multiscale, and its place in the intrinsic system."""

    path: str
    """From the root of the hierarchy."""
    array: ChunkedArray
    dataset: Dataset
    scale: tuple[float, ...]
    translation: tuple[float, ...]

    @property
    def is_axis_aligned(self) -> bool:
        """Whether ``scale`` and ``translation`` are all that its document says of its place."""
        said = self.dataset.transformation
        return said is None or scale_and_translation(said, len(self.scale)) is not None

    @property
    def keeps_bytes(self) -> bool:
        """Whether its chunks stay as they are: not in a newer format that lacks their codec."""
        store = self.array.store
        is_renewed = isinstance(store, RenamedStore) and store.replaces(f"{self.path}/{ZARR_JSON}")
        listed = self.array.document["codecs"] if is_renewed else ()
        return all(codec["name"] in _CORE_CODECS for codec in listed)


@dataclass(frozen=True)
class StoredMultiscale:
    """A multiscale of a file, with the levels that are shown, largest first."""

    path: str
    model: Multiscale
    levels: tuple[StoredLevel, ...]
    zarr_format: int

    @property
    def is_whole(self) -> bool:
        """Whether all levels that the file lists are shown: others could not be read."""
        return len(self.levels) == len(self.model.datasets)

    @property
    def is_axis_aligned(self) -> bool:
        """Whether scales and translations are all that its documents say of where levels lie."""
        return all(level.is_axis_aligned for level in self.levels)

    @property
    def system(self) -> str:
        """Name of the coordinate system that its levels lie in."""
        said = self.levels[0].dataset.transformation
        named = said.output.name if said is not None and said.output is not None else None
        return named or self.model.intrinsic.name


def stored_multiscale(opened: Opened, path: str, number: int = 0) -> StoredMultiscale | None:
    """The multiscale of a group of the file; None where it has none that can be used."""
    known = _known.setdefault(opened, {})
    if (path, number) not in known:
        known[path, number] = _stored_multiscale(opened, path, number)
    return known[path, number]


_known: WeakKeyDictionary[Opened, dict[tuple[str, int], StoredMultiscale | None]] = (
    WeakKeyDictionary()
)
"""Results by file: a plan asks several times for each field of a plate."""


def _stored_multiscale(opened: Opened, path: str, number: int) -> StoredMultiscale | None:
    found = opened.images.get(path)
    group = opened.group(path) if found is None else found.group
    if group is None or number >= len(group.multiscales):
        return None
    model = group.multiscales[number]
    try:
        levels, _ = load_levels(opened.hierarchy, path, model)
    except MetadataError:
        return None
    full = levels.arrays[0].shape
    stored = []
    for array, dataset in zip(levels.arrays, levels.datasets, strict=True):
        scale, translation = _own_place(dataset, array.shape, full)
        stored.append(
            StoredLevel(join(path, dataset.path) or "", array, dataset, scale, translation)
        )
    return StoredMultiscale(path, model, tuple(stored), group.zarr_format)


def _own_place(
    dataset: Dataset, shape: Sequence[int], full: Sequence[int]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ndim = len(shape)
    found = None
    if dataset.transformation is not None:
        found = scale_and_translation(dataset.transformation, ndim)
    if found is not None:
        return found[0], found[1] or (0.0,) * ndim
    factors = level_factors(full, shape)
    return factors, tuple((factor - 1) / 2 for factor in factors)


def as_stored(part: PlacedPart, stored: StoredMultiscale) -> PlacedPart:
    """A part whose pixels are those of the file, with the axes and the types that it has there.

    Labels of a plane are shown along all of a stack, and floats that are whole numbers as
    integers: the file keeps what it has.
    """
    arrays = tuple(level.array for level in stored.levels)
    added = len(part.axes) - arrays[0].ndim
    if added <= 0:
        return replace(part, sources=arrays)
    axes = part.axes[added:]
    return replace(
        part,
        sources=arrays,
        axes=axes,
        to_display=part.to_display.select(inputs=[axis.name for axis in axes]),
        channel_axis=None if part.channel_axis is None else part.channel_axis - added,
    )
