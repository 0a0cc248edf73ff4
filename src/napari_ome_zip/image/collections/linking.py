"""Resolves what nodes refer to by id: images of labels, coordinate systems of transformations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.collections.documents import Documents, NodeDocument, document_of
from napari_ome_zip.image.collections.records import ImageRecord, Records
from napari_ome_zip.image.collections.rules import REFERENCE_UNKNOWN
from napari_ome_zip.image.found import Discovery, FieldPosition, Found, NodePlace
from napari_ome_zip.ome import OmeGroup, Scene, SystemRef
from napari_ome_zip.ome.collections.node import Link, NodeReference
from napari_ome_zip.ome.json_values import shortened
from napari_ome_zip.ome.transformations.transformation import Transformation

_MAX_NAMED = 3


class Released(Protocol):
    """How groups of released versions are found."""

    def __call__(
        self,
        discovery: Discovery,
        group: OmeGroup,
        name: str | None,
        position: FieldPosition | None,
    ) -> None:
        """Add an image with its labels, or all images of a plate or a series."""


def finish(
    discovery: Discovery, documents: Documents, records: Records, released: Released
) -> None:
    """Add all that was found: images with their labels, and where scenes place them."""
    linking = _Linking(documents, records)
    labels = linking.labels_by_image()
    for record in records.images:
        if not record.is_labels:
            linking.add(discovery, record, released)
            for each, image in labels.pop(id(record), ()):
                discovery.found.append(linking.found_labels(each, image))
    for each, image in (pair for pairs in labels.values() for pair in pairs):
        discovery.found.append(linking.found_labels(each, image))
    for document, scene in records.scenes:
        systems = tuple(written.system for written in scene.systems)
        links = linking.resolved(scene.links, document)
        discovery.scenes.append((document.base, Scene(systems, links)))
    done = "such references are ignored", "the image at the path beside it is meant"
    for ids, what in zip((linking.unknown, linking.guessed), done, strict=True):
        if ids:
            names = listed(list(dict.fromkeys(map(shortened, ids))), _MAX_NAMED)
            text = f"Nothing has the id that a node refers to: {names}; {what}."
            discovery.findings.append(Finding.of(REFERENCE_UNKNOWN, "", text))


type _Labels = tuple[ImageRecord, ImageRecord | None]


@dataclass
class _Linking:
    documents: Documents
    records: Records

    def __post_init__(self) -> None:
        self.unknown: list[str] = []
        """Ids that nothing has."""
        self.guessed: list[str] = []
        """Those beside the path of an image, which is taken for what is meant."""

    def add(self, discovery: Discovery, record: ImageRecord, released: Released) -> None:
        """Add an image, or what lies in a group of a released version."""
        group = self._linked(record)
        name = _field_name(record)
        if record.is_released:
            before = len(discovery.found)
            released(discovery, group, name, record.position)
            for number, each in enumerate(discovery.found[before:], before):
                discovery.found[number] = replace(each, entry=record.entry, is_free=record.is_free)
        else:
            found = Found(group, "image", name, None, record.position, True, *_places(record))
            discovery.found.append(found)

    def found_labels(self, record: ImageRecord, image: ImageRecord | None) -> Found:
        """Return labels of an image; of none where the document names none."""
        name, position = record.name, record.position
        if image is not None:
            position = image.position
            if position is not None:
                name = _without_prefix(name, image.name)
        path = None if image is None else image.group.path
        group = self._linked(record)
        return Found(group, "labels", name, path, position, True, *_places(record))

    def labels_by_image(self) -> dict[int, list[_Labels]]:
        """Return all label images by the identity of their image; of none by their own."""
        siblings: dict[int, list[ImageRecord]] = defaultdict(list)
        for record in self.records.images:
            if not record.is_labels and record.is_image:
                siblings[record.siblings].append(record)
        found: dict[int, list[_Labels]] = defaultdict(list)
        for record in self.records.images:
            if record.is_labels:
                image = self._source(record)
                beside = siblings[record.siblings]
                if image is None and len(beside) == 1:
                    image = beside[0]  # there is no other that they could belong to
                found[id(image or record)].append((record, image))
        return found

    def _source(self, record: ImageRecord) -> ImageRecord | None:
        labels = record.attributes.labels
        for reference in labels.sources if labels is not None else ():
            found = self._image(reference, record.labels_document)
            if found is not None and found.is_image and not found.is_labels:
                return found
            if found is None:
                self.unknown += self._not_there(reference, record.labels_document)
        return None

    def _not_there(self, reference: NodeReference, document: NodeDocument) -> list[str]:
        """Return the id of a reference if its document has no such id, shown or not."""
        key: str | None = document.key
        if reference.path is not None:
            key = document_of(document.folder, reference.path)
        is_unknown = key is not None and not self.documents.knows(key, reference.id)
        return [reference.id] if is_unknown else []

    def _image(self, reference: NodeReference, document: NodeDocument) -> ImageRecord | None:
        """Return the image that a reference leads to."""
        key: str | None = document.key
        if reference.path is not None:
            key = document_of(document.folder, reference.path)
        if key is None:
            return None
        by_id = self.records.by_id.get((key, reference.id))
        if by_id is not None or reference.path is None:
            return by_id
        found = self.records.by_document.get(key)
        if found is not None:
            self.guessed += self._not_there(reference, document)
        return found

    def _linked(self, record: ImageRecord) -> OmeGroup:
        """Return the group of an image, with the transformations of its document."""
        if not record.links:
            return record.group
        links = self.resolved(record.links, record.document)
        multiscale = replace(record.group.multiscales[0], transformations=links)
        return replace(record.group, multiscales=(multiscale,))

    def resolved(self, links: Iterable[Link], document: NodeDocument) -> tuple[Transformation, ...]:
        """Return transformations between systems that are told apart by group and name."""
        found = []
        for link in links:
            source = self._system(link.source, document)
            end = self._system(link.target, document)
            if source is not None and end is not None:
                found.append(replace(link.transformation, input=source, output=end))
        return tuple(found)

    def _system(self, reference: NodeReference, document: NodeDocument) -> SystemRef | None:
        """Return the coordinate system that a reference leads to; None where there is none."""
        key: str | None = document.key
        if reference.path is not None:
            key = document_of(document.folder, reference.path)
        base = None if key is None else self.records.systems.get((key, reference.id))
        if base is not None:
            return SystemRef(f"/{base}", reference.id)
        image = self._image(reference, document)
        if image is None:
            self.unknown += self._not_there(reference, document)
            return None
        names = {
            system.name
            for multiscale in image.group.multiscales
            for system in multiscale.coordinate_systems
        }
        # The id of the image itself means the system that it is viewed in.
        name = reference.id if reference.id in names else None
        return SystemRef(f"/{image.group.path}", name)


def _places(record: ImageRecord) -> tuple[NodePlace | None, NodePlace | None, bool]:
    return record.node, record.entry, record.is_free


def _field_name(record: ImageRecord) -> str | None:
    """Return what an image is called by; a field of view by its well, too."""
    position = record.position
    if position is None or position.well is None or record.name is None:
        return record.name
    if position.well.casefold() in record.name.casefold():
        return record.name
    return f"{position.well} {record.name}"


def _without_prefix(name: str | None, image: str | None) -> str | None:
    """Return the name of labels without that of their image, which differs in every well."""
    if name is None or not image or not name.startswith(image):
        return name
    return name.removeprefix(image).strip(" _-.") or name
