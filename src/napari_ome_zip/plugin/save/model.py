"""The state of the dock widget that saves layers; knows nothing of Qt.

What a person chose (`SaveChoices`), the layers, and the save that is running (`SaveStatus`) are
values; `resolve` makes of them everything that is shown.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers import from_layer_data, incomplete_layers, unsaved_layers
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name, stem
from napari_ome_zip.plugin.save.losses import losses_text
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
    version: VersionChoice = "auto"
    levels: int | None = None
    """None keeps the levels there are, and makes them where there is one."""
    chunk: int = USUAL_CHUNK
    shard: int = USUAL_SHARD
    codec: Codec = USUAL_CODEC
    level: int = USUAL_LEVEL
    as_in_file: bool = True
    """Store what came from a file as it is there, and new pixels in the usual way; otherwise
    everything is stored as chunk, shard, codec and level say."""


@dataclass(frozen=True, slots=True)
class SaveStatus:
    """The save that is running, or the last one."""

    running: bool = False
    message: str = ""
    """Its result."""
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer in the list."""

    key: Hashable
    name: str
    problem: str
    """Why it cannot be saved; empty where it can."""
    checked: bool


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is shown."""

    rows: tuple[LayerRow, ...]
    target: Path | None
    """The file that will be written."""
    options: SaveOptions | None
    problem: str
    """Why nothing can be saved with these choices; empty where it can."""
    summary: str
    """What will be written."""
    replaces: bool
    """Whether there is a file already."""
    job: SaveStatus

    @property
    def can_save(self) -> bool:
        """Whether the button Save is enabled."""
        return not self.problem and not self.job.running


def resolve(choices: SaveChoices, layers: Layers, job: SaveStatus | None = None) -> View:
    """Decide what is shown.

    Reads no pixels; cheap enough to be done whenever something changes.
    """
    rows = tuple(_row(key, data, choices) for key, data in layers)
    target = _target(choices)
    options: SaveOptions | None = None
    summary = ""
    try:
        options = _options(choices)
        chosen = _chosen(rows, layers)
        plan = plan_save(from_layer_data(chosen, snapshot=False, target=target), options)
        _check_place(target)
        if target is not None:
            lost = losses_text((*plan.lost, *incomplete_layers(chosen)))
            summary = _summary(plan, target) + (f"\n{lost}" if lost else "")
        problem = "" if target else "Choose a file to write."
    except SaveError as error:
        problem = str(error)
    return View(
        rows=rows,
        target=target,
        options=options,
        problem=problem,
        summary=summary,
        replaces=target is not None and target.is_file(),
        job=job or SaveStatus(),
    )


def chosen_layers(view: View, layers: Layers) -> list[LayerData]:
    """The layers that will be saved, bottom layer first."""
    return _chosen(view.rows, layers)


def _row(key: Hashable, data: LayerData, choices: SaveChoices) -> LayerRow:
    name = str(data[1].get("name", data[2]))
    found = unsaved_layers([data])
    problem = found[0].message.removeprefix(f"'{name}' ") if found else ""
    return LayerRow(key, name, problem, not problem and key not in choices.unchecked)


def _chosen(rows: Sequence[LayerRow], layers: Layers) -> list[LayerData]:
    if not layers:
        raise SaveError("There are no layers to save: open or add some.")
    chosen = [data for row, (_, data) in zip(rows, layers, strict=True) if row.checked]
    if not chosen:
        raise SaveError("Check at least one layer that can be saved.")
    return chosen


def _target(choices: SaveChoices) -> Path | None:
    typed = choices.file.strip()
    if not typed:
        return None
    return complete_name(Path(typed).expanduser().absolute(), SAVED_SUFFIXES[0])


def _options(choices: SaveChoices) -> SaveOptions:
    if choices.as_in_file:
        return SaveOptions(version=choices.version, levels=choices.levels)
    return SaveOptions(
        version=choices.version,
        levels=choices.levels,
        chunk=choices.chunk,
        shard=choices.shard,
        codec=choices.codec,
        level=choices.level,
    )


def _check_place(target: Path | None) -> None:
    if target is None:
        return
    folder = target.parent
    if not folder.is_dir():
        raise SaveError(f"No such folder: {folder}. Create it, or choose another one.")
    if not os.access(folder, os.W_OK):
        raise SaveError(f"No permission to write in {folder}. Choose another folder.")
    if target.is_dir():
        raise SaveError(f"A folder has this name: {target.name}. Choose another name.")
    if target.exists() and not os.access(target, os.W_OK):
        raise SaveError(f"Write-protected: {target.name}. Choose another name.")


def _summary(plan: SavePlan, target: Path) -> str:
    size, arrays = readable_size(plan.known_bytes), f"{len(plan.arrays)} arrays"
    if plan.copies:
        size += f", of which {readable_size(plan.copied_bytes)} are copied unchanged"
        arrays += " encoded"
    else:
        size += f" ({readable_size(plan.nbytes)} uncompressed)"
    return (
        f"{target.name}, about {size}: {_LAYOUTS[plan.layout]}, OME-Zarr {plan.version}, {arrays}."
        + (" Replaces the existing file." if target.exists() else "")
    )


def composite_name(view: View) -> str:
    """Name of the composite image that will be written."""
    return stem(view.target) if view.target is not None else "image"
