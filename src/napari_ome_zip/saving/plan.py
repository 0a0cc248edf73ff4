"""From a composite image to what will be written: groups, arrays, documents, and what is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_ome_zip.errors import MetadataError, OmeZipError, SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.saving.arranging.fresh import FreshHierarchy
from napari_ome_zip.saving.arranging.labels_alone import labels_alone
from napari_ome_zip.saving.arranging.napari_group import add_napari_group
from napari_ome_zip.saving.arranging.placement import Placed, own_placement
from napari_ome_zip.saving.arranging.splitting import split_channels
from napari_ome_zip.saving.keeping.conditions import why_not_kept
from napari_ome_zip.saving.keeping.field_labels import over_fields
from napari_ome_zip.saving.keeping.kept import kept_plan
from napari_ome_zip.saving.losses import losses_of_arranging, losses_of_layers, versions_of
from napari_ome_zip.saving.options import SaveOptions, Version
from napari_ome_zip.saving.original.carrying import carry
from napari_ome_zip.saving.original.origin import Origin
from napari_ome_zip.saving.original.removed import part_paths, removed
from napari_ome_zip.saving.original.stored import as_stored
from napari_ome_zip.saving.planned import SavePlan

MAX_COORDINATE = 1e100
"""Readers, this one too, ignore places with larger numbers."""

type _Families = list[tuple[PlacedPart, list[PlacedLabels]]]


def plan_save(image: CompositeImage, options: SaveOptions | None = None) -> SavePlan:
    """Decide what a saved composite image consists of.

    A composite that was opened from a file keeps the arrangement of the file wherever it can:
    then only what changed is written anew. Else its images are arranged anew, and everything
    beside them stays. Version 0.5, which more software reads, holds one image, or a series of
    images placed by scale and translation alone (``bioformats2raw.layout``); anything else
    becomes a scene of version 0.6.

    Parameters
    ----------
    image : CompositeImage
    options : SaveOptions, optional

    Returns
    -------
    SavePlan

    Raises
    ------
    SaveError
        If there is nothing to save, or the chosen version cannot hold a part; the message
        names it.
    """
    options = options or SaveOptions()
    if options.labels_alone:
        labels, named = labels_alone(image)
        return _and_lost(plan_save(labels, replace(options, labels_alone=False)), named)
    if not image.parts:
        raise SaveError("Nothing to save: there is no image and no labels layer.")
    _check_numbers(image)
    opened = image.opened
    if opened is not None:
        _check_readable(opened)
    asked: Version | None = None if options.version == "auto" else options.version
    if opened is not None:
        cut = over_fields(image)
        if why_not_kept(cut, opened, asked, options.levels) is None:
            return _and_lost(kept_plan(cut, opened, options), losses_of_layers(cut, options.levels))
    return _and_lost(_fresh_plan(image, options), losses_of_layers(image, options.levels))


def _and_lost(plan: SavePlan, lost: Iterable[Finding]) -> SavePlan:
    return replace(plan, lost=(*lost, *plan.lost))


def _check_numbers(image: CompositeImage) -> None:
    """Refuse places beyond what readers accept."""
    for part in image.parts:
        matrix = part.to_display.matrix
        good = np.abs(matrix) < MAX_COORDINATE
        if not good.all():
            found = ", ".join(f"{value:g}" for value in matrix[~good][:3])
            raise SaveError(
                f"'{part.name}' cannot be placed: its scale, translation or affine leads to "
                f"{found}, expected numbers below {MAX_COORDINATE:g}. Correct it, and save again; "
                "nothing was saved."
            )


def _check_readable(opened: Opened) -> None:
    """Check that the opened file can still be read."""
    try:
        if opened.images and opened.sizes:
            return
        problem: str = "It is empty"
    except (OmeZipError, OSError) as error:
        problem, number = str(error).rstrip("."), getattr(error, "errno", None)
        cause: Exception | None = error
    else:
        number, cause = None, None
    source = opened.store.source
    if source is not None and not opened.store.is_remote and not Path(source).exists():
        problem = f"No such file or folder: {source}"
    raise SaveError(
        f"{opened.store.name} cannot be read: {problem}. Nothing was saved; an earlier file is "
        "untouched. Make sure that it can be reached, and try again.",
        number,
    ) from cause


def _fresh_plan(image: CompositeImage, options: SaveOptions) -> SavePlan:
    image, split = split_channels(_with_stored_levels(image))
    placed = {id(part): own_placement(part, image.system) for part in image.parts}
    families = _families(image)
    affine_parts = [p.part for p in placed.values() if p.to_world is not None]
    if affine_parts and options.version == "0.5":
        names = ", ".join(f"'{part.name}'" for part in affine_parts)
        raise SaveError(
            f"Version 0.5 cannot hold the rotation, shear or reflection of {names}: "
            "choose version 0.6 or automatic."
        )
    refused: list[MetadataError] = []
    for version in _versions(image, options, affine=bool(affine_parts)):
        try:
            plan = _arranged(image, options, version, families, placed, affine=bool(affine_parts))
            return _and_lost(plan, split)
        except MetadataError as error:
            refused.append(error)
    raise SaveError(f"{refused[-1]} Nothing was saved.") from refused[-1]


def _versions(image: CompositeImage, options: SaveOptions, *, affine: bool) -> tuple[Version, ...]:
    if options.version != "auto":
        return (options.version,)
    was_06 = image.opened is not None and "0.6" in versions_of(image.opened)
    return ("0.6",) if affine or was_06 else ("0.5", "0.6")


def _arranged(
    image: CompositeImage,
    options: SaveOptions,
    version: Version,
    families: _Families,
    placed: dict[int, Placed],
    *,
    affine: bool,
) -> SavePlan:
    opened = image.opened
    origin = None if opened is None else Origin(opened)
    builder = FreshHierarchy(options, version, origin)
    kind = builder.add_all(families, placed, image.system, affine=affine)
    if opened is None or origin is None:
        beside = add_napari_group(image, options, {}, builder.documents, builder.arrays)
        return SavePlan(
            version,
            builder.documents,
            tuple(builder.arrays),
            kind,
            extras=builder.extras,
            lost=beside,
        )
    flattened = [part for part in image.parts if part.kept and part.fields]
    origin.leave_out(
        [*removed(image, opened), *(p for part in flattened for p in part_paths(part))]
    )
    origin.settle(builder.documents, version)
    beside = add_napari_group(image, options, origin.moves, builder.documents, builder.arrays)
    documents, copies = carry(opened, origin.moves, builder.documents)
    lost = (
        *losses_of_arranging(image, opened, version, origin, builder.documents, kind),
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
