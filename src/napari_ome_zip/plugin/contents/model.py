"""The content of a file as a tree of items, made from the layers that show it; no Qt.

Children are made when they are first asked for: a scan has thousands of tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, partial

from napari_ome_zip.garbage import no_collection
from napari_ome_zip.image.attachments import Attachment
from napari_ome_zip.image.composite import Field, PlacedLabels
from napari_ome_zip.names import file_name
from napari_ome_zip.plugin.contents.facts import size_text
from napari_ome_zip.plugin.contents.plate import Well, count
from napari_ome_zip.plugin.contents.shown import OpenLayer, ShownPart
from napari_ome_zip.sizes import readable_size


class Kind(StrEnum):
    """What an item is, as a person calls it."""

    FILE = "file"
    IMAGE = "image"
    CHANNEL = "channel"
    LABELS = "label image"
    LAYER = "layer"
    TILES = "tiles"
    TILE = "tile"
    WELLS = "wells"
    WELL = "well"
    FIELD = "field of view"
    TABLES = "tables"
    ATTACHMENTS = "attachments"
    ATTACHMENT = "attachment"


@dataclass(frozen=True)
class Place:
    """Where an item lies: an image, or tiles of it."""

    shown: ShownPart
    fields: tuple[Field, ...] = ()
    """The tiles of the image that it is; empty where it is the whole image."""


@dataclass(frozen=True, eq=False)
class Item:
    """Something that is in a file."""

    kind: Kind
    name: str
    key: tuple[Hashable, ...]
    """The same in every tree that is made of a file."""
    layers: tuple[Hashable, ...] = ()
    """Keys of the layers that show it."""
    alone: bool = True
    """Whether these show nothing else, so that it can be hidden."""
    detail: str = ""
    """The most important fact about it, in a word or two."""
    places: tuple[Place, ...] = ()
    attachment: Attachment | None = None
    has_children: bool = False
    make_children: Callable[[], Iterable[Item]] = field(default=tuple, repr=False)

    @cached_property
    def children(self) -> tuple[Item, ...]:
        """What it consists of, made when first asked for."""
        with no_collection():  # there may be ten thousand, and they stay
            return tuple(self.make_children())

    def filtered(self, words: Sequence[str]) -> Item | None:
        """What of it has names with all of some words; None where nothing has.

        A word may be found in the name of an item or of any that it belongs to: ``c5 dapi`` finds
        the channel *DAPI* of the well *C5*. What an item with all the words consists of is kept.

        Parameters
        ----------
        words : sequence of str
            In lower case.
        """
        missing = _missing(words, self.name)
        if not missing:
            return self
        return self._with_children_of(missing)

    def filtered_below(self, words: Sequence[str]) -> Item:
        """As `filtered`, of what it consists of: its own name is not looked at, and it is kept."""
        if not words:
            return self
        return self._with_children_of(words) or _parent(replace(self, layers=()), ())

    def _with_children_of(self, words: Sequence[str]) -> Item | None:
        kept = [found for child in self.children if (found := child.filtered(words)) is not None]
        return _parent(replace(self, layers=_layers(kept)), kept) if kept else None


def words_of(text: str) -> tuple[str, ...]:
    """The words of what a person typed into a filter."""
    return tuple(text.casefold().split())


def is_shown(visible: Sequence[bool]) -> bool | None:
    """Whether all of some layers are visible; None where only some are."""
    if all(visible):
        return True
    return None if any(visible) else False


def file_tree(
    source: str, layers: Sequence[OpenLayer], shown: Sequence[ShownPart], wells: Sequence[Well]
) -> Item:
    """What of a file is shown, as a tree.

    Parameters
    ----------
    source : str
        The file.
    layers : sequence of OpenLayer
        Those that were read from it, the lowest first.
    shown : sequence of ShownPart
        What they show.
    wells : sequence of Well
        The wells that are in it.
    """
    in_wells = {id(part) for well in wells for part, _ in well.fields if not part.is_mosaic}
    children = [_image(part, shown) for part in shown if part.is_image and id(part) not in in_wells]
    children += [_labels(part) for part in shown if _is_alone(part, shown)]
    children += _wells(wells, shown)
    known = {layer.key for part in shown for layer in part.layers}
    children += [_other(layer) for layer in layers if layer.key not in known]
    images = len({field.path for part in shown if part.is_image for field in part.fields})
    return _parent(
        Item(
            Kind.FILE,
            file_name(source),
            (Kind.FILE, source),
            tuple(layer.key for layer in layers),
            detail=count(images, "image", "images"),
            places=tuple(map(Place, shown)),
        ),
        children,
    )


def with_attachments(tree: Item, attachments: Sequence[Attachment]) -> Item:
    """The tree of a file with what it holds beside its images."""
    return _parent(tree, [*tree.children, *_attachments(attachments)])


def well_item(tree: Item, plate: str, row: int, column: int) -> Item | None:
    """The item of a well in the tree of its file."""
    key = (Kind.WELL, plate, row, column)
    branches = [branch for branch in tree.children if branch.kind is Kind.WELLS]
    wells = (well for branch in branches for well in branch.children)
    return next((well for well in wells if well.key == key), None)


def _parent(item: Item, children: Iterable[Item]) -> Item:
    held = tuple(children)
    return replace(item, has_children=bool(held), make_children=partial(tuple, held))


def _layers(items: Iterable[Item]) -> tuple[Hashable, ...]:
    return tuple(dict.fromkeys(key for item in items for key in item.layers))


def _missing(words: Sequence[str], name: str) -> list[str]:
    folded = name.casefold()
    return [word for word in words if word not in folded]


def _image(one: ShownPart, shown: Sequence[ShownPart]) -> Item:
    part = one.part
    key = (part.path, part.multiscale)
    channels = one.layers if len(one.layers) > 1 else ()
    labels = [other for other in shown if _belongs_to(other, one)]
    children = [_channel(layer, one) for layer in channels] + [_labels(each) for each in labels]
    if one.is_mosaic and part.position is None:
        children.append(_tiles(one))
    item = Item(
        Kind.IMAGE,
        part.name,
        (Kind.IMAGE, *key),
        one.keys + tuple(layer for each in labels for layer in each.keys),
        detail=size_text(part),
        places=(Place(one),),
    )
    return _parent(item, children)


def _belongs_to(labels: ShownPart, image: ShownPart) -> bool:
    part = labels.part
    return isinstance(part, PlacedLabels) and part.image_path == image.part.path


def _is_alone(one: ShownPart, shown: Sequence[ShownPart]) -> bool:
    """Whether labels belong to no image that is shown."""
    return not one.is_image and not any(
        image.is_image and _belongs_to(one, image) for image in shown
    )


def _channel(layer: OpenLayer, one: ShownPart) -> Item:
    name = layer.name.removeprefix(f"{one.part.name}: ")
    places = (Place(ShownPart(one.part, (layer,))),)
    return Item(Kind.CHANNEL, name, (Kind.CHANNEL, layer.key), (layer.key,), places=places)


def _labels(one: ShownPart) -> Item:
    key = (Kind.LABELS, one.part.path, one.part.multiscale)
    detail = size_text(one.part)
    return Item(Kind.LABELS, one.part.name, key, one.keys, detail=detail, places=(Place(one),))


def _other(layer: OpenLayer) -> Item:
    return Item(Kind.LAYER, layer.name, (Kind.LAYER, layer.key), (layer.key,), detail=layer.kind)


def _tiles(one: ShownPart) -> Item:
    return Item(
        Kind.TILES,
        "tiles",
        (Kind.TILES, one.part.path, one.part.multiscale),
        one.keys,
        alone=False,
        detail=f"{len(one.fields):,}",
        places=(Place(one),),
        has_children=True,
        make_children=lambda: (_tile(Kind.TILE, one, field) for field in one.fields),
    )


def _tile(kind: Kind, one: ShownPart, field: Field) -> Item:
    name = field.name or field.path
    if kind is Kind.FIELD:
        name = _field_name(field)
    # Not the number of the layer's image: a tile may be part of the image by another path.
    key = (kind, field.path, one.part.multiscale)
    return Item(kind, name, key, one.keys, alone=False, places=(Place(one, (field,)),))


def _field_name(field: Field) -> str:
    """As its well calls it."""
    name = field.path.rpartition("/")[2]
    name = name if name.lower().startswith("field") else f"field {name}"
    acquisition = None if field.position is None else field.position.acquisition
    return name if acquisition is None else f"{name}, acquisition {acquisition}"


def _wells(wells: Sequence[Well], shown: Sequence[ShownPart]) -> list[Item]:
    if not wells:
        return []
    items = [_well(well, shown) for well in wells]
    alone = all(item.alone for item in items)
    whole = Item(
        Kind.WELLS,
        "wells",
        (Kind.WELLS,),
        _layers(items),
        alone=alone,
        detail=f"{len(wells):,}",
        places=tuple(place for item in items for place in item.places),
    )
    return [_parent(whole, items)]


def _well(well: Well, shown: Sequence[ShownPart]) -> Item:
    alone = not any(part.is_mosaic for part, _ in well.fields)
    paths = {field.path for _, field in well.fields}
    places = tuple(Place(part, (field,)) for part, field in well.fields)
    item = Item(
        Kind.WELL,
        well.name,
        (Kind.WELL, well.plate, well.row, well.column),
        alone=alone,
        detail=count(len(paths), "field", "fields"),
        places=places,
        has_children=True,
        make_children=lambda: (_field(part, field, shown) for part, field in well.fields),
    )
    parts = {id(part): part for part, _ in well.fields}.values()
    if not alone:
        return replace(item, layers=tuple(key for part in parts for key in part.keys))
    labels = (each for part in parts for each in shown if _belongs_to(each, part))
    return replace(item, layers=tuple(key for each in (*parts, *labels) for key in each.keys))


def _field(part: ShownPart, field: Field, shown: Sequence[ShownPart]) -> Item:
    if part.is_mosaic:
        return _tile(Kind.FIELD, part, field)
    return replace(_image(part, shown), kind=Kind.FIELD, name=_field_name(field))


def _attachments(attachments: Sequence[Attachment]) -> list[Item]:
    tables = [each for each in attachments if each.is_table]
    # Most files have one folder of tables, which need not be opened to see them.
    if len(tables) == 1 and any(each.table is not None for each in tables[0].held):
        tables = list(tables[0].held)
    others = [each for each in attachments if not each.is_table]
    branches = ((Kind.TABLES, tables), (Kind.ATTACHMENTS, others))
    return [
        _parent(Item(kind, str(kind), (kind,), detail=f"{len(held):,}"), map(_attachment, held))
        for kind, held in branches
        if held
    ]


def _detail(one: Attachment) -> str:
    """The number of rows of a table where it is known, else the size in the file."""
    rows = None if one.table is None else one.table.size.rows
    return readable_size(one.size) if rows is None else count(rows, "row", "rows")


def _attachment(one: Attachment) -> Item:
    return Item(
        Kind.ATTACHMENT,
        one.title,
        (Kind.ATTACHMENT, one.path),
        detail=_detail(one),
        attachment=one,
        has_children=bool(one.held),
        make_children=lambda: map(_attachment, one.held),
    )
