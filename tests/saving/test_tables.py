"""Tables beside images are saved byte for byte; what a person changed is saved with the labels."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from napari.layers import Image, Labels, Layer

from hierarchy_builder import HierarchyBuilder, ramp
from labeled_tables import FEATURES, LABELS, NGIO, about, labeled, put_anndata, put_lists
from napari_layers import view
from napari_ome_zip import SaveOptions, open_image, save_image
from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.layers.cropping import WorldBox, cropped
from napari_ome_zip.layers.from_layers import from_layer_data
from napari_ome_zip.saving.plan import plan_save
from shared_material import NEXT, params_in

SAMPLES = params_in(NEXT, lambda case: any(table.get("rows") for table in case.get("tables", ())))
"""Archives with a table of features, of each form; made by ngio, anndata and zarr."""
AREA = "area"


def archive(tmp_path: Path, *, zarr_format: int = 3) -> Path:
    """An image with labels ``cells``, and a table about them that anndata wrote."""
    builder = labeled(zarr_format=zarr_format)
    put_anndata(
        builder,
        "tables/t",
        NGIO | about("cells") | {"backend": "anndata"},
        zarr_format=zarr_format,  # type: ignore[arg-type]
    )
    return builder.archive(tmp_path / "picture.ozx")


def opened(path: Path) -> list[Layer]:
    return list(view(path).layers)


def labels_of(layers: list[Layer]) -> Labels:
    (found,) = (layer for layer in layers if isinstance(layer, Labels))
    return found


def lost(layers: list[Layer], path: Path, options: SaveOptions | None = None) -> dict[str, str]:
    """What is said of a save, by code."""
    image = from_layer_data([layer.as_layer_data_tuple() for layer in layers], target=path)
    return {finding.code: finding.message for finding in plan_save(image, options).lost}


def saved(
    layers: list[Layer],
    path: Path,
    options: SaveOptions | None = None,
    *,
    warns: bool = False,
) -> Path:
    """Save layers as a script does."""
    tuples = [layer.as_layer_data_tuple() for layer in layers]
    with pytest.warns(SaveWarning, match="is older now") if warns else nullcontext():
        return save_image(tuples, path, options)


def entries(path: Path, folder: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        names = [name for name in opened.namelist() if name.startswith(folder)]
        return {name.removeprefix(folder): opened.read(name) for name in names}


def properties(path: Path, labels: str = "labels/cells") -> dict[int, dict[str, Any]]:
    """Properties of labels as they are written, by label value."""
    document = json.loads(entries(path, labels)["/zarr.json"])
    rows = document["attributes"]["ome"]["image-label"].get("properties", [])
    return {row.pop("label-value"): row for row in rows}


def read_by_anndata(path: Path, table: str, zarr_format: Any = 3) -> pd.DataFrame:
    with zarr.storage.ZipStore(path, mode="r") as store, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of anndata about the newest pandas
        group = zarr.open_group(store, path=table, mode="r", zarr_format=zarr_format)
        found: Any = anndata.io.read_elem(group)
        return found.obs


def change(layer: Labels) -> None:
    """Correct one cell, as a person does in a table of features."""
    features = layer.features.copy()
    features.loc[features["index"] == 5, AREA] = 99.0
    layer.features = features


def add_column(layer: Labels) -> None:
    layer.features = layer.features.assign(mine=[*"abcde"])


def add_row(layer: Labels) -> None:
    row = pd.DataFrame({"index": [77], AREA: [1.5]})
    layer.features = pd.concat([layer.features, row], ignore_index=True)


def remove_column(layer: Labels) -> None:
    layer.features = layer.features.drop(columns=AREA)


def remove_rows(layer: Labels) -> None:
    layer.features = layer.features.iloc[:3]


CHANGES = [change, add_column, add_row, remove_column, remove_rows]
AREAS = {1: 12.5, 2: 30.0, 5: 7.25, 12: 81.0}


class TestFeatures:
    def test_unchanged_ones_stay_in_the_table_alone(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        assert lost(layers, tmp_path / "copy.ozx") == {}
        assert properties(saved(layers, tmp_path / "copy.ozx")) == {}

    def test_a_changed_column_is_saved_as_a_whole_with_the_labels(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        change(labels_of(layers))
        copy = saved(layers, tmp_path / "copy.ozx", warns=True)
        found = {value: row[AREA] for value, row in properties(copy).items() if AREA in row}
        assert found == AREAS | {5: 99.0}
        assert {name for row in properties(copy).values() for name in row} == {AREA}

    def test_whoever_saves_is_told_which_table_is_older(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        change(labels_of(layers))
        assert lost(layers, tmp_path / "copy.ozx") == {
            "table-older": "Features of 'cells' were changed (area): they are saved with the "
            "labels. Table 'tables/t' stays as it was, and is older now."
        }

    def test_both_are_shown_when_it_is_opened_again(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        change(labels_of(layers))
        copy = saved(layers, tmp_path / "copy.ozx", warns=True)
        again = labels_of(opened(copy)).features.set_index("index")
        assert again.loc[5, AREA] == 99.0
        assert again.loc[5, f"{AREA} (t)"] == 7.25
        assert again[AREA].dtype == float  # although one label has none
        # Saved once more, nothing is older than before.
        assert lost(opened(copy), tmp_path / "twice.ozx") == {}

    def test_an_added_column_makes_no_table_older(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        add_column(labels_of(layers))
        assert lost(layers, tmp_path / "copy.ozx") == {}
        copy = saved(layers, tmp_path / "copy.ozx")
        assert properties(copy) == {
            value: {"mine": text} for value, text in zip(LABELS, "abcde", strict=True)
        }

    def test_an_added_row_is_saved_with_the_columns_that_it_has(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        add_row(labels_of(layers))
        copy = saved(layers, tmp_path / "copy.ozx", warns=True)
        assert properties(copy) == {v: {AREA: a} for v, a in (AREAS | {77: 1.5}).items()}

    @pytest.mark.parametrize(
        ("remove", "named"), [(remove_column, "area"), (remove_rows, "2 rows")]
    )
    def test_what_was_removed_is_still_in_the_table(
        self, tmp_path: Path, remove: Callable[[Labels], None], named: str
    ) -> None:
        layers = opened(archive(tmp_path))
        remove(labels_of(layers))
        assert lost(layers, tmp_path / "copy.ozx") == {
            "table-older": "Table 'tables/t' still has what was removed from the features of "
            f"'cells' ({named}): that is back when the file is opened."
        }

    def test_a_second_layer_of_the_same_labels_keeps_its_own(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        data, keywords, kind = labels_of(layers).as_layer_data_tuple()
        second = Layer.create(data, keywords | {"name": "second"}, kind)
        change(second)  # type: ignore[arg-type]
        both = [*layers, second]
        assert lost(both, tmp_path / "copy.ozx") == {}
        copy = saved(both, tmp_path / "copy.ozx")
        assert properties(copy) == {}
        (again,) = (layer for layer in opened(copy) if layer.name == "second")
        assert isinstance(again, Labels)
        found = again.features.set_index("index")
        assert list(found["spots"]) == list(FEATURES["spots"])
        assert found.loc[5, AREA] == 99.0

    def test_any_channel_of_labels_may_be_the_one_that_was_changed(self, tmp_path: Path) -> None:
        builder = HierarchyBuilder().image(ramp((4, 16)), "yx").labels("cells")
        pixels = np.ones((2, 4, 16), np.uint8)
        builder.image(pixels, "cyx", "labels/cells", **{"image-label": {}})  # type: ignore[arg-type]
        put_anndata(builder, "tables/t", NGIO | about("cells"))
        layers = opened(builder.archive(tmp_path / "picture.ozx"))
        first, second = (each for each in layers if each.name.startswith("cells"))
        assert isinstance(second, Labels)
        add_column(second)
        copy = saved(layers, tmp_path / "copy.ozx")
        assert {row["mine"] for row in properties(copy).values()} == {*"abcde"}
        assert lost(layers, copy) == {}
        change(first)  # type: ignore[arg-type]
        assert "'cells 1' is saved without" in lost(layers, copy)["layer-details-left-out"]

    def test_those_of_two_tables_are_told_apart(self, tmp_path: Path) -> None:
        builder = labeled()
        for name, column in (("a", "size"), ("b", "color")):
            rows = {"label": [1, 5], column: [1.0, 2.0]}
            put_lists(builder, f"tables/{name}", NGIO | about("cells"), rows)
        layers = opened(builder.archive(tmp_path / "cells.ozx"))
        layer = labels_of(layers)
        layer.features = layer.features.assign(color=[3.0, 4.0])
        message = lost(layers, tmp_path / "copy.ozx")["table-older"]
        assert "'tables/b'" in message
        assert "(color)" in message

    @pytest.mark.parametrize("case", SAMPLES)
    def test_tables_of_every_form_stay_and_are_called_older(
        self, tmp_path: Path, case: dict[str, Any]
    ) -> None:
        (made,) = case["tables"]
        layers = opened(case["file"])
        change(labels_of(layers))
        copy = saved(layers, tmp_path / "copy.ozx", warns=True)
        assert entries(copy, made["path"]) == entries(case["file"], made["path"])
        assert properties(copy, f"labels/{made['layer']}")[5] == {AREA: 99.0}


class TestTables:
    @pytest.mark.parametrize("edit", CHANGES)
    @pytest.mark.parametrize("version", ["auto", "0.6"])
    @pytest.mark.filterwarnings("ignore::napari_ome_zip.errors.SaveWarning")
    def test_anndata_reads_the_same_of_a_copy(
        self, tmp_path: Path, edit: Callable[[Labels], None], version: Any
    ) -> None:
        source = archive(tmp_path)
        layers = opened(source)
        edit(labels_of(layers))
        copy = saved(layers, tmp_path / "copy.ozx", SaveOptions(version=version))
        assert entries(copy, "tables/") == entries(source, "tables/")
        found = read_by_anndata(copy, "tables/t")
        pd.testing.assert_frame_equal(found, read_by_anndata(source, "tables/t"))
        assert list(found["area"])[:3] == list(FEATURES["area"])[:3]

    def test_tables_in_zarr_v2_stay_so_and_are_found(self, tmp_path: Path) -> None:
        source = archive(tmp_path, zarr_format=2)
        layers = opened(source)
        copy = saved(layers, tmp_path / "copy.ozx")
        assert "zarr-v2-kept" in lost(layers, copy)
        assert entries(copy, "tables/t/") == entries(source, "tables/t/")
        found = read_by_anndata(copy, "tables/t", zarr_format=2)
        pd.testing.assert_frame_equal(found, read_by_anndata(source, "tables/t", zarr_format=2))
        again, before = labels_of(opened(copy)).features, labels_of(layers).features
        pd.testing.assert_frame_equal(again, before)

    def test_labels_that_are_called_otherwise_are_still_theirs(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        labels_of(layers).name = "nuclei"
        for version in ("auto", "0.6"):
            copy = saved(layers, tmp_path / "copy.ozx", SaveOptions(version=version))  # type: ignore[arg-type]
            again = labels_of(opened(copy))
            assert again.name == "nuclei"
            assert list(again.features["spots"]) == list(FEATURES["spots"])

    def test_they_move_with_the_image_whose_labels_they_are_about(self, tmp_path: Path) -> None:
        source = archive(tmp_path)
        layers = [*opened(source), Image(np.ones((5, 6)), name="new", rotate=30)]
        copy = saved(layers, tmp_path / "copy.ozx")
        (table,) = open_image(copy).tables
        assert table.path != "tables/t"
        assert entries(copy, table.path) == entries(source, "tables/t")
        assert list(labels_of(opened(copy)).features["spots"]) == list(FEATURES["spots"])
        assert not [code for code in lost(layers, copy) if code.startswith("table")]

    @pytest.mark.parametrize("version", ["auto", "0.6"])
    def test_labels_that_are_not_saved_are_missed(self, tmp_path: Path, version: Any) -> None:
        source = archive(tmp_path)
        layers = [layer for layer in opened(source) if not isinstance(layer, Labels)]
        options = SaveOptions(version=version)
        assert lost(layers, tmp_path / "copy.ozx", options)["table-labels-removed"] == (
            "Table 'tables/t' is kept without the labels that it is about: 'labels/cells'."
        )
        copy = saved(layers, tmp_path / "copy.ozx", options)
        assert entries(copy, "tables/") == entries(source, "tables/")

    def test_a_table_about_labels_of_two_images_cannot_follow_both(self, tmp_path: Path) -> None:
        builder = HierarchyBuilder().group().labels("a", "b")
        for name, label, place in (("one", "a", [0.0, 0.0]), ("two", "b", [99.0, 99.0])):
            builder.image(ramp((8, 8)), "yx", f"images/{name}", translation=place)
            pixels = np.ones((8, 8), np.uint8)
            described = {"image-label": {}}
            builder.image(pixels, "yx", f"labels/{label}", translation=place, **described)
        obs = pd.DataFrame(
            {"region": pd.Categorical(["a", "b"]), "label": [1, 1]}, index=["1", "2"]
        )
        said = {"region": ["a", "b"], "region_key": "region", "instance_key": "label"}
        put_anndata(
            builder, "tables/t", {"spatialdata-encoding-type": "ngff:regions_table", **said}, obs
        )
        layers = opened(builder.archive(tmp_path / "data.ozx"))
        assert lost(layers, tmp_path / "copy.ozx") == {}
        assert lost(layers, tmp_path / "copy.ozx", SaveOptions("0.6"))["table-labels-moved"] == (
            "Table 'tables/t' is kept as it is, and names labels that lie elsewhere now: "
            "'labels/a', 'labels/b' became 'images/one/labels/a', 'images/two/labels/b'."
        )

    def test_a_table_that_names_no_labels_is_in_doubt_beside_new_ones(self, tmp_path: Path) -> None:
        obs = pd.DataFrame({"label_id": [1, 5], "size": [2.0, 3.0]}, index=["a", "b"])
        source = put_anndata(labeled(), "tables/t", {}, obs).archive(tmp_path / "cells.ozx")
        layers = opened(source)
        assert lost(layers, tmp_path / "copy.ozx") == {}
        drawn = Labels(np.ones((4, 16), np.uint8), name="mine", scale=layers[0].scale)
        message = lost([*layers, drawn], tmp_path / "copy.ozx")["table-labels-unclear"]
        assert message.startswith("Table 'tables/t' does not say which labels it is about")

    def test_labels_alone_get_what_is_in_the_table(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        alone = SaveOptions(labels_alone=True)
        copy = saved(layers, tmp_path / "labels.ozx", alone)
        assert entries(copy, "tables/") == {}
        again = labels_of(opened(copy)).features
        assert list(again["spots"]) == list(FEATURES["spots"])
        assert list(again["kind"]) == list(FEATURES["kind"])

    def test_labels_alone_say_which_table_was_too_large_for_them(self, tmp_path: Path) -> None:
        many = {"label": [*range(100_001)], "size": [*range(100_001)]}
        builder = put_lists(labeled(), "tables/t", NGIO | about("cells"), many)
        layers = opened(builder.archive(tmp_path / "picture.ozx"))
        with pytest.warns(SaveWarning, match="'tables/t' was not read, so 'cells' is saved"):
            saved(layers, tmp_path / "labels.ozx", SaveOptions(labels_alone=True))
        assert lost(layers, tmp_path / "copy.ozx") == {}

    def test_a_part_gets_what_is_in_the_table(self, tmp_path: Path) -> None:
        layers = opened(archive(tmp_path))
        data, keywords, kind = labels_of(layers).as_layer_data_tuple()
        part = cropped((data, keywords, kind), WorldBox(((0.0, 1.0), (0.0, 6.0))))
        assert part is not None
        copy = save_image([part], tmp_path / "part.ozx")
        assert entries(copy, "tables/") == {}
        assert list(labels_of(opened(copy)).features["spots"]) == list(FEATURES["spots"])


def test_a_script_is_told_of_tables_that_stay_behind_labels_alone(tmp_path: Path) -> None:
    path = archive(tmp_path)
    plan = plan_save(open_image(path), SaveOptions(labels_alone=True))
    assert [(finding.code, finding.where) for finding in plan.lost] == [
        ("table-not-read", "tables/t")
    ]
    assert "stays behind in picture:" in plan.lost[0].message
