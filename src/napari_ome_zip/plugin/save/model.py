"""The state of the dock widget that saves layers; knows nothing of Qt.

What a person chose (`Choices`), the layers there are and what is going on (`Job`) are values;
`resolve` makes of them everything that is shown.
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
from napari_ome_zip.plugin.save.losses import told_losses
from napari_ome_zip.saving.options import (
    CODEC_LEVELS,
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

type Layers = Sequence[tuple[Hashable, LayerData]]
"""Layer data by a key that stays the same while a layer is renamed; bottom layer first."""

_LAYOUTS = {
    "image": "one image",
    "series": "a series of images",
    "scene": "a scene of images",
    "kept": "arranged as the file is",
}
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Choices:
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
    """Whether what came from a file is stored as it is there, and the rest as is usual; otherwise
    everything is stored as chunk, shard, codec and level say."""


@dataclass(frozen=True, slots=True)
class Job:
    """A save that is going on, or the last one."""

    running: bool = False
    message: str = ""
    """What became of it."""
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One layer in the list."""

    key: Hashable
    name: str
    problem: str
    """Why it cannot be saved; empty where it can."""
    checked: bool


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is shown."""

    rows: tuple[Row, ...]
    codec_levels: tuple[int, int]
    """Smallest and largest compression level of the chosen codec."""
    target: Path | None
    """The file that will be written."""
    options: SaveOptions | None
    problem: str
    """Why nothing can be saved as things are; empty where all is well."""
    summary: str
    """What will be written."""
    replaces: bool
    """Whether there is a file already."""
    job: Job

    @property
    def can_save(self) -> bool:
        """Whether the button Save is enabled."""
        return not self.problem and not self.job.running


def resolve(choices: Choices, layers: Layers, job: Job | None = None) -> View:
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
            lost = told_losses((*plan.lost, *incomplete_layers(chosen)))
            summary = _summary(plan, target) + (f"\n{lost}" if lost else "")
        problem = "" if target else "Choose a file to write."
    except SaveError as error:
        problem = str(error)
    return View(
        rows=rows,
        codec_levels=CODEC_LEVELS[choices.codec],
        target=target,
        options=options,
        problem=problem,
        summary=summary,
        replaces=target is not None and target.is_file(),
        job=job or Job(),
    )


def chosen_layers(view: View, layers: Layers) -> list[LayerData]:
    """The layers that will be saved, bottom layer first."""
    return _chosen(view.rows, layers)


def readable_size(count: float) -> str:
    """Bytes as a person reads them, such as ``"12.3 MB"``."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"


def _row(key: Hashable, data: LayerData, choices: Choices) -> Row:
    name = str(data[1].get("name", data[2]))
    found = unsaved_layers([data])
    problem = found[0].message.removeprefix(f"'{name}' ") if found else ""
    return Row(key, name, problem, not problem and key not in choices.unchecked)


def _chosen(rows: Sequence[Row], layers: Layers) -> list[LayerData]:
    if not layers:
        raise SaveError("There are no layers to save: open or add some.")
    chosen = [data for row, (_, data) in zip(rows, layers, strict=True) if row.checked]
    if not chosen:
        raise SaveError("Check at least one layer that can be saved.")
    return chosen


def _target(choices: Choices) -> Path | None:
    typed = choices.file.strip()
    if not typed:
        return None
    return complete_name(Path(typed).expanduser().absolute(), SAVED_SUFFIXES[0])


def _options(choices: Choices) -> SaveOptions:
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
        raise SaveError(f"No right to write in {folder}. Choose another folder.")
    if target.is_dir():
        raise SaveError(f"A folder has this name: {target.name}. Choose another name.")
    if target.exists() and not os.access(target, os.W_OK):
        raise SaveError(f"Write-protected: {target.name}. Choose another name.")


def _summary(plan: SavePlan, target: Path) -> str:
    size, arrays = readable_size(plan.estimated_bytes), f"{len(plan.arrays)} arrays"
    if plan.copies:
        size += f", of which {readable_size(plan.copied_bytes)} are copied as they are"
        arrays += " encoded"
    else:
        size += f" ({readable_size(plan.nbytes)} uncompressed)"
    return (
        f"{target.name}, about {size}: {_LAYOUTS[plan.layout]}, OME-Zarr {plan.version}, {arrays}."
        + (" Replaces the file of this name." if target.exists() else "")
    )


def composite_name(view: View) -> str:
    """Name of the composite image that will be written."""
    return stem(view.target) if view.target is not None else "image"
