"""Reads multiscale nodes, whose levels are nodes as well, into the model of all versions."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import At, Departures
from napari_ome_zip.ome.collections.node import (
    MULTISCALE,
    SINGLESCALE,
    ZARR,
    Link,
    Node,
    NodeAttributes,
    NodePath,
    Stated,
)
from napari_ome_zip.ome.collections.references import read_reference
from napari_ome_zip.ome.collections.transformations import read_end, read_links, reader
from napari_ome_zip.ome.coordinate_system import CoordinateSystem, WrittenSystem
from napari_ome_zip.ome.images.graph_levels import graph_datasets
from napari_ome_zip.ome.images.level_reader import DATASETS_MISSING, Context
from napari_ome_zip.ome.images.multiscale import PHYSICAL, Dataset, Multiscale
from napari_ome_zip.ome.images.multiscale_reader import SYSTEMS_MISSING, judge_axes
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.versions import COLLECTIONS
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "RFC-8: Multiscale node"

LEVEL_KIND = Rule(
    "multiscale-node-level",
    MUST,
    SECTION,
    "The nodes of a multiscale are singlescales.",
    'Write "type": "singlescale" for a resolution level; a collection holds all other nodes.',
    effect=Effect.NOT_SHOWN,
)
LEVEL_PATH = Rule(
    "singlescale-path-unusable",
    MUST,
    "RFC-8: Singlescale node",
    "The path of a resolution level in a multiscale leads to an array.",
    'Give the path of the array, for instance {"type": "zarr", "path": "./s0"}.',
    effect=Effect.NOT_SHOWN,
)

type Relative = Callable[[NodePath], str | None]
"""The path of an array as seen from the group of its image; None where it lies outside."""


def from_document(path: NodePath) -> str | None:
    """Return the path of an array as seen from the folder of the document; None for a link."""
    return None if path.is_absolute else posixpath.normpath(path.path)


def levels_of(node: Node) -> tuple[Node, ...]:
    """Return the levels of an image: those of a multiscale, and a singlescale itself."""
    if node.kind == SINGLESCALE:
        return (node,)
    return tuple(each for each in node.nodes or () if each.kind == SINGLESCALE)


@dataclass(frozen=True)
class ImageNode:
    """A multiscale or singlescale node, as an image."""

    multiscale: Multiscale
    links: tuple[Link, ...] = ()
    """Transformations that lead from its systems to others."""


def read_image(
    node: Node,
    attributes: NodeAttributes,
    version: str,
    shared: Mapping[str, WrittenSystem],
    *,
    elsewhere: Mapping[int, Stated] | None = None,
    relative: Relative = from_document,
    at: At | None = None,
) -> ImageNode:
    """Read an image.

    Parameters
    ----------
    node
        A multiscale with its nodes, or a singlescale.
    attributes
        Its own, or those of an entry over its own.
    version
        The version that its document is read as.
    shared
        The coordinate systems of the document, by their ids.
    elsewhere
        Transformations that stand in documents of arrays, by the number of the level; None while
        these documents are not read: nothing is said of levels without a transformation then.
    relative
        The path of a level's array, as seen from the group that the image is to have.
    at
        Where to report, by default the node's own place.
    """
    at = at or node.at
    levels = levels_of(node)
    outer = attributes.transformations if node.kind == MULTISCALE else None
    of_levels, links = _split(outer, {level.id for level in levels if level.id}, at)
    stated = [level.attributes.transformations or of_levels.get(level.id or "") for level in levels]
    found = dict(elsewhere or {})
    said = [each or found.get(number) for number, each in enumerate(stated)]
    entries, outputs = _entries(levels, said, relative, at, is_complete=elsewhere is not None)
    written = _systems(attributes, shared, outputs)
    if node.kind == MULTISCALE and not attributes.systems:
        is_told = elsewhere is not None or None not in said
        _report_systems(written, outputs, at, is_told=is_told)
    systems = tuple(each.system for each in written) or (CoordinateSystem(PHYSICAL),)
    context = Context(COLLECTIONS, True, reader(), reader())
    multiscale = Multiscale(
        name=node.name,
        version=version,
        coordinate_systems=systems,
        datasets=_datasets(entries, systems, context),
    )
    judge_axes(written, multiscale, at, COLLECTIONS)
    return ImageNode(at.mark(multiscale), links)


type _Entry = tuple[str, dict[str, Any], At]
"""Path of a level, its transformations as 0.6 lists them (empty: not known yet), and its place."""


def _datasets(
    entries: Sequence[_Entry], systems: Sequence[CoordinateSystem], context: Context
) -> tuple[Dataset, ...]:
    """Read the levels; nothing is said of those whose transformations are not known yet."""
    told = iter(graph_datasets([entry for entry in entries if entry[1]], systems, context))
    return tuple(
        here.mark(next(told) if listed else Dataset(path)) for path, listed, here in entries
    )


def _entries(
    levels: Sequence[Node],
    stated: Sequence[Stated | None],
    relative: Relative,
    at: At,
    *,
    is_complete: bool,
) -> tuple[list[_Entry], list[str]]:
    """Return the levels that have a path, and the ids of the systems that they lead to."""
    entries: list[_Entry] = []
    outputs: dict[str, None] = {}
    for level, said in zip(levels, stated, strict=True):
        path = _path(level, relative, at)
        if path is None:
            continue
        key = "coordinateTransformations"
        if said is None:
            here = replace(level.at, departures=at.departures).key("attributes")
            entries.append((path, {"path": path, key: None} if is_complete else {}, here))
            continue
        here = replace(said.at, departures=at.departures)
        listed = _as_of_0_6(said.value, level.id, path, here, outputs)
        above = replace(here, parts=here.parts[:-1])
        entries.append((path, {"path": path, key: listed}, above))
    if not levels:
        found = "Image without resolution levels: it lists no singlescale"
        at.report(DATASETS_MISSING, found, "there is nothing to show")
    return entries, list(outputs)


def _path(level: Node, relative: Relative, at: At) -> str | None:
    """Return the path of a level; None, which is reported, where no array of the file is there."""
    here = replace(level.at, departures=at.departures).key("path")
    if level.path is None:
        here.report(LEVEL_PATH, "Resolution level without a path", "the level is left out")
        return None
    if level.path.kind != ZARR:
        found = f"Path of a resolution level is of type {quoted(level.path.kind)}"
        here.report(LEVEL_PATH, found, "the level is left out")
        return None
    return relative(level.path)


def _as_of_0_6(value: Any, id_: str | None, path: str, at: At, outputs: dict[str, None]) -> Any:
    """Return transformations of a level with references as 0.6 has them; note their outputs."""
    if isinstance(value, dict):
        return _with_ends(value, id_, path, at, outputs)
    if not isinstance(value, list | tuple):
        return value
    return [_with_ends(item, id_, path, at.item(i), outputs) for i, item in enumerate(value)]


def _with_ends(value: Any, id_: str | None, path: str, at: At, outputs: dict[str, None]) -> Any:
    if not isinstance(value, dict):
        return value
    source = read_end(value, "input", at, "")
    target = read_end(value, "output", at, "the coordinate system of the image is used")
    result = {key: item for key, item in value.items() if key not in ("input", "output")}
    if source is not None:
        result["input"] = {"path": path if source.id == id_ else source.id}
    if target is not None:
        outputs.setdefault(target.id)
        result["output"] = {"name": target.id}
    return result


def _split(
    outer: Stated | None, levels: set[str], at: At
) -> tuple[dict[str, Stated], tuple[Link, ...]]:
    """Sort the transformations of a multiscale into those of its levels, by id, and others."""
    if outer is None:
        return {}, ()
    if not isinstance(outer.value, list | tuple):
        return {}, read_links(outer.value, replace(outer.at, departures=at.departures))
    own: dict[str, Stated] = {}
    others = []
    for item in outer.value:
        end = item.get("input") if isinstance(item, dict) else None
        # Whoever reads it for good reports what is wrong with it.
        quiet = replace(outer.at, departures=Departures())
        source = None if end is None else read_reference(end, quiet, "")
        if source is not None and source.id in levels:
            own[source.id] = Stated([item], outer.at)
        else:
            others.append(item)
    return own, read_links(others, replace(outer.at, departures=at.departures))


def _report_systems(
    found: Sequence[WrittenSystem], outputs: Sequence[str], at: At, *, is_told: bool
) -> None:
    """Report that an image has no systems of its own; documents of arrays may have some."""
    done = ""
    if is_told:
        done = "those of its document are used" if found else "the axes are taken from the array"
    is_complete = bool(found) and len(found) == len(outputs)
    at.report(SYSTEMS_MISSING, "Image without coordinate systems", done, harmless=is_complete)


def _systems(
    attributes: NodeAttributes, shared: Mapping[str, WrittenSystem], outputs: Sequence[str]
) -> tuple[WrittenSystem, ...]:
    """Return the systems of an image, and those of its document that its levels lead to."""
    own = attributes.systems or ()
    known = {written.system.name for written in own}
    return (*own, *(shared[id_] for id_ in outputs if id_ not in known and id_ in shared))
