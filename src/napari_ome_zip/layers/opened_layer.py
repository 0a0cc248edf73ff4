"""What a layer showed when it was opened: how saving knows what has changed since."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers.joined_table import JoinedTable, without_tables
from napari_ome_zip.pixels.lazy import pixel_identity

NOTE = "opened"
"""Key in a layer's note."""

_PLACE = ("scale", "translate", "rotate", "shear", "affine")


@dataclass(frozen=True, eq=False)
class OpenedLayer:
    """A layer as it was when it was made from a part of an opened composite.

    Layers carry it in their metadata. It holds no pixels, and copies of a layer share it.
    """

    opened: Opened
    part: PlacedPart
    pixels: tuple[Hashable, ...]
    """Identity of each level, see `pixel_identity`."""
    keywords: Mapping[str, Any]
    """Those that the layer was made with."""
    tables: tuple[JoinedTable, ...] = ()
    """Of labels, the tables whose columns are among their features."""
    number: int = 0
    """Its place among the layers of the file, from the bottom."""

    def has_pixels_of(self, data: Any) -> bool:
        """Whether layer data are still the pixels of the file, in all levels."""
        return identities(data) == self.pixels

    def placed(self, place: Mapping[str, Any]) -> OpenedLayer:
        """The same shown in another coordinate system of the file."""
        rest = {key: value for key, value in self.keywords.items() if key not in _PLACE}
        return replace(self, keywords={**rest, **place})

    def without_tables(self, keywords: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keywords of the layer, but for features that the file has in tables and nobody changed.

        They stay there: written as properties of the labels, the file would have them twice.
        """
        if not self.tables:
            return keywords
        label = self.part.label if isinstance(self.part, PlacedLabels) else None
        known = () if label is None else label.table.values
        features = without_tables(keywords.get("features"), self.tables, known)
        return {**keywords, "features": features}

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        # Metadata of layers are written by others: what opens the file is left out with its secret.
        if self.opened.store.holds_secrets:
            return _nothing, ()
        return super().__reduce_ex__(protocol)

    def __deepcopy__(self, memo: dict[int, Any]) -> OpenedLayer:
        return self


def _nothing() -> None:
    """What is left of a layer's record in a pickle, where it would hold a secret."""


def identities(data: Any) -> tuple[Hashable, ...]:
    """Identity of each level of layer data, largest first; empty where one may change unnoticed."""
    levels = data if isinstance(data, Sequence) else [data]
    found = tuple(pixel_identity(level) for level in levels)
    return () if None in found else found


def opened_layer(note: Mapping[str, Any]) -> OpenedLayer | None:
    """The record that `to_layer_data` put into a layer's note."""
    found = note.get(NOTE)
    return found if isinstance(found, OpenedLayer) else None
