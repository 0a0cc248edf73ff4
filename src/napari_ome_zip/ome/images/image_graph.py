"""Judges transformations from an image's own coordinate system to others (since 0.6)."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import report_unknown
from napari_ome_zip.ome.images.multiscale import Multiscale
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.transformations.dimensions import judge_dimensions
from napari_ome_zip.ome.transformations.transformation import Transformation, Unknown
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "multiscales metadata"

NOT_INTRINSIC = Rule(
    "multiscale-transformation-detached",
    MUST,
    SECTION,
    "Additional transformations of an image lead from or to the system its levels are mapped to.",
    "Let the transformation start or end at the coordinate system that the levels name as output.",
    is_agreement=True,
    effect=Effect.PLACE,
)
LABEL_KIND = Rule(
    "label-transformation-kind",
    MUST,
    SECTION,
    "An image and its labels are related by identity, scale, translation or a sequence of these.",
    "Place the labels by scale and translation; anything more general belongs into a scene.",
    is_agreement=True,
    effect=Effect.PLACE,
)

_LABEL_KINDS = ("identity", "scale", "translation")


def judge_additional(image: Multiscale, places: Sequence[At]) -> None:
    """Judge the transformations of an image beside those of its levels.

    Parameters
    ----------
    image
        The image.
    places
        The place of each of its transformations.
    """
    systems = {system.name: system for system in image.coordinate_systems}
    is_placed = any(dataset.transformation is not None for dataset in image.datasets)
    intrinsic = image.intrinsic.name
    for item, at in zip(image.transformations, places, strict=True):
        own = []
        axes: dict[str, tuple[Axis, ...]] = {"input": (), "output": ()}
        for side, reference in (("input", item.input), ("output", item.output)):
            if reference is None:
                continue
            if reference.path is not None:
                if not _places_labels(item):
                    found = f"Labels cannot be related to their image by {item.kind}"
                    at.report(LABEL_KIND, found)
            elif reference.name is not None:
                own.append(reference.name)
                if reference.name not in systems:
                    report_unknown(reference.name, systems, at.key(side))
                else:
                    axes[side] = systems[reference.name].axes
        if is_placed and own and intrinsic not in own:
            found = f"Transformation touches {quoted(own)}, but not {quoted(intrinsic)}"
            at.report(NOT_INTRINSIC, found)
        judge_dimensions(item, axes["input"], axes["output"], at)


def _places_labels(item: Transformation) -> bool:
    if isinstance(item, Unknown):
        return True  # unknown kinds have been reported
    if item.kind == "sequence":
        return [part.kind for part in item.parts] == ["scale", "translation"]
    return item.kind in _LABEL_KINDS
