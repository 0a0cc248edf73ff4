"""From what is decided to the task that saves it, once the person agrees to what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.plugin.save.model import Layers, SaveChoices, View, chosen_parts
from napari_ome_zip.plugin.save.part import Showing
from napari_ome_zip.plugin.save.question import agreed, check_agreed
from napari_ome_zip.plugin.save.remembered import remember
from napari_ome_zip.plugin.save.run import SaveTask


def agreed_task(
    view: View,
    choices: SaveChoices,
    layers: Layers,
    showing: Showing,
    sources: Sequence[str],
    *,
    of_form: bool = True,
) -> SaveTask:
    """The task that saves layers as they are now; whatever has to be asked is asked.

    Parameters
    ----------
    view : View
        What was decided.
    choices : SaveChoices
    layers : Layers
    showing : Showing
    sources : sequence of str
        Files that the layers came from.
    of_form : bool
        Whether a form that is opened meanwhile shows this save.

    Raises
    ------
    SaveError
        If this cannot be saved; nothing is written.
    DraftNeededError
        If only a draft of OME-Zarr holds this, and there is no window to ask in.
    SaveCancelledError
        If the person does not agree.
    """
    view = agreed(view, choices, layers, showing)
    if view.problem or view.target is None or view.options is None:
        raise SaveError(view.problem)
    image = from_layer_data(
        chosen_parts(choices, layers, showing),
        name=view.name,
        target=view.target,
        view=showing.state,
        labels_alone=view.options.labels_alone,
    )
    check_agreed(image, view.target, view.losses, sources)
    remember(choices, view.target)
    return SaveTask(image, view.target, view.options, view.losses, choices, of_form=of_form)
