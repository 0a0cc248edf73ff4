"""Checks the graph of coordinate systems (0.6): references exist, and all are connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from napari_ome_zip.image.reference_rules import IMAGE_NOT_FOUND
from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import (
    NAME_MISSING,
    SYSTEM_UNKNOWN,
    CoordinateSystem,
)
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.parse import ParsedGroup
from napari_ome_zip.ome.scene import Scene
from napari_ome_zip.ome.transformations.dimensions import judge_dimensions
from napari_ome_zip.ome.transformations.transformation import SystemRef, Transformation
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.hierarchy.vector_fields import vector_field_paths

_SECTION = "coordinateTransformations metadata, graph connectedness"

NOT_CONNECTED = Rule(
    "graph-not-connected",
    MUST,
    _SECTION,
    "All coordinate systems are linked to each other by transformations.",
    "Add a transformation that links the coordinate system to the others, or remove it.",
    is_agreement=True,
    effect=Effect.PLACE,
)

System = tuple[str, str]
"""Path of a group, and the name of one of its coordinate systems."""


@dataclass(slots=True)
class Links:
    """Sets of coordinate systems that are linked (union-find)."""

    parents: dict[System, System] = field(default_factory=dict)

    def add(self, system: System) -> None:
        self.parents.setdefault(system, system)

    def root(self, system: System) -> System:
        parents = self.parents
        while parents[system] != system:
            # Path compression: thousands may be linked in a row.
            parents[system] = parents[parents[system]]
            system = parents[system]
        return system

    def link(self, one: System, other: System) -> None:
        if one in self.parents and other in self.parents:
            self.parents[self.root(other)] = self.root(one)


def check_graph(judged: JudgedHierarchy) -> None:
    """Check all scenes, and all images outside of scenes."""
    images = {
        path: parsed
        for path, parsed in judged.groups.items()
        if parsed.spec.graph and judged.is_image(path)
    }
    # Labels and vector fields need no link of their own.
    parts = {path for path in judged.groups if "labels" in path.split("/")[:-1]}
    parts |= vector_field_paths(judged)
    seen: set[str] = set()
    for path, parsed in judged.groups.items():
        scene = parsed.group.scene
        if parsed.spec.graph and scene is not None:
            start = f"{path}/" if path else ""
            inside = {p: m for p, m in images.items() if p == path or p.startswith(start)}
            seen.update(inside)
            _check_references(scene, path, judged)
            free = {p: image for p, image in inside.items() if p not in parts}
            _check_connected(path, parsed, free, is_alone=False)
    for path, parsed in images.items():
        _check_label_references(path, parsed, judged)
        if path not in seen:
            _check_connected(path, parsed, {path: parsed}, is_alone=False)


def check_document_graph(parsed: ParsedGroup) -> None:
    """Check the graph of one document by itself."""
    if parsed.spec.graph:
        images = {"": parsed} if "multiscales" in parsed.namespace.keys else {}
        _check_connected("", parsed, images, is_alone=True)


def _by_name(systems: Iterable[CoordinateSystem]) -> dict[str, CoordinateSystem]:
    return {system.name: system for system in systems}


def image_systems(parsed: ParsedGroup | None) -> dict[str, CoordinateSystem]:
    """Return the coordinate systems of a group's images by their names."""
    images = parsed.group.multiscales if parsed is not None else ()
    return _by_name(system for image in images for system in image.coordinate_systems)


def _ends(item: Transformation) -> tuple[tuple[str, SystemRef], ...]:
    return ("input", item.input or SystemRef()), ("output", item.output or SystemRef())


def _check_references(scene: Scene, path: str, judged: JudgedHierarchy) -> None:
    own = _by_name(scene.coordinate_systems)
    of_images: dict[str, dict[str, CoordinateSystem] | None] = {}
    for item in scene.transformations:
        at = judged.place(path, item)
        axes: list[Sequence[Axis]] = []
        for side, ref in _ends(item):
            systems: dict[str, CoordinateSystem] | None = own
            if ref.path is not None:
                if ref.path not in of_images:
                    image = judged.group(join(path, ref.path))
                    is_image = image is not None and "multiscales" in image.namespace.keys
                    of_images[ref.path] = image_systems(image) if is_image else None
                systems = of_images[ref.path]
                if systems is None:
                    message = f"Image {quoted(ref.path)} of the scene does not exist"
                    at.key(side).report(IMAGE_NOT_FOUND, message)
                else:
                    _check_known(ref, systems, at.key(side))
            system = (systems or {}).get(ref.name or "")
            axes.append(system.axes if system is not None else ())
        if any(ref.path is not None for _, ref in _ends(item)):
            judge_dimensions(item, axes[0], axes[1], at)


def _check_known(ref: SystemRef, systems: Mapping[str, CoordinateSystem], at: At) -> None:
    if ref.name is not None and ref.name not in systems:
        known = quoted(tuple(systems))
        message = f"Image {quoted(ref.path)} has no coordinate system {quoted(ref.name)}"
        at.report(SYSTEM_UNKNOWN, f"{message}; it has: {known}")


def _check_label_references(path: str, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    """Check transformations that lead to the labels of an image."""
    for image in parsed.group.multiscales:
        for item in image.transformations:
            for side, ref in _ends(item):
                if ref.path is not None:
                    systems = image_systems(judged.group(join(path, ref.path)))
                    _check_known(ref, systems, judged.place(path, item).key(side))


def _check_connected(
    scope: str, parsed: ParsedGroup, images: Mapping[str, ParsedGroup], *, is_alone: bool
) -> None:
    links, scene = Links(), parsed.group.scene
    for system in scene.coordinate_systems if scene is not None else ():
        if not _is_nameless(parsed, system):
            links.add((scope, system.name))
    for path, image in images.items():
        for system in image_systems(image).values():
            if not _is_nameless(image, system):
                links.add((path, system.name))
    for path, image in images.items():
        for each in image.group.multiscales:
            _link(each.transformations, path, links)
    if scene is not None:
        _link(scene.transformations, scope, links)
        if not images and is_alone:
            return  # which images exist is unknown
    groups: dict[System, list[System]] = {}
    for linked in links.parents:
        groups.setdefault(links.root(linked), []).append(linked)
    # Several images in one group need not be linked to each other.
    if scene is not None or len(parsed.group.multiscales) == 1:
        first, *others = groups.values() or [[]]
        for group in others:
            found = ", ".join(_written(system) for system in group)
            parsed.at.report(NOT_CONNECTED, f"Not linked to {_written(first[0])}: {found}")


def _is_nameless(parsed: ParsedGroup, system: CoordinateSystem) -> bool:
    """Whether the reader made up the name of a system, so that nothing can refer to it."""
    at = parsed.departures.place_of(system)
    return at is not None and parsed.departures.has(NAME_MISSING, at)


def _written(system: System) -> str:
    path, name = system
    return f"{quoted(name)} of {path}" if path else quoted(name)


def _link(transformations: Sequence[Transformation], path: str, links: Links) -> None:
    for item in transformations:
        ends: list[System] = []
        for _, ref in _ends(item):
            target = path if ref.path is None else join(path, ref.path)
            if ref.name is not None and target is not None:
                ends.append((target, ref.name))
        if len(ends) == 2:
            links.link(*ends)
