"""Channels of labels, each a layer of its own: one set of colors and features describes all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from napari_ome_zip.findings import Finding
from napari_ome_zip.layers.label_tables import label_colors, label_properties
from napari_ome_zip.layers.layer_data import LABELS_OF
from napari_ome_zip.layers.unchanged import has_same_look
from napari_ome_zip.layers.understanding import UnderstoodLayer
from napari_ome_zip.ome import ImageLabel
from napari_ome_zip.pixels.computing import layer_errors


def label_of(layer: UnderstoodLayer) -> ImageLabel:
    """Colors and features of labels, but for what the file that they came from has in tables."""
    with layer_errors(layer.name, "its colors or features are not understood"):
        keywords = layer.keywords
        if layer.opened is not None:
            keywords = layer.opened.without_tables(keywords)
        colors, _ = label_colors(keywords)
        properties, _ = label_properties(keywords)
    return ImageLabel(colors, properties, layer.note.get(LABELS_OF))


def describing(group: Sequence[UnderstoodLayer]) -> UnderstoodLayer:
    """The layer whose colors and features are saved: the first in which a person changed them.

    Parameters
    ----------
    group : sequence of UnderstoodLayer
        The channels of a label image.
    """
    return group[0] if len(group) == 1 else next(_changed(group), group[0])


def unshared(group: Sequence[UnderstoodLayer]) -> Iterator[Finding]:
    """Colors and features of further channels that were changed otherwise, which are lost."""
    changed = list(_changed(group)) if len(group) > 1 else []
    first = changed[0] if changed else group[0]
    for layer in changed[1:]:
        if label_of(layer) != label_of(first):
            text = (
                f"'{layer.name}' is saved without what was changed of its colors and features: "
                f"those of '{first.name}' are saved for all channels of these labels."
            )
            yield Finding("layer-details-left-out", layer.name, text)


def _changed(group: Sequence[UnderstoodLayer]) -> Iterator[UnderstoodLayer]:
    for layer in group:
        if not has_same_look(layer, label_of(layer)):
            yield layer
