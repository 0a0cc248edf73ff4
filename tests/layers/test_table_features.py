"""Rows of tables are features of the labels that they are about, and stay in their table."""

from __future__ import annotations

import importlib
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hierarchy_builder import HierarchyBuilder
from labeled_tables import (
    FEATURES,
    LABELS,
    NGIO,
    about,
    labeled,
    put_anndata,
    put_csv,
    put_lists,
)
from napari_layers import view
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.image.tables.backends import bounds
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.to_layers import layer_findings

SAID = NGIO | about("cells")
AREAS = {"label": [1, 5], "area": [10.0, 50.0]}


def labels_in(builder: HierarchyBuilder | Path) -> Any:
    """The layers of labels, by name, as napari makes them."""
    source = builder if isinstance(builder, Path) else builder.entries
    return {layer.name: layer for layer in view(source).layers if hasattr(layer, "selected_label")}


def by_label(layer: Any) -> dict[int, dict[str, Any]]:
    """Features of each label without what is missing."""
    rows = layer.features.set_index("index").astype(object)
    return {
        int(label): {name: cell for name, cell in row.items() if not pd.isna(cell)}
        for label, row in rows.iterrows()
    }


def told(builder: HierarchyBuilder) -> list[tuple[str, str]]:
    """What is said of a file and of its layers."""
    composite = open_image(builder.entries)
    findings = (*composite.findings, *layer_findings(composite, to_layer_data(composite)))
    return [(finding.code, finding.message) for finding in findings]


class TestJoining:
    def test_each_label_has_its_row(self) -> None:
        measured = np.arange(5.0).reshape(5, 1)
        builder = put_anndata(
            labeled(), "tables/t", {**SAID, "backend": "anndata"}, FEATURES, measured, ["mean"]
        )
        rows = by_label(labels_in(builder)["cells"])
        assert list(rows) == list(LABELS)
        assert rows[1] == {
            "mean": 0, "area": 12.5, "spots": 3, "kind": "T", "note": "a", "alive": True
        }  # fmt: skip
        assert rows[9] == {"mean": 3, "spots": 2, "kind": "NK", "note": "", "alive": True}
        assert told(builder) == []

    def test_a_person_who_points_at_a_label_is_told_them(self) -> None:
        builder = put_lists(labeled(), "tables/t", SAID, {"label": [1, 5], "kind": ["T", "B"]})
        layer = labels_in(builder)["cells"]
        assert "kind: B" in layer.get_status((0, 5), world=True)["coordinates"]
        assert "kind: T" in layer.get_status((0, 1), world=True)["coordinates"]

    def test_they_stand_beside_properties_of_the_labels(self) -> None:
        builder = put_lists(labeled(), "tables/cells", SAID, {**AREAS, "index": [7, 8]})
        properties = [{"label-value": 5, "area": 0.5}, {"label-value": 12, "area": 1.2}]
        put_label(builder, "labels/cells", properties=properties)
        assert by_label(labels_in(builder)["cells"]) == {
            5: {"area": 0.5, "area (cells)": 50, "index (cells)": 8},
            12: {"area": 1.2},
            1: {"area (cells)": 10, "index (cells)": 7},
        }

    def test_two_tables_are_told_apart(self) -> None:
        builder = put_lists(labeled(), "tables/first", SAID, AREAS)
        put_lists(builder, "tables/second", SAID, {"label": [9], "area": [90.0], "n": [1]})
        assert by_label(labels_in(builder)["cells"]) == {
            1: {"area": 10},
            5: {"area": 50},
            9: {"area (second)": 90, "n": 1},
        }

    def test_one_table_of_several_labels_is_shared_out(self) -> None:
        obs = pd.DataFrame(
            {"region": ["cells", "nuclei", "cells"], "id": [1, 1, 5], "n": [1, 2, 3]},
            index=[*"abc"],
        )
        said = {
            "spatialdata-encoding-type": "ngff:regions_table",
            "region": ["cells", "nuclei"], "region_key": "region", "instance_key": "id",
        }  # fmt: skip
        layers = labels_in(put_anndata(labeled("cells", "nuclei"), "tables/table", said, obs))
        assert by_label(layers["cells"]) == {1: {"n": 1}, 5: {"n": 3}}
        assert by_label(layers["nuclei"]) == {1: {"n": 2}}

    def test_labels_in_several_layers_have_them_all(self) -> None:
        builder = HierarchyBuilder().image(np.zeros((2, 4, 4), np.uint8), "cyx")
        builder.labels("cells")
        builder.image(np.ones((2, 4, 4), np.uint8), "cyx", "labels/cells")
        put_lists(builder, "tables/t", SAID, AREAS)
        layers = labels_in(builder)
        assert len(layers) == 2
        assert all(by_label(each) == {1: {"area": 10}, 5: {"area": 50}} for each in layers.values())

    @pytest.mark.parametrize(
        ("labels", "area", "left"),
        [
            ([1, 5, 1, 1], [1.0, 5.0, 2.0, 3.0], "2 that name one again"),
            ([1, 1.5, None, 5], [1.0, 9.0, 9.0, 5.0], "2 that name no label"),
            (["1", "x", " 5", "NaN"], [1.0, 9.0, 5.0, 9.0], "2 that name no label"),
            ([1, 5, 5, True], [1.0, 5.0, 7.0, 9.0], "that name"),
            ([1, 5, None], [1.0, 5.0, 9.0], "1 that names no label"),
            (["1", "1_0", "5", "2_0"], [1.0, 9.0, 5.0, 9.0], "2 that name no label"),
            (["1", "5", "1_0"], [1.0, 5.0, 9.0], "1 that names no label"),
        ],
    )
    def test_rows_of_no_label_are_left_out_and_told(
        self, labels: list[Any], area: list[float], left: str
    ) -> None:
        builder = put_lists(labeled(), "tables/t", SAID, {"label": labels, "area": area})
        assert by_label(labels_in(builder)["cells"]) == {1: {"area": 1}, 5: {"area": 5}}
        ((code, message),) = told(builder)
        assert code == "table-rows-left-out"
        assert "'tables/t'" in message
        assert left in message

    def test_one_without_a_column_of_labels_is_told(self) -> None:
        builder = put_lists(labeled(), "tables/t", SAID, {"cell": [1], "area": [1.0]})
        assert labels_in(builder)["cells"].features.empty
        ((code, message),) = told(builder)
        assert code == "table-unreadable"
        assert "no column 'label'" in message

    def test_more_rows_than_labels_are_no_trouble(self) -> None:
        columns = {"label": [*range(1, 1001)], "n": [*range(1000)]}
        builder = put_lists(labeled(), "tables/t", SAID, columns)
        assert len(labels_in(builder)["cells"].features) == 1000
        assert told(builder) == []

    def test_conditions_are_no_features(self) -> None:
        said = {"type": "condition_table", "table_version": "1"}
        builder = put_lists(labeled(), "tables/t", said, {"label": [1], "drug": ["A"]})
        assert labels_in(builder)["cells"].features.empty
        assert told(builder) == []


class TestWhatIsNotRead:
    def test_a_large_table_waits_until_someone_asks(self) -> None:
        rows = pd.DataFrame({"n": range(100_001)}, pd.Index(range(100_001), name="label"))
        builder = put_anndata(
            labeled(),
            "tables/t",
            {**SAID, "backend": "anndata"},
            rows.set_axis(rows.index.astype(str)),
        )
        assert labels_in(builder)["cells"].features.empty
        ((code, message),) = told(builder)
        assert code == "table-large"
        assert "100,001 rows and 1 column" in message
        assert "Load it in Contents" in message
        (table,) = open_image(builder.entries).tables
        assert table.read().loc[77_777, "n"] == 77_777

    def test_one_of_very_many_measurements_is_used_without_them(self) -> None:
        said = {**SAID, "backend": "anndata"}
        genes = [f"g{n}" for n in range(1000)]
        builder = put_anndata(labeled(), "tables/t", said, FEATURES, np.ones((5, 1000)), genes)
        rows = by_label(labels_in(builder)["cells"])
        assert rows[5] == {"area": 7.25, "spots": 11, "kind": "T", "note": "ü", "alive": True}
        ((code, message),) = told(builder)
        assert code == "table-wide"
        assert "5 rows and 1,005 columns" in message
        (table,) = open_image(builder.entries).tables
        assert table.read().shape == (5, 1005)

    def test_many_tables_are_read_as_far_as_there_is_room(self) -> None:
        builder = labeled()
        columns = {"label": [*range(90_000)], **{f"c{n}": [1] * 90_000 for n in range(10)}}
        for number in range(4):
            put_lists(builder, f"tables/t{number}", SAID, columns)
        findings = told(builder)
        assert {code for code, _ in findings} == {"table-large"}
        assert len(findings) == 1
        assert "'tables/t3'" in findings[0][1]

    @pytest.mark.parametrize(
        ("missing", "put"),
        [("anndata", put_anndata), ("pandas", put_lists), ("pandas", put_csv)],
    )
    def test_what_to_install_is_said_and_all_else_opens(
        self, missing: str, put: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = AREAS if put is put_lists else FEATURES
        builder = put(labeled(), "tables/t", {**SAID, "backend": backend_of(put)}, rows)
        without(missing, monkeypatch)
        composite = open_image(builder.entries)
        layers = to_layer_data(composite)
        assert [kind for _, _, kind in layers] == ["image", "labels"]
        (finding,) = layer_findings(composite, layers)
        assert finding.code == "table-library-missing"
        assert f"{missing}, which is not installed" in finding.message
        assert 'pip install "napari-ome-zip[tables]"' in finding.message

    def test_fields_that_are_shown_as_one_have_none(self) -> None:
        builder = plate(put_lists)
        composite = open_image(builder.entries)
        layers = to_layer_data(composite)
        assert [
            bool(keywords.get("features")) for _, keywords, kind in layers if kind == "labels"
        ] == [False]
        (finding,) = layer_findings(composite, layers)
        assert finding.code == "field-properties-left-out"
        assert len(composite.tables) == 2

    def test_fields_shown_by_themselves_have_theirs(self) -> None:
        composite = open_image(plate(put_lists).entries, fuse_from=0)
        found = [
            k["features"]["area"].tolist()
            for _, k, kind in to_layer_data(composite)
            if kind == "labels"
        ]
        assert found == [[0.5], [1.5]]


def plate(put: Callable[..., Any]) -> HierarchyBuilder:
    """Two wells, a table for the labels of each."""
    wells = [{"path": f"A/{n}", "rowIndex": 0, "columnIndex": n - 1} for n in (1, 2)]
    columns = [{"name": "1"}, {"name": "2"}]
    said = {"rows": [{"name": "A"}], "columns": columns, "wells": wells, "version": "0.5"}
    builder = HierarchyBuilder().group(plate=said).group("A")
    for number in (1, 2):
        builder.group(f"A/{number}", well={"images": [{"path": "0"}], "version": "0.5"})
        path = f"A/{number}/0"
        for name, content in labeled(path=path).entries.items():
            if name.startswith(path):  # zarr writes the groups above it, too
                builder.put(name, content)
        put(builder, f"{path}/tables/t", SAID, {"label": [1], "area": [number - 0.5]})
    return builder


def put_label(builder: HierarchyBuilder, path: str, **said: Any) -> None:
    """Give label images colors or properties."""
    document = json.loads(builder.entries[f"{path}/zarr.json"])
    document["attributes"]["ome"]["image-label"] |= said
    builder.put(f"{path}/zarr.json", json.dumps(document).encode())


def backend_of(put: Any) -> str:
    return {put_anndata: "anndata", put_lists: "json", put_csv: "csv"}[put]


def without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a library be missing."""
    found = importlib.import_module

    def import_module(wanted: str, package: str | None = None) -> Any:
        if wanted == name:
            raise ImportError(name)
        return found(wanted, package)

    monkeypatch.setattr(bounds.importlib, "import_module", import_module)


class TestSaving:
    def saved(self, builder: HierarchyBuilder, folder: Path, change: Any = None) -> Path:
        layers = [*view(builder.archive(folder / "a.ozx")).layers]
        if change is not None:
            change(next(each for each in layers if each.name == "cells"))
        return save_image([each.as_layer_data_tuple() for each in layers], folder / "b.ozx")

    def entries(self, path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def properties(self, path: Path) -> dict[int, Mapping[str, Any]]:
        (labels,) = open_image(path).labels
        assert labels.label is not None
        return {row.value: dict(row.mapping) for row in labels.label.table}

    @pytest.mark.parametrize("own", [None, [{"label-value": 5, "area": 0.5}, {"label-value": 3}]])
    def test_columns_that_nobody_changed_stay_in_their_table(
        self, own: list[Any] | None, tmp_path: Path
    ) -> None:
        builder = put_anndata(labeled(), "tables/t", {**SAID, "backend": "anndata"}, FEATURES)
        if own is not None:
            put_label(builder, "labels/cells", properties=own)
        saved = self.saved(builder, tmp_path)
        written = self.entries(saved)
        kept = {name: c for name, c in builder.entries.items() if name.startswith("tables/")}
        assert {name: written.get(name) for name in kept} == kept
        assert self.properties(saved) == ({} if own is None else {5: {"area": 0.5}, 3: {}})
        assert by_label(labels_in(saved)["cells"]) == by_label(labels_in(builder)["cells"])

    def test_what_a_person_changed_or_added_is_written(self, tmp_path: Path) -> None:
        builder = put_lists(labeled(), "tables/t", SAID, {**AREAS, "n": [1, 2]})

        def change(layer: Any) -> None:
            features = layer.features
            features["area"] = [10.0, 55.0]
            features["mine"] = ["a", None]
            layer.features = features

        with pytest.warns(SaveWarning, match="'tables/t' stays as it was, and is older"):
            saved = self.saved(builder, tmp_path, change)
        assert self.properties(saved) == {1: {"area": 10, "mine": "a"}, 5: {"area": 55}}

    def test_rows_that_a_person_added_are_written(self, tmp_path: Path) -> None:
        builder = put_lists(labeled(), "tables/t", SAID, AREAS)

        def change(layer: Any) -> None:
            more = pd.DataFrame({"index": [9], "area": [90.0]})
            layer.features = pd.concat([layer.features, more], ignore_index=True)

        with pytest.warns(SaveWarning, match="'tables/t' stays as it was, and is older"):
            saved = self.saved(builder, tmp_path, change)
        assert self.properties(saved)[9] == {"area": 90}

    def test_the_record_of_a_layer_can_be_sent_elsewhere(self, tmp_path: Path) -> None:
        path = put_lists(labeled(), "tables/t", SAID, AREAS).archive(tmp_path / "a.ozx")
        (keywords,) = (k for _, k, kind in to_layer_data(open_image(path)) if kind == "labels")
        record = opened_layer(layer_note(keywords))
        (table,) = pickle.loads(pickle.dumps(record)).tables
        assert table.columns == {"area": "area"}
        assert table.table.read()["area"].tolist() == [10, 50]
