"""Layers of label images."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.image.composite import PlacedLabels
from napari_ome_zip.image.label_colors import hidden_note, shown_and_hidden
from napari_ome_zip.image.label_source import seen_from
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.channel_array import PlanesOfAxes, channel_array
from napari_ome_zip.layers.label_tables import color_table, features_table
from napari_ome_zip.layers.layer_data import ATTRIBUTES, LABELS_OF, LayerData
from napari_ome_zip.layers.layer_notes import layer_levels, layer_notes
from napari_ome_zip.layers.table_features import FeatureTables


def label_layers(
    part: PlacedLabels, prefix: str, planes: PlanesOfAxes, tables: FeatureTables
) -> Iterator[LayerData]:
    """One layer for each channel of a label image, with its colors, properties and tables.

    Parameters
    ----------
    part : PlacedLabels
    prefix : str
        What the name of the image puts before that of the labels.
    planes : PlanesOfAxes
    tables : FeatureTables
        Tables of the file.
    """
    joined = tables.join(part, {} if part.label is None else features_table(part.label))
    for number in range(part.channel_count):
        array = channel_array(part, number, planes)
        suffix = f" {number}" if part.channel_count > 1 else ""
        note = layer_notes(part, array, array.levels)
        keywords = {
            **array.keywords,
            "name": f"{prefix}{part.name}{suffix}",
            "note": {**note, "channel": number, "image": part.image_path},
        }
        if part.label is not None:
            keywords["note"] |= _image_elsewhere(part)
            shown, hidden = shown_and_hidden(part.label.colors)
            keywords["note"] |= hidden_note(hidden)
            colors = color_table(shown)
            if any(colors):  # a color for the background alone leaves the rest to napari
                # Labels whose color cannot be shown are not to vanish.
                others = "gray" if hidden else "transparent"
                keywords["colormap"] = {0: "transparent", **colors, None: others}
        if joined.features:
            keywords["features"] = joined.features
        if joined.tables:
            keywords["tables"] = joined.tables
        keywords |= display_state.restore(part.display, number, "labels")
        attributes = display_state.take_attributes(keywords)
        keywords["note"] |= {ATTRIBUTES: attributes} if attributes else {}
        yield layer_levels(array.levels), keywords, "labels"


def _image_elsewhere(part: PlacedLabels) -> dict[str, str]:
    """The image in another file that labels are of, as seen from the root of theirs."""
    said = part.label.source if part.label is not None and part.image_path is None else None
    found = None if said is None else seen_from("", said, part.path)
    return {} if found is None else {LABELS_OF: found}
