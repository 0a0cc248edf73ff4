"""Rules on how the parts of one document fit together: references, indices, dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.coordinate_system import SYSTEM_UNKNOWN
from napari_ome_zip.ome.json_values import is_list, is_object, objects, quoted
from napari_ome_zip.validation.documents.dimensions import check_dimensions
from napari_ome_zip.validation.documents.group import Metadata
from napari_ome_zip.validation.documents.raw import axes_by_system
from napari_ome_zip.validation.documents.references import reference_name, reference_path
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place


def check_agreement(metadata: Metadata) -> Iterator[Issue]:
    """Check how the parts of one group's metadata fit together."""
    content, place = metadata.content, metadata.place
    if place.spec.graph:
        for i, image in enumerate(as_objects(content.get("multiscales"))):
            yield from _check_image(image, place.at("multiscales", i))
        scene = content.get("scene")
        if is_object(scene):
            yield from _check_scene(scene, place.at("scene"))


def as_objects(raw: object) -> list[Mapping[str, object]]:
    """Return the items of a list, empty objects for those that are none, so positions stay."""
    return [item if is_object(item) else {} for item in raw] if is_list(raw) else []


def intrinsic_system(image: Mapping[str, object]) -> str | None:
    """Return the name of the system that the first level is mapped to (0.6)."""
    for dataset in objects(image.get("datasets")):
        for item in objects(dataset.get("coordinateTransformations")):
            name = reference_name(item, "output")
            if name is not None:
                return name
    return None


def _check_image(image: Mapping[str, object], at: Place) -> Iterator[Issue]:
    systems = axes_by_system(image.get("coordinateSystems"))
    for i, dataset in enumerate(as_objects(image.get("datasets"))):
        items = as_objects(dataset.get("coordinateTransformations"))
        for j, item in enumerate(items):
            place = at.at("datasets", i, "coordinateTransformations", j)
            if item.get("type") in ("scale", "translation", "sequence"):
                continue  # the reader of levels judges these
            axes = len(systems.get(reference_name(item, "output") or "", ())) or None
            yield from check_dimensions(item, axes, axes, place)
    for i, item in enumerate(as_objects(image.get("coordinateTransformations"))):
        counts: list[int | None] = []
        for side in ("input", "output"):
            name, path = reference_name(item, side), reference_path(item, side)
            own = name is not None and path is None
            counts.append(len(systems.get(name or "", ())) or None if own else None)
        yield from check_dimensions(
            item, counts[0], counts[1], at.at("coordinateTransformations", i)
        )


def _unknown_system(name: str, systems: Mapping[str, object], at: Place) -> Issue:
    known = quoted(tuple(systems))
    message = f"Coordinate system {quoted(name)} does not exist; there is: {known}"
    return at.issue(SYSTEM_UNKNOWN, message)


def _check_scene(scene: Mapping[str, object], at: Place) -> Iterator[Issue]:
    systems = axes_by_system(scene.get("coordinateSystems"))
    for i, item in enumerate(as_objects(scene.get("coordinateTransformations"))):
        place = at.at("coordinateTransformations", i)
        for side in ("input", "output"):
            name = reference_name(item, side)
            own = reference_path(item, side) is None
            if name is not None and own and name not in systems:
                yield _unknown_system(name, systems, place.at(side))
