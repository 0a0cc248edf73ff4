"""Labels in an archive of their own, which says of what image they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.files import Link
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.label_source import seen_from
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.tables.table import TableKind
from napari_ome_zip.ome import ImageLabel
from napari_ome_zip.storage import ArchiveStore


def labels_alone(image: CompositeImage) -> tuple[CompositeImage, tuple[Finding, ...]]:
    """Leave out the images; the labels say where they are.

    An image behind a link is named by the link, without what is secret in it. One in a file is
    named as lying beside the archive of the labels, ``../cells.ome.zip``: a path of this machine
    says nothing on another one. An image that is not at the root of its file is named by its path
    in it, too.

    Parameters
    ----------
    image : CompositeImage

    Returns
    -------
    CompositeImage
        The labels, placed as they were.
    tuple of Finding
        What a person needs to know of how their image is named, and of tables that stay with it.

    Raises
    ------
    SaveError
        If there are no labels.
    """
    if not image.labels:
        raise SaveError("No labels to save alone: draw some, or save the image.")
    images = {part.path: part for part in image.images}
    parts = [_alone(part, images.get(part.image_path or ""), image) for part in image.labels]
    return replace(image, parts=tuple(parts), opened=None), (*_named(image), *_tables_left(image))


def image_elsewhere(part: PlacedPart, path: str) -> str | None:
    """The image in another file that labels are of, seen from the group that they are written to.

    ``labels_alone`` names it as seen from the root.
    """
    said = part.label.source if isinstance(part, PlacedLabels) and part.label else None
    return None if said is None else seen_from(path, said)


def _alone(labels: PlacedLabels, owner: PlacedImage | None, image: CompositeImage) -> PlacedLabels:
    known = labels.label or ImageLabel()
    of_image = labels.image_path is not None and owner is not None and owner.kept is not None
    source = known.source if owner is None else None
    if of_image and owner is not None and image.opened is not None:
        source = _source(image.opened, owner)
    return replace(
        labels, image_path=None, kept=None, fields=(), label=replace(known, source=source)
    )


def _source(opened: Opened, owner: PlacedImage) -> str | None:
    """Where an image of a file is, seen from the labels' archive as if that were a folder."""
    place = _place(opened)
    if place is None:
        return None
    root = str(place) if isinstance(place, Link) else f"../{place.name}"
    is_at_root = not owner.path or bool(owner.fields)
    return root if is_at_root else f"{root}/{owner.path}"


def _place(opened: Opened) -> Path | Link | None:
    store = opened.store
    if isinstance(store, ArchiveStore) and isinstance(store.file.place, Link):
        return store.file.place
    return None if store.source is None else Path(store.source)


def _named(image: CompositeImage) -> Iterator[Finding]:
    place = None if image.opened is None else _place(image.opened)
    if isinstance(place, Link) and place.url != str(place):
        yield Finding(
            "link-key-not-kept",
            place.source,
            f"The labels name their image as {place}: the password or key of the link is not kept.",
        )


def _tables_left(image: CompositeImage) -> Iterator[Finding]:
    """Tables about labels that did not become layers: features of layers have their columns."""
    if image.opened is None or image.source is None:
        return
    saved = {part.path for part in image.labels}
    for table in image.opened.tables:
        about = [path for path in table.labels if path in saved]
        if table.kind is TableKind.FEATURES and about:
            text = (
                f"Table '{table.path}' is about '{about[0]}', and stays behind in "
                f"{image.opened.store.name}: save layers of the file to take its columns along."
            )
            yield Finding("table-not-read", table.path, text)
