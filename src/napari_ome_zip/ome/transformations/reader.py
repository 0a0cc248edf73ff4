"""Reads coordinate transformations of all versions into one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.json_values import described, found_in, integer, is_name, quoted, string
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.ome.transformations.parameters import (
    NOT_APPLIED,
    READERS,
    UnusableError,
    read_amounts,
)
from napari_ome_zip.ome.transformations.references import (
    SECTION,
    Ends,
    StringReader,
    read_reference,
)
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

KIND = Rule(
    "transformation-kind",
    MUST,
    "multiscales metadata",
    "Resolution levels are placed by scale and translation only (until 0.5).",
    "Write a scale and a translation; anything more general needs OME-Zarr 0.6.",
    effect=Effect.PLACE,
)
KIND_UNKNOWN = Rule(
    "transformation-kind-unknown",
    MUST,
    SECTION,
    "A transformation is of one of the types that the specification names.",
    "Use one of the types of the specification; no reader can apply another.",
    effect=Effect.PLACE,
)
SEQUENCE = Rule(
    "sequence-empty",
    MUST,
    "sequence",
    "A sequence holds at least one transformation.",
    'List the transformations under "transformations", the one applied first in front; use '
    '"identity" where nothing happens.',
    effect=Effect.PLACE,
)
BY_DIMENSION = Rule(
    "by-dimension-invalid",
    MUST,
    "byDimension",
    "Each part of a byDimension holds a transformation, and the numbers of its input and output "
    "axes.",
    'Give each part "transformation", "inputAxes" and "outputAxes", the axes as numbers from 0.',
    effect=Effect.PLACE,
)
BIJECTION = Rule(
    "bijection-incomplete",
    MUST,
    "bijection",
    "A bijection holds a transformation for each direction.",
    'Add both "forward" and "inverse".',
    effect=Effect.PLACE,
)
BIJECTION_NEEDLESS = Rule(
    "bijection-needless",
    SHOULD,
    "bijection",
    "A bijection is for transformations that cannot be inverted by a formula.",
    "Write the forward transformation alone: its inverse can be computed.",
    effect=Effect.DETAIL,
)

MAX_NESTING = 32
"""Sequences, bijections and byDimension may nest; deeper than this is not read."""

_SIMPLE: Mapping[str, type[tf.Transformation]] = {
    "identity": tf.Identity,
    "mapAxis": tf.MapAxis,
    "projectAxis": tf.ProjectAxis,
    "translation": tf.Translation,
    "scale": tf.Scale,
    "affine": tf.AffineTransformation,
    "rotation": tf.Rotation,
    "displacements": tf.Displacements,
    "coordinates": tf.Coordinates,
}
_COMPOSED = ("sequence", "byDimension", "bijection")
_UNTIL_05 = ("scale", "translation")
_AXES_FIELDS = {
    "inputAxes": ("inputAxes", "input_axes", "input"),
    "outputAxes": ("outputAxes", "output_axes", "output"),
}
"""Fields of a part of a byDimension, and what development versions of 0.6 called them."""


@dataclass(frozen=True)
class TransformationReader:
    """Reads the transformations of one list of a document."""

    input_string: StringReader
    """What a bare string as input means (pre-releases of 0.6)."""
    output_string: StringReader
    """What a bare string as output means (pre-releases of 0.6)."""
    repair: bool = False
    """Whether illegal entries are replaced, in a scale by 1 and in a translation by 0."""
    graph: bool = True
    """Whether all kinds are legal (0.6), not only scale and translation."""
    ends: Ends = Ends.NAMED
    """What the inputs and outputs have to be."""
    _deeper: list[tuple[Any, At]] = field(default_factory=list, init=False)
    """Transformations too deep to be applied, and still to be judged: recursion has a limit."""

    def read(self, value: Any, at: At, depth: int = 0) -> tf.Transformation:
        """Read one transformation and those inside it.

        Parameters
        ----------
        value
            Any JSON value.
        at
            Its place.
        depth
            How many transformations it lies inside.

        Returns
        -------
        Transformation
            `Unknown` where it cannot be used, which is reported. Its `input` and `output` are
            None where they are missing or illegal, which is reported as well; `Ends.NAMED` says
            that it is ignored then, which is for the caller to do.
        """
        read = at.mark(self._read(value, at, depth))
        while depth == 0 and self._deeper:
            self._read(*self._deeper.pop(), 1)
        return read

    def _read(self, value: Any, at: At, depth: int) -> tf.Transformation:
        if not isinstance(value, dict):
            at.wrong_type(value, "a transformation object", SECTION, NOT_APPLIED)
            return tf.Unknown("", f"it is {described(value)}")
        ends = self.ends if depth == 0 else Ends.FREE
        labels: dict[str, Any] = {
            "input": read_reference(value, "input", self.input_string, at, ends),
            "output": read_reference(value, "output", self.output_string, at, ends),
            "name": string(value.get("name")),
        }
        if not isinstance(value.get("name", ""), str):
            at.key("name").wrong_type(value["name"], "a string", SECTION)
        kind = value.get("type")
        if not is_name(kind):
            self._report_kind(value, at)
            return tf.Unknown("", "it has no type", **labels)
        if depth > MAX_NESTING:
            if at.judging:
                self._deeper.append((value, at))
            found = f"Transformations are nested more than {MAX_NESTING} deep"
            at.report(TOO_DEEP, found, "what lies deeper is not applied", section=SECTION)
            return tf.Unknown(kind, "it is nested too deeply", **labels)
        if kind not in _SIMPLE and kind not in _COMPOSED:
            self._report_kind(value, at)
            return tf.Unknown(kind, **labels)
        try:
            return self._known(kind, value, at, depth, labels)
        except UnusableError as fault:
            legal = self.graph or kind in _UNTIL_05
            rule, here = (fault.rule, fault.at or at) if legal else (KIND, at)
            if rule is not None:
                section = "" if rule.section else SECTION
                here.report(rule, fault.problem, NOT_APPLIED, section=section)
            return tf.Unknown(kind, fault.problem, **labels)

    def _report_kind(self, value: dict[str, Any], at: At) -> None:
        found = found_in(value, "type")
        if self.graph:
            at.report(KIND_UNKNOWN, f"Transformation of unknown type: found {found}", NOT_APPLIED)
        else:
            found = f"Type of the transformation is {found}: scale or translation expected"
            at.report(KIND, found, NOT_APPLIED)

    def _known(
        self, kind: str, value: dict[str, Any], at: At, depth: int, labels: dict[str, Any]
    ) -> tf.Transformation:
        match kind:
            case "scale" | "translation":
                parameters = read_amounts(value, kind, at, repair=self.repair)
            case "sequence":
                return tf.SequenceTransformation(self._sequence(value, at, depth), **labels)
            case "byDimension":
                return tf.ByDimension(self._by_dimension(value, at, depth), **labels)
            case "bijection":
                return tf.Bijection(*self._bijection(value, at, depth), **labels)
            case _:
                parameters = READERS[kind](value, at)
        return _SIMPLE[kind](**parameters, **labels)

    def _sequence(self, value: dict[str, Any], at: At, depth: int) -> tuple[tf.Transformation, ...]:
        listed = _listed(value, SEQUENCE, "Sequence", at)
        here = at.key("transformations")
        return tuple(self.read(item, here.item(i), depth + 1) for i, item in enumerate(listed))

    def _by_dimension(
        self, value: dict[str, Any], at: At, depth: int
    ) -> tuple[tf.ByDimensionItem, ...]:
        listed = _listed(value, BY_DIMENSION, "byDimension", at)
        here = at.key("transformations")
        read = [self._part(item, here.item(i), depth) for i, item in enumerate(listed)]
        items = tuple(item for item in read if item is not None)
        if len(items) < len(read):
            raise UnusableError("one of its parts cannot be used")
        return items

    def _part(self, value: Any, at: At, depth: int) -> tf.ByDimensionItem | None:
        """Read a part of a byDimension; None, which is reported, where it cannot be used."""
        if not isinstance(value, dict):
            at.wrong_type(value, "an object", SECTION, NOT_APPLIED)
            return None
        inputs, outputs = (_axes_of(value, field, at) for field in _AXES_FIELDS)
        inner = self._inner(value, at, depth)
        if inputs is None or outputs is None:
            return None
        return tf.ByDimensionItem(inner, inputs, outputs)

    def _inner(self, part: dict[str, Any], at: At, depth: int) -> tf.Transformation:
        here = at.key("transformation")
        if "transformation" in part:
            return self.read(part["transformation"], here, depth + 1)
        # Early drafts wrote the axes into the transformation itself.
        is_there = "type" in part
        if not (is_there and at.document.is_early_06):
            done = "" if is_there else NOT_APPLIED
            at.report(BY_DIMENSION, "byDimension: part without a transformation", done)
        if not is_there:
            return here.mark(tf.Unknown("", "it has no type"))
        inner = {key: found for key, found in part.items() if key not in ("input", "output")}
        return self.read(inner, here, depth + 1)

    def _bijection(
        self, value: dict[str, Any], at: At, depth: int
    ) -> tuple[tf.Transformation, tf.Transformation]:
        # Both directions are given; neither is derived from the other.
        for side in ("forward", "inverse"):
            if side not in value:
                found = f"Bijection without its {side} transformation"
                at.report(BIJECTION, found, NOT_APPLIED)
        read = {
            side: self.read(value[side], at.key(side), depth + 1)
            for side in ("forward", "inverse")
            if side in value
        }
        missing = [f for f in ("forward", "inverse") if not isinstance(value.get(f), dict)]
        if missing:
            raise UnusableError(f"it has no {missing[0]}")
        forward, inverse = read["forward"], read["inverse"]
        if forward.has_closed_form and inverse.has_closed_form:
            found = "Bijection of transformations that a formula inverts"
            at.report(BIJECTION_NEEDLESS, found)
        return forward, inverse


def _listed(value: dict[str, Any], rule: Rule, kind: str, at: At) -> list[Any] | tuple[Any, ...]:
    """Return the list of transformations inside another one."""
    listed = value.get("transformations")
    found = f"{kind} without transformations: found {found_in(value, 'transformations')}"
    if not isinstance(listed, list | tuple):
        raise UnusableError(found, rule)
    if not listed:
        at.report(rule, found)
    return listed


def _axes_of(part: dict[str, Any], field: str, at: At) -> tuple[int | str, ...] | None:
    """Return axes by their number or (drafts) name; None, which is reported, for anything else."""
    written_as = next((key for key in _AXES_FIELDS[field] if key in part), field)
    listed = part.get(written_as)
    axes = _axis_numbers(listed)
    by_draft = written_as != field or any(isinstance(axis, str) for axis in axes or ())
    if axes is None or (by_draft and not at.document.is_early_06):
        found = "nothing"
        if field in part:
            found = quoted(listed[:9]) if isinstance(listed, list) and listed else described(listed)
        found = f"byDimension: {field} do not list axis numbers, each once: found {found}"
        at.report(BY_DIMENSION, found, NOT_APPLIED if axes is None else "")
    return axes


def _axis_numbers(listed: Any) -> tuple[int | str, ...] | None:
    if not isinstance(listed, list | tuple) or not listed:
        return None
    axes = [axis if is_name(axis) else integer(axis) for axis in listed]
    read = tuple(axis for axis in axes if isinstance(axis, str) or (axis is not None and axis >= 0))
    return read if len(read) == len(axes) == len(set(read)) else None
