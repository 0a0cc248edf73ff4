"""What is decided in the dialog *Save visible region…*; knows nothing of Qt."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from napari_ome_zip.findings import listed
from napari_ome_zip.layers.cropping import cropped
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.losses import IMAGE_KINDS
from napari_ome_zip.plugin.save.model import Layers, SaveChoices, View, can_be_saved, summary
from napari_ome_zip.plugin.save.part import Part, Range, Showing, Slider, part_of
from napari_ome_zip.saving.estimate import SizeEstimate

EVERYTHING = "The window shows all of it: to save a part, cancel, and zoom in first."
_MOST_NAMED = 4

type Size = tuple[int, int]
"""Rows and columns of pixels."""


@dataclass(frozen=True, slots=True)
class RegionScene:
    """What a window showed when it was asked to save that."""

    layers: Layers
    """All of them, bottom layer first."""
    hidden: frozenset[Hashable]
    """Keys of the layers that are not seen."""
    showing: Showing
    sources: tuple[str, ...] = ()
    """Files that the layers came from."""

    @property
    def left_out(self) -> list[str]:
        """Names of the layers that could be saved, and are hidden."""
        return [
            str(data[1].get("name", data[2]))
            for key, data in self.layers
            if key in self.hidden and can_be_saved(data)
        ]

    @property
    def seen(self) -> Iterator[LayerData]:
        """Images and labels that are not hidden, bottom layer first."""
        for key, data in self.layers:
            if key not in self.hidden and data[2] in IMAGE_KINDS and can_be_saved(data):
                yield data


@dataclass(frozen=True, slots=True)
class RegionChoices:
    """What a person has chosen."""

    file: str = ""
    """As typed."""
    steps: Mapping[int, Range | None] = field(default_factory=dict)
    """First and last step of each slider by its dimension; None for all of them."""
    hidden_too: bool = False
    """Whether hidden layers are saved as well."""
    as_shown: bool = False
    """Whether no more pixels are saved than are seen, as far as the file has fewer."""


def first_choices(scene: RegionScene, file: str) -> RegionChoices:
    """What is on the screen, in full resolution: the time point and plane that are shown."""
    steps = {slider.dimension: (slider.at, slider.at) for slider in scene.showing.sliders}
    return RegionChoices(file, steps)


def save_choices(choices: RegionChoices, scene: RegionScene, usual: SaveChoices) -> SaveChoices:
    """The same as choices of the form that saves layers.

    Parameters
    ----------
    choices : RegionChoices
    scene : RegionScene
    usual : SaveChoices
        How files are written.
    """
    return replace(
        usual,
        file=choices.file,
        unchecked=frozenset() if choices.hidden_too else scene.hidden,
        visible_only=True,
        steps={at: steps for at, steps in choices.steps.items() if steps is not None},
        as_shown=choices.as_shown,
    )


def problem_of(view: View, choices: RegionChoices, scene: RegionScene) -> str:
    """Why nothing can be saved with these choices; empty where it can."""
    if not choices.hidden_too and not any(scene.seen):
        return "No image and no labels are visible: show those to save, or choose all layers."
    target = view.target
    if target is not None and any(_is_same(Path(source), target) for source in scene.sources):
        return (
            f"{target.name} is the file that this is a part of, and stays as it is: choose "
            "another name."
        )
    return view.problem


def region_summary(
    view: View, choices: RegionChoices, scene: RegionScene, estimate: SizeEstimate | None = None
) -> str:
    """What will be written, and what will be left out."""
    problem = problem_of(view, choices, scene)
    if problem:
        return problem
    lines = [summary(view, estimate)]
    if not view.losses.part:
        lines.append(EVERYTHING)
    if scene.left_out and not choices.hidden_too:
        named = listed(scene.left_out, _MOST_NAMED, "'{}'".format)
        lines.append(f"Hidden layers are left out: {named}.")
    return "\n".join(lines)


def with_hidden_named(view: View, choices: RegionChoices, scene: RegionScene) -> View:
    """The same, so that the result says, too, that hidden layers were left out."""
    if not view.losses.part or choices.hidden_too or not scene.left_out:
        return view
    part = f"{view.losses.part}, without hidden layers"
    return replace(view, losses=replace(view.losses, part=part))


def sizes(scene: RegionScene) -> tuple[Size, Size] | None:
    """Rows and columns in full resolution, and as they are shown.

    Those of the largest layer that is seen and of which they differ; None where there is none.
    """
    full, shown = (_part(scene.showing, as_shown=each) for each in (False, True))
    if full is None or shown is None:
        return None
    found = []
    for layer in scene.seen:
        first, second = cropped(layer, full.box), cropped(layer, shown.box)
        if first is not None and second is not None:
            found.append((_size(first, scene.showing), _size(second, scene.showing)))
    different = [pair for pair in found if pair[0] != pair[1]]
    return max(different, key=lambda pair: math.prod(pair[0]), default=None)


def _part(showing: Showing, *, as_shown: bool) -> Part | None:
    return part_of(showing, visible_only=True, ranges=(), as_shown=as_shown)


def _size(layer: LayerData, showing: Showing) -> Size:
    """Pixels along the dimensions that are displayed."""
    data, keywords, kind = layer
    full = data[0] if isinstance(data, Sequence) else data
    shape = full.shape[: -1 if kind == "image" and keywords.get("rgb") else None]
    shown = [at for at, bounds in enumerate(showing.visible or ()) if bounds is not None]
    missing = len(showing.names) - len(shape)
    rows, columns = (shape[at - missing] if at >= missing else 1 for at in shown)
    return int(rows), int(columns)


def step_texts(slider: Slider) -> tuple[str, str]:
    """What is called the step that is shown, and all of them.

    Examples
    --------
    >>> step_texts(Slider(0, "t", 0, 1, 10, at=3))
    ('This time point (3)', 'All 10 time points')
    >>> step_texts(Slider(1, "angle", 0, 1, 2, at=0))
    ('This step (0)', 'All 2 steps')
    """
    word = "time point" if slider.is_time else "plane" if slider.is_depth else "step"
    return f"This {word} ({slider.at})", f"All {slider.count:,} {word}s"


def slider_title(slider: Slider) -> str:
    """What a slider is called beside its choices."""
    kind = "Time" if slider.is_time else "Depth" if slider.is_depth else "Along"
    return f"{kind} ({slider.name})"


def resolution_texts(full: Size, shown: Size) -> tuple[str, str]:
    """What full resolution, and that which is shown, are called.

    Examples
    --------
    >>> resolution_texts((12_000, 9_000), (750, 563))
    ('Full: 9,000 × 12,000 pixels', 'As shown: 563 × 750 pixels')
    """
    texts = (f"{columns:,} × {rows:,} pixels" for rows, columns in (full, shown))
    return f"Full: {next(texts)}", f"As shown: {next(texts)}"


def _is_same(source: Path, target: Path) -> bool:
    return source.exists() and source.resolve() == target.resolve()
