"""What is said of a save, in one message: what was left out first; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers import incomplete_layers, unsaved_layers
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.well_names import is_well_names
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.plan import plan_save

MAX_NAMED = 5
"""Layers that one message names, at most."""

_PIXELS_KEPT = frozenset(
    {"layer-details-left-out", "metadata-xml-stale", "version-changes", "zarr-v2-kept"}
)
"""Losses after which all pixels are saved, and lie where they lay."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a saved file is without."""

    left_out: tuple[Finding, ...] = ()
    """Layers that it does not hold at all."""
    lost: tuple[Finding, ...] = ()
    """What it holds less of than there is."""


def losses(
    layers: Sequence[LayerData],
    chosen: Sequence[LayerData],
    image: CompositeImage,
    options: SaveOptions | None = None,
) -> Losses:
    """Find what a file will be without.

    Parameters
    ----------
    layers : sequence of LayerData
        All layers that were asked for, those among them that cannot be saved.
    chosen : sequence of LayerData
        Those that are saved.
    image : CompositeImage
        What is made of them.
    options : SaveOptions, optional
        How it is saved.
    """
    # Names of wells belong to the plate, that much was read from it: leaving them out is no loss.
    left_out = unsaved_layers([layer for layer in layers if not is_well_names(layer)])
    plan = plan_save(image, options or SaveOptions())
    return Losses(left_out, (*plan.lost, *incomplete_layers(chosen)))


def told_losses(lost: Sequence[Finding]) -> str:
    """Say what is lost; that not all is saved only where pixels or places are lost."""
    less = [finding for finding in lost if finding.code not in _PIXELS_KEPT]
    other = [finding for finding in lost if finding.code in _PIXELS_KEPT]
    parts = [f"Not all saved: {describe(less)}"] if less else []
    return " ".join([*parts, *([describe(other)] if other else [])])


def told(found: Losses, written: Path, typed: str) -> str:
    """Say in one message what was left out, and what the file is called.

    Parameters
    ----------
    found : Losses
        What the file is without.
    written : Path
        The file.
    typed : str
        The name that was asked for.
    """
    saved = f"Saved {'' if written.name == typed else 'as '}{written.name}."
    left_out = [f"Not saved: {describe(found.left_out)}"] if found.left_out else []
    lost = told_losses(found.lost)
    order = [lost, saved] if lost.startswith("Not all saved") else [saved, lost]
    return " ".join([*left_out, *filter(None, order)])


def describe(lost: Sequence[Finding]) -> str:
    """One text about what an OME-Zarr image cannot hold."""
    listed = " ".join(finding.message for finding in lost[:MAX_NAMED])
    more = len(lost) - MAX_NAMED
    return f"{listed} And {more} more layers." if more > 0 else listed
