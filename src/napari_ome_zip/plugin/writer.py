"""The writers that napari calls to save layers as ``.ome.zip`` or ``.ozx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import napari
from napari.utils import cancelable_progress

from napari_ome_zip.errors import SaveError
from napari_ome_zip.files import is_link
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers import from_layer_data, unsaved_layers
from napari_ome_zip.layers.layer_data import LayerData, layer_note
from napari_ome_zip.names import stem
from napari_ome_zip.plugin.answering import while_answering
from napari_ome_zip.plugin.asking import ask_and_save
from napari_ome_zip.plugin.messages import notify_saved
from napari_ome_zip.plugin.preferences import saves_thumbnails
from napari_ome_zip.plugin.previews import keep_preview_of_saved
from napari_ome_zip.plugin.save.losses import describe, find_losses, result_text
from napari_ome_zip.plugin.save.question import agreed_options, check_agreed
from napari_ome_zip.plugin.typed_name import completed
from napari_ome_zip.plugin.viewer_state import as_shown, view_of
from napari_ome_zip.progress import Progress
from napari_ome_zip.save import save_composite
from napari_ome_zip.saving.draft import DraftNeededError
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan


def write_ome_zip(path: str | None = None, layer_data: Sequence[LayerData] = ()) -> list[str]:
    """Save layers as a single-image archive, by default named ``.ome.zip``.

    Parameters
    ----------
    path : str, optional
        As typed into napari's dialog; see `complete_name`. Without one, as from napari's palette,
        a person is asked for it, and all layers are saved.
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
        under the completed name, about which the dialog did not ask; or if only a draft of OME-Zarr
        holds it, and nobody can be asked.
    SaveCancelledError
        If the person cancelled, or does not want to lose what the replaced file holds; nothing
        is kept.
    """
    return _write(path, layer_data, ".ome.zip")


def write_ozx(path: str | None = None, layer_data: Sequence[LayerData] = ()) -> list[str]:
    """Save layers as `write_ome_zip` does, by default named ``.ozx``."""
    return _write(path, layer_data, ".ozx")


def _write(path: str | None, layer_data: Sequence[LayerData], suffix: str) -> list[str]:
    if path is None:
        ask_and_save(suffix)
        return []
    target = completed(Path(path).absolute(), suffix)
    unsaved = unsaved_layers(layer_data)
    if len(unsaved) == len(layer_data):
        raise SaveError(f"Nothing to save. {describe(unsaved)}")
    viewer = napari.current_viewer()
    view = view_of(layer_data, viewer)
    layer_data = as_shown(layer_data, viewer)
    # Events are handled while the bar moves, so layers may change: what they are now is saved.
    image = from_layer_data(layer_data, name=stem(target), target=target, view=view)
    has_link = any(is_link(layer_note(keywords).get("source")) for _, keywords, _ in layer_data)
    plan = _planned(image, has_link=has_link)
    found = find_losses(layer_data, layer_data, plan)
    check_agreed(image, target, found)
    notes: list[Finding] = []
    with cancelable_progress(total=100, desc=f"Saving {target.name}") as bar:
        if has_link:
            written = _fetched(image, target, plan, bar, notes)
        else:
            written = save_composite(
                image,
                target,
                progress=_percent_of(bar),
                cancelled=lambda: bar.is_canceled,
                plan=plan,
                noted=notes.append,
            )
    found = found.and_also(notes)
    notify_saved(result_text(found, written, Path(path).name), written)
    if viewer is not None:
        keep_preview_of_saved(written)
    return [str(written)]


def _planned(image: CompositeImage, *, has_link: bool) -> SavePlan:
    """What is written; where that is to be a draft of OME-Zarr, a person is asked."""

    def plan(options: SaveOptions) -> SavePlan:
        return (
            while_answering(lambda: plan_save(image, options))
            if has_link
            else plan_save(image, options)
        )

    try:
        return plan(SaveOptions(thumbnail=saves_thumbnails()))
    except DraftNeededError as needed:
        return plan(agreed_options(needed))


def _fetched(
    image: CompositeImage,
    target: Path,
    plan: SavePlan,
    bar: cancelable_progress,
    notes: list[Finding],
) -> Path:
    """Save what comes over a line, which may take its time between two percents."""
    moved = (0, 1)

    def note(done: int, total: int) -> None:
        nonlocal moved
        moved = done, total

    move = _percent_of(bar)
    return while_answering(
        lambda: save_composite(
            image,
            target,
            progress=note,
            cancelled=lambda: bar.is_canceled,
            plan=plan,
            noted=notes.append,
        ),
        lambda: move(*moved),
    )


def _percent_of(bar: cancelable_progress) -> Progress:
    """Move the bar by whole percents: napari handles events at each step."""

    def progress(done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        if percent > bar.n:
            bar.update(percent - bar.n)

    return progress
