"""A composite image as napari layer data: plain tuples, no napari needed.

One image layer a channel, one labels layer a label image, all with the dimensions of the
display system in one order, so that a viewer's sliders, scale bar and world coordinates are
shared by everything in the archive.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import (
    CompositeImage,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.label_colors import HIDDEN_COLORS
from napari_ome_zip.image.planes import own_axes
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.channel_array import (
    PlanesOfAxes,
    axis_keywords,
    planes_of,
)
from napari_ome_zip.layers.drawings.restore import drawing_findings, restored_drawings
from napari_ome_zip.layers.image_layers import image_layers, is_rgb
from napari_ome_zip.layers.label_layers import label_layers
from napari_ome_zip.layers.layer_data import (
    METADATA_KEY,
    LayerData,
    layer_note,
)
from napari_ome_zip.layers.layer_names import make_names_distinct, name_prefix
from napari_ome_zip.layers.opened_layer import NOTE, OpenedLayer, identities, opened_layer
from napari_ome_zip.layers.orientations import orientations_note
from napari_ome_zip.layers.overlaying import Overlay
from napari_ome_zip.layers.region_layers import region_layers
from napari_ome_zip.layers.table_features import FeatureTables, table_findings
from napari_ome_zip.layers.well_names import well_names_layer

MAX_LAYERS = 512
"""Maximum number of layers made of one file. A viewer takes about a twentieth of a second for each,
and nobody can survey a longer list; real series and spectra have fewer. The others stay in the
file."""


def to_layer_data(composite: CompositeImage, *, limits: bool = True) -> list[LayerData]:
    """Layers of a composite image, images below labels, in document order.

    Fields of a scan that are not fused, which cover one another where they overlap, lie below
    what is to be added to them (see `overlaying`).

    Parameters
    ----------
    composite : CompositeImage
    limits : bool
        Whether contrast limits that the file does not state are found in its pixels. All else is
        known without a look at one.

    Returns
    -------
    list of tuple
        ``(data, keyword arguments, "image" | "labels" | "points" | "shapes")``. Data of images and
        labels are lists of dask arrays, largest first (multiscale), or one dask array; the names
        of a plate's wells are points, regions of tables shapes. World coordinates are those of the
        composite's display system; a voxel's center is its coordinate.

    Examples
    --------
    >>> from napari_ome_zip import open_image, to_layer_data
    >>> for data, keywords, kind in to_layer_data(open_image("cells.ozx")):
    ...     print(kind, keywords["name"], keywords["scale"])
    image DAPI (1.0, 0.5, 0.5)
    image GFP (1.0, 0.5, 0.5)
    labels nuclei (1.0, 0.5, 0.5)
    """
    planes = planes_of(composite)
    several = len({(part.path, part.multiscale) for part in composite.images}) > 1
    tables = FeatureTables(composite)
    layers: list[LayerData] = []
    # Whatever lies further up has no layer.
    overlay = Overlay(composite.images[:MAX_LAYERS], is_rgb)
    for part in sorted(composite.parts, key=partial(_rank, overlay)):
        prefix = name_prefix(composite, part, several=several)
        common = axis_keywords(composite, own_axes(part))
        # Limits of contrast are not looked for where nothing is shown.
        room = MAX_LAYERS - len(layers)
        for data, keywords, kind in itertools.islice(
            _part_layers(part, prefix, planes, overlay, tables, limits=limits), room
        ):
            note = {
                "source": composite.source,
                **_system_note(composite),
                **orientations_note(part),
                **keywords.pop("note"),
            }
            joined = keywords.pop("tables", ())
            keywords = {**common, **keywords}
            if composite.opened is not None and part.kept is not None:
                made = OpenedLayer(composite.opened, part, identities(data), keywords, joined)
                note[NOTE] = made
            layers.append((data, {**keywords, "metadata": {METADATA_KEY: note}}, kind))
    layers = _in_saved_order(layers, restored_drawings(composite.napari, composite.source))
    _number(layers)
    layers.extend(region_layers(composite))
    if composite.wells:
        layers.append(well_names_layer(composite, axis_keywords(composite)))
    make_names_distinct(layers)
    return layers


def _system_note(composite: CompositeImage) -> dict[str, Any]:
    """The name of the display system, where there are others to choose from."""
    if not composite.systems:
        return {}
    known = composite.system.name in composite.systems
    system = composite.system.name if known else composite.systems[0]
    return {"system": system, "systems": list(composite.systems)}


def _in_saved_order(images: list[LayerData], drawings: list[LayerData]) -> list[LayerData]:
    """The order in the viewer that saved these layers, if all images state it."""
    layers = [*images, *drawings]
    positions = [keywords.get(display_state.ORDER) for _, keywords, _ in layers]
    if None in positions or len(set(positions)) < len(positions):
        return layers
    return [layer for _, layer in sorted(zip(positions, layers, strict=True), key=_first)]


def _number(layers: Sequence[LayerData]) -> None:
    """Note at which place layers lie over one another."""
    for number, (_, keywords, _) in enumerate(layers):
        note = keywords.get("metadata", {}).get(METADATA_KEY, {})
        if NOTE in note:
            note[NOTE] = replace(note[NOTE], number=number)


def _first(item: tuple[Any, LayerData]) -> Any:
    return item[0]


def _rank(overlay: Overlay, part: PlacedPart) -> tuple[bool, int]:
    """The lower, the lower it lies."""
    return (False, overlay.rank(part)) if isinstance(part, PlacedImage) else (True, 0)


def _part_layers(
    part: PlacedPart,
    prefix: str,
    planes: PlanesOfAxes,
    overlay: Overlay,
    tables: FeatureTables,
    *,
    limits: bool,
) -> Iterator[LayerData]:
    if isinstance(part, PlacedLabels):
        yield from label_layers(part, prefix, planes, tables)
    elif isinstance(part, PlacedImage):
        yield from image_layers(part, prefix, planes, overlay, limits=limits)


def _is_one_layer(part: PlacedPart) -> bool:
    return isinstance(part, PlacedImage) and is_rgb(part)


def layer_findings(composite: CompositeImage, layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """Findings for parts of the file that a viewer is not given.

    Parameters
    ----------
    composite : CompositeImage
    layers : sequence of LayerData
        What `to_layer_data` made of it.
    """
    found = []
    count = sum(1 if _is_one_layer(part) else part.channel_count for part in composite.parts)
    if count > MAX_LAYERS:
        message = (
            f"There are {count:,} channels and label images in {len(composite.parts):,} images; "
            f"the first {MAX_LAYERS} are shown as layers. Open the others one by one from a "
            "script, or put them into files of their own."
        )
        found.append(Finding("layers-many", "", message))
    for _, keywords, kind in layers:
        note = layer_note(keywords)
        hidden = note.get(HIDDEN_COLORS) if kind == "labels" else None
        if hidden:
            message = (
                f"{len(hidden):,} colors of '{keywords['name']}' cannot be shown without numba, "
                f"such as that of label {hidden[0][0]:,}; these labels are gray or in napari's "
                "own colors. The file's are kept for saving. Install numba to see them."
            )
            found.append(Finding("label-colors-hidden", note.get("path", ""), message))
    records = (opened_layer(layer_note(keywords)) for _, keywords, _ in layers)
    joined = (table for record in records if record is not None for table in record.tables)
    return (
        *found,
        *table_findings(composite, joined),
        *drawing_findings(composite.napari, layers),
    )
