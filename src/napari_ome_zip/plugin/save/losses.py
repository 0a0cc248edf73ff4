"""What a saved file lacks, in one message, what was left out first; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.own_thumbnail import NOT_MADE
from napari_ome_zip.layers import incomplete_layers, unsaved_layers
from napari_ome_zip.layers.crop import OUTSIDE
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.well_names import is_well_names
from napari_ome_zip.plugin.save.left_behind import PART_WITHOUT
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.saving.thumbnails import OUTDATED

MAX_NAMED = 5
"""Layers that one message names, at most."""

_PIXELS_KEPT = frozenset(
    {
        "axis-details-left-out",
        OUTSIDE,
        PART_WITHOUT,
        "layer-details-left-out",
        "levels-left-out",
        "link-key-not-kept",
        "metadata-xml-stale",
        "orientation-left-out",
        NOT_MADE,
        OUTDATED,
        "table-labels-moved",
        "table-labels-removed",
        "table-labels-unclear",
        "table-not-read",
        "table-older",
        "unlisted-image-shown",
        "version-changes",
        "zarr-v2-kept",
    }
)
"""Losses after which all pixels are saved, and lie where they lay."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a saved file is without."""

    left_out: tuple[Finding, ...] = ()
    """Layers that it does not hold at all."""
    lost: tuple[Finding, ...] = ()
    """What it holds less of than there is."""
    part: str = ""
    """The part of the layers that was chosen; empty where that is everything."""

    def and_also(self, notes: Sequence[Finding]) -> Losses:
        """These, with what was met while saving."""
        return replace(self, lost=(*self.lost, *notes))


def find_losses(
    layers: Sequence[LayerData], chosen: Sequence[LayerData], plan: SavePlan, part: str = ""
) -> Losses:
    """Find what a file will be without.

    Parameters
    ----------
    layers : sequence of LayerData
        All layers that were asked for, those among them that cannot be saved.
    chosen : sequence of LayerData
        Those that are saved.
    plan : SavePlan
        How they are saved.
    part : str
        The part of them that was chosen; empty where that is everything.
    """
    # Names of wells are read from the plate, which keeps them: leaving them out is not a loss.
    left_out = unsaved_layers([layer for layer in layers if not is_well_names(layer)])
    return Losses(left_out, (*plan.lost, *incomplete_layers(chosen)), part)


def losses_text(lost: Sequence[Finding]) -> str:
    """Say what is lost, beginning with "Not all saved" only where pixels or places are."""
    less = [finding for finding in lost if finding.code not in _PIXELS_KEPT]
    other = [finding for finding in lost if finding.code in _PIXELS_KEPT]
    parts = [f"Not all saved: {describe(less)}"] if less else []
    return " ".join([*parts, *([describe(other)] if other else [])])


def result_text(found: Losses, written: Path, typed: str) -> str:
    """The result in one message: what was left out, the name of the file, and its folder.

    Parameters
    ----------
    found : Losses
        What the file is without.
    written : Path
        The file.
    typed : str
        The name that was asked for.
    """
    saved = f"Saved {'' if written.name == typed else 'as '}{written.name} in {_folder(written)}."
    if found.part:
        saved += f" It holds a part only: {found.part}."
    left_out = [f"Not saved: {describe(found.left_out)}"] if found.left_out else []
    lost = losses_text(found.lost)
    order = [lost, saved] if lost.startswith("Not all saved") else [saved, lost]
    return " ".join([*left_out, *filter(None, order)])


def _folder(written: Path) -> str:
    """A file's folder, as short as a person knows it."""
    folder, home = written.parent, Path.home()
    if folder != home and folder.is_relative_to(home):
        return str(Path("~") / folder.relative_to(home))
    return str(folder)


def describe(lost: Sequence[Finding]) -> str:
    """One text about things that an OME-Zarr image cannot hold."""
    listed = " ".join(finding.message for finding in lost[:MAX_NAMED])
    more = len(lost) - MAX_NAMED
    return f"{listed} And {more} more layers." if more > 0 else listed
