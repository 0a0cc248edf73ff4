"""The hierarchy that a composite was opened from, for those who save it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.image.discover import discover
from napari_ome_zip.image.found import Found
from napari_ome_zip.image.napari_group import NapariGroup
from napari_ome_zip.names import is_junk
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Hierarchy


@dataclass(frozen=True, eq=False)
class Opened:
    """A hierarchy with all that it holds, shown or not; looked through when first asked for.

    Layers hold on to it, and so does every composite that is made of them: what it lists is
    listed once.
    """

    store: HierarchyStore
    """Its paths are those of the composite's parts."""
    shown: frozenset[str]
    """Paths of the groups that opening showed."""
    fuse_from: int
    """From how many images on one pixel grid were shown as one; 0 if none were."""
    napari: NapariGroup = field(default_factory=NapariGroup)
    """What is in the group for napari; a composite that has this object leaves it as it is."""

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Its documents, parsed."""
        return Hierarchy(self.store)

    @cached_property
    def images(self) -> Mapping[str, Found]:
        """Groups with ``multiscales`` by path, in document order."""
        return {found.group.path: found for found in discover(self.hierarchy).found}

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Size in bytes of every entry by name; what file managers left behind does not count."""
        return {
            name: self.store.size_of(name) or 0
            for name in self.store.keys()  # noqa: SIM118  a store
            if not is_junk(name)
        }
