"""Checks that label images are listed, exist, hold integers, and fit their image."""

from __future__ import annotations

from napari_ome_zip.files import is_link
from napari_ome_zip.image.parts import LABEL_DTYPE as DTYPE
from napari_ome_zip.image.reference_rules import LABEL_NOT_FOUND as NOT_FOUND
from napari_ome_zip.image.reference_rules import LABEL_NOT_IMAGE as NOT_IMAGE
from napari_ome_zip.ome.images.image_label import SECTION
from napari_ome_zip.ome.images.multiscale import Multiscale
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import ParsedGroup
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.hierarchy.levels import existing_levels, image_axes

NOT_LISTED = Rule(
    "label-not-listed",
    SHOULD,
    SECTION,
    "Every label image is listed.",
    'Add its path to "labels" in the labels group, so that programs find it.',
    effect=Effect.NOT_SHOWN,
)
LIST_MISSING = Rule(
    "labels-list-missing",
    MUST,
    SECTION,
    "The labels group lists its label images.",
    'Add "labels" with the paths of the label images to the metadata of the labels group.',
    effect=Effect.NOT_SHOWN,
)
IMAGE_LABEL_MISSING = Rule(
    "image-label-missing",
    SHOULD,
    SECTION,
    "A label image says so, by an image-label object (since 0.5).",
    'Add "image-label", which may be empty but for colors.',
    effect=Effect.NOT_SHOWN,
)
LEVEL_COUNT = Rule(
    "label-level-count",
    MUST,
    SECTION,
    "A label image has as many resolution levels as its image.",
    "Write the same number of levels for the labels and their image.",
    effect=Effect.REFUSED,
)
SHAPE = Rule(
    "label-shape-differs",
    INFO,
    "storage format, images",
    "Each dimension of a label image should be as long as that of its image, or 1.",
    "Nothing, as long as the labels carry their own pixel size; programs that ignore it will "
    "show them in the wrong place.",
    effect=Effect.PLACE,
)
INTERMEDIATE = Rule(
    "label-folder-metadata",
    MUST,
    SECTION,
    "Groups between the labels group and a label image hold no metadata.",
    "Remove the metadata from the group in between.",
    effect=Effect.DIFFERENT,
)
SOURCE_NOT_FOUND = Rule(
    "label-source-not-found",
    MUST,
    SECTION,
    "The image that labels were made from lies where they say.",
    'Correct "source": {"image": …}; it is relative to the label image, "../../" as a rule.',
    effect=Effect.NOT_SHOWN,
)

SOURCE_ELSEWHERE = Rule(
    "label-source-elsewhere",
    INFO,
    SECTION,
    "The image that labels were made from lies in the same file, or where they say.",
    "Nothing, as long as the image is there: it is not part of this file, and was not checked.",
    effect=Effect.NONE,
)


def check_label_images(judged: JudgedHierarchy) -> None:
    """Check all labels groups, and all label images."""
    for path in _labels_groups(judged):
        parsed = judged.group(path)
        if parsed is None or "labels" not in parsed.namespace.keys:
            _check_missing_list(path, parsed, judged)
        elif parsed.group.labels is not None:
            _check_listed(path, parsed, judged)
            _check_unlisted(path, parsed, judged)
    for path, parsed in judged.groups.items():
        if "image-label" in parsed.namespace.keys:
            _check_source(path, parsed, judged)
            if not judged.is_image(path):
                message = "Label image without its axes and levels (multiscales)"
                parsed.at.report(NOT_IMAGE, message)


def _labels_groups(judged: JudgedHierarchy) -> list[str]:
    """Return the paths of labels groups: beside the levels of an image, or with a list."""
    found = {path for path, parsed in judged.groups.items() if "labels" in parsed.namespace.keys}
    for path in judged.groups:
        child = join(path, "labels")
        if child is not None and judged.is_group(child) and judged.is_image(path):
            found.add(child)
    return sorted(found)


def _check_missing_list(path: str, parsed: ParsedGroup | None, judged: JudgedHierarchy) -> None:
    inside = judged.images_below.get(path, ())
    parent = path.rpartition("/")[0]
    known = parsed or judged.group(inside[0] if inside else parent)
    if known is not None and known.spec.namespaced:
        message = f"Labels group does not list its {len(inside)} label images"
        judged.missing(path, known.spec).report(LIST_MISSING, message)


def _check_listed(path: str, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    for name, at in judged.places(path, parsed.group.labels or ()):
        target = join(path, name)
        if target is None or target not in judged.folders:
            at.report(NOT_FOUND, f"Label image {quoted(name)} is listed but missing")
        elif judged.is_image(target):
            _check_label(path, target, judged)
        else:
            label = judged.group(target)
            if label is None or "image-label" not in label.namespace.keys:
                message = f"Label {quoted(name)} is not an image: it has no multiscales"
                at.report(NOT_IMAGE, message)
        _check_between(path, name, judged)


def _check_unlisted(path: str, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    if not parsed.spec.namespaced:
        return  # not required until 0.4
    listed = {join(path, name) for name in parsed.group.labels or ()}
    for label in judged.images_below.get(path, ()):
        if label not in listed:
            message = f"Label image {quoted(label)} is present but not listed"
            parsed.at.key("labels").report(NOT_LISTED, message)
            _check_label(path, label, judged)


def _check_between(path: str, name: str, judged: JudgedHierarchy) -> None:
    parts = [part for part in name.split("/") if part]
    for i in range(1, len(parts)):
        between = join(path, "/".join(parts[:i]))
        parsed = judged.group(between)
        if parsed is not None and parsed.spec.namespaced and parsed.namespace.has_content:
            message = f"Group {quoted(between)} between labels and label image holds metadata"
            parsed.at.report(INTERMEDIATE, message)


def _check_label(labels: str, path: str, judged: JudgedHierarchy) -> None:
    """Check a label image by itself, and against the image it belongs to."""
    parsed = judged.groups[path]
    if parsed.spec.namespaced and "image-label" not in parsed.namespace.keys:
        parsed.at.report(IMAGE_LABEL_MISSING, "Label image without image-label")
    for image in parsed.group.multiscales:
        for level in existing_levels(image, path, judged):
            if not level.array.is_integer:
                message = f"Labels are stored as {level.array.data_type}, not as integers"
                level.at.report(DTYPE, message)
    parent = labels.rpartition("/")[0]
    owner = judged.group(parent) if parent != labels else None
    if owner is not None and parsed.group.multiscales and owner.group.multiscales:
        images = parsed.group.multiscales[0], owner.group.multiscales[0]
        _compare(path, parent, *images, judged)


def _compare(
    path: str, parent: str, label: Multiscale, image: Multiscale, judged: JudgedHierarchy
) -> None:
    at = judged.place(path, label)
    counts = len(label.datasets), len(image.datasets)
    if counts[0] != counts[1]:
        message = f"Labels have {counts[0]} resolution levels, their image has {counts[1]}"
        at.key("datasets").report(LEVEL_COUNT, message)
    ours, theirs = existing_levels(label, path, judged), existing_levels(image, parent, judged)
    names = image_axes(label, path, judged), image_axes(image, parent, judged)
    if ours and theirs and names[0] is not None and names[1] is not None:
        lengths = dict(zip(names[1], theirs[0].array.shape, strict=False))
        for name, length in zip(names[0], ours[0].array.shape, strict=False):
            if length not in (1, lengths.get(name, length)):
                message = (
                    f"Labels have {length} pixels along {name}, their image has {lengths[name]}"
                )
                at.report(SHAPE, message)


def _check_source(path: str, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    source = parsed.group.image_label.source if parsed.group.image_label is not None else None
    if source is None:
        return
    at = parsed.at.down("image-label", "source", "image")
    target = join(path, source)
    if is_link(source) or (target is None and not _lies_below_image(path, judged)):
        at.report(SOURCE_ELSEWHERE, f"Labels of an image in another file: {quoted(source)}")
    elif not judged.is_image(target):
        what = "leads out of the file" if target is None else "is not an image"
        at.report(SOURCE_NOT_FOUND, f"Source image of the labels {what}: {quoted(source)}")


def _lies_below_image(path: str, judged: JudgedHierarchy) -> bool:
    """Whether labels are in the labels group of an image."""
    parts = path.split("/") if path else []
    return any(
        part == "labels" and judged.is_image("/".join(parts[:number]))
        for number, part in enumerate(parts)
    )
