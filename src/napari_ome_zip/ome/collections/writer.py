"""Writes nodes: an image and its levels, what labels say of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_ome_zip.ome.collections.node import MULTISCALE, SINGLESCALE, ZARR

type Json = dict[str, Any]


def path_to_json(path: str) -> Json:
    """Return a path to a group or an array."""
    return {"type": ZARR, "path": path if path.startswith(".") else f"./{path}"}


def multiscale_to_node(multiscale: Mapping[str, Any]) -> Json:
    """Return an image as a node.

    Parameters
    ----------
    multiscale
        The image as version 0.6 writes it.
    """
    systems = [
        {"id": system["name"], **{k: v for k, v in system.items() if k != "name"}}
        for system in multiscale["coordinateSystems"]
    ]
    return {
        "type": MULTISCALE,
        "name": multiscale.get("name") or "image",
        "nodes": [_level(dataset) for dataset in multiscale["datasets"]],
        "attributes": {"coordinateSystems": systems},
    }


def _level(dataset: Mapping[str, Any]) -> Json:
    id_ = f"s{dataset['path']}"
    transformations = [
        {**each, "input": {"id": id_}, "output": {"id": each["output"]["name"]}}
        for each in dataset["coordinateTransformations"]
    ]
    return {
        "type": SINGLESCALE,
        "id": id_,
        "name": id_,
        "path": path_to_json(dataset["path"]),
        "attributes": {"coordinateTransformations": transformations},
    }


def labels_to_attribute(label: Mapping[str, Any], sources: Sequence[Json] = ()) -> Json:
    """Return the attribute ``labels`` of a label image.

    Parameters
    ----------
    label
        The ``image-label`` of version 0.6: colors and properties.
    sources
        References to the images that it belongs to.
    """
    entries: dict[int, Json] = {}
    for item in label.get("colors", ()):
        entries.setdefault(item["label-value"], {})["color"] = item["rgba"]
    for item in label.get("properties", ()):
        rest = {key: value for key, value in item.items() if key != "label-value"}
        entries.setdefault(item["label-value"], {}).update(rest)
    listed = [{"labelValue": value, **entry} for value, entry in entries.items()]
    found: Json = {"source": list(sources)} if sources else {}
    return found | ({"labelAttributes": listed} if listed else {})
