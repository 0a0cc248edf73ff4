"""The state of the dock widget that saves layers; knows nothing of Qt.

What a person chose (`SaveChoices`), the layers and what the viewer shows are values; `resolve`
makes of them everything that is decided before a file is written.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers import from_layer_data, unsaved_layers
from napari_ome_zip.layers.crop import CroppedLayers, crop_layers
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.losses import IMAGE_KINDS
from napari_ome_zip.names import stem
from napari_ome_zip.ome.versions import SPECS
from napari_ome_zip.plugin.save.left_behind import left_behind
from napari_ome_zip.plugin.save.losses import Losses, describe, find_losses, losses_text
from napari_ome_zip.plugin.save.part import Part, Range, Showing, part_of
from napari_ome_zip.plugin.save.target import check_place, target_of
from napari_ome_zip.saving.draft import FEW_READ_IT, DraftNeededError
from napari_ome_zip.saving.estimate import SizeEstimate, largest_size
from napari_ome_zip.saving.options import (
    USUAL_CHUNK,
    USUAL_CODEC,
    USUAL_LEVEL,
    USUAL_SHARD,
    Codec,
    SaveOptions,
    VersionChoice,
)
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.saving.replacing import check_image_stays
from napari_ome_zip.sizes import readable_size

type Layers = Sequence[tuple[Hashable, LayerData]]
"""Layer data by a key that stays the same while a layer is renamed; bottom layer first."""

_LAYOUTS = {
    "image": "one image",
    "series": "a series of images",
    "scene": "a scene of images",
    "kept": "arranged as in the file",
}


@dataclass(frozen=True, slots=True)
class SaveChoices:
    """What a person has chosen."""

    file: str = ""
    """As typed."""
    unchecked: frozenset[Hashable] = frozenset()
    """Keys of the layers that shall not be saved."""
    visible_only: bool = False
    """Whether only what the canvas shows is saved."""
    time: Range | None = None
    """First and last time point; None for all."""
    depth: Range | None = None
    """First and last plane in depth; None for all."""
    steps: Mapping[int, Range] = field(default_factory=dict)
    """First and last step of other sliders, by their dimension."""
    as_shown: bool = False
    """Whether no more pixels are saved than the canvas shows, as far as a file has fewer."""
    version: VersionChoice = "auto"
    levels: int | None = None
    """None keeps the levels there are, and makes them where there is one."""
    as_in_file: bool = True
    """Store what came from a file as it is there, and new pixels in the usual way; otherwise
    everything is stored as chunk, shard, codec and level say."""
    chunk: int = USUAL_CHUNK
    shard: int = USUAL_SHARD
    codec: Codec = USUAL_CODEC
    level: int = USUAL_LEVEL
    for_others: bool = False
    """Leave out what only napari shows."""
    labels_alone: bool = False
    """Leave out the images of the labels."""
    thumbnail: bool = True
    """Put a small picture of the image into the file."""
    split: bool = False
    """Save images of too many axes as a series, one a channel."""

    @property
    def is_usual(self) -> bool:
        """Whether the file is written as it is where nothing is chosen."""
        changed = self.levels is not None or self.for_others or self.split or not self.thumbnail
        return self.as_in_file and self.version == "auto" and not changed

    @property
    def options(self) -> SaveOptions:
        """How the file is written.

        Raises
        ------
        SaveError
            If a choice is impossible.
        """
        usual = SaveOptions(
            version=self.version,
            levels=self.levels,
            for_others=self.for_others,
            labels_alone=self.labels_alone,
            split=self.split,
            thumbnail=self.thumbnail,
        )
        if self.as_in_file:
            return usual
        return replace(
            usual,
            chunk=self.chunk,
            shard=self.shard,
            codec=self.codec,
            level=self.level,
        )


@dataclass(frozen=True, slots=True)
class SaveStatus:
    """The save that is running, or the last one."""

    running: bool = False
    message: str = ""
    """Its result."""
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is decided before a file is written."""

    target: Path | None
    """The file that will be written."""
    options: SaveOptions | None = None
    chosen: tuple[LayerData, ...] = field(default=(), repr=False)
    """The layers that will be saved, or the parts of them; bottom layer first."""
    plan: SavePlan | None = field(default=None, repr=False)
    losses: Losses = field(default_factory=Losses)
    problem: str = ""
    """Why nothing can be saved with these choices; empty where it can."""
    needed: DraftNeededError | None = None
    """Why a person is asked before it is saved: the rest is what is saved once they agree."""

    @property
    def replaces(self) -> bool:
        """Whether there is a file already, and it can be replaced."""
        return not self.problem and self.target is not None and self.target.is_file()

    @property
    def name(self) -> str:
        """Name of the composite image that will be written."""
        return stem(self.target) if self.target is not None else "image"


def resolve(choices: SaveChoices, layers: Layers, showing: Showing | None = None) -> View:
    """Decide what will be written.

    Reads no pixels. It takes a second for hundreds of layers, so windows call it in a thread.

    Parameters
    ----------
    choices : SaveChoices
    layers : Layers
        All layers, those that cannot be saved too.
    showing : Showing, optional
        What the viewer shows; not needed where everything is saved.
    """
    target = target_of(choices.file)
    showing = showing or Showing()
    try:
        options = choices.options
        part = _part(choices, showing)
        asked_for = _chosen(choices, layers)
        found = _in_part(asked_for, part)
        chosen = found.inside
        check_place(target)
        image = from_layer_data(
            chosen,
            snapshot=False,
            target=target,
            view=showing.state,
            labels_alone=options.labels_alone,
        )
        if options.labels_alone and target is not None:
            check_image_stays(image, target)
        plan, needed = _planned(image, options)
    except SaveError as error:
        return View(target, problem=str(error))
    everything = [data for _, data in layers]
    text = part.text if part is not None and found.is_part else ""
    losses = find_losses(everything, chosen, plan, text)
    if found.is_part:
        beside = (*losses.left_out, *found.beside)
        losses = Losses(beside, (*losses.lost, *found.cut, *left_behind(asked_for)), text)
    problem = "" if target is not None else "Choose a file to write."
    options = options if needed is None else needed.draft
    return View(target, options, chosen, plan, losses, problem, needed)


def _planned(
    image: CompositeImage, options: SaveOptions
) -> tuple[SavePlan, DraftNeededError | None]:
    """What will be written, and why a person has to agree to that."""
    try:
        return plan_save(image, options), None
    except DraftNeededError as needed:
        return plan_save(image, needed.draft), needed


def chosen_parts(choices: SaveChoices, layers: Layers, showing: Showing) -> list[LayerData]:
    """The layers that will be saved, or the parts of them, as they are now.

    Raises
    ------
    SaveError
        If there are none.
    """
    return list(_in_part(_chosen(choices, layers), _part(choices, showing)).inside)


def can_be_saved(layer: LayerData) -> bool:
    """Whether a layer can be saved at all."""
    return not unsaved_layers([layer])


def _part(choices: SaveChoices, showing: Showing) -> Part | None:
    others = [(slider, choices.steps.get(slider.dimension)) for slider in showing.sliders]
    return part_of(
        showing,
        visible_only=choices.visible_only,
        ranges=[(showing.time, choices.time), (showing.depth, choices.depth), *others],
        as_shown=choices.as_shown,
    )


def _chosen(choices: SaveChoices, layers: Layers) -> list[LayerData]:
    if not layers:
        raise SaveError("There are no layers to save: open or add some.")
    checked = [data for key, data in layers if key not in choices.unchecked]
    chosen = [data for data in checked if can_be_saved(data)]
    if not chosen:
        raise SaveError("Choose at least one layer that can be saved.")
    return chosen


def _in_part(layers: Sequence[LayerData], part: Part | None) -> CroppedLayers:
    """What of layers lies in a part, and what does not."""
    if part is None:
        return CroppedLayers(tuple(layers), is_part=False)
    found = crop_layers(layers, part.box)
    if not any(layer[2] in IMAGE_KINDS for layer in found.inside):
        raise SaveError(
            f"No layer lies in the chosen part, {part.text}: move the view, or choose more of it."
        )
    return found


def summary(view: View, estimate: SizeEstimate | None = None) -> str:
    """What will be written, and what will be left out.

    Parameters
    ----------
    view : View
    estimate : SizeEstimate, optional
        How large the file will be; without it, what is known before any pixel is looked at.
    """
    if view.problem or view.plan is None or view.target is None:
        return view.problem
    size = _size_text(view.plan, estimate or largest_size(view.plan))
    alone = view.options is not None and view.options.labels_alone
    what = "labels alone" if alone else _LAYOUTS[view.plan.layout]
    version = f"OME-Zarr {view.plan.version}"
    if SPECS[view.plan.version].is_draft:
        version += f", {FEW_READ_IT}"
    lines = [f"{view.target.name}, {size}: {what}, {version}."]
    if view.needed is not None:
        lines.append(f"{view.needed.explanation} You are asked before it is saved.")
    if view.losses.part:
        lines.append(f"Only a part is saved: {view.losses.part}.")
    if view.replaces:
        lines.append("Replaces the existing file.")
    if view.losses.left_out:
        lines.append(f"Not saved: {describe(view.losses.left_out)}")
    if view.losses.lost:
        lines.append(losses_text(view.losses.lost))
    return "\n".join(lines)


def _size_text(plan: SavePlan, estimate: SizeEstimate) -> str:
    size = readable_size(estimate.nbytes)
    certainty = "" if estimate.certainty == "exactly" else f"{estimate.certainty} "
    if plan.copies and plan.arrays:
        return (
            f"{certainty}{size}, of which {readable_size(plan.copied_bytes)} are copied unchanged"
        )
    return f"{certainty}{size}" + (", copied unchanged" if plan.copies else "")
