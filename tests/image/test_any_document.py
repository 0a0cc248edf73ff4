"""Any JSON in any document: the project's own errors or an image, soon and in little memory."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collection_builder import (
    CollectionBuilder,
    collection,
    entry,
    image,
    level,
    path_to,
    system,
    well,
)
from collection_builder import plate as plate_node
from hierarchy_builder import HierarchyBuilder, ramp, to_world
from mutations import changed_documents
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.pixels.damage import DamagedChunkWarning

MAX_BYTES = 64 << 20


def scene() -> dict[str, bytes]:
    steps = [
        to_world("a", "affine", affine=[[1, 0, 5], [0, 1, 6]]),
        to_world("b", "sequence", transformations=[{"type": "scale", "scale": [2, 2]}]),
    ]
    builder = HierarchyBuilder().scene("yx", *steps)
    for path in "ab":
        level = {"type": "rotation", "rotation": [[0, -1], [1, 0]]}
        builder.image_of_0_6(ramp((3, 4)), "yx", path, level=level)
    return builder.entries


def image_with_labels() -> dict[str, bytes]:
    window = {"min": 0, "max": 9, "start": 1, "end": 5}
    channels = [{"label": "a", "color": "FF0000", "active": True, "window": window}] * 2
    omero = {"channels": channels, "rdefs": {"model": "color"}}
    label = {
        "colors": [{"label-value": 1, "rgba": [1, 2, 3, 4]}],
        "properties": [{"label-value": 1, "area": 3}],
        "source": {"image": "../../"},
    }
    levels = [ramp((2, 3, 4)), ramp((2, 2, 2))]
    note = {"layers": [{"name": "x", "opacity": 0.5, "gamma": 1, "order": 0}]}
    builder = HierarchyBuilder().image(levels, "cyx", omero=omero, napari_ome_zip=note)
    builder.labels("cells")
    builder.image(ramp((3, 4), np.uint8), "yx", "labels/cells", **{"image-label": label})
    return builder.entries


def plate() -> dict[str, bytes]:
    well = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
    document = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well]}
    builder = HierarchyBuilder().group(plate=document)
    builder.group("A/1", well={"images": [{"path": "0"}, {"path": "1", "acquisition": 0}]})
    return builder.image(ramp((3, 4)), "yx", "A/1/0").image(ramp((3, 4)), "yx", "A/1/1").entries


def series() -> dict[str, bytes]:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3}).group("OME", series=["0"])
    options = {"shards": (4, 4), "chunks": (2, 2)}
    return builder.image(ramp((3, 4)), "yx", "0", options=options).entries


def old_version() -> dict[str, bytes]:
    return HierarchyBuilder(2).image([ramp((3, 4)), ramp((2, 2))], "yx", name="old").entries


def a_collection() -> dict[str, bytes]:
    said = {
        "source": [{"id": "raw"}],
        "labelAttributes": [{"labelValue": 1, "color": [1, 2, 3, 4], "lab:class": "a"}],
    }
    move = {
        "type": "translation",
        "translation": [0, 8],
        "input": {"id": "physical", "path": path_to("./raw")},
        "output": {"id": "world"},
    }
    steps = {"coordinateSystems": [system("world")], "coordinateTransformations": [move]}
    inner = collection("inner", image("in", level("./in/0", id_="in0")), entry("old"))
    nodes = [
        entry("raw", id="raw"),
        entry("mask", attributes={"labels": said}),
        inner,
        entry("more", "./more.json", "collection"),
    ]
    builder = CollectionBuilder().node(collection("r", *nodes, attributes={"scene": steps}))
    builder.image_node("raw").image_node("mask", ramp((3, 4), np.uint8)).image_node("far")
    builder.array("in/0", ramp((3, 4))).image(ramp((3, 4)), "yx", "old")
    return builder.json("more.json", collection("more", entry("far"))).entries


def plate_of_nodes() -> dict[str, bytes]:
    fields = [entry("f", attributes={"acquisition": {"id": "first"}}), entry("g")]
    builder = CollectionBuilder().node(plate_node(well("rB", "c2", *fields)))
    return builder.image_node("f").image_node("g").entries


KINDS = (scene, image_with_labels, plate, series, old_version, a_collection, plate_of_nodes)
HIERARCHIES = {f.__name__: f() for f in KINDS}


@pytest.mark.parametrize("kind", HIERARCHIES)
@settings(
    max_examples=60,
    deadline=20_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_any_change_of_a_document_gives_an_image_or_a_clear_error(kind: str, data: Any) -> None:
    entries = data.draw(changed_documents(HIERARCHIES[kind]))
    tracemalloc.start()
    try:
        said, layers = opened(entries)
        assert tracemalloc.get_traced_memory()[1] < MAX_BYTES
    finally:
        tracemalloc.stop()
    assert all(15 < len(text) < 2000 for text in said)
    if layers is None:
        assert len(said) == 1
    else:
        check(layers)


def opened(entries: dict[str, bytes]) -> tuple[list[str], list[Any] | None]:
    """What is said of a hierarchy, and its layers where it opens."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            composite = open_image(entries)
            warnings.simplefilter("ignore", DamagedChunkWarning)
            layers = to_layer_data(composite)
        except OmeZipError as error:
            return [str(error)], None
    return [finding.message for finding in composite.findings], layers


def check(layers: list[Any]) -> None:
    """What napari demands of layer data, without the cost of making layers."""
    assert layers
    names = [keywords["name"] for _, keywords, _ in layers]
    assert len(set(names)) == len(names)
    for data, keywords, kind in layers:
        if kind == "points":
            continue  # names of wells
        levels = data if isinstance(data, list) else [data]
        ndim = levels[0].ndim - bool(keywords.get("rgb"))
        assert kind in ("image", "labels")
        assert len(keywords["axis_labels"]) == len(keywords["units"]) == ndim
        assert all(level.ndim == levels[0].ndim for level in levels)
        scale = np.array(keywords["scale"])
        assert scale.shape == (ndim,)
        assert np.isfinite(scale).all()
        assert (scale != 0).all()
        assert np.isfinite(keywords.get("translate", 0)).all()
        affine = keywords.get("affine", np.eye(ndim + 1))
        assert np.isfinite(affine).all()
        assert np.isfinite(np.linalg.inv(affine)).all()
        if "contrast_limits" in keywords:
            low, high = keywords["contrast_limits"]
            assert low < high
