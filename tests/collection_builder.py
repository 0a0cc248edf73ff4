"""Nodes of collections (RFC-8), written by hand from its text, with arrays of zarr-python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from hierarchy_builder import HierarchyBuilder, axes_of, ramp

VERSION = "0.9.dev3"

type Node = dict[str, Any]


def path_to(path: str, kind: str = "zarr") -> Node:
    """Return a path as RFC-8 writes it."""
    return {"type": kind, "path": path}


def entry(name: str, path: str | None = None, kind: str = "multiscale", **more: Any) -> Node:
    """Return a node that leads to a group, or to a JSON document."""
    path = path or f"./{name}"
    into = path_to(path, "json" if path.endswith(".json") else "zarr")
    return {"type": kind, "name": name, "path": into, **more}


def collection(name: str, *nodes: Node, **more: Any) -> Node:
    """Return a node that holds nodes."""
    return {"type": "collection", "name": name, "nodes": list(nodes), **more}


def placed(scale: Sequence[float], id_: str = "s0", system: str = "physical", **more: Any) -> Node:
    """Return the transformation of a level."""
    return {
        "type": "scale",
        "scale": list(scale),
        "input": {"id": id_},
        "output": {"id": system},
        **more,
    }


def level(
    path: str = "./s0", scale: Sequence[float] = (1, 1), id_: str = "s0", **more: Any
) -> Node:
    """Return a level."""
    return {
        "type": "singlescale",
        "id": id_,
        "name": id_,
        "path": path_to(path),
        "attributes": {
            "coordinateTransformations": [placed(scale, id_, more.pop("system", "physical"))]
        },
        **more,
    }


def system(id_: str = "physical", axes: str = "yx") -> Node:
    """Return a coordinate system."""
    return {"id": id_, "axes": axes_of(axes)}


def image(name: str, *levels: Node, axes: str = "yx", **attributes: Any) -> Node:
    """Return an image with its levels."""
    return {
        "type": "multiscale",
        "name": name,
        "nodes": list(levels) or [level(scale=[1] * len(axes))],
        "attributes": {"coordinateSystems": [system(axes=axes)], **attributes},
    }


class CollectionBuilder(HierarchyBuilder):
    """A hierarchy of which groups describe nodes."""

    def node(self, node: Node, path: str = "", version: str | None = VERSION) -> CollectionBuilder:
        """Add a group that describes a node."""
        self.group(path, **({} if version is None else {"version": version}), **node)
        if version is None:
            name = f"{path}/zarr.json" if path else "zarr.json"
            self.edit(name, attributes={"ome": node})
        return self

    def image_node(
        self,
        path: str,
        pixels: np.ndarray | None = None,
        scale: Sequence[float] = (1, 1),
        **attributes: Any,
    ) -> CollectionBuilder:
        """Add a group that describes an image of one level."""
        name = path.rpartition("/")[2]
        self.node(image(name, level(scale=scale), **attributes), path)
        self.array(f"{path}/s0" if path else "s0", ramp((3, 4)) if pixels is None else pixels)
        return self

    def json(self, name: str, node: Node, version: str = VERSION) -> CollectionBuilder:
        """Add a JSON document that describes a node."""
        self.put(name, json.dumps({"ome": {"version": version, **node}}).encode())
        return self


def plate(*wells: Node, **more: Any) -> Node:
    """Return a plate of two rows and two columns, and two acquisitions."""
    lines = {
        "rows": [{"id": "rA", "name": "A"}, {"id": "rB", "name": "B"}],
        "columns": [{"id": "c1", "name": "1"}, {"id": "c2", "name": "2"}],
        "acquisitions": [{"id": "first"}, {"id": "second", "name": "second round"}],
    }
    return collection("plate", *wells, attributes={"plate": lines | more})


def well(row: str, column: str, *nodes: Node, **more: Any) -> Node:
    """Return a well."""
    attributes = {"well": {"row": {"id": row}, "column": {"id": column}}}
    return collection(f"well {row}{column}", *nodes, attributes=attributes, **more)
