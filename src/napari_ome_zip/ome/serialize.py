"""Writes the model of a group as the attributes of ``zarr.json``, in version 0.5 or 0.6."""

from __future__ import annotations

import math
from typing import Any, Literal

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import CoordinateSystem
from napari_ome_zip.ome.description_writer import (
    check_unique,
    image_label_to_json,
    omero_to_json,
    plain_json,
    plate_to_json,
    well_to_json,
    without_none,
)
from napari_ome_zip.ome.group import DISPLAY_KEY, OmeGroup
from napari_ome_zip.ome.images.multiscale import Dataset, Multiscale
from napari_ome_zip.ome.scene import Scene
from napari_ome_zip.ome.transformations.transformation import (
    Identity,
    Scale,
    SequenceTransformation,
    SystemRef,
    Translation,
)
from napari_ome_zip.ome.transformations.writer import scale_and_translation, transformation_to_json

Version = Literal["0.5", "0.6"]


def to_attributes(group: OmeGroup, version: Version) -> dict[str, Any]:
    """Return the model of a group as the ``attributes`` object of a Zarr v3 group.

    Parameters
    ----------
    group : OmeGroup
        Its ``path``, ``version`` and ``zarr_format`` are not written.
    version : {"0.5", "0.6"}
        Version of OME-Zarr to write.

    Returns
    -------
    dict
        Plain JSON, valid by the specification. A contrast window of which only one limit is known
        is not written: both versions want all four. NaN and infinity, which JSON does not have,
        are written as null in label properties, metadata and display settings.

    Raises
    ------
    MetadataError
        When the version has no place for something; the message names it.
    """
    ome: dict[str, Any] = {"version": version}
    if group.multiscales:
        check_unique(group.multiscales, "images of the group")
        ome["multiscales"] = [_multiscale(each, version) for each in group.multiscales]
    if group.scene is not None:
        ome["scene"] = _scene(group.scene, version)
    if group.omero is not None:
        ome["omero"] = omero_to_json(group.omero)
    if group.image_label is not None:
        ome["image-label"] = image_label_to_json(group.image_label)
    if group.plate is not None:
        ome["plate"] = plate_to_json(group.plate)
    if group.well is not None:
        ome["well"] = well_to_json(group.well)
    if group.labels is not None:
        ome["labels"] = list(group.labels)
    if group.series is not None:
        ome["series"] = list(group.series)
    if group.bioformats2raw_layout is not None:
        ome["bioformats2raw.layout"] = group.bioformats2raw_layout
    has_metadata = len(ome) > 1 or group.version is not None
    attributes: dict[str, Any] = {"ome": ome} if has_metadata else {}
    if group.display is not None:
        attributes[DISPLAY_KEY] = plain_json(group.display)
    return attributes


def _multiscale(multiscale: Multiscale, version: Version) -> dict[str, Any]:
    title = f"Image '{multiscale.name}'" if multiscale.name else "The image"
    _check_axes(multiscale.axes, title, version)
    if not multiscale.datasets:
        raise MetadataError(f"{title} has no levels. An OME-Zarr image has at least one.")
    metadata = None if multiscale.metadata is None else plain_json(multiscale.metadata)
    described = without_none(name=multiscale.name, type=multiscale.type, metadata=metadata)
    if version == "0.5":
        return _multiscale_05(multiscale, title) | described
    written: dict[str, Any] = {
        "coordinateSystems": [_system(each) for each in multiscale.coordinate_systems],
        "datasets": [_dataset_06(each, multiscale, title) for each in multiscale.datasets],
    }
    if multiscale.transformations:
        for each in multiscale.transformations:
            _check_anchored(each.input, each.output, f"{title}, {each.kind}")
        written["coordinateTransformations"] = [
            transformation_to_json(each) for each in multiscale.transformations
        ]
    return written | described


def _multiscale_05(multiscale: Multiscale, title: str) -> dict[str, Any]:
    if len(multiscale.coordinate_systems) > 1 or multiscale.transformations:
        raise MetadataError(
            f"{title} has several coordinate systems, for which version 0.5 has no place."
            " Write version 0.6."
        )
    datasets = []
    for dataset in multiscale.datasets:
        scale, translation = _diagonal(dataset, len(multiscale.axes), title)
        listed: list[dict[str, Any]] = [transformation_to_json(Scale(scale))]
        if translation is not None:
            listed.append(transformation_to_json(Translation(translation)))
        datasets.append({"path": dataset.path, "coordinateTransformations": listed})
    return {"axes": [_axis(each) for each in multiscale.axes], "datasets": datasets}


def _dataset_06(dataset: Dataset, multiscale: Multiscale, title: str) -> dict[str, Any]:
    # A level has one transformation: identity, scale, or a sequence of scale and translation.
    found = dataset.transformation
    scale, translation = _diagonal(dataset, len(multiscale.axes), title)
    match found:
        case (
            Identity() | Scale() | SequenceTransformation(transformations=(Scale(), Translation()))
        ):
            written = transformation_to_json(found)
        case _:
            steps = (
                (Scale(scale),) if translation is None else (Scale(scale), Translation(translation))
            )
            written = transformation_to_json(
                steps[0] if len(steps) == 1 else SequenceTransformation(steps)
            )
    refs = {"input": found.input, "output": found.output} if found else {}
    # A level's input MUST have a path, its output a name.
    if not (ref := refs.get("input")) or ref.path is None:
        written["input"] = {"path": dataset.path}
    else:
        written["input"] = without_none(path=ref.path, name=ref.name)
    if not (ref := refs.get("output")) or ref.name is None:
        written["output"] = {"name": multiscale.intrinsic.name}
    else:
        written["output"] = without_none(path=ref.path, name=ref.name)
    return {"path": dataset.path, "coordinateTransformations": [written]}


def _diagonal(
    dataset: Dataset, ndim: int, title: str
) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    if dataset.transformation is None:
        raise MetadataError(
            f"{title} has no scale for level '{dataset.path}', which OME-Zarr requires."
            " Give the level a scale."
        )
    found = scale_and_translation(dataset.transformation, ndim)
    if found is None:
        raise MetadataError(
            f"{title} places level '{dataset.path}' by more than scale and translation of its"
            f" {ndim} axes. Put the {dataset.transformation.kind} between coordinate systems"
            " instead (version 0.6)."
        )
    if not all(math.isfinite(factor) and factor for factor in found[0]):
        raise MetadataError(
            f"{title} has a scale of {found[0]} for level '{dataset.path}'."
            " A scale holds finite numbers other than 0."
        )
    return found


def _axis(axis: Axis) -> dict[str, str]:
    return without_none(name=axis.name, type=axis.type, unit=axis.unit)


def _system(system: CoordinateSystem) -> dict[str, Any]:
    return {"name": system.name, "axes": [_axis(each) for each in system.axes]}


def _check_axes(axes: tuple[Axis, ...], title: str, version: Version) -> None:
    names = ", ".join(axis.name for axis in axes) or "none"
    types = [axis.type for axis in axes]
    # An image has 2 to 5 axes with different names, of which 2 or 3 are axes of space.
    spatial = types.count("space")
    array_like = version == "0.6" and types.count("array") >= 2
    if not 2 <= len(axes) <= 5 or not (2 <= spatial <= 3 or array_like):
        raise MetadataError(
            f"{title} has axes {names}. OME-Zarr {version} wants 2 to 5 axes, 2 or 3 of them of"
            " type space."
        )
    if len({axis.name for axis in axes}) != len(axes):
        raise MetadataError(f"{title} has axes {names}. Give every axis a name of its own.")
    # Time comes first, then a channel or custom axis, then the axes of space.
    ranks = [{"time": 0, "space": 2}.get(kind or "", 1) for kind in types]
    if version == "0.5" and ranks != sorted(ranks):
        raise MetadataError(
            f"{title} has axes in the order {names}. OME-Zarr 0.5 wants time, channel, space."
        )


def _check_anchored(source: SystemRef | None, target: SystemRef | None, title: str) -> None:
    # Both ends MUST be named, so that the systems they connect are known.
    for side, ref in (("input", source), ("output", target)):
        if ref is None or ref.name is None:
            raise MetadataError(
                f"{title}: the transformation has no {side}. Name a coordinate system."
            )


def _scene(scene: Scene, version: Version) -> dict[str, Any]:
    if version == "0.5":
        raise MetadataError(
            "A scene places several images, for which version 0.5 has no place. Write version 0.6."
        )
    if not scene.transformations:
        raise MetadataError("The scene has no transformations. OME-Zarr 0.6 wants at least one.")
    for each in scene.transformations:
        _check_anchored(each.input, each.output, f"Scene, {each.kind}")
    written: dict[str, Any] = {
        "coordinateTransformations": [
            transformation_to_json(each) for each in scene.transformations
        ]
    }
    if scene.coordinate_systems:
        written["coordinateSystems"] = [_system(each) for each in scene.coordinate_systems]
    return written
