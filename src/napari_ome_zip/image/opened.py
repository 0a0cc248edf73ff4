"""The hierarchy that a composite was opened from, for those who save it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.discover import discover
from napari_ome_zip.image.found import Discovery, Found, describes_node
from napari_ome_zip.image.napari_group import NapariGroup
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.names import is_junk
from napari_ome_zip.ome import OmeGroup, Plate, parse_group
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
    tables: tuple[Table, ...] = field(default=(), repr=False)
    """The tables beside the images, without their rows."""

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Its documents, parsed."""
        return Hierarchy(self.store)

    @cached_property
    def images(self) -> Mapping[str, Found]:
        """Groups with ``multiscales`` by path, in document order."""
        return {found.group.path: found for found in self._discovery.found}

    def group(self, path: str) -> OmeGroup | None:
        """What documents say of an image, or a plate; None where there is none that can be used.

        Looks at the one document at the path, unless the image is described in another (RFC-8).
        """
        try:
            node = self.hierarchy.node(path)
        except MetadataError:
            return None
        if node is not None and not describes_node(node):
            zarr_format = node.zarr_format
            group = parse_group(node.attributes, path=path, zarr_format=zarr_format).group
            if group.multiscales or group.plate:
                return group
        found = self.images.get(path)
        return None if found is None else found.group

    @cached_property
    def plates(self) -> Mapping[str, Plate]:
        """Plates by the path that their fields of view give as theirs."""
        return self._discovery.plates

    @cached_property
    def _discovery(self) -> Discovery:
        return discover(self.hierarchy)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Size in bytes of every entry by name; what file managers left behind does not count."""
        return {
            name: self.store.size_of(name) or 0
            for name in self.store.keys()  # noqa: SIM118  a store
            if not is_junk(name)
        }
