"""Writes the model of a group as the attributes of ``zarr.json``, in any version of Zarr v3."""

from __future__ import annotations

import math
from typing import Any

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
from napari_ome_zip.ome.images.held_axes import (
    holds_orientation,
    rule_of_axes,
    why_not_held,
    written_type,
)
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
from napari_ome_zip.ome.versions import SPECS, Spec


def to_attributes(group: OmeGroup, version: str) -> dict[str, Any]:
    """Return the model of a group as the ``attributes`` object of a Zarr v3 group.

    Parameters
    ----------
    group : OmeGroup
        Its ``path``, ``version`` and ``zarr_format`` are not written.
    version : str
        Version of OME-Zarr to write, one of Zarr v3 (`SPECS`).

    Returns
    -------
    dict
        Plain JSON, valid by the specification. A contrast window that lacks what the version wants
        of it is not written. NaN and infinity, which JSON does not have, are written as null in
        label properties, metadata and display settings.

    Raises
    ------
    MetadataError
        When the version has no place for something; the message names it.
    """
    spec = SPECS[version]
    ome: dict[str, Any] = {"version": version}
    if group.multiscales:
        check_unique(group.multiscales, "images of the group")
        ome["multiscales"] = [_multiscale(each, spec) for each in group.multiscales]
    if group.scene is not None:
        ome["scene"] = _scene(group.scene, spec)
    if group.omero is not None:
        ome["omero"] = omero_to_json(group.omero, spec)
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


def datasets_to_json(multiscale: Multiscale, version: str) -> list[dict[str, Any]]:
    """Return the levels of an image, whatever axes it has: a document may hold others than it MUST.

    Raises
    ------
    MetadataError
        When a level is placed by more than scale and translation.
    """
    write = _dataset_06 if SPECS[version].graph else _dataset_05
    return [write(each, multiscale, _title(multiscale)) for each in multiscale.datasets]


def _title(multiscale: Multiscale) -> str:
    return f"Image '{multiscale.name}'" if multiscale.name else "The image"


def _multiscale(multiscale: Multiscale, spec: Spec) -> dict[str, Any]:
    title = _title(multiscale)
    problem = why_not_held(multiscale.axes, spec)
    if problem is not None:
        raise MetadataError(f"{title} {problem}. {rule_of_axes(spec)}")
    if not multiscale.datasets:
        raise MetadataError(f"{title} has no levels. An OME-Zarr image has at least one.")
    metadata = None if multiscale.metadata is None else plain_json(multiscale.metadata)
    described = without_none(name=multiscale.name, type=multiscale.type, metadata=metadata)
    if not spec.graph:
        return _multiscale_05(multiscale, title, spec) | described
    written: dict[str, Any] = {
        "coordinateSystems": [_system(each, spec) for each in multiscale.coordinate_systems],
        "datasets": datasets_to_json(multiscale, spec.version),
    }
    if multiscale.transformations:
        for each in multiscale.transformations:
            _check_anchored(each.input, each.output, f"{title}, {each.kind}")
        written["coordinateTransformations"] = [
            transformation_to_json(each) for each in multiscale.transformations
        ]
    return written | described


def _multiscale_05(multiscale: Multiscale, title: str, spec: Spec) -> dict[str, Any]:
    if len(multiscale.coordinate_systems) > 1 or multiscale.transformations:
        raise MetadataError(
            f"{title} has several coordinate systems, for which version {spec.version} has no"
            " place. Write version 0.6."
        )
    axes = [_axis(each, spec) for each in multiscale.axes]
    return {"axes": axes, "datasets": datasets_to_json(multiscale, spec.version)}


def _dataset_05(dataset: Dataset, multiscale: Multiscale, title: str) -> dict[str, Any]:
    scale, translation = _diagonal(dataset, len(multiscale.axes), title)
    listed: list[dict[str, Any]] = [transformation_to_json(Scale(scale))]
    if translation is not None:
        listed.append(transformation_to_json(Translation(translation)))
    return {"path": dataset.path, "coordinateTransformations": listed}


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
            " instead (since version 0.6)."
        )
    if not all(math.isfinite(factor) and factor for factor in found[0]):
        raise MetadataError(
            f"{title} has a scale of {found[0]} for level '{dataset.path}'."
            " A scale holds finite numbers other than 0."
        )
    return found


def _axis(axis: Axis, spec: Spec) -> dict[str, Any]:
    written: dict[str, Any] = without_none(
        name=axis.name, type=written_type(axis, spec), unit=axis.unit
    )
    if spec.graph:
        written |= {"discrete": True} if axis.discrete else {}
        written |= without_none(longName=axis.long_name)
    if axis.orientation is not None and holds_orientation(axis, spec):
        written["orientation"] = axis.orientation.to_json()
    return written


def _system(system: CoordinateSystem, spec: Spec) -> dict[str, Any]:
    return {"name": system.name, "axes": [_axis(each, spec) for each in system.axes]}


def _check_anchored(source: SystemRef | None, target: SystemRef | None, title: str) -> None:
    # Both ends MUST be named, so that the systems they connect are known.
    for side, ref in (("input", source), ("output", target)):
        if ref is None or ref.name is None:
            raise MetadataError(
                f"{title}: the transformation has no {side}. Name a coordinate system."
            )


def _scene(scene: Scene, spec: Spec) -> dict[str, Any]:
    if not spec.graph:
        raise MetadataError(
            f"A scene places several images, for which version {spec.version} has no place."
            " Write version 0.6."
        )
    if not scene.transformations:
        raise MetadataError("The scene has no transformations. OME-Zarr wants at least one.")
    for each in scene.transformations:
        _check_anchored(each.input, each.output, f"Scene, {each.kind}")
    written: dict[str, Any] = {
        "coordinateTransformations": [
            transformation_to_json(each) for each in scene.transformations
        ]
    }
    if scene.coordinate_systems:
        written["coordinateSystems"] = [_system(each, spec) for each in scene.coordinate_systems]
    return written
