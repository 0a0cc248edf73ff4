"""Points, shapes, tracks, vectors and surfaces are saved beside the images, and come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.layers import Layer, Points

import drawn_layers
from drawn_layers import same
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import Drawing, NapariGroup
from napari_ome_zip.layers import from_layer_data, unsaved_layers
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.plugin.drawn_layers import tried_layers
from napari_ome_zip.saving.plan import plan_save

IMAGE: LayerData = (np.arange(48, dtype=np.uint8).reshape(6, 8), {"name": "cells"}, "image")
FOLLOWS = ("metadata", "properties", "property_choices")
"""Keywords that follow from others, or that carry a note of where a layer comes from."""


def lost(*layers: LayerData) -> list[str]:
    """Return what a save says that it loses."""
    return [finding.message for finding in plan_save(from_layer_data(layers)).lost]


def drawing_of(layer: Layer | LayerData) -> Drawing:
    data = layer if isinstance(layer, tuple) else layer.as_layer_data_tuple()
    (drawing,) = from_layer_data([IMAGE, data]).napari.drawings
    return replace(drawing, path="0")


def shown(drawing: Drawing) -> tuple[list[LayerData], list[Finding]]:
    """Return the layers of a file with one drawing, without its image, and what is said of them."""
    composite = replace(from_layer_data([IMAGE]), napari=NapariGroup((drawing,)))
    layers = to_layer_data(composite)
    return layers[1:], list(layer_findings(composite, layers))


@pytest.mark.parametrize("make", drawn_layers.ALL, ids=lambda make: make.__name__)
def test_a_layer_comes_back_as_it_was(tmp_path: Path, make: Callable[[], Layer]) -> None:
    layer = make()
    before = layer.as_layer_data_tuple()
    path = save_image([IMAGE, before], tmp_path / "a.ozx")
    composite = open_image(path)
    layers = to_layer_data(composite)
    assert not composite.findings
    assert not layer_findings(composite, layers)
    (((_, again),), refused) = tried_layers(layers[1:])
    assert again is not None
    assert not refused
    after = again.as_layer_data_tuple()
    assert after[2] == before[2]
    assert same(before[0], after[0])
    different = [
        key for key in before[1] if key not in FOLLOWS and not same(before[1][key], after[1][key])
    ]
    assert different == []
    after[1]["metadata"].pop("napari_ome_zip")
    assert after[1]["metadata"] == before[1]["metadata"]


def test_default_features_of_further_points_come_back() -> None:
    table = {"count": [1, 2], "name": ["a", "b"]}
    defaults = {"count": 9, "name": "new"}
    before = Points(np.zeros((2, 3)), features=table, feature_defaults=defaults)
    (layers, _) = shown(drawing_of(before))
    after = Layer.create(*layers[0])
    after.add([1, 2, 3])
    before.add([1, 2, 3])
    assert same(before.features, after.features)


def test_tables_are_columns_where_pandas_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Points(np.zeros((3, 2)), features=drawn_layers.features())
    drawing = drawing_of(layer)
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    ([(_, keywords, _)], findings) = shown(drawing)
    assert not findings
    assert list(keywords["features"]["class"]) == ["b", "a", None]
    assert list(keywords["features"]["whole"]) == [1, None, 3]
    assert list(keywords["features"]["name"]) == ["α", "", "β"]
    assert list(keywords["features"]["note"]) == ["α", None, ""]


def test_layers_come_back_in_their_order_among_the_images(tmp_path: Path) -> None:
    spots = ([[1, 2]], {"name": "spots"}, "points")
    flow = (np.ones((1, 2, 2)), {"name": "flow"}, "vectors")
    nuclei = (np.ones((6, 8), np.uint8), {"name": "nuclei"}, "labels")
    path = save_image([spots, IMAGE, flow, nuclei], tmp_path / "a.ozx")
    names = [keywords["name"] for _, keywords, _ in to_layer_data(open_image(path))]
    assert names == ["spots", "cells", "flow", "nuclei"]


def test_layers_are_saved_as_they_are_when_saving_begins() -> None:
    layer = Points(np.zeros((3, 2)))
    drawing = drawing_of(layer)
    layer.data[...] = 7
    ([(data, _, _)], _) = shown(drawing)
    assert not data.any()


def test_points_alone_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="needs at least one image or labels layer"):
        save_image([([[1, 2]], {"name": "spots"}, "points")], tmp_path / "a.ozx")
    assert not list(tmp_path.iterdir())


def test_only_names_of_wells_are_no_drawing() -> None:
    note = {"napari_ome_zip": {"well_names": True}}
    wells = ([[1, 2]], {"name": "well names", "metadata": note}, "points")
    assert not from_layer_data([IMAGE, wells]).napari.drawings
    spots = ([[1, 2]], {"name": "spots"}, "points")
    assert [finding.where for finding in unsaved_layers([IMAGE, wells, spots])] == ["well names"]


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (
            ([[1, 2]], {"name": "a", "metadata": {"plain": 1, "array": np.zeros(2)}}, "points"),
            "'a' is saved without its metadata 'array'.",
        ),
        (
            ([[1, 2]], {"name": "a", "text": {"string": object()}}, "points"),
            "'a' is saved without its text.",
        ),
        (
            ([[1, 2]], {"name": "a", "shimmer": 3}, "points"),
            "'a' is saved without its shimmer.",
        ),
        (
            ([[1, 2]], {"name": "a", "features": {"f": [{1, 2}]}}, "points"),
            "'a' is saved without the type of feature 'f' (it is kept as text).",
        ),
        (
            ([[1, np.nan]], {"name": "a"}, "points"),
            "'a' is not saved: its coordinates are not all finite.",
        ),
        (
            ([np.ones((3, 2)), np.ones((3, 3))], {"name": "a"}, "shapes"),
            "'a' is not saved: its shapes have different numbers of dimensions.",
        ),
    ],
)
def test_what_cannot_be_kept_is_named(layer: LayerData, said: str) -> None:
    assert lost(IMAGE, layer) == [said]


def test_a_file_for_others_leaves_layers_out_and_says_so(tmp_path: Path) -> None:
    spots = ([[1, 2]], {"name": "spots"}, "points")
    composite = from_layer_data([IMAGE, spots], view={"ndisplay": 3})
    plan = plan_save(composite, SaveOptions(for_others=True))
    assert [f.message for f in plan.lost] == ["'spots' is left out: the file is for others only."]
    path = save_image([IMAGE, spots], tmp_path / "a.ozx", SaveOptions(for_others=True))
    assert not open_image(path).napari.drawings


# What a file says wrongly


def changed(drawing: Drawing, change: Callable[[dict[str, Any]], object]) -> Drawing:
    said = drawing.description.to_json()
    change(said)
    return replace(drawing, description=FrozenMapping(said))


def with_array(drawing: Drawing, name: str, array: np.ndarray) -> Drawing:
    assert name in drawing.arrays
    return replace(drawing, arrays={**drawing.arrays, name: array})


@pytest.mark.parametrize(
    ("make", "spoil", "reason"),
    [
        ("points", lambda d: with_array(d, "points", np.zeros(3)), "expected numbers"),
        ("points", lambda d: with_array(d, "points", np.full((3, 3), np.nan)), "not all finite"),
        ("points", lambda d: with_array(d, "points", np.zeros((3, 3), bool)), "expected numbers"),
        ("points", lambda d: replace(d, arrays={}), "'points' is missing"),
        ("points", lambda d: changed(d, lambda said: said.update(data=7)), "no data"),
        ("shapes", lambda d: with_array(d, "ends", np.array([4, 8, 99])), "do not end where"),
        ("shapes", lambda d: with_array(d, "ends", np.array([8, 4, 10])), "do not end where"),
        ("vectors", lambda d: with_array(d, "vectors", np.zeros((3, 3, 2))), "expected numbers"),
        ("tracks", lambda d: with_array(d, "graph", np.array([[8, 4]])), "not there"),
        ("tracks", lambda d: with_array(d, "tracks", np.zeros((3, 2))), "columns"),
        ("surface", lambda d: with_array(d, "faces", np.array([[0, 1, 4]])), "not there"),
        ("surface", lambda d: with_array(d, "faces", np.array([[0.0, 1, 2]])), "faces are float"),
        ("surface", lambda d: with_array(d, "values", np.zeros(3)), "not one value"),
    ],
)
def test_data_that_are_not_usable_cost_the_layer_alone(
    make: str, spoil: Callable[[Drawing], Drawing], reason: str
) -> None:
    layers, findings = shown(spoil(drawing_of(getattr(drawn_layers, make)())))
    assert layers == []
    (finding,) = findings
    assert finding.code == "napari-layer-unusable"
    assert reason in finding.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scale", [1, 0, 1]),
        ("scale", [1, 1]),
        ("translate", [1, 1, {"zarr_number": "NaN"}]),
        ("affine", np.zeros((4, 4)).tolist()),
        ("affine", [[1, 2], [3]]),
        ("rotate", "90"),
        ("units", ["um"]),
        ("opacity", 7),
        ("blending", "shiny"),
        ("visible", 1),
        ("symbol", ["disc", "heart", "disc"]),
        ("size", {"zarr": "elsewhere"}),
        ("size", {"zarr": "face_color"}),
        ("border_width", [-1, 0, 0]),
        ("face_color", [[0, 0, 0, 2]] * 3),
        ("face_colormap", {"name": "a", "colors": [], "controls": []}),
        ("face_contrast_limits", [2, 1]),
        ("canvas_size_limits", [9, 1]),
        ("shown", [1, 0, 1]),
        ("text", {"string": {"zarr_strings": "points"}}),
        ("text", {"string": {"format": "{n:>99999999}", "encoding_type": "FormatStringEncoding"}}),
        ("text", {"string": {"format": "{n.__class__}", "encoding_type": "FormatStringEncoding"}}),
        ("text", {"string": "{n:>{width}}"}),
        ("text", {"string": "{n"}),
        ("shading", None),
    ],
)
def test_a_setting_that_is_not_usable_is_left_to_napari_and_named(key: str, value: Any) -> None:
    def change(said: dict[str, Any]) -> None:
        said["settings"][key] = value

    layers, findings = shown(changed(drawing_of(drawn_layers.points()), change))
    ((_, keywords, _),) = layers
    assert key not in keywords
    assert [f.code for f in findings] == ["napari-settings-unusable"]
    assert f"without {key}," in findings[0].message
    assert len(Layer.create(*layers[0]).data) == 3


COLUMN = {"name": "f", "type": "numbers", "values": {"zarr": "size"}}


@pytest.mark.parametrize(
    "columns",
    [
        7,
        [7],
        [{**COLUMN, "name": 7}],
        [{**COLUMN, "type": "riddles"}],
        [{**COLUMN, "values": {"zarr": "points"}}],
        [{**COLUMN, "values": [1, 2]}],
        [{**COLUMN, "missing": {"zarr": "points"}}],
        [{**COLUMN, "type": "times", "unit": "fortnights"}],
        [{"name": "f", "type": "strings", "values": ["a", "b"]}],
        [{"name": "f", "type": "strings", "values": {"zarr_strings": "size"}}],
        [{"name": "f", "type": "cells", "values": ["{", "[", "1"]}],
        [{"name": "f", "type": "categories", "codes": {"zarr": "size"}}],
        [{"name": "f", "type": "categories", "codes": {"zarr": "size"}, "categories": COLUMN}],
    ],
)
def test_features_that_are_not_usable_cost_the_table_alone(columns: Any) -> None:
    drawing = drawing_of(Points(np.zeros((3, 2)), size=[5, 6, 7]))
    layers, findings = shown(changed(drawing, lambda said: said.update(features=columns)))
    ((_, keywords, _),) = layers
    assert "features" not in keywords
    assert "features" in findings[0].message
    assert Layer.create(*layers[0]).features.empty


def test_a_default_that_is_no_category_costs_the_defaults_alone() -> None:
    column = pd.Series(["a", "b"], dtype="category")
    drawing = drawing_of(Points(np.zeros((2, 2)), features=pd.DataFrame({"f": column})))

    def change(said: dict[str, Any]) -> None:
        said["features"][0]["default"] = "c"

    ([(_, keywords, _)], findings) = shown(changed(drawing, change))
    assert not findings
    assert "feature_defaults" not in keywords
    assert list(keywords["features"]["f"]) == ["a", "b"]


def test_a_type_that_this_pandas_does_not_know_costs_nothing() -> None:
    column = {**COLUMN, "pandas": "decimal128"}
    drawing = drawing_of(Points(np.zeros((3, 2)), size=[5, 6, 7]))
    layers, findings = shown(changed(drawing, lambda said: said.update(features=[column])))
    assert not findings
    pd.testing.assert_series_equal(
        Layer.create(*layers[0]).features["f"], pd.Series([5, 6, 7], name="f"), check_dtype=False
    )


def test_metadata_is_not_searched_for_arrays() -> None:
    metadata: Mapping[str, Any] = {"zarr": "points", "more": {"zarr_number": "NaN"}}
    ([(_, keywords, _)], findings) = shown(drawing_of(Points([[1, 2]], metadata=dict(metadata))))
    assert not findings
    assert keywords["metadata"]["zarr"] == "points"
    assert keywords["metadata"]["more"] == {"zarr_number": "NaN"}
