"""Rules on the graph of coordinate systems (0.6): does everything hang together?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import SYSTEM_UNKNOWN
from napari_ome_zip.ome.dimensions import misfits
from napari_ome_zip.ome.json_values import is_object, quoted
from napari_ome_zip.ome.scene import Scene
from napari_ome_zip.rules import MUST, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.documents.group import Metadata
from napari_ome_zip.validation.documents.raw import (
    as_objects,
    axes_by_system,
    reference_name,
    reference_path,
)
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.hierarchy.fields import field_paths
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

_SECTION = "coordinateTransformations metadata, graph connectedness"

NOT_CONNECTED = Rule(
    "graph-not-connected",
    MUST,
    _SECTION,
    "All coordinate systems are linked to each other by transformations.",
    "Add a transformation that links the coordinate system to the others, or remove it.",
)
IMAGE_NOT_FOUND = Rule(
    "scene-image-not-found",
    MUST,
    "scene metadata",
    "Every image that a scene places exists.",
    "Correct the path, or write the missing image.",
)

System = tuple[str, str]


@dataclass(slots=True)
class Links:
    """Coordinate systems, and which of them are linked."""

    parents: dict[System, System] = field(default_factory=dict)

    def add(self, system: System) -> None:
        self.parents.setdefault(system, system)

    def root(self, system: System) -> System:
        parents = self.parents
        while parents[system] != system:
            # The way is shortened for the next one: thousands may be linked in a row.
            parents[system] = parents[parents[system]]
            system = parents[system]
        return system

    def link(self, one: System, other: System) -> None:
        if one in self.parents and other in self.parents:
            self.parents[self.root(other)] = self.root(one)


def check_graph(documents: DocumentSet) -> Iterator[Issue]:
    """Check all scenes, and all images that belong to none."""
    images = {
        path: metadata
        for path, metadata in documents.metadata.items()
        if metadata.spec.graph and documents.is_image(path)
    }
    parts = _parts_of_others(documents)
    seen: set[str] = set()
    for path, metadata in documents.metadata.items():
        scene = metadata.content.get("scene")
        if metadata.spec.graph and is_object(scene):
            start = f"{path}/" if path else ""
            inside = {p: m for p, m in images.items() if p == path or p.startswith(start)}
            seen.update(inside)
            typed = metadata.parsed.group.scene
            if typed is not None:
                yield from _check_references(typed, path, metadata, documents)
            free = {p: m for p, m in inside.items() if p not in parts}
            yield from _check_connected(path, metadata, free, documents)
    for path, metadata in images.items():
        yield from _check_label_references(path, metadata, documents)
        if path not in seen:
            yield from _check_connected(path, metadata, {path: metadata}, documents)


def check_document_graph(metadata: Metadata) -> Iterator[Issue]:
    """Check the graph that one document draws, as far as it goes by itself."""
    images = {"": metadata} if "multiscales" in metadata.content else {}
    yield from _check_connected("", metadata, images, DocumentSet())


def _parts_of_others(documents: DocumentSet) -> frozenset[str]:
    """Return images that need no link of their own: labels, and fields of vectors."""
    labels = {p for p in documents.metadata if "labels" in p.split("/")[:-1]}
    return frozenset(labels | field_paths(documents))


def _check_references(
    scene: Scene, path: str, metadata: Metadata, documents: DocumentSet
) -> Iterator[Issue]:
    own = {system.name: system.axes for system in scene.coordinate_systems}
    for item in scene.transformations:
        at = metadata.parsed.departures.place_of(item)
        if at is None:
            continue
        axes: list[tuple[Axis, ...]] = []
        for side, reference in (("input", item.input), ("output", item.output)):
            if reference is None:
                continue
            systems, place = own, Place(at.key(side).location, at.spec)
            if reference.path is not None:
                image = documents.described(join(path, reference.path))
                if image is None or "multiscales" not in image.content:
                    message = f"Image {quoted(reference.path)} of the scene does not exist"
                    yield place.issue(IMAGE_NOT_FOUND, message)
                    axes.append(())
                    continue
                systems = _axes_by_name(image)
                if reference.name is not None and reference.name not in systems:
                    yield _unknown(reference.name, reference.path, systems, place)
            axes.append(systems.get(reference.name or "", ()))
        yield from map(Issue.of, misfits(item, axes[0], axes[1], at))


def _axes_by_name(image: Metadata) -> dict[str, tuple[Axis, ...]]:
    """Return the axes of the coordinate systems of a group's images (since 0.6)."""
    images = image.parsed.group.multiscales if image.spec.graph else ()
    return {system.name: system.axes for each in images for system in each.coordinate_systems}


def image_systems(
    content: Mapping[str, object],
) -> dict[str, list[Mapping[str, object]]]:
    """Return the axes of all named coordinate systems of a group's images."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for image in as_objects(content.get("multiscales")):
        found |= axes_by_system(image.get("coordinateSystems"))
    return found


def _unknown(name: str, path: str, systems: Mapping[str, object], at: Place) -> Issue:
    known = quoted(tuple(systems))
    message = f"Image {quoted(path)} has no coordinate system {quoted(name)}; it has: {known}"
    return at.issue(SYSTEM_UNKNOWN, message)


def _check_label_references(
    path: str, metadata: Metadata, documents: DocumentSet
) -> Iterator[Issue]:
    """Check transformations that lead to the labels of an image."""
    for i, image in enumerate(as_objects(metadata.content.get("multiscales"))):
        for j, item in enumerate(as_objects(image.get("coordinateTransformations"))):
            at = metadata.place.at("multiscales", i, "coordinateTransformations", j)
            for side in ("input", "output"):
                name, relative = reference_name(item, side), reference_path(item, side)
                if name is None or relative is None:
                    continue
                label = documents.described(join(path, relative))
                systems = image_systems(label.content) if label is not None else {}
                if name not in systems:
                    yield _unknown(name, relative, systems, at.at(side))


def _check_connected(
    scope: str, metadata: Metadata, images: Mapping[str, Metadata], documents: DocumentSet
) -> Iterator[Issue]:
    links = Links()
    scene = metadata.content.get("scene")
    if is_object(scene):
        for name in axes_by_system(scene.get("coordinateSystems")):
            links.add((scope, name))
    for path, image in images.items():
        for name in image_systems(image.content):
            links.add((path, name))
    for path, image in images.items():
        for entry in as_objects(image.content.get("multiscales")):
            _link(entry, path, links)
    if is_object(scene):
        _link(scene, scope, links)
        if not images and not documents.nodes:
            return  # A scene by itself does not tell which images exist.
    roots: dict[System, list[System]] = {}
    for system in links.parents:
        roots.setdefault(links.root(system), []).append(system)
    # Several images in one group, or none: each has a place of its own.
    groups = list(roots.values())
    if is_object(scene) or len(as_objects(metadata.content.get("multiscales"))) == 1:
        for group in groups[1:]:
            shown = ", ".join(_shown(system) for system in group)
            message = f"Not linked to {_shown(groups[0][0])}: {shown}"
            yield metadata.place.issue(NOT_CONNECTED, message)


def _shown(system: System) -> str:
    path, name = system
    return f"{quoted(name)} of {path}" if path else quoted(name)


def _link(raw: Mapping[str, object], path: str, links: Links) -> None:
    for item in as_objects(raw.get("coordinateTransformations")):
        ends: list[System] = []
        for side in ("input", "output"):
            name, relative = reference_name(item, side), reference_path(item, side)
            target = path if relative is None else join(path, relative)
            if name is not None and target is not None:
                ends.append((target, name))
        if len(ends) == 2:
            links.link(*ends)
