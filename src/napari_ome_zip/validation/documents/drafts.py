"""Development versions of 0.6: their layout brought into that of the released version.

Files of these versions exist, and the released text does not bind them. Bringing them into the
released layout before judging them keeps every rule free of drafts.
"""

from __future__ import annotations

from collections.abc import Mapping

from napari_ome_zip.ome.json_values import is_integer, is_list, is_name, is_object, objects
from napari_ome_zip.validation.documents.raw import axis_names

_AXIS_FIELDS = {"input_axes": "inputAxes", "output_axes": "outputAxes"}
_Names = tuple[str, ...]


def released_form(content: Mapping[str, object]) -> Mapping[str, object]:
    """Return metadata of a development version in the layout of the released one.

    Bare texts as ``input`` and ``output`` become objects; parts of a ``byDimension`` get their
    axes as numbers under ``inputAxes`` and ``outputAxes``. Anything else stays as it is.
    """
    changed = dict(content)
    images = content.get("multiscales")
    if is_list(images):
        changed["multiscales"] = [_image(i) if is_object(i) else i for i in images]
    scene = content.get("scene")
    if is_object(scene):
        changed["scene"] = _with_named_transformations(scene)
    return changed


def _image(image: Mapping[str, object]) -> Mapping[str, object]:
    changed = _with_named_transformations(image)
    datasets = image.get("datasets")
    if is_list(datasets):
        changed["datasets"] = [_level(d) if is_object(d) else d for d in datasets]
    return changed


def _level(dataset: Mapping[str, object]) -> Mapping[str, object]:
    items = dataset.get("coordinateTransformations")
    if not is_list(items):
        return dataset
    new = [_with_references(item, "path") if is_object(item) else item for item in items]
    return {**dataset, "coordinateTransformations": new}


def _with_named_transformations(holder: Mapping[str, object]) -> dict[str, object]:
    items = holder.get("coordinateTransformations")
    if not is_list(items):
        return dict(holder)
    systems = {
        str(system.get("name")): axis_names(system.get("axes"))
        for system in objects(holder.get("coordinateSystems"))
    }
    new = [_named(item, systems) if is_object(item) else item for item in items]
    return {**holder, "coordinateTransformations": new}


def _named(item: Mapping[str, object], systems: Mapping[str, _Names]) -> Mapping[str, object]:
    changed = _with_references(item, "name")
    names: list[_Names] = []
    for side in ("input", "output"):
        reference = changed.get(side)
        name = reference.get("name") if is_object(reference) else None
        names.append(systems.get(name, ()) if is_name(name) else ())
    return _with_numbered_axes(changed, names[0], names[1])


def _with_references(item: Mapping[str, object], input_field: str) -> Mapping[str, object]:
    changed = dict(item)
    for side, field in (("input", input_field), ("output", "name")):
        if isinstance(item.get(side), str):
            changed[side] = {field: item[side]}
    return changed


def _with_numbered_axes(
    item: Mapping[str, object], inputs: _Names, outputs: _Names
) -> Mapping[str, object]:
    parts = item.get("transformations")
    if not is_list(parts):
        return item
    if item.get("type") == "byDimension":
        new = [_part(part, inputs, outputs) if is_object(part) else part for part in parts]
    else:
        new = [
            _with_numbered_axes(part, inputs, outputs) if is_object(part) else part
            for part in parts
        ]
    return {**item, "transformations": new}


def _part(part: Mapping[str, object], inputs: _Names, outputs: _Names) -> Mapping[str, object]:
    changed: dict[str, object] = {}
    for field, value in part.items():
        field = _AXIS_FIELDS.get(field, field)
        if field in ("inputAxes", "outputAxes"):
            value = _numbers(value, inputs if field == "inputAxes" else outputs)
        changed[field] = value
    if "transformation" not in changed and "type" in changed:
        axes = {field: changed.pop(field) for field in _AXIS_FIELDS.values() if field in changed}
        changed = {"transformation": changed, **axes}
    return changed


def _numbers(axes: object, names: _Names) -> object:
    if not is_list(axes):
        return axes
    numbers = [names.index(a) if isinstance(a, str) and a in names else a for a in axes]
    return numbers if all(is_integer(n) for n in numbers) else axes
