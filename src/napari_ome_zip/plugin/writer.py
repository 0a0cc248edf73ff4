"""The writers that napari calls to save layers as ``.ome.zip`` or ``.ozx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import napari
from napari.utils import cancelable_progress
from napari.utils.notifications import show_info, show_warning

from napari_ome_zip.errors import SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.from_layers import (
    from_layer_data,
    incomplete_layers,
    save_image,
    unsaved_layers,
)
from napari_ome_zip.layers import LayerData, is_well_names
from napari_ome_zip.names import complete_name, stem
from napari_ome_zip.plugin.viewer_state import as_shown
from napari_ome_zip.progress import Progress

MAX_NAMED = 5
"""Layers that one notification names, at most."""


def write_ome_zip(path: str, layer_data: Sequence[LayerData]) -> list[str]:
    """Save layers as a single-image archive, by default named ``.ome.zip``.

    Parameters
    ----------
    path : str
        As typed into napari's dialog; see `complete_name`.
    layer_data : sequence of LayerData
        Bottom layer first.

    Returns
    -------
    list of str
        The path that was really written.

    Raises
    ------
    SaveError
        If no layer can be saved, or the place to write to does not allow it, or there is a file
        under the completed name, about which the dialog did not ask.
    SaveCancelledError
        If the person cancelled; nothing is kept.
    """
    return _write(path, layer_data, ".ome.zip")


def write_ozx(path: str, layer_data: Sequence[LayerData]) -> list[str]:
    """Save layers as `write_ome_zip` does, by default named ``.ozx``."""
    return _write(path, layer_data, ".ozx")


def _write(path: str, layer_data: Sequence[LayerData], suffix: str) -> list[str]:
    target = complete_name(Path(path).absolute(), suffix)
    _check_asked_about(target, Path(path).absolute())
    layer_data = as_shown(layer_data, napari.current_viewer())
    # Names of wells belong to the plate, that much was read from it: leaving them out is no loss.
    left_out = unsaved_layers([layer for layer in layer_data if not is_well_names(layer)])
    if len(left_out) == len(layer_data):
        raise SaveError(f"Nothing to save. {describe(left_out)}")
    # Events are handled while the bar moves, so layers may change: what they are now is saved.
    image = from_layer_data(layer_data, name=stem(target), target=target)
    with cancelable_progress(total=100, desc=f"Saving {target.name}") as bar:
        written = save_image(
            image, target, progress=_percent_of(bar), cancelled=lambda: bar.is_canceled
        )
    lost = (*left_out, *incomplete_layers(layer_data))
    if lost:
        show_warning(f"{'Not saved' if left_out else 'Not all saved'}: {describe(lost)}")
    if target.name != Path(path).name:
        show_info(f"Saved as {target.name}")
    return [str(written)]


def _check_asked_about(target: Path, typed: Path) -> None:
    """Refuse to replace a file whose name was completed: nobody agreed to that."""
    if target == typed or not target.exists():
        return
    if typed.exists() and target.samefile(typed):
        return
    raise SaveError(
        f"{target.name} exists already. To replace it, type its name in full; nothing was saved."
    )


def _percent_of(bar: cancelable_progress) -> Progress:
    """Move the bar by whole percents: napari handles events at each step."""

    def progress(done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        if percent > bar.n:
            bar.update(percent - bar.n)

    return progress


def describe(lost: Sequence[Finding]) -> str:
    """One text about what an OME-Zarr image cannot hold."""
    told = " ".join(finding.message for finding in lost[:MAX_NAMED])
    more = len(lost) - MAX_NAMED
    return f"{told} And {more} more layers." if more > 0 else told
