"""From a composite image to what will be written: groups, arrays, documents, and what is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_ome_zip.errors import OmeZipError, SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome.versions import RELEASED, SPECS
from napari_ome_zip.saving.anew import anew, is_split
from napari_ome_zip.saving.arranging.labels_alone import labels_alone
from napari_ome_zip.saving.draft import DraftNeededError
from napari_ome_zip.saving.keeping.conditions import why_not_kept
from napari_ome_zip.saving.keeping.field_labels import over_fields
from napari_ome_zip.saving.keeping.kept import kept_plan
from napari_ome_zip.saving.losses import losses_of_axes, losses_of_layers, losses_of_renewing
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.saving.renewing.renew import renewed
from napari_ome_zip.saving.thumbnails import settle_thumbnails

MAX_COORDINATE = 1e100
"""Readers, this one too, ignore places with larger numbers."""


def plan_save(image: CompositeImage, options: SaveOptions | None = None) -> SavePlan:
    """Decide what a saved composite image consists of.

    A composite that was opened from a file keeps the arrangement of the file wherever it can:
    then only what changed is written anew. Else its images are arranged anew, and everything
    beside them stays. Version 0.5, which more software reads, holds one image, or a series of
    images placed by scale and translation alone (``bioformats2raw.layout``); what is placed
    otherwise becomes a scene of version 0.6. What neither holds is saved in a draft once that is
    chosen.

    Parameters
    ----------
    image : CompositeImage
    options : SaveOptions, optional

    Returns
    -------
    SavePlan

    Raises
    ------
    DraftNeededError
        If none but a draft holds it, and no version was chosen.
    SaveError
        If there is nothing to save, or the chosen version cannot hold a part; the message
        names it.
    """
    options = options or SaveOptions()
    if options.labels_alone:
        labels, named = labels_alone(image)
        return _and_lost(_plan_alone(labels, options), named)
    if not image.parts:
        raise SaveError("Nothing to save: there is no image and no labels layer.")
    _check_numbers(image)
    opened = image.opened
    if opened is not None:
        _check_readable(opened)
    asked = None if options.version == "auto" else options.version
    if opened is not None and not is_split(image, options):
        cut = over_fields(image)
        if why_not_kept(cut, opened, asked, options.levels) is None:
            plan = settle_thumbnails(kept_plan(cut, opened, options), image, options)
            return _and_lost(plan, losses_of_layers(cut, options.levels))
        newer = _renewed_plan(cut, opened, options)
        if newer is not None:
            return _and_lost(newer, losses_of_layers(cut, options.levels))
    plan = settle_thumbnails(anew(image, options), image, options)
    return _and_lost(plan, losses_of_layers(image, options.levels))


def _renewed_plan(image: CompositeImage, opened: Opened, options: SaveOptions) -> SavePlan | None:
    """Plan for a file that keeps its arrangement in a newer version; None where it cannot."""
    for version in RELEASED if options.version == "auto" else (options.version,):
        newer = renewed(opened, version)
        if newer is None or [*losses_of_axes(image.parts, SPECS[version])]:
            continue
        now = replace(image, opened=newer)
        if why_not_kept(now, newer, version, options.levels) is None:
            plan = settle_thumbnails(kept_plan(now, newer, options), now, options)
            return _and_lost(plan, losses_of_renewing(opened, newer, version))
    return None


def _plan_alone(labels: CompositeImage, options: SaveOptions) -> SavePlan:
    try:
        return plan_save(labels, replace(options, labels_alone=False))
    except DraftNeededError as needed:
        released = needed.released and replace(needed.released, labels_alone=True)
        draft = replace(needed.draft, labels_alone=True)
        raise DraftNeededError(needed.reason, draft, released) from needed


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
