"""Tables are recognized by their documents, and their rows are those that were written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import sparse
from zarr.storage import MemoryStore

from hierarchy_builder import HierarchyBuilder
from labeled_tables import (
    FEATURES,
    LABELS,
    NGIO,
    about,
    labeled,
    put_anndata,
    put_csv,
    put_group,
    put_lists,
    put_parquet,
)
from napari_layers import codes
from napari_ome_zip import open_image
from napari_ome_zip.errors import TableError
from napari_ome_zip.image.tables.backends import Bounds
from napari_ome_zip.image.tables.table import Table, TableForm, TableKind

BY_NUMBER = FEATURES.set_axis(pd.Index(LABELS, name="label"))


def only_table(builder: HierarchyBuilder) -> Table:
    composite = open_image(builder.entries)
    assert codes(composite) == []
    (table,) = composite.tables
    return table


def same(found: pd.DataFrame, written: pd.DataFrame) -> None:
    """Compare values; types of texts and categories may differ."""
    assert sorted(found.columns) == sorted(written.columns)
    assert found.index.tolist() == written.index.tolist()
    for name in written:
        pairs = zip(found[name].astype(object), written[name].astype(object), strict=True)
        for cell, expected in pairs:
            assert (pd.isna(cell) and pd.isna(expected)) or cell == expected, name


class TestForms:
    @pytest.mark.parametrize("zarr_format", [2, 3])
    @pytest.mark.parametrize(
        ("attributes", "form"),
        [
            ({**NGIO, "backend": "anndata"}, TableForm.NGIO),
            ({**NGIO, "backend": "anndata_v1"}, TableForm.NGIO),
            (
                {"type": "feature_table", "fractal_table_version": "1", "instance_key": "label"},
                "fractal",
            ),
            ({"type": "feature_table", "instance_key": "label"}, TableForm.FRACTAL),
        ],
    )
    def test_a_table_of_features_names_its_labels(
        self, attributes: dict[str, Any], form: str, zarr_format: int
    ) -> None:
        builder = labeled("cells", "nuclei", zarr_format=zarr_format)
        said = {**attributes, **about("nuclei")}
        put_anndata(builder, "tables/measured", said, zarr_format=zarr_format)
        table = only_table(builder)
        assert (table.form, table.kind, table.type) == (form, TableKind.FEATURES, "feature_table")
        assert (table.path, table.image, table.backend) == ("tables/measured", "", "anndata")
        assert (table.row_key, table.labels, table.absent) == ("label", ("labels/nuclei",), ())
        same(table.read(), BY_NUMBER)

    def test_one_of_spatialdata_may_be_about_several(self) -> None:
        builder = labeled("cells", "nuclei")
        obs = pd.DataFrame(
            {"region": ["cells", "nuclei", "cells"], "id": [1, 1, 5]}, index=[*"abc"]
        )
        said = {
            "spatialdata-encoding-type": "ngff:regions_table",
            "region": ["cells", "nuclei"],
            "region_key": "region",
            "instance_key": "id",
        }
        table = only_table(put_anndata(builder, "tables/table", said, obs))
        assert (table.form, table.kind) == (TableForm.SPATIALDATA, TableKind.FEATURES)
        assert table.labels == ("labels/cells", "labels/nuclei")
        assert (table.row_key, table.region_key) == ("id", "region")

    @pytest.mark.parametrize(
        ("names", "labels"), [(("cells",), ("labels/cells",)), (("cells", "nuclei"), ())]
    )
    def test_one_that_names_no_labels_is_about_the_only_ones(
        self, names: tuple[str, ...], labels: tuple[str, ...]
    ) -> None:
        obs = pd.DataFrame({"label_id": [1, 5]}, index=["0", "1"])
        table = only_table(put_anndata(labeled(*names), "tables/measurements", {}, obs))
        assert (table.form, table.row_key, table.labels) == (TableForm.ANNDATA, "label_id", labels)

    @pytest.mark.parametrize("path", ["", "A", "A/1", "A/1/0"])
    def test_they_lie_in_an_image_or_in_what_leads_to_it(self, path: str) -> None:
        builder = HierarchyBuilder().group().group("A").group("A/1")
        for name, content in labeled(path="A/1/0").entries.items():
            builder.put(name, content)
        where = f"{path}/tables/one" if path else "tables/one"
        put_lists(
            builder, where, {"type": "condition_table", "table_version": "1"}, {"drug": ["A"]}
        )
        table = only_table(builder)
        assert (table.path, table.image, table.kind) == (where, path, TableKind.OTHER)
        same(table.read(), pd.DataFrame({"drug": ["A"]}))

    def test_other_groups_beside_them_are_none(self) -> None:
        builder = labeled()
        put_group(builder, "tables/other", {"something": 1})
        put_group(builder, "tables/frame", {"encoding-type": "dataframe"})
        assert open_image(builder.entries).tables == ()
        assert open_image(labeled().entries).tables == ()

    @pytest.mark.parametrize(
        ("attributes", "says"),
        [
            ({**NGIO, "table_version": "2", "backend": "json"}, "newer than this program"),
            ({**NGIO, "backend": "hdf5_v7"}, "stored as 'hdf5_v7', which is not known"),
        ],
    )
    def test_one_that_is_not_known_says_so_where_it_is_read(
        self, attributes: dict[str, Any], says: str
    ) -> None:
        builder = labeled()
        put_group(builder, "tables/new", {**attributes, **about("cells")})
        with pytest.raises(TableError, match=says):
            only_table(builder).read()

    def test_labels_that_are_not_there_are_told(self) -> None:
        said = {**NGIO, **about("nowhere")}
        builder = put_lists(labeled(), "tables/lost", said, {"label": [1], "area": [2.0]})
        composite = open_image(builder.entries)
        (finding,) = composite.findings
        assert finding.code == "table-region-not-found"
        assert "'tables/lost'" in finding.message
        assert "'../labels/nowhere'" in finding.message
        (table,) = composite.tables
        assert table.labels == ()


class TestRows:
    @pytest.mark.parametrize("sharded", [False, True])
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_measurements_and_other_columns(self, zarr_format: int, sharded: bool) -> None:
        builder = labeled(zarr_format=zarr_format)
        measured = np.arange(10, dtype=np.float32).reshape(5, 2)
        put_anndata(
            builder, "tables/all", NGIO | about("cells"), FEATURES, measured, ["p", "q"],
            zarr_format, sharded=sharded,
        )  # fmt: skip
        table = only_table(builder)
        assert str(table.size) == "5 rows and 7 columns"
        expected = BY_NUMBER.assign(p=measured[:, 0], q=measured[:, 1])
        same(table.read(), expected)
        assert list(table.read().columns[:2]) == ["p", "q"]

    @pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix])
    def test_sparse_measurements(self, kind: Callable[[Any], Any]) -> None:
        measured = np.diag([1.0, 2, 0, 4, 5])
        names = [*"abcde"]
        builder = put_anndata(
            labeled(),
            "tables/t",
            {**NGIO, "backend": "anndata"},
            FEATURES[[]],
            kind(measured),
            names,
        )
        same(only_table(builder).read(), pd.DataFrame(measured, LABELS, names))

    @pytest.mark.parametrize("put", [put_csv, put_parquet])
    @pytest.mark.parametrize("prefix", ["", "experimental_"])
    def test_files_of_other_programs(self, put: Callable[..., Any], prefix: str) -> None:
        builder = labeled()
        put(builder, "tables/file", NGIO | about("cells"), BY_NUMBER)
        backend = "csv" if put is put_csv else "parquet"
        if prefix:
            builder.attribute("tables/file", "backend", f"{prefix}{backend}_v1")
        table = only_table(builder)
        assert (table.backend, str(table.size)) == (backend, "")
        written = BY_NUMBER.replace({"note": {"": None}}) if put is put_csv else BY_NUMBER
        same(table.read(), written)

    def test_lists_of_a_document(self) -> None:
        columns = {"label": [1, 5], "area": [float("nan"), None], "note": ["a", None], "n": [1, 2]}
        builder = put_lists(labeled(), "tables/t", NGIO | about("cells"), columns)
        table = only_table(builder)
        assert str(table.size) == "2 rows and 4 columns"
        expected = pd.DataFrame(columns).set_index("label")
        same(table.read(), expected)

    def test_nullable_columns(self) -> None:
        obs = pd.DataFrame(
            {
                "n": pd.array([1, None, 3, 4, 5], "Int32"),
                "b": pd.array([True, None] * 2 + [False], "boolean"),
            },
            index=FEATURES.index,
        )
        same(
            only_table(put_anndata(labeled(), "tables/t", NGIO | about("cells"), obs)).read(),
            obs.set_axis(BY_NUMBER.index),
        )

    def test_texts_that_are_missing(self) -> None:
        texts = pd.array(["a", None, "", "d", "e"], "string")
        obs = pd.DataFrame({"note": texts}, index=FEATURES.index)
        builder = put_anndata(labeled(), "tables/t", NGIO | about("cells"), obs)
        same(only_table(builder).read(), obs.set_axis(BY_NUMBER.index))

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_categories_that_are_stored_with_what_is_missing(
        self, zarr_format: Literal[2, 3]
    ) -> None:
        """As anndata 0.11 stores texts that repeat: the categories are an element in parts."""
        kinds = pd.Categorical.from_codes([0, -1, 1, 0, 1], pd.Index(["T", "B"], dtype="object"))
        obs = pd.DataFrame({"kind": kinds}, index=FEATURES.index)
        builder = labeled(zarr_format=zarr_format)
        put_anndata(builder, "tables/t", NGIO | about("cells"), obs, zarr_format=zarr_format)
        categories = "tables/t/obs/kind/categories"
        content: dict[str, Any] = {}
        group = zarr.open_group(MemoryStore(content), zarr_format=zarr_format)
        with anndata.settings.override(allow_write_nullable_strings=True):
            anndata.io.write_elem(group, "texts", pd.array(["T", "B"], "string"))
        builder.remove(f"{categories}/")
        for name, buffer in content.items():
            if name.startswith("texts/"):
                builder.put(f"{categories}/{name.removeprefix('texts/')}", buffer.to_bytes())
        same(only_table(builder).read(), obs.set_axis(BY_NUMBER.index))


class TestBounds:
    @pytest.mark.parametrize(
        "bounds", [Bounds(rows=4), Bounds(columns=4), Bounds(cells=24), Bounds(rows=0)]
    )
    @pytest.mark.parametrize("put", [put_anndata, put_lists, put_csv, put_parquet])
    def test_what_is_larger_is_refused(self, put: Any, bounds: Bounds) -> None:
        builder = labeled()
        said = NGIO | about("cells")
        if put is put_lists:
            columns = FEATURES.drop(columns="kind").reset_index().to_dict("list")
            put(builder, "tables/t", said, {**columns, "more": [1] * 5})
        else:
            put(builder, "tables/t", said, FEATURES)
        with pytest.raises(TableError, match=r"'tables/t' has .* more than are read") as caught:
            only_table(builder).read(bounds)
        assert caught.value.code == "table-large"

    def test_a_million_columns_are_refused_unread(self) -> None:
        builder = put_anndata(labeled(), "tables/t", NGIO | about("cells"), FEATURES[[]])
        builder.attribute("tables/t/obs", "column-order", [f"c{n}" for n in range(1_000_000)])
        with pytest.raises(TableError, match="5 rows and 1,000,000 columns"):
            only_table(builder).read()

    @pytest.mark.parametrize("put", [put_csv, put_parquet])
    def test_files_of_many_bytes_are_refused_unread(self, put: Any) -> None:
        builder = put(labeled(), "tables/t", NGIO | about("cells"), FEATURES)
        said = r"^Table 'tables/t' has [\d.]+ (bytes|KiB), more than are read at once\.$"
        with pytest.raises(TableError, match=said) as caught:
            only_table(builder).read(Bounds(stored=100))
        assert caught.value.code == "table-large"

    def test_the_line_of_names_in_a_text_is_no_row(self) -> None:
        builder = put_csv(labeled(), "tables/t", NGIO | about("cells"), FEATURES)
        assert len(only_table(builder).read(Bounds(rows=5))) == 5
        with pytest.raises(TableError, match="has 5 rows and 6 columns"):
            only_table(builder).read(Bounds(rows=4))
