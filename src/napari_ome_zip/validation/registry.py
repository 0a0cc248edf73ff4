"""All rules, by their code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from napari_ome_zip.ome import (
    acquisition,
    at,
    axes,
    bioformats2raw,
    coordinate_system,
    dimensions,
    graph_levels,
    image_axes,
    image_graph,
    image_label,
    level_reader,
    listed_levels,
    multiscale_reader,
    omero,
    parse,
    plate,
    plate_lines,
    references,
    scene,
    transformation_parameters,
    transformation_reader,
    version_reader,
    well,
)
from napari_ome_zip.rules import Rule
from napari_ome_zip.validation.hierarchy import (
    collections,
    consistency,
    fields,
    graph,
    label_images,
    levels,
)

_MODULES: tuple[ModuleType, ...] = (
    at,
    version_reader,
    parse,
    axes,
    image_axes,
    coordinate_system,
    multiscale_reader,
    level_reader,
    listed_levels,
    graph_levels,
    image_graph,
    references,
    transformation_parameters,
    transformation_reader,
    dimensions,
    omero,
    image_label,
    plate_lines,
    plate,
    acquisition,
    well,
    bioformats2raw,
    scene,
    consistency,
    levels,
    label_images,
    collections,
    graph,
    fields,
)


def _collect() -> Iterator[tuple[str, Rule]]:
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, Rule):
                yield value.code, value


RULES: Mapping[str, Rule] = MappingProxyType(dict(_collect()))
"""Every rule by its code, in the order of the specification."""
