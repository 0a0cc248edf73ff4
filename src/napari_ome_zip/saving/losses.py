"""What the file that was opened has, and the one that is written will not have."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import Axis, OmeGroup
from napari_ome_zip.ome.images.held_axes import holds_orientation
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.saving.arranging.ome_xml import METADATA_XML
from napari_ome_zip.saving.original.carrying import ROOT, Moves, moved
from napari_ome_zip.saving.original.collection import is_collection
from napari_ome_zip.saving.original.merging import stated_version
from napari_ome_zip.saving.original.origin import Origin
from napari_ome_zip.saving.original.removed import MAX_NAMED, gone, removed
from napari_ome_zip.saving.original.stored import stored_multiscale
from napari_ome_zip.saving.planned import Layout


def losses_of_layers(image: CompositeImage, levels: int | None = None) -> Iterator[Finding]:
    """What an image that was made of layers lost on the way, and parts that become smaller.

    Parameters
    ----------
    image : CompositeImage
    levels : int, optional
        The number of levels that was asked for.
    """
    if image.source is None:
        yield from image.findings
    if levels is not None:
        yield from _levels_left_out(image.parts, levels)
    for part in image.parts:
        if image.opened is None or part.kept is None or part.kept.pixels or part.fields:
            continue
        stored = stored_multiscale(image.opened, part.path, part.multiscale)
        before = stored.levels[0].array.shape if stored is not None else part.shape
        if math.prod(part.shape) < math.prod(before):
            yield Finding("part-smaller", part.path, _smaller(part, before))


def _levels_left_out(parts: Sequence[PlacedPart], levels: int) -> Iterator[Finding]:
    found = [part for part in parts if len(part.sources) > levels]
    if len(found) == 1:
        text = (
            f"'{found[0].name}' is saved with {levels} of its {len(found[0].sources)} "
            "resolution levels."
        )
        yield Finding("levels-left-out", found[0].path, text)
    elif found:
        named = ", ".join(f"'{part.name}'" for part in found[:MAX_NAMED])
        more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        text = f"{named}{more} are saved with {levels} of their resolution levels."
        yield Finding("levels-left-out", found[0].path, text)


def losses_of_arranging(
    image: CompositeImage,
    opened: Opened,
    version: str,
    origin: Origin,
    written: Collection[str],
    layout: Layout,
) -> Iterator[Finding]:
    """What the file has, and will not have once it is arranged anew; and what it shows then."""
    name = opened.store.name
    yield from _other_version(opened, version)
    if is_collection(opened):
        plates = "rows, columns and wells of its plate, " if opened.plates else ""
        text = (
            f"The collection becomes OME-Zarr {version}: {plates}ids, nested collections and nodes "
            "of other programs are not kept; what these nodes lead to stays in the file."
        )
        yield Finding("collection-dissolved", "", text)
    if origin.has_scene or any(_has_systems(f.group) for f in opened.images.values()):
        text = (
            "Images are arranged anew, as they are shown: other coordinate systems of the file, "
            "and transformations between them, are not kept."
        )
        yield Finding("systems-replaced", "", text)
    others = _of_another_version(opened, version, origin, written)
    yield from _version_mixed(others, version, name)
    for path in _unlisted_images(opened, origin) if layout == "scene" else ():
        text = (
            f"'{path}' is not in the list of images of {name}: it stays in the file, and is shown "
            "with the others from now on."
        )
        yield Finding("unlisted-image-shown", path, text)
    for path in removed(image, opened):
        yield gone(opened, path)
    for part in image.parts:
        if part.kept and part.fields:
            yield Finding(
                "mosaic-flattened",
                part.path,
                f"'{part.name}' is saved as one image: its {len(part.fields)} fields of view, "
                "their wells and what lies beside them are not kept.",
            )
        elif part.kept and part.nonlinear:
            yield Finding(
                "field-applied",
                part.path,
                f"'{part.name}' is saved as it is shown: resampled, without its vector field.",
            )
    if METADATA_XML in opened.sizes and _images_change(image, opened):
        text = f"{METADATA_XML} is kept, and still describes the images that {name} has."
        yield Finding("metadata-xml-stale", METADATA_XML, text)
    yield from _left_in_zarr_v2(opened, origin.moves)


def losses_of_renewing(opened: Opened, newer: Opened, version: str) -> Iterator[Finding]:
    """What changes in a file that keeps its arrangement in a newer version."""
    yield from _other_version(opened, version)
    yield from _version_mixed(_stating_another(newer, version), version, opened.store.name)
    yield from _left_in_zarr_v2(newer, {})


def _stating_another(newer: Opened, version: str) -> list[str]:
    """Groups that stay as they are, such as those of other conventions, of another version."""
    found = []
    for path in newer.store.group_paths():
        try:
            node = newer.hierarchy.node(path)
        except MetadataError:
            continue  # taken over as it is
        if node is None or node.kind != "group":
            continue
        stated = stated_version(node.attributes)
        if stated is not None and not stated.startswith(version):
            found.append(path)
    return found


def _version_mixed(others: Sequence[str], version: str, name: str) -> Iterator[Finding]:
    if others:
        named = ", ".join(f"'{path or name}'" for path in others[:MAX_NAMED])
        text = (
            "What is not among the layers stays as it is, of another version than "
            f"{version}: {named}."
        )
        yield Finding("version-mixed", others[0], text)


def _other_version(opened: Opened, version: str) -> Iterator[Finding]:
    was = versions_of(opened)
    if was != [version]:
        name = opened.store.name
        text = f"The file becomes OME-Zarr {version}; {name} is {' and '.join(was)}."
        yield Finding("version-changes", "", text)


def losses_of_axes(parts: Sequence[PlacedPart], spec: Spec) -> Iterator[Finding]:
    """What a version has no place for of what is said of axes."""
    for part in parts:
        left_out = [axis for axis in part.axes if not holds_orientation(axis, spec)]
        said = orientation_text(left_out)
        if said:
            text = (
                f"OME-Zarr {spec.version} has no place for how the axes of '{part.name}' are "
                f"oriented in a body: {said}."
            )
            yield Finding("orientation-left-out", part.path, text)
        noted = [axis.name for axis in part.axes if axis.discrete or axis.long_name]
        if noted and not spec.graph:
            text = (
                f"OME-Zarr {spec.version} has no place for what else is said of the axes of "
                f"'{part.name}': {', '.join(noted)}."
            )
            yield Finding("axis-details-left-out", part.path, text)


def orientation_text(axes: Sequence[Axis]) -> str:
    """Where axes lead in a body; empty where that is not said."""
    said = [(axis.name, axis.orientation) for axis in axes]
    return ", ".join(f"{name}: {way.value}" for name, way in said if way is not None)


def _smaller(part: PlacedPart, before: Sequence[int]) -> str:
    """A coarser level that was edited, a crop, or an image that lost channels."""
    axis = part.channel_axis
    if axis is not None and len(before) == len(part.shape):
        others = [n for n in range(len(before)) if n != axis]
        if all(part.shape[n] == before[n] for n in others):
            return (
                f"'{part.name}' is saved with {part.shape[axis]} of its {before[axis]} channels: "
                "channels that were removed, or whose pixels alone changed, are not part of it."
            )
    return (
        f"'{part.name}' is saved with {_size(part.shape)} pixels: those of the file, "
        f"{_size(before)}, are replaced."
    )


def _size(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def versions_of(opened: Opened) -> list[str]:
    """The versions that the images of a file state."""
    return sorted({found.group.version or "" for found in opened.images.values()})


def _of_another_version(
    opened: Opened, version: str, origin: Origin, written: Collection[str]
) -> list[str]:
    """Groups that are taken over as they are, and state another version."""
    found = []
    for path in opened.store.group_paths():
        name = f"{path}/{ROOT}" if path else ROOT
        goes = moved(name, origin.moves)
        if path in opened.shown or name not in opened.sizes or goes is None or goes in written:
            continue
        stated = origin.version_of(path)
        if stated is not None and not stated.startswith(version):
            found.append(path)
    return found


def _unlisted_images(opened: Opened, origin: Origin) -> list[str]:
    """Images that a list of the file leaves out, and that a scene, which has no list, shows."""
    return [
        path
        for path in opened.store.group_paths()
        if path
        and path not in opened.images
        and not any(path.startswith(f"{image}/") for image in opened.images if image)
        and origin.has_image(path)
        and moved(path, origin.moves) is not None
    ]


def _has_systems(group: OmeGroup) -> bool:
    return any(multiscale.transformations for multiscale in group.multiscales)


def _images_change(image: CompositeImage, opened: Opened) -> bool:
    new = [part for part in image.images if part.kept is None]
    gone_images = [p for p in removed(image, opened) if opened.images[p].kind == "image"]
    return bool(new or gone_images)


def _left_in_zarr_v2(opened: Opened, moves: Moves) -> Iterator[Finding]:
    """Groups at the top that hold documents of Zarr v2 which are taken over."""
    documents = (
        entry
        for entry in opened.sizes
        if entry.rpartition("/")[2] in (".zgroup", ".zarray") and moved(entry, moves)
    )
    old = list(dict.fromkeys(entry.split("/")[0] for entry in documents))
    if old:
        named = ", ".join(f"'{path}'" for path in old[:MAX_NAMED])
        text = f"{named} stay in the form of Zarr v2: some programs do not find them there."
        yield Finding("zarr-v2-kept", old[0], text)
