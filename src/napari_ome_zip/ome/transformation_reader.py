"""Reads coordinate transformations of all versions into the one model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import parse_axes
from napari_ome_zip.ome.json_values import indices, integer, number, numbers, shown, string
from napari_ome_zip.ome.transformation import (
    AffineTransformation,
    Bijection,
    ByDimension,
    ByDimensionItem,
    Coordinates,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Sequence,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
)

MAX_NESTING = 32
"""Sequences, bijections and byDimension may nest; deeper than this is not read."""

StringReader = Callable[[str], SystemRef]


class _Unusable(Exception):
    """The parameters of a transformation are missing or illegal."""

    def __init__(self, problem: str, code: str | None = None) -> None:
        super().__init__(problem)
        self.code = code
        """Name of the fault; None where it is the usual one of the kind."""


_ILLEGAL = {
    "scale": "transformation-parameters",
    "translation": "transformation-parameters",
    "mapAxis": "map-axis-invalid",
    "projectAxis": "project-axis-invalid",
    "affine": "matrix-invalid",
    "rotation": "matrix-invalid",
    "sequence": "sequence-empty",
    "byDimension": "by-dimension-invalid",
    "bijection": "bijection-incomplete",
    "displacements": "vector-field-path-missing",
    "coordinates": "vector-field-path-missing",
}
"""What it is called when a transformation of a kind lacks what it needs."""


def note_loose(item: Any, at: At) -> None:
    """Note that a transformation is ignored because it does not say what it connects."""
    if not isinstance(item, dict):
        return  # which has been told
    both = "input" in item and "output" in item
    at.note(
        "transformation-reference-invalid" if both else "transformation-reference-missing",
        f"Transformation {shown(item.get('type') or '?')} has no input or output; ignored.",
    )


@dataclass(frozen=True)
class TransformationReader:
    """Reads the transformations of one list of a document."""

    input_string: StringReader
    """What a bare string as input means (pre-releases of 0.6)."""
    output_string: StringReader
    """What a bare string as output means (pre-releases of 0.6)."""
    repair: bool = False
    """Replace illegal entries of a scale by 1, of a translation by 0, as for levels."""
    graph: bool = True
    """All kinds are legal (0.6), not scale and translation only."""

    def read(self, value: Any, at: At, depth: int = 0) -> Transformation:
        """Return the transformation; `Unknown` with a finding where it cannot be used."""
        if not isinstance(value, dict):
            return self._unknown("", f"it is {shown(value)}", "wrong-type", at)
        refs = {
            "input": self._ref(value.get("input"), self.input_string, at.key("input")),
            "output": self._ref(value.get("output"), self.output_string, at.key("output")),
        }
        name = value.get("name")
        labels: dict[str, Any] = {**refs, "name": string(name)}
        kind = value.get("type")
        if not isinstance(kind, str) or not kind:
            return self._unknown("", "it has no type", self._no_kind, at, labels)
        if depth > MAX_NESTING:
            problem = "it is nested too deeply"
            return self._unknown(kind, problem, "metadata-too-deep", at, labels)
        read = _KINDS.get(kind)
        if read is None:
            at.note(
                self._no_kind, f"Transformation {shown(kind)} is not known, so it is not applied."
            )
            return Unknown(kind, **labels)
        try:
            return read(self, value, at, depth, labels)
        except _Unusable as problem:
            legal = self.graph or kind in ("scale", "translation")
            code = (problem.code or _ILLEGAL[kind]) if legal else self._no_kind
            return self._unknown(kind, str(problem), code, at, labels)

    @property
    def _no_kind(self) -> str:
        return "transformation-kind-unknown" if self.graph else "transformation-kind"

    def _unknown(
        self,
        kind: str,
        problem: str,
        code: str,
        at: At,
        labels: dict[str, Any] | None = None,
    ) -> Unknown:
        at.note(
            code, f"Transformation {shown(kind or '?')} is unusable: {problem}; it is not applied."
        )
        return Unknown(kind, problem, **(labels or {}))

    def _ref(self, value: Any, from_string: StringReader, at: At) -> SystemRef | None:
        if isinstance(value, str) and value:
            return from_string(value)
        if not isinstance(value, dict):
            return None
        path, name = value.get("path"), value.get("name")
        # A null, absent or empty path is this group.
        path = None if path in ("", ".") or not isinstance(path, str) else path
        axes = None
        if isinstance(value.get("axes"), list):
            here = at.key("axes").regulated(False)
            axes = parse_axes(value["axes"], here, names_expected=True)
        ref = SystemRef(path, string(name), axes or None)
        return None if ref == SystemRef() else ref

    def amounts(self, value: dict[str, Any], key: str, at: At) -> dict[str, Any]:
        """Return the parameters of a scale or translation, repaired where allowed."""
        listed = value.get(key)
        if not isinstance(listed, list | tuple):
            if listed is None and isinstance(value.get("path"), str) and value["path"]:
                return {key: None, "path": value["path"]}
            raise _Unusable(f"its {key} is {shown(listed)}, not a list of numbers")
        neutral = 1.0 if key == "scale" else 0.0
        read: list[float] = []
        for item in listed:
            amount = number(item)
            # A negative scale is a flip; a scale of 0 would leave nothing to see.
            refused = amount is None or (key == "scale" and amount == 0)
            code = "transformation-parameters" if amount is None else "scale-zero"
            if refused and not self.repair:
                raise _Unusable(f"its {key} holds {shown(item)}", code)
            if refused:
                at.key(key).note(
                    code,
                    f"{key.capitalize()} holds {shown(item)}, not a {_WANTED[key]};"
                    f" {neutral:g} is used.",
                )
            read.append(neutral if refused or amount is None else amount)
        return {key: tuple(read)}


_WANTED = {"scale": "number other than 0", "translation": "number"}

_Labels = dict[str, Any]


def _identity(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return Identity(**labels)


def _scale(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return Scale(**reader.amounts(value, "scale", at), **labels)


def _translation(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return Translation(**reader.amounts(value, "translation", at), **labels)


def _map_axis(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    order = indices(value.get("mapAxis"))
    # Every axis is used exactly once.
    if not order or sorted(order) != list(range(len(order))):
        raise _Unusable("its mapAxis does not name every axis once")
    return MapAxis(order, **labels)


def _project_axis(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    dropped = indices(value.get("droppedInputs") or [])
    created = indices(value.get("createdOutputs") or [])
    if dropped is None or created is None:
        raise _Unusable("its axes are not a list of different indices")
    # At least one of the two is there, else there is nothing to project.
    if not dropped and not created:
        raise _Unusable("it neither drops nor creates an axis")
    return ProjectAxis(dropped, created, **labels)


def _matrix(value: dict[str, Any], key: str) -> dict[str, Any]:
    listed = value.get(key)
    if listed is None and isinstance(value.get("path"), str) and value["path"]:
        return {key: None, "path": value["path"]}
    if not isinstance(listed, list | tuple) or not listed:
        raise _Unusable(f"its {key} is {shown(listed)}, not a matrix")
    rows = tuple(numbers(row) for row in listed)
    kept = tuple(row for row in rows if row)
    if len(kept) != len(rows) or len({len(row) for row in kept}) != 1:
        raise _Unusable(f"its {key} is not a matrix of numbers")
    return {key: kept}


def _affine(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return AffineTransformation(**_matrix(value, "affine"), **labels)


def _rotation(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    read = _matrix(value, "rotation")
    matrix = read["rotation"]
    if matrix is not None and len(matrix) != len(matrix[0]):
        size = f"{len(matrix)} by {len(matrix[0])}"
        raise _Unusable(f"its matrix is {size}, not square", "rotation-not-square")
    return Rotation(**read, **labels)


def _sequence(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    listed = value.get("transformations")
    if not isinstance(listed, list | tuple):
        raise _Unusable(f"its transformations are {shown(listed)}, not a list")
    here = at.key("transformations")
    parts = tuple(reader.read(item, here.item(i), depth + 1) for i, item in enumerate(listed))
    return Sequence(parts, **labels)


def _by_dimension(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    listed = value.get("transformations")
    if not isinstance(listed, list | tuple):
        raise _Unusable(f"its transformations are {shown(listed)}, not a list")
    here = at.key("transformations")
    items: list[ByDimensionItem] = []
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            raise _Unusable(f"its part {index} is {shown(item)}", "wrong-type")
        # Early drafts wrote the axes into the transformation itself.
        inner = item.get("transformation", item)
        input_axes = _axes_of(item, ("inputAxes", "input"), index)
        output_axes = _axes_of(item, ("outputAxes", "output"), index)
        if inner is item:
            inner = {key: found for key, found in item.items() if key not in ("input", "output")}
        read = reader.read(inner, here.item(index).key("transformation"), depth + 1)
        items.append(ByDimensionItem(read, input_axes, output_axes))
    return ByDimension(tuple(items), **labels)


_SNAKE = {"inputAxes": "input_axes", "outputAxes": "output_axes"}


def _axes_of(item: dict[str, Any], side: tuple[str, str], index: int) -> tuple[int | str, ...]:
    key, draft_key = side
    listed = next((item[k] for k in (key, _SNAKE[key], draft_key) if k in item), None)
    if not isinstance(listed, list | tuple) or not listed:
        raise _Unusable(f"its part {index} has no {key}")
    axes: dict[int | str, None] = {}
    for axis in listed:
        found = axis if isinstance(axis, str) and axis else integer(axis)
        if found is None or (isinstance(found, int) and found < 0) or found in axes:
            raise _Unusable(f"{key} of its part {index} hold {shown(axis)}")
        axes[found] = None
    return tuple(axes)


def _bijection(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    # Both directions are given; neither is derived from the other.
    missing = [key for key in ("forward", "inverse") if not isinstance(value.get(key), dict)]
    if missing:
        there = all(key in value for key in missing)
        raise _Unusable(f"it has no {missing[0]}", "wrong-type" if there else None)
    forward = reader.read(value["forward"], at.key("forward"), depth + 1)
    inverse = reader.read(value["inverse"], at.key("inverse"), depth + 1)
    return Bijection(forward, inverse, **labels)


def _field_at(value: dict[str, Any]) -> tuple[str, str | None]:
    path = value.get("path")
    if not isinstance(path, str) or not path:
        raise _Unusable("it has no path to its vector field")
    return path, string(value.get("interpolation"))


def _displacements(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return Displacements(*_field_at(value), **labels)


def _coordinates(
    reader: TransformationReader, value: dict[str, Any], at: At, depth: int, labels: _Labels
) -> Transformation:
    return Coordinates(*_field_at(value), **labels)


_KINDS: dict[
    str, Callable[[TransformationReader, dict[str, Any], At, int, _Labels], Transformation]
] = {
    "identity": _identity,
    "mapAxis": _map_axis,
    "projectAxis": _project_axis,
    "translation": _translation,
    "scale": _scale,
    "affine": _affine,
    "rotation": _rotation,
    "sequence": _sequence,
    "byDimension": _by_dimension,
    "bijection": _bijection,
    "displacements": _displacements,
    "coordinates": _coordinates,
}
