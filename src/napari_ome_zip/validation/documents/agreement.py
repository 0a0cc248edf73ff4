"""Rules on how the parts of one document fit together: references, indices, dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import is_list, is_name, is_object, objects, quoted
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.documents.dimensions import check_dimensions
from napari_ome_zip.validation.documents.group import Metadata
from napari_ome_zip.validation.documents.raw import axes_by_system
from napari_ome_zip.validation.documents.references import reference_name, reference_path
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

_TRANSFORMATIONS = "coordinateTransformations metadata"
_IMAGE = "multiscales metadata"

SYSTEM_UNKNOWN = Rule(
    "coordinate-system-unknown",
    MUST,
    _TRANSFORMATIONS,
    "Transformations lead from and to coordinate systems that exist.",
    "Define the coordinate system, or correct its name.",
)
INPUT_MISMATCH = Rule(
    "level-input-mismatch",
    MUST,
    _IMAGE,
    "The transformation of a level takes that level as its input.",
    'Give "input" the path of the level it belongs to.',
)
OUTPUT_DIFFERS = Rule(
    "level-output-differs",
    MUST,
    _IMAGE,
    "All levels of an image are mapped to the same coordinate system.",
    'Give "output" the same name at every level.',
)
NOT_INTRINSIC = Rule(
    "multiscale-transformation-detached",
    MUST,
    _IMAGE,
    "Additional transformations of an image lead from or to the system its levels are mapped to.",
    "Let the transformation start or end at the coordinate system that the levels name as output.",
)
LABEL_KIND = Rule(
    "label-transformation-kind",
    MUST,
    _IMAGE,
    "An image and its labels are related by identity, scale, translation or a sequence of these.",
    "Place the labels by scale and translation; anything more general belongs into a scene.",
)
_LABEL_KINDS = ("identity", "scale", "translation")


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


def _unknown_system(name: str, systems: Mapping[str, object], at: Place) -> Issue:
    known = quoted(tuple(systems))
    message = f"Coordinate system {quoted(name)} does not exist; there is: {known}"
    return at.issue(SYSTEM_UNKNOWN, message)


def _check_image(image: Mapping[str, object], at: Place) -> Iterator[Issue]:
    systems = axes_by_system(image.get("coordinateSystems"))
    intrinsic = intrinsic_system(image)
    for i, dataset in enumerate(as_objects(image.get("datasets"))):
        items = as_objects(dataset.get("coordinateTransformations"))
        for j, item in enumerate(items):
            place = at.at("datasets", i, "coordinateTransformations", j)
            yield from _check_level(item, dataset.get("path"), systems, intrinsic, place)
    for i, item in enumerate(as_objects(image.get("coordinateTransformations"))):
        place = at.at("coordinateTransformations", i)
        yield from _check_additional(item, systems, intrinsic, place)


def _check_level(
    item: Mapping[str, object],
    path: object,
    systems: Mapping[str, list[Mapping[str, object]]],
    intrinsic: str | None,
    at: Place,
) -> Iterator[Issue]:
    source, target = reference_path(item, "input"), reference_name(item, "output")
    if source is not None and is_name(path) and source != path:
        message = f"Input is {quoted(source)}, but the level is {quoted(path)}"
        yield at.at("input").issue(INPUT_MISMATCH, message)
    if target is None:
        return
    if target != intrinsic:
        message = f"Level is mapped to {quoted(target)}, others to {quoted(intrinsic)}"
        yield at.at("output").issue(OUTPUT_DIFFERS, message)
    if target in systems:
        axes = len(systems[target]) or None
        yield from check_dimensions(item, axes, axes, at)
    elif systems:  # Having none at all is said elsewhere.
        yield _unknown_system(target, systems, at.at("output"))


def _check_additional(
    item: Mapping[str, object],
    systems: Mapping[str, list[Mapping[str, object]]],
    intrinsic: str | None,
    at: Place,
) -> Iterator[Issue]:
    counts: list[int | None] = []
    own: list[str] = []
    for side in ("input", "output"):
        name, path = reference_name(item, side), reference_path(item, side)
        count = None
        if name is not None and path is None:
            own.append(name)
            if name in systems:
                count = len(systems[name]) or None
            else:
                yield _unknown_system(name, systems, at.at(side))
        elif path is not None and not _places_labels(item):
            message = f"Labels cannot be related to their image by {item.get('type')}"
            yield at.issue(LABEL_KIND, message)
        counts.append(count)
    if own and intrinsic is not None and intrinsic not in own:
        message = f"Transformation touches {quoted(own)}, but not {quoted(intrinsic)}"
        yield at.issue(NOT_INTRINSIC, message)
    yield from check_dimensions(item, counts[0], counts[1], at)


def _places_labels(item: Mapping[str, object]) -> bool:
    if item.get("type") == "sequence":
        kinds = [part.get("type") for part in objects(item.get("transformations"))]
        return kinds == ["scale", "translation"]
    return item.get("type") in _LABEL_KINDS


def _check_scene(scene: Mapping[str, object], at: Place) -> Iterator[Issue]:
    systems = axes_by_system(scene.get("coordinateSystems"))
    for i, item in enumerate(as_objects(scene.get("coordinateTransformations"))):
        place = at.at("coordinateTransformations", i)
        for side in ("input", "output"):
            name = reference_name(item, side)
            own = reference_path(item, side) is None
            if name is not None and own and name not in systems:
                yield _unknown_system(name, systems, place.at(side))
