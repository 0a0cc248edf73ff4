"""Valid OME-Zarr documents, made by hand from the specification, for tests to break."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Documents = dict[str, dict[str, Any]]

DRAFTS = ("0.9.dev1", "0.9.dev3")
_GRAPHS = ("0.6", *DRAFTS)
"""Versions whose images have coordinate systems."""
_UNITS = {"space": "micrometer", "time": "second"}
_TYPES = {"t": "time", "c": "channel"}
_DOWNSAMPLED = {"type": "gaussian", "metadata": {"method": "by hand"}}


def axis(name: str, kind: str | None = None) -> dict[str, Any]:
    """Return an axis with all that is advised; the type follows from the name t, c or other."""
    kind = kind or _TYPES.get(name, "space")
    unit = {"unit": _UNITS[kind]} if kind in _UNITS else {}
    return {"name": name, "type": kind, **unit}


def axes(names: Iterable[str] = "cyx") -> list[dict[str, Any]]:
    """Return axes of these names."""
    return [axis(name) for name in names]


def multiscale(
    version: str, names: Iterable[str] = "cyx", levels: int = 2, system: str = "physical"
) -> dict[str, Any]:
    """Return the metadata of an image whose levels "0", "1", … halve y and x."""
    listed = axes(names)
    return multiscale_of(version, listed, levels, system)


def multiscale_of(
    version: str, listed: list[dict[str, Any]], levels: int = 2, system: str = "physical"
) -> dict[str, Any]:
    """Return the metadata of an image with these axes."""
    image: dict[str, Any] = {"name": "cells", **_DOWNSAMPLED}
    datasets: list[dict[str, Any]] = []
    for level in range(levels):
        dataset: dict[str, Any] = {"path": str(level)}
        scale = [0.5 * 2**level if a["name"] in ("y", "x") else 1.0 for a in listed]
        if version >= "0.4":
            step: dict[str, Any] = {"type": "scale", "scale": scale}
            if version in _GRAPHS:
                step |= {"input": {"path": str(level)}, "output": {"name": system}}
            dataset["coordinateTransformations"] = [step]
        datasets.append(dataset)
    image["datasets"] = datasets
    if version in _GRAPHS:
        image["coordinateSystems"] = [{"name": system, "axes": listed}]
    elif version >= "0.4":
        image["axes"] = listed
    elif version == "0.3":
        image["axes"] = [a["name"] for a in listed]
    if version < "0.5":
        image["version"] = version
    return image


def attributes(version: str, **content: Any) -> dict[str, Any]:
    """Return attributes that hold this metadata where the version wants it."""
    content = {key.replace("__", "-"): value for key, value in content.items()}
    return {"ome": {"version": version, **content}} if version >= "0.5" else content


def group(version: str, **content: Any) -> dict[str, Any]:
    """Return the document of a group."""
    if version >= "0.5":
        held = attributes(version, **content) if content else {}
        return {"zarr_format": 3, "node_type": "group", "attributes": held}
    return {".zgroup": {"zarr_format": 2}, ".zattrs": attributes(version, **content)}


def array(
    version: str, shape: Iterable[int], names: Iterable[str] = "cyx", dtype: str = "uint16"
) -> dict[str, Any]:
    """Return the document of an array."""
    if version >= "0.5":
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [*shape],
            "data_type": dtype,
            "dimension_names": [*names],
        }
    dtypes = {"uint16": "<u2", "float32": "<f4", "uint8": "|u1"}
    separator = "." if version == "0.1" else "/"
    held = {"shape": [*shape], "dtype": dtypes[dtype], "dimension_separator": separator}
    return {".zarray": {"zarr_format": 2, **held}}


def omero(channels: int = 2) -> dict[str, Any]:
    """Return display settings."""
    window = {"min": 0, "max": 255, "start": 10, "end": 200}
    return {
        "channels": [
            {"label": f"dye {i}", "color": "00FF00", "active": True, "window": dict(window)}
            for i in range(channels)
        ]
    }


def _shape(names: str, level: int) -> list[int]:
    halved = dict.fromkeys("yx", 8 // 2**level)
    return [({"c": 2, "t": 3} | halved).get(name, 8) for name in names]


def image(version: str, names: str | None = None, at: str = "", **more: Any) -> Documents:
    """Return an image of two levels; ``more`` is further metadata of its group."""
    names = names or ("tczyx" if version < "0.3" else "cyx")
    start = f"{at}/" if at else ""
    documents = {at: group(version, multiscales=[multiscale(version, names)], **more)}
    for level in range(2):
        shape = _shape(names, 0 if version < "0.4" and level == 0 else level)
        documents[f"{start}{level}"] = array(version, shape, names)
    return documents


def labelled(version: str) -> Documents:
    """Return an image with channels, their display settings, and one label image."""
    names = "tczyx" if version < "0.3" else "cyx"
    label = image(
        version,
        names if version < "0.3" else "yx",
        at="labels/nuclei",
        image__label=image_label(version),
    )
    documents = image(version, names, omero=omero())
    return documents | {"labels": group(version, labels=["nuclei"])} | label


def image_label(version: str) -> dict[str, Any]:
    """Return the description of a label image."""
    stated = {"version": version} if version < "0.5" else {}
    return stated | {
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}],
        "properties": [{"label-value": 1, "class": "nucleus"}],
        "source": {"image": "../../"},
    }


def plate(version: str) -> Documents:
    """Return a plate of one well with one field of view, and two acquisitions."""
    stated = {"version": version} if version < "0.5" else {}
    acquisition = {"maximumfieldcount": 1, "starttime": 1343731272}
    described = {
        "name": "screen",
        "field_count": 1,
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}],
        "acquisitions": [
            {"id": 0, "name": "first", **acquisition},
            {"id": 1, "name": "second", **acquisition},
        ],
        **stated,
    }
    return {
        "": group(version, plate=described),
        "A": group(version),
        "A/1": group(version, well={"images": [{"path": "0", "acquisition": 0}], **stated}),
        **image(version, at="A/1/0"),
    }


def series(version: str) -> Documents:
    """Return two images as bioformats2raw lays them out."""
    return {
        "": group(version, **{"bioformats2raw.layout": 3}),
        "OME": group(version, series=["0", "1"]),
        **image(version, at="0"),
        **image(version, at="1"),
    }


def step(kind: str, source: Any, target: Any, **parameters: Any) -> dict[str, Any]:
    """Return a transformation between references such as "world" or ("tile_0", "physical")."""
    return {
        "type": kind,
        "input": reference(source),
        "output": reference(target),
        **parameters,
    }


def reference(system: Any) -> dict[str, str]:
    """Return a reference to a coordinate system."""
    if isinstance(system, str):
        return {"name": system}
    return {"path": system[0], "name": system[1]}


def scene() -> Documents:
    """Return two tiles that a scene of version 0.6 places by translation."""
    placed = [
        step("translation", ("tile_0", "physical"), "world", translation=[0, 0]),
        step("translation", ("tile_1", "physical"), "world", translation=[0, 4]),
    ]
    described = {
        "coordinateSystems": [{"name": "world", "axes": axes("yx")}],
        "coordinateTransformations": placed,
    }
    return {
        "": group("0.6", scene=described),
        **image("0.6", "yx", at="tile_0"),
        **image("0.6", "yx", at="tile_1"),
    }


def warped() -> Documents:
    """Return an image of version 0.6 that a field of displacements maps to a second system."""
    documents = image("0.6", "yx")
    path = "coordinateTransformations/field"
    components = {"name": "d", "type": "displacement", "discrete": True}
    field = multiscale_of("0.6", [components, *axes("yx")], levels=1)
    documents |= {
        "coordinateTransformations": group("0.6"),
        path: group("0.6", multiscales=[field]),
        f"{path}/0": array("0.6", [2, 8, 8], "dyx", "float32"),
    }
    described = documents[""]["attributes"]["ome"]["multiscales"][0]
    described["coordinateSystems"].append({"name": "warped", "axes": axes("yx")})
    described["coordinateTransformations"] = [
        step("displacements", "physical", "warped", path=path, interpolation="linear")
    ]
    return documents


def mapped(transformation: dict[str, Any], target: str = "yx", names: str = "yx") -> Documents:
    """Return an image of version 0.6 with a second coordinate system, "other"."""
    documents = image("0.6", names)
    described = documents[""]["attributes"]["ome"]["multiscales"][0]
    described["coordinateSystems"].append({"name": "other", "axes": axes(target)})
    described["coordinateTransformations"] = [
        {**transformation, "input": {"name": "physical"}, "output": {"name": "other"}}
    ]
    return documents


def content(documents: Documents, path: str = "") -> dict[str, Any]:
    """Return the metadata of a group, to be changed."""
    document = documents[path]
    if "attributes" in document:
        held: dict[str, Any] = document["attributes"]["ome"]
    else:
        held = document[".zattrs"]
    return held


def first_image(documents: Documents, path: str = "") -> dict[str, Any]:
    """Return the first image of a group, to be changed."""
    found: dict[str, Any] = content(documents, path)["multiscales"][0]
    return found


def lone(version: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the attributes of an image with these axes."""
    return attributes(version, multiscales=[multiscale_of(version, listed)])


def free(listed: Any) -> Documents:
    """Return an image of the draft with any axes."""
    names = [each["name"] for each in listed] if isinstance(listed, list) else [*listed]
    d = image("0.9.dev1", names)
    if isinstance(listed, list):
        first_image(d)["coordinateSystems"][0]["axes"] = listed
    return d


def mapped_draft(transformation: dict[str, Any], names: str, target: str = "") -> Documents:
    """Return an image of the draft with a second coordinate system, "other"."""
    d = mapped(transformation, target or names, names)
    content(d)["version"] = "0.9.dev1"
    return d


_ORIENTED = ("inferior-to-superior", "anterior-to-posterior", "right-to-left")


def oriented(version: str = "0.9.dev1") -> Documents:
    """Return a volume that says which way its axes lead through a body."""
    d = image(version, "zyx")
    system = first_image(d).get("coordinateSystems", [first_image(d)])[0]
    for each, value in zip(system["axes"], _ORIENTED, strict=True):
        each["orientation"] = {"type": "anatomical", "value": value}
    return d
