"""Groups of a file as a newer version of OME-Zarr describes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import (
    Axis,
    CoordinateSystem,
    Multiscale,
    OmeGroup,
    parse_group,
    to_attributes,
)
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.ome.versions import Spec
from napari_ome_zip.saving.arranging.descriptions import INTRINSIC, placed_dataset
from napari_ome_zip.saving.original.merging import OME, merged_attributes
from napari_ome_zip.saving.original.stored import StoredMultiscale, stored_multiscale
from napari_ome_zip.storage.hierarchy import Node
from napari_ome_zip.storage.json_writing import to_json


class CannotRenewError(Exception):
    """Something in a file has no place in the newer version."""


def renewed_group(opened: Opened, node: Node, spec: Spec) -> bytes | None:
    """Return the ``zarr.json`` of a group; None for one that OME-Zarr says nothing of.

    Raises
    ------
    CannotRenewError, MetadataError
        If the version has no place for what it says.
    """
    found = parse_group(node.attributes, path=node.path, zarr_format=node.zarr_format)
    group = found.group
    if group.scene is not None or group.node is not None:
        raise CannotRenewError
    if group.bioformats2raw_layout is not None and group.plate is None and spec.graph:
        raise CannotRenewError  # where images of a series lie in a scene
    images = tuple(_renewed_images(opened, group))
    attributes = to_attributes(replace(group, multiscales=images), spec.version)
    if not attributes.get(OME, {}).keys() - {"version"}:
        return None  # other conventions state versions, too
    return group_document(merged_attributes(node.attributes, attributes))


def _renewed_images(opened: Opened, group: OmeGroup) -> Sequence[Multiscale]:
    try:
        return [*map(_renewed, images_of(opened, group))]
    except CannotRenewError:
        if group.path in opened.shown:
            raise
        return group.multiscales  # such as a field of view of a plate whose pixels are missing


def group_document(attributes: dict[str, Any]) -> bytes:
    """Return the ``zarr.json`` of a group with these attributes."""
    return to_json({"zarr_format": 3, "node_type": "group", "attributes": attributes})


def images_of(opened: Opened, group: OmeGroup) -> Iterator[StoredMultiscale]:
    """Yield the images of a group, each with all of its levels and the axes of its arrays.

    Raises
    ------
    CannotRenewError
        If a level cannot be read, lies elsewhere by more than scale and translation, or has other
        axes.
    """
    for number in range(len(group.multiscales)):
        stored = stored_multiscale(opened, group.path, number)
        if stored is None or not stored.is_whole or not stored.is_axis_aligned:
            raise CannotRenewError
        model = stored.model
        axes = model.axes or _implied_axes(stored.levels[0].array.ndim)
        if len(axes) != stored.levels[0].array.ndim:
            raise CannotRenewError
        if len(model.coordinate_systems) > 1 or model.transformations:
            raise CannotRenewError
        system = CoordinateSystem(INTRINSIC, axes)
        yield replace(stored, model=replace(model, coordinate_systems=(system,)))


def _implied_axes(ndim: int) -> tuple[Axis, ...]:
    """The axes that versions 0.1 and 0.2 mean."""
    return tuple(Axis(name, kind) for name, kind in TYPES_BY_NAME.items())[-ndim:]


def _renewed(stored: StoredMultiscale) -> Multiscale:
    datasets = tuple(
        placed_dataset(level.dataset.path, level.scale, level.translation)
        for level in stored.levels
    )
    return replace(stored.model, datasets=datasets)
