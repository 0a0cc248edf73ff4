"""An independent oracle: the JSON schemas of the specification, as ngff-zarr ships them.

A document that they call invalid has an error here too. The exceptions are where the text of the
specification is milder than its schemas, and where this package follows the text.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from napari_ome_zip.validation import Severity, check_group_attributes
from validation_documents import (
    axis,
    free,
    image,
    labelled,
    mapped,
    mapped_draft,
    oriented,
    plate,
    scene,
    warped,
)

validate = pytest.importorskip("ngff_zarr.validate")
jsonschema = pytest.importorskip("jsonschema")

_MODELS = {
    "multiscales": "image",
    "image-label": "label",
    "plate": "plate",
    "well": "well",
    "scene": "scene",
}
_LITTLE = {"channels": [{}, {"inverted": True, "window": {"start": 1, "end": 2}}]}
_BASES = {
    **{f"labelled {v}": (v, labelled(v)) for v in ("0.4", "0.5", "0.6")},
    **{f"plate {v}": (v, plate(v)) for v in ("0.4", "0.5", "0.6")},
    "scene": ("0.6", scene()),
    "warped": ("0.6", warped()),
    "affine": ("0.6", mapped({"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]]})),
    "rotation": ("0.6", mapped({"type": "rotation", "rotation": [[0, -1], [1, 0]]})),
    "mapAxis": ("0.6", mapped({"type": "mapAxis", "mapAxis": [1, 0]})),
    "labelled 0.9": ("0.9", labelled("0.9.dev1")),
    "six axes": ("0.9", free("tcuzyx")),
    "one axis": ("0.9", free([axis("x")])),
    "oriented": ("0.9", oriented()),
    "little display": ("0.9", image("0.9.dev1", omero=_LITTLE)),
    "mapAxis of six": (
        "0.9",
        mapped_draft({"type": "mapAxis", "mapAxis": [5, 4, 3, 2, 1, 0]}, "tcuzyx"),
    ),
    "projectAxis of six": (
        "0.9",
        mapped_draft({"type": "projectAxis", "droppedInputs": [0, 1, 2, 3]}, "tcuzyx", "yx"),
    ),
}
_ODD = (None, True, -1, 0, 7, 0.5, "", "x", [], {}, [0], ["a"], [{}], [[1]])
_REMOVED = object()


@cache
def _validator(version: str, model: str) -> Any:
    schema = validate.load_schema(version=version, model=model, strict=False)
    registry = validate._schema_registry(version)
    return jsonschema.Draft202012Validator(schema, registry=registry)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else inside:
        yield from _places(item, (*path, key))


def _changed(attributes: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    for place in _places(attributes):
        for odd in (*_ODD, _REMOVED):
            copied = copy.deepcopy(attributes)
            holder: Any = copied
            for key in place[:-1]:
                holder = holder[key]
            if odd is _REMOVED:
                del holder[place[-1]]
            else:
                holder[place[-1]] = odd
            yield place, odd, copied


def _invalid(version: str, attributes: dict[str, Any]) -> bool:
    content = attributes.get("ome") if version >= "0.5" else attributes
    keys = [key for key in _MODELS if isinstance(content, dict) and key in content]
    return any(not _validator(version, _MODELS[key]).is_valid(attributes) for key in keys)


def _milder(place: tuple[Any, ...], odd: Any) -> bool:
    """Whether the text of the specification asks less here than its schemas do."""
    names = [part for part in place if isinstance(part, str)]
    field, is_number = names[-1], isinstance(odd, int | float) and not isinstance(odd, bool)
    if field == "version":
        return isinstance(odd, str) or odd is None  # An unknown version is only warned of.
    if field in ("type", "unit") and "axes" in names:
        return odd is None  # A type or a unit may be null.
    if field == "orientation":
        return odd is None  # RFC-4: it says the same as no orientation, but SHOULD be left out.
    if field == "scale":
        return is_number or odd == [0]  # A scale SHOULD be other than zero.
    if field == "interpolation":
        return True  # The methods that are listed are not exhaustive.
    if field == "coordinateTransformations":
        return "datasets" not in names  # Additional ones may be none at all.
    return field == "path" and odd is None and ("input" in names or "output" in names)


def _of_scene_axes(place: tuple[Any, ...]) -> bool:
    """Whether the number and types of a scene's axes are at stake, which the text leaves free."""
    return "scene" in place and "axes" in place


@pytest.mark.parametrize(("version", "documents"), _BASES.values(), ids=_BASES)
def test_what_the_schemas_refuse_has_an_error(
    version: str, documents: dict[str, dict[str, Any]]
) -> None:
    silent = []
    for document in documents.values():
        attributes = document.get("attributes", document.get(".zattrs"))
        if not attributes:
            continue
        assert not _invalid(version, attributes)
        for place, odd, changed in _changed(attributes):
            issues = check_group_attributes(changed, version=version)
            has_error = any(issue.severity is Severity.ERROR for issue in issues)
            # Asked last: a schema takes many times as long as the check.
            if not has_error and _invalid(version, changed):
                silent.append((place, odd))
    left = [(p, odd) for p, odd in silent if not (_milder(p, odd) or _of_scene_axes(p))]
    assert left == []
