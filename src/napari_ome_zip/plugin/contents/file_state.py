"""What is known of one open file from the layers that show it; neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.files import is_link, known_link, watching
from napari_ome_zip.garbage import no_collection
from napari_ome_zip.image.attachments import Attachment, find_attachments
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import file_name
from napari_ome_zip.plugin.contents.fusing import TileChoice, tile_choice
from napari_ome_zip.plugin.contents.model import Item, file_tree, with_attachments
from napari_ome_zip.plugin.contents.plate import PlateGrid, Well, plate_grids, wells_of
from napari_ome_zip.plugin.contents.shown import OpenLayer, ShownPart, opened_of, shown_parts
from napari_ome_zip.progress import Watch


@dataclass(frozen=True, eq=False)
class FileState:
    """One open file; everything is worked out when it is first asked for."""

    source: str
    layers: tuple[OpenLayer, ...]
    """Those that were read from it, the lowest first."""

    @cached_property
    def shown(self) -> list[ShownPart]:
        """Its images and label images."""
        return shown_parts(self.layers)

    @cached_property
    def opened(self) -> Opened | None:
        """The hierarchy that it holds."""
        return opened_of(self.layers)

    @cached_property
    def wells(self) -> list[Well]:
        """The wells of its plates."""
        return wells_of(self.shown)

    @cached_property
    def grids(self) -> list[PlateGrid]:
        """Its plates."""
        return plate_grids(self.wells, self.opened)

    @cached_property
    def tiles(self) -> TileChoice | None:
        """How its tiles are shown."""
        return tile_choice(self.shown)

    @cached_property
    def images(self) -> Item:
        """What of it is shown, as a tree."""
        return file_tree(self.source, self.layers, self.shown, self.wells)

    def tree(self, attachments: Sequence[Attachment], words: Sequence[str]) -> Item:
        """What is in it, as far as it has some words in its names."""
        with no_collection():
            return with_attachments(self.images, attachments).filtered_below(words)


@dataclass(frozen=True)
class FindAttachments:
    """Lists what a file holds beside its images; a task for a thread of its own."""

    opened: Opened
    parts: tuple[PlacedPart, ...]
    """What is shown of it."""
    _stopping: Event = field(default_factory=Event)

    def run(self) -> tuple[Attachment, ...]:
        """List it; nothing once it is cancelled."""
        try:
            with watching(Watch(None, self._stopping.is_set, ReadCancelledError)):
                return find_attachments(self.opened, self.parts)
        except ReadCancelledError:
            return ()

    def cancel(self) -> None:
        """Wait for no server any more: from a disk it is over soon."""
        self._stopping.set()


def file_names(paths: Iterable[str]) -> list[str]:
    """Names of files for a list, with folder or server where two are called alike."""
    named = [(file_name(path), _place(path)) for path in paths]
    names = [name for name, _ in named]
    return [f"{name} ({place})" if names.count(name) > 1 else name for name, place in named]


def _place(path: str) -> str:
    """Where a file lies, in a word: its folder, or the server of its link."""
    return known_link(path).host if is_link(path) else Path(path).parent.name
