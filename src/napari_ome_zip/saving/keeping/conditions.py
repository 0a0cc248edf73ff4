"""Whether a file can keep its arrangement."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.image.composite import CompositeImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import Transformation
from napari_ome_zip.ome.images.held_axes import why_not_held
from napari_ome_zip.ome.versions import COLLECTIONS, SPECS
from napari_ome_zip.saving.arranging.levels import level_sequence
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.keeping.label_place import ImagesByPath, images_by_path, own_place
from napari_ome_zip.saving.original.carrying import ROOT
from napari_ome_zip.saving.original.collection import is_collection
from napari_ome_zip.saving.original.removed import part_paths, removed
from napari_ome_zip.saving.original.stored import StoredMultiscale, stored_multiscale
from napari_ome_zip.storage.hierarchy import join


def why_not_kept(
    image: CompositeImage, opened: Opened, version: str | None, levels: int | None = None
) -> str | None:
    """Why a file cannot keep its arrangement; None where it can.

    Parameters
    ----------
    image : CompositeImage
        What is to be saved.
    opened : Opened
        The file that it came from.
    version : str, optional
        The version that was asked for.
    levels : int, optional
        The number of levels that was asked for.
    """
    has = file_version(opened)
    if has is None:
        return "its OME-Zarr version is one that is only read"
    if version is not None and version != has:
        return f"version {version} was chosen"
    images = images_by_path(image)
    in_collection = is_collection(opened)
    for part in image.parts:
        problem = _why_not(part, images, opened, levels) or _unheld(part, images, opened, has)
        if problem is None and in_collection:
            problem = _why_not_in_collection(part, opened, levels)
        if problem is not None:
            return problem
    if in_collection and removed(image, opened):
        return "not all that the collection lists is among the layers"
    for path in removed(image, opened):
        if opened.images[path].kind == "image":
            return f"image '{path or opened.store.name}' is not among the layers"
        if path in _referred_to(opened):
            return f"labels '{path}' are not among the layers"
    return None


def _why_not(
    part: PlacedPart, images: ImagesByPath, opened: Opened, levels: int | None
) -> str | None:
    if part.kept is None:
        if not isinstance(part, PlacedLabels):
            return f"image '{part.name}' is new"
        return None if own_place(part, images, opened) else f"labels '{part.name}' lie elsewhere"
    if not part.kept.place:
        return f"'{part.name}' was moved"
    if any(_loses_affine(part, path, opened, levels) for path in part_paths(part)):
        return f"levels of '{part.name}' are placed by more than scale and translation"
    if part.kept.pixels:
        return None
    stored = stored_multiscale(opened, part.path, part.multiscale)
    if part.fields or stored is None or stored.levels[0].array.ndim != len(part.axes):
        return f"'{part.name}' was changed as a whole"
    return None


def _why_not_in_collection(part: PlacedPart, opened: Opened, levels: int | None) -> str | None:
    """Why nodes cannot say what changed: levels stay those that they are."""
    if part.kept is None:
        image = part.image_path if isinstance(part, PlacedLabels) else None
        found = opened.images.get(image or "") if image is not None else None
        listed = found is not None and found.entry is not None and bool(found.entry.parts)
        return None if listed else f"labels '{part.name}' are of no image of a collection"
    for path in part_paths(part):
        stored = stored_multiscale(opened, path, part.multiscale)
        if stored is None or (levels is not None and levels != len(stored.levels)):
            return f"'{part.name}' gets other levels"
        if not part.kept.pixels and not _has_same_levels(part, stored):
            return f"'{part.name}' gets levels of other sizes"
    return None


def _has_same_levels(part: PlacedPart, stored: StoredMultiscale) -> bool:
    """Whether new pixels have levels of the sizes that those of the file have."""
    first, shapes = stored.levels[0], [level.array.shape for level in stored.levels]
    placed = Placed(part, first.scale, first.translation, None)
    new = [shape for shape, *_ in level_sequence(placed, len(shapes), exactly=True)]
    return stored.is_whole and new == shapes


def _unheld(part: PlacedPart, images: ImagesByPath, opened: Opened, version: str) -> str | None:
    """Why new labels cannot lie in an image that has other axes than its version wants."""
    placed = own_place(part, images, opened) if part.kept is None else None
    problem = None if placed is None else why_not_held(placed.part.axes, SPECS[version])
    return None if problem is None else f"labels '{part.name}' would be of an image that {problem}"


def _loses_affine(part: PlacedPart, path: str, opened: Opened, levels: int | None) -> bool:
    """Whether levels are listed anew, and the affine part of their places would be lost."""
    stored = stored_multiscale(opened, path, part.multiscale)
    if stored is None or stored.is_axis_aligned:
        return False
    if levels not in (None, len(stored.levels)):
        return True
    alike = len(stored.levels) == 1 and part.shape == stored.levels[0].array.shape
    return part.kept is not None and not part.kept.pixels and not alike


def file_version(opened: Opened) -> str | None:
    """The version that a file's documents are of; None where it is only read, or they disagree."""
    versions = {found.group.version for found in opened.images.values()}
    formats = {found.group.zarr_format for found in opened.images.values()}
    if formats != {3} or ROOT not in opened.sizes:
        return None
    if is_collection(opened):  # which may lead to images of several versions
        specs = [SPECS.get(version or "") for version in versions]
        is_written = all(spec is not None and spec.is_written for spec in specs)
        return COLLECTIONS.version if is_written else None
    if len(versions) != 1:
        return None
    (found,) = versions
    spec = SPECS.get(found or "")
    return found if spec is not None and spec.is_written else None


def _referred_to(opened: Opened) -> set[str]:
    """Groups that transformations of other groups name."""
    return {path for path, _ in _references(opened)}


def _references(opened: Opened) -> Iterator[tuple[str, str]]:
    for path, found in opened.images.items():
        group = found.group
        listed: list[Transformation] = list(group.scene.transformations if group.scene else ())
        listed += [t for multiscale in group.multiscales for t in multiscale.transformations]
        for each in listed:
            for ref in (each.input, each.output):
                if ref is not None and ref.path and (target := join(path, ref.path)) is not None:
                    yield target, path
