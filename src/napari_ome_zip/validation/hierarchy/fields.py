"""Rules on arrays that hold parameters of transformations (0.6): matrices and vector fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import is_name, is_object, objects, quoted
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.documents.group import Metadata
from napari_ome_zip.validation.documents.raw import (
    as_objects,
    axes_by_system,
    intrinsic_system,
    reference_name,
    reference_path,
)
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

_FIELD_SECTION = "coordinates and displacements"
_FIELD_AXIS = {"displacements": "displacement", "coordinates": "coordinate"}
_Axes = Mapping[str, list[Mapping[str, object]]]
_Step = tuple[Mapping[str, object], Place]

MATRIX_NOT_FOUND = Rule(
    "matrix-array-not-found",
    MUST,
    "affine, rotation",
    "The array that holds a matrix exists, and has two dimensions.",
    "Correct the path, or write the matrix into the document.",
)
FIELD_NOT_FOUND = Rule(
    "vector-field-not-found",
    MUST,
    _FIELD_SECTION,
    "The image that holds a vector field exists.",
    "Correct the path, or write the missing image.",
)
FIELD_AXIS = Rule(
    "vector-field-axis",
    MUST,
    _FIELD_SECTION,
    "One axis of a vector field holds the components: it is discrete, of type displacement or "
    "coordinate, and lies before the axes of space.",
    'Give the axis of the components the type "displacement" (or "coordinate") and '
    '"discrete": true, and put it before the axes of space.',
)
FIELD_DIMENSIONS = Rule(
    "vector-field-dimensions",
    MUST,
    _FIELD_SECTION,
    "A vector field has one axis more than the coordinate system it starts from, and one "
    "component per axis it leads to.",
    "Store the field with one axis per input axis, and as many components as output axes.",
)


def check_fields(documents: DocumentSet) -> Iterator[Issue]:
    """Check all matrices and vector fields that transformations refer to."""
    for path, metadata in documents.metadata.items():
        for step, at, counts in _all_steps(path, metadata, documents):
            kind, relative = str(step.get("type")), step.get("path")
            if not is_name(relative):
                continue
            target = join(path, relative)
            if kind in ("affine", "rotation"):
                array = documents.array(target)
                if array is None or len(array.shape) != 2:
                    found = "does not exist" if array is None else "has not two dimensions"
                    message = f"Array {quoted(relative)} of the matrix {found}"
                    yield at.issue(MATRIX_NOT_FOUND, message)
            elif kind in _FIELD_AXIS and not (metadata.draft and documents.array(target)):
                yield from _check_field(step, target, counts, documents, at)


def field_paths(documents: DocumentSet) -> set[str]:
    """Return the paths of all images that are vector fields."""
    found: set[str] = set()
    for path, metadata in documents.metadata.items():
        for step, _, _ in _all_steps(path, metadata, documents):
            relative = step.get("path")
            if str(step.get("type")) in _FIELD_AXIS and is_name(relative):
                target = join(path, relative)
                found.update(() if target is None else (target,))
    return found


def _all_steps(
    path: str, metadata: Metadata, documents: DocumentSet
) -> Iterator[tuple[Mapping[str, object], Place, tuple[int | None, int | None]]]:
    """Go through all transformations of a group, nested ones too.

    Yields each with its place, and with its numbers of axes where it is not nested.
    """
    if not metadata.spec.graph:
        return
    content, place = metadata.content, metadata.place
    holders = [
        (image, place.at("multiscales", i))
        for i, image in enumerate(as_objects(content.get("multiscales")))
    ]
    scene = content.get("scene")
    if is_object(scene):
        holders.append((scene, place.at("scene")))
    images: dict[str, _Axes] = {}
    for holder, at in holders:
        systems = axes_by_system(holder.get("coordinateSystems"))
        for i, item in enumerate(as_objects(holder.get("coordinateTransformations"))):
            counts = (
                _axes_of(item, "input", path, systems, images, documents),
                _axes_of(item, "output", path, systems, images, documents),
            )
            for step, where in _nested(item, at.at("coordinateTransformations", i)):
                yield step, where, counts if step is item else (None, None)


def _axes_of(
    item: Mapping[str, object],
    side: str,
    path: str,
    own: _Axes,
    images: dict[str, _Axes],
    documents: DocumentSet,
) -> int | None:
    name, relative = reference_name(item, side), reference_path(item, side)
    systems = own
    if relative is not None:
        if relative not in images:
            images[relative] = _axes_of_image(documents.described(join(path, relative)))
        systems = images[relative]
    return len(systems.get(name or "", ())) or None


def _axes_of_image(image: Metadata | None) -> _Axes:
    systems: dict[str, list[Mapping[str, object]]] = {}
    for entry in as_objects(image.content.get("multiscales")) if image is not None else ():
        systems |= axes_by_system(entry.get("coordinateSystems"))
    return systems


def _nested(raw: Mapping[str, object], at: Place) -> Iterator[_Step]:
    """A transformation and those inside it, in document order, however deep they are nested."""
    waiting = [(raw, at)]
    while waiting:
        raw, at = waiting.pop()
        yield raw, at
        parts = []
        for i, part in enumerate(as_objects(raw.get("transformations"))):
            inner, place = part.get("transformation"), at.at("transformations", i)
            parts.append((inner, place.at("transformation")) if is_object(inner) else (part, place))
        for field in ("forward", "inverse"):
            of_bijection = raw.get(field)
            if is_object(of_bijection):
                parts.append((of_bijection, at.at(field)))
        waiting += reversed(parts)


def _check_field(
    step: Mapping[str, object],
    target: str | None,
    counts: tuple[int | None, int | None],
    documents: DocumentSet,
    at: Place,
) -> Iterator[Issue]:
    metadata = documents.metadata.get(target) if target is not None else None
    images = as_objects(metadata.content.get("multiscales")) if metadata is not None else []
    if not images:
        yield at.issue(FIELD_NOT_FOUND, f"Vector field {quoted(step.get('path'))} does not exist")
        return
    systems = axes_by_system(images[0].get("coordinateSystems"))
    axes = systems.get(intrinsic_system(images[0]) or "", [])
    kind = _FIELD_AXIS[str(step.get("type"))]
    vector = [i for i, axis in enumerate(axes) if axis.get("type") == kind]
    before_space = vector and all(axis.get("type") == "space" for axis in axes[vector[0] + 1 :])
    if len(vector) != 1 or axes[vector[0]].get("discrete") is not True or not before_space:
        shown = ", ".join(f"{a.get('name')}: {a.get('type') or 'no type'}" for a in axes)
        message = f"Vector field without a proper axis of components (type {kind}): found {shown}"
        yield at.issue(FIELD_AXIS, message)
        return
    yield from _check_size(step, target, images[0], vector[0], counts, documents, at)


def _check_size(
    step: Mapping[str, object],
    target: str | None,
    image: Mapping[str, object],
    axis: int,
    counts: tuple[int | None, int | None],
    documents: DocumentSet,
    at: Place,
) -> Iterator[Issue]:
    datasets = objects(image.get("datasets"))
    path = datasets[0].get("path") if datasets else None
    array = documents.array(join(target or "", path)) if is_name(path) else None
    if array is None or axis >= len(array.shape):
        return
    before, after = counts
    if before is not None and len(array.shape) != before + 1:
        message = f"Vector field has {len(array.shape)} axes: {before + 1} are expected"
        yield at.issue(FIELD_DIMENSIONS, message)
    elif after is not None and array.shape[axis] != after:
        message = f"Vectors have {array.shape[axis]} components: {after} are expected"
        yield at.issue(FIELD_DIMENSIONS, message)
