"""Images arranged anew, in a version of OME-Zarr that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari_ome_zip.errors import MetadataError, SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.ome.images.held_axes import holds_orientation, why_not_held
from napari_ome_zip.ome.versions import DRAFT, NEWEST, RELEASED, SPECS, Spec, Version
from napari_ome_zip.saving.arranging.fresh import FreshHierarchy
from napari_ome_zip.saving.arranging.napari_group import add_napari_group
from napari_ome_zip.saving.arranging.placement import Placed, own_placement
from napari_ome_zip.saving.arranging.splitting import split_channels
from napari_ome_zip.saving.draft import FEW_READ_IT, DraftNeededError
from napari_ome_zip.saving.losses import (
    losses_of_arranging,
    losses_of_axes,
    orientation_text,
    versions_of,
)
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.carrying import carry
from napari_ome_zip.saving.original.origin import Origin
from napari_ome_zip.saving.original.removed import part_paths, removed
from napari_ome_zip.saving.original.stored import as_stored
from napari_ome_zip.saving.original.tables import losses_of_tables, moves_of_tables
from napari_ome_zip.saving.planned import SavePlan

type _Families = list[tuple[PlacedPart, list[PlacedLabels]]]


@dataclass(frozen=True)
class _Material:
    """What is arranged, and where it lies."""

    image: CompositeImage
    placed: dict[int, Placed]
    families: _Families
    split: tuple[Finding, ...]

    @property
    def parts(self) -> list[PlacedPart]:
        """As they are written: their axes in the units of the display system."""
        return [self.placed[id(part)].part for part in self.image.parts]


def anew(image: CompositeImage, options: SaveOptions) -> SavePlan:
    """Plan for images that are arranged anew.

    Parameters
    ----------
    image : CompositeImage
    options : SaveOptions

    Raises
    ------
    DraftNeededError
        If none but a draft holds it, and no version was chosen.
    SaveError
        If the chosen version cannot hold a part, or no version can; the message names it.
    """
    image = _with_stored_levels(image)
    material = _material(image, options)
    versions = _versions(image, options)
    refused = None
    if options.version != "auto" or SPECS[versions[0]].orientations or not _oriented(material):
        for version in versions:
            try:
                return _arranged(material, options, version)
            except MetadataError as error:
                refused = error
    if options.version == "auto" and not SPECS[versions[-1]].is_draft:
        _offer_draft(image, options, material)
    raise SaveError(f"{refused}{_advice(material, versions[-1])} Nothing was saved.") from refused


def is_split(image: CompositeImage, options: SaveOptions) -> bool:
    """Whether images become series because a person chose that."""
    return options.split and bool(split_channels(image, SPECS[NEWEST])[1])


def _versions(image: CompositeImage, options: SaveOptions) -> Sequence[Version]:
    """The versions that are tried; a file of a draft stays of one."""
    if options.version != "auto":
        return (options.version,)
    known = [SPECS.get(version) for version in versions_of(image.opened)] if image.opened else []
    was = [spec for spec in known if spec is not None and spec.is_written]
    if any(spec.is_draft for spec in was) and not is_split(image, options):
        return (DRAFT,)
    return [v for v in RELEASED if SPECS[v].graph or not any(spec.graph for spec in was)]


def _material(image: CompositeImage, options: SaveOptions) -> _Material:
    split: tuple[Finding, ...] = ()
    if options.split and options.version != DRAFT:
        image, split = split_channels(image, SPECS[NEWEST])
    placed = {id(part): own_placement(part, image.system) for part in image.parts}
    return _Material(image, placed, _families(image), split)


def _oriented(material: _Material) -> PlacedPart | None:
    """The first part that says where axes lead in a body, which a draft holds."""
    draft = SPECS[DRAFT]
    said = ((part, axis) for part in material.parts for axis in part.axes if axis.orientation)
    return next((part for part, axis in said if holds_orientation(axis, draft)), None)


def _unheld(parts: Iterable[PlacedPart], spec: Spec) -> str | None:
    """The first part whose axes a version does not hold, and why."""
    for part in parts:
        problem = why_not_held(part.axes, spec)
        if problem is not None:
            return f"'{part.name}' {problem}"
    return None


def _offer_draft(image: CompositeImage, options: SaveOptions, material: _Material) -> None:
    """Raise `DraftNeededError` where a draft holds what no released version does."""
    reason = _unheld(material.parts, SPECS[NEWEST])
    oriented = _oriented(material)
    if reason is None and oriented is not None:
        said = orientation_text(oriented.axes)
        reason = f"'{oriented.name}' says how its axes are oriented in a body ({said})"
    draft = replace(options, version=DRAFT, split=False)
    if reason is None or not _is_possible(image, draft):
        return
    was = _versions(image, replace(options, split=True))
    choices = (
        replace(options, version=version, split=split)
        for split in dict.fromkeys((options.split, True))
        for version in was
    )
    released = next((each for each in choices if _is_possible(image, each)), None)
    raise DraftNeededError(reason, draft, released)


def _is_possible(image: CompositeImage, options: SaveOptions) -> bool:
    try:
        anew(image, options)
    except SaveError:
        return False
    return True


def _advice(material: _Material, version: Version) -> str:
    """What to choose where a released version does not hold the axes of a part."""
    if SPECS[version].free_axes or _unheld(material.parts, SPECS[version]) is None:
        return ""
    several = split_channels(material.image, SPECS[version])[1]
    split = ", or to split it into a series of images" if several else ""
    return f" Choose version {DRAFT}, {FEW_READ_IT}{split}."


def _arranged(material: _Material, options: SaveOptions, version: Version) -> SavePlan:
    image, spec = material.image, SPECS[version]
    tilted = [placed.part for placed in material.placed.values() if placed.to_world is not None]
    if tilted and not spec.graph:
        names = ", ".join(f"'{part.name}'" for part in tilted)
        raise MetadataError(
            f"Version {version} cannot hold the rotation, shear or reflection of {names}: "
            "choose version 0.6 or automatic."
        )
    opened = image.opened
    origin = None if opened is None else Origin(opened)
    builder = FreshHierarchy(options, version, origin)
    kind = builder.add_all(material.families, material.placed, image.system, affine=bool(tilted))
    less = (*material.split, *losses_of_axes(material.parts, spec))
    if opened is None or origin is None:
        beside = add_napari_group(image, options, {}, builder.documents, builder.arrays)
        return SavePlan(
            version,
            builder.documents,
            tuple(builder.arrays),
            kind,
            extras=builder.extras,
            lost=(*less, *beside),
        )
    flattened = [part for part in image.parts if part.kept and part.fields]
    origin.leave_out(
        [*removed(image, opened), *(p for part in flattened for p in part_paths(part))]
    )
    origin.moves |= moves_of_tables(opened, builder.went)
    origin.settle(builder.documents, version)
    beside = add_napari_group(image, options, origin.moves, builder.documents, builder.arrays)
    documents, copies = carry(opened, origin.moves, builder.documents)
    lost = (
        *less,
        *losses_of_arranging(image, opened, version, origin, builder.documents, kind),
        *losses_of_tables(image, opened, origin.moves, builder.went),
        *beside,
    )
    kept = {copy.name for copy in copies}
    extras = {name: content for name, content in builder.extras.items() if name not in kept}
    arrays = tuple(builder.arrays)
    return SavePlan(version, documents, arrays, kind, copies, opened.store, extras, lost)


def _with_stored_levels(image: CompositeImage) -> CompositeImage:
    """Parts whose pixels are those of the file, with the axes that they have there."""
    if image.opened is None:
        return image
    origin = Origin(image.opened)
    parts = []
    for part in image.parts:
        stored = (
            None if part.nonlinear or not (part.kept and part.kept.pixels) else origin.stored(part)
        )
        # Labels that are not of integers there were converted.
        alike = stored is not None and (
            isinstance(part, PlacedImage) or stored.levels[0].array.dtype.kind in "iu"
        )
        parts.append(as_stored(part, stored) if alike and stored is not None else part)
    return replace(image, parts=tuple(parts))


def _families(image: CompositeImage) -> _Families:
    """Each image with its labels; labels without an image by themselves."""
    families: _Families = [(p, []) for p in image.images]
    by_path = {part.path: labels for part, labels in reversed(families)}
    for labels in image.labels:
        if labels.image_path in by_path:
            by_path[labels.image_path].append(labels)
        else:
            families.append((labels, []))
    return families
