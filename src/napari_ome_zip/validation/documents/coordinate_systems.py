"""Rules on coordinate systems (0.6): names and axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_name, is_object, objects, quoted
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.validation.documents.axes import check_axes
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "coordinateSystems metadata"

NAME_MISSING = Rule(
    "coordinate-system-name-missing",
    MUST,
    SECTION,
    "Every coordinate system has a name: a text that is not empty.",
    'Name the coordinate system, for instance "physical".',
)
NAME_DUPLICATE = Rule(
    "coordinate-system-name-duplicate",
    MUST,
    SECTION,
    "No two coordinate systems of one list share a name.",
    "Give each coordinate system a name of its own, and refer to it by that name.",
)
AXES_MISSING = Rule(
    "coordinate-system-axes-missing",
    MUST,
    SECTION,
    "Every coordinate system lists its axes.",
    "List the axes of the coordinate system, in the order of the array's dimensions.",
)


def check_coordinate_systems(raw: object, at: Place, *, image: bool) -> Iterator[Issue]:
    """Check a list of coordinate systems.

    Parameters
    ----------
    raw
        The value of ``coordinateSystems``.
    at
        Its place.
    image
        Whether they belong to an image, which restricts number and order of their axes.
    """
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of coordinate systems", SECTION)
        return
    for i, system in enumerate(raw):
        yield from _check_system(system, at.at(i), image=image)
    names = [system["name"] for system in objects(raw) if is_name(system.get("name"))]
    for name, count in Counter(names).items():
        if count > 1:
            message = f"{count} coordinate systems are called {quoted(name)}"
            yield at.issue(NAME_DUPLICATE, message)


def _check_system(raw: object, at: Place, *, image: bool) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "a coordinate system object", SECTION)
        return
    if not is_name(raw.get("name")):
        found = describe(raw["name"]) if "name" in raw else "no name"
        yield at.issue(NAME_MISSING, f"Coordinate system without a name: found {found}")
    if raw.get("axes") in (None, []):
        yield at.issue(AXES_MISSING, "Coordinate system without axes")
    else:
        yield from check_axes(raw["axes"], at.at("axes"), image=image)


def axes_by_system(raw: object) -> dict[str, list[Mapping[str, object]]]:
    """Return the axes of each named coordinate system; judges nothing."""
    named = ((system.get("name"), system) for system in objects(raw))
    return {name: objects(system.get("axes")) for name, system in named if is_name(name)}
