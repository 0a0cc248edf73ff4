"""Rules on label images: listed, present, integer, and fitting the image they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.image_label import SECTION
from napari_ome_zip.ome.json_values import is_list, is_name, is_object, quoted
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.rules import INFO, MUST, SHOULD, Location, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.documents.group import Metadata, has_content
from napari_ome_zip.validation.documents.raw import as_objects
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.hierarchy.levels import existing_levels, image_axes
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

NOT_FOUND = Rule(
    "label-not-found",
    MUST,
    SECTION,
    "Every label image that is listed exists.",
    "Remove the name from the list, or write the missing label image.",
)
NOT_LISTED = Rule(
    "label-not-listed",
    SHOULD,
    SECTION,
    "Every label image is listed.",
    'Add its path to "labels" in the labels group, so that programs find it.',
)
LIST_MISSING = Rule(
    "labels-list-missing",
    MUST,
    SECTION,
    "The labels group lists its label images.",
    'Add "labels" with the paths of the label images to the metadata of the labels group.',
)
NOT_IMAGE = Rule(
    "label-not-image",
    MUST,
    SECTION,
    "A label image is an image: it describes its axes and levels under multiscales.",
    'Add "multiscales" to the label image.',
)
IMAGE_LABEL_MISSING = Rule(
    "image-label-missing",
    SHOULD,
    SECTION,
    "A label image says so, by an image-label object (since 0.5).",
    'Add "image-label", which may be empty but for colors.',
)
DTYPE = Rule(
    "label-dtype",
    MUST,
    SECTION,
    "The pixels of a label image are whole numbers.",
    "Store the labels in an integer type, for instance uint32.",
)
LEVEL_COUNT = Rule(
    "label-level-count",
    MUST,
    SECTION,
    "A label image has as many resolution levels as its image.",
    "Write the same number of levels for the labels and their image.",
)
SHAPE = Rule(
    "label-shape-differs",
    INFO,
    "storage format, images",
    "Each dimension of a label image is best as long as that of its image, or 1.",
    "Nothing, as long as the labels carry their own pixel size; programs that ignore it will "
    "show them in the wrong place.",
)
INTERMEDIATE = Rule(
    "label-folder-metadata",
    MUST,
    SECTION,
    "Groups between the labels group and a label image hold no metadata.",
    "Remove the metadata from the group in between.",
)
SOURCE_NOT_FOUND = Rule(
    "label-source-not-found",
    MUST,
    SECTION,
    "The image that labels were made from lies where they say.",
    'Correct "source": {"image": …}; it is relative to the label image, "../../" as a rule.',
)


def check_label_images(documents: DocumentSet) -> Iterator[Issue]:
    """Check all labels groups, and all label images."""
    for path in _labels_groups(documents):
        metadata = documents.metadata.get(path)
        if metadata is None or not is_list(metadata.content.get("labels")):
            yield from _check_missing_list(path, metadata, documents)
        else:
            yield from _check_listed(path, metadata, documents)
            yield from _check_unlisted(path, metadata, documents)
    for path, metadata in documents.metadata.items():
        if "image-label" in metadata.content:
            yield from _check_source(path, metadata, documents)
            if "multiscales" not in metadata.content:
                message = "Label image without its axes and levels (multiscales)"
                yield metadata.place.issue(NOT_IMAGE, message)


def _labels_groups(documents: DocumentSet) -> list[str]:
    """Return the paths of labels groups: beside the levels of an image, or with a list."""
    found = {path for path, m in documents.metadata.items() if "labels" in m.content}
    for path in documents.metadata:
        child = join(path, "labels")
        if child is not None and documents.is_group(child) and documents.is_image(path):
            found.add(child)
    return sorted(found)


def _check_missing_list(
    path: str, metadata: Metadata | None, documents: DocumentSet
) -> Iterator[Issue]:
    inside = documents.images_below.get(path, ())
    if metadata is not None and "labels" in metadata.content:
        return
    parent = path.rpartition("/")[0]
    known = metadata or documents.metadata.get(inside[0] if inside else parent)
    if known is not None and known.spec.namespaced:
        at = Place(_document(path, known.spec), known.spec)
        message = f"Labels group does not list its {len(inside)} label images"
        yield at.issue(LIST_MISSING, message)


def _check_listed(path: str, metadata: Metadata, documents: DocumentSet) -> Iterator[Issue]:
    labels = metadata.content.get("labels")
    for i, name in enumerate(labels if is_list(labels) else ()):
        if not is_name(name):
            continue
        target = join(path, name)
        at = metadata.place.at("labels", i)
        if target is None or target not in documents.folders:
            yield at.issue(NOT_FOUND, f"Label image {quoted(name)} is listed but missing")
        elif not documents.is_image(target):
            label = documents.metadata.get(target)
            if label is None or "image-label" not in label.content:
                message = f"Label {quoted(name)} is no image: it has no multiscales"
                yield at.issue(NOT_IMAGE, message)
        else:
            yield from _check_label(path, target, documents)
        yield from _check_between(path, name, documents)


def _check_unlisted(path: str, metadata: Metadata, documents: DocumentSet) -> Iterator[Issue]:
    labels = metadata.content.get("labels")
    listed = {join(path, name) for name in (labels if is_list(labels) else ()) if is_name(name)}
    if not metadata.spec.namespaced:
        return  # Until 0.4 nothing asks for it.
    for label in documents.images_below.get(path, ()):
        if label not in listed:
            message = f"Label image {quoted(label)} is present but not listed"
            yield metadata.place.at("labels").issue(NOT_LISTED, message)
            yield from _check_label(path, label, documents)


def _check_between(path: str, name: str, documents: DocumentSet) -> Iterator[Issue]:
    parts = [part for part in name.split("/") if part]
    for i in range(1, len(parts)):
        between = join(path, "/".join(parts[:i]))
        metadata = documents.metadata.get(between) if between is not None else None
        if metadata is not None and metadata.spec.namespaced and has_content(metadata.content):
            message = f"Group {quoted(between)} between labels and label image holds metadata"
            yield metadata.place.issue(INTERMEDIATE, message)


def _check_label(labels: str, path: str, documents: DocumentSet) -> Iterator[Issue]:
    """Check a label image by itself, and against the image it belongs to."""
    metadata = documents.metadata[path]
    spec = metadata.spec
    if spec.namespaced and "image-label" not in metadata.content:
        yield metadata.place.issue(IMAGE_LABEL_MISSING, "Label image without image-label")
    images = as_objects(metadata.content.get("multiscales"))
    for i, image in enumerate(images):
        for level in existing_levels(image, path, documents, metadata.place.at("multiscales", i)):
            if not level.array.integer:
                message = f"Labels are stored as {level.array.dtype}: whole numbers are expected"
                yield level.place.issue(DTYPE, message)
    parent = labels.rpartition("/")[0]
    owner = documents.metadata.get(parent) if parent != labels else None
    if owner is None or not images:
        return
    originals = as_objects(owner.content.get("multiscales"))
    if originals:
        yield from _compare(images[0], path, originals[0], parent, documents)


def _compare(
    label: Mapping[str, object],
    path: str,
    image: Mapping[str, object],
    parent: str,
    documents: DocumentSet,
) -> Iterator[Issue]:
    place = documents.metadata[path].place.at("multiscales", 0)
    counts = [len(as_objects(m.get("datasets"))) for m in (label, image)]
    if counts[0] != counts[1]:
        message = f"Labels have {counts[0]} resolution levels, their image has {counts[1]}"
        yield place.at("datasets").issue(LEVEL_COUNT, message)
    ours = existing_levels(label, path, documents, place)
    theirs = existing_levels(image, parent, documents, place)
    names = image_axes(label, place.spec), image_axes(image, place.spec)
    if ours and theirs and names[0] is not None and names[1] is not None:
        lengths = dict(zip(names[1], theirs[0].array.shape, strict=False))
        for name, length in zip(names[0], ours[0].array.shape, strict=False):
            if length not in (1, lengths.get(name, length)):
                message = (
                    f"Labels have {length} pixels along {name}, their image has {lengths[name]}"
                )
                yield place.issue(SHAPE, message)


def _check_source(path: str, metadata: Metadata, documents: DocumentSet) -> Iterator[Issue]:
    label = metadata.content["image-label"]
    source = label.get("source") if is_object(label) else None
    image = source.get("image") if is_object(source) else None
    if not is_name(image):
        return
    target = join(path, image)
    if target is None or not documents.is_image(target):
        found = "leads out of the file" if target is None else "is no image"
        at = metadata.place.at("image-label", "source", "image")
        yield at.issue(SOURCE_NOT_FOUND, f"Source image of the labels {found}: {quoted(image)}")


def _document(path: str, spec: Spec) -> Location:
    name = spec.document_name
    return Location(f"{path}/{name}" if path else name)
