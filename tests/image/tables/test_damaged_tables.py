"""Damaged, lying and strange tables cost themselves alone, and neither time nor memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numcodecs import Zstd

from hierarchy_builder import HierarchyBuilder, resized
from labeled_tables import (
    FEATURES,
    NGIO,
    about,
    labeled,
    put_anndata,
    put_csv,
    put_group,
    put_lists,
    put_parquet,
)
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import TableError
from napari_ome_zip.image.tables.backends import Bounds
from napari_ome_zip.layers.to_layers import layer_findings

SAID = NGIO | about("cells")
MEASURED = np.arange(10.0).reshape(5, 2)


def with_anndata(**options: Any) -> HierarchyBuilder:
    said = SAID | {"backend": "anndata"}
    return put_anndata(labeled(), "tables/t", said, FEATURES, MEASURED, ["p", "q"], **options)


def refused(builder: HierarchyBuilder, says: str, code: str = "table-unreadable") -> None:
    """Assert that a table is refused with these words, and that everything else is shown."""
    composite = open_image(builder.entries)
    (table,) = composite.tables
    with pytest.raises(TableError, match=says) as caught:
        table.read()
    assert "'tables/t'" in str(caught.value)
    layers = to_layer_data(composite)
    assert [kind for _, _, kind in layers] == ["image", "labels"]
    (finding,) = layer_findings(composite, layers)
    assert finding.code == code


def edited(builder: HierarchyBuilder, name: str, **changes: Any) -> HierarchyBuilder:
    """Change attributes of a group or array."""
    document = json.loads(builder.entries[f"{name}/zarr.json"])
    document["attributes"] |= {
        name if name[0] == "_" else name.replace("_", "-"): each for name, each in changes.items()
    }
    return builder.put(f"{name}/zarr.json", json.dumps(document).encode())


def texts(*items: bytes, count: int | None = None) -> bytes:
    """Texts as Zarr stores them, compressed; they may claim to be more."""
    body = b"".join(struct.pack("<I", len(item)) + item for item in items)
    return bytes(Zstd().encode(struct.pack("<I", len(items) if count is None else count) + body))


def put_texts(builder: HierarchyBuilder, content: bytes) -> HierarchyBuilder:
    """Replace the texts of a column, which versions of anndata store at one of two places."""
    return builder.put(f"{texts_of(builder)}/c/0", content)


def texts_of(builder: HierarchyBuilder) -> str:
    """Path of the array of texts of a column."""
    path = "tables/t/obs/note"
    return f"{path}/values" if f"{path}/values/zarr.json" in builder.entries else path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda b: b.remove("tables/t/obs/zarr.json"), "'tables/t/obs' is missing"),
        (lambda b: b.remove("tables/t/obs/area/"), "'tables/t/obs/area' is missing"),
        (lambda b: b.remove("tables/t/var/_index/"), "'tables/t/var/_index' is missing"),
        (lambda b: b.put("tables/t/obs/zarr.json", b"{"), "not valid JSON"),
        (lambda b: b.put("tables/t/X/c/0/0", b"nonsense"), "X/c/0/0"),
        (lambda b: b.put("tables/t/obs/spots/c/0", b""), "obs/spots/c/0"),
        (lambda b: edited(b, "tables/t/obs/kind", encoding_type="magic"), "encoded as 'magic'"),
        (lambda b: edited(b, "tables/t/X", encoding_type="magic"), "cannot be read"),
        (lambda b: edited(b, "tables/t/obs", encoding_version="77"), "cannot be read"),
        (lambda b: edited(b, "tables/t/obs", column_order=["area", "no"]), "no' is missing"),
        (lambda b: edited(b, "tables/t/obs", _index="../../../labels/cells/0"), "cannot be read"),
        (lambda b: put_texts(b, texts(*[b"a"] * 4)), "4 texts, expected 5"),
        (lambda b: put_texts(b, texts(b"a", count=2**32 - 1)), "4,294,967,295 texts"),
        (lambda b: put_texts(b, texts(*[b"a"] * 5)[:-3]), "note"),
        (lambda b: put_texts(b, texts(*[b"\xff\xfe"] * 5)), "cannot be read"),
        (lambda b: put_texts(b, Zstd().encode(bytes(2**29))), "536,870,912 bytes"),
    ],
)  # fmt: skip
def test_damage_is_told_with_its_place(
    change: Callable[[HierarchyBuilder], HierarchyBuilder], says: str
) -> None:
    refused(change(with_anndata()), says)


@pytest.mark.parametrize("sharded", [False, True])
def test_texts_that_claim_too_much_are_refused_in_shards_too(sharded: bool) -> None:
    builder = with_anndata(sharded=sharded)
    stored = builder.entries[f"{texts_of(builder)}/c/0"]
    assert open_image(builder.entries).tables[0].read().shape == (5, 7)
    # The shard's index follows its one chunk.
    index = stored[-20:] if sharded else b""
    harmful = texts(b"a", count=2**31)
    if sharded:
        harmful = harmful.ljust(len(stored) - 20, b"\0")
        assert len(harmful) == len(stored) - 20
    refused(put_texts(builder, harmful + index), "texts|cannot be read")


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [((5, 10**9), (5, 10**9)), ((10**12, 2), (10**6, 2)), ((5, 2), (10**7, 500))],
)
def test_arrays_that_claim_to_be_huge_are_refused_unread(
    shape: tuple[int, ...], chunks: tuple[int, ...]
) -> None:
    builder = with_anndata()
    document = builder.entries["tables/t/X/zarr.json"]
    builder.put("tables/t/X/zarr.json", resized(document, shape, chunks))
    composite = open_image(builder.entries)
    (table,) = composite.tables
    with pytest.raises(TableError, match=r"'tables/t' has .*more than are read|cannot be read"):
        table.read()
    assert len(to_layer_data(composite)) == 2


def test_a_column_of_another_length_is_refused() -> None:
    builder = with_anndata()
    document = builder.entries["tables/t/obs/spots/zarr.json"]
    builder.put("tables/t/obs/spots/zarr.json", resized(document, (4,), (4,)))
    refused(builder, "cannot be read")


def test_measurements_of_other_rows_are_refused() -> None:
    builder = with_anndata()
    document = builder.entries["tables/t/X/zarr.json"]
    builder.put("tables/t/X/zarr.json", resized(document, (3, 2), (3, 2)))
    builder.remove("tables/t/X/c/")
    refused(builder, "X is 3 × 2 for 5 rows and 2 names of columns")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"label": [1], "area": 3}, "its column 'area' is not a list"),
        ({"label": [1, 2], "area": [3]}, "'label' has 2 rows, 'area' has 1"),
    ],
)
def test_lists_that_do_not_fit_are_refused(columns: dict[str, Any], says: str) -> None:
    refused(put_lists(labeled(), "tables/t", SAID, columns), says)


def test_lists_that_are_missing_are_told() -> None:
    refused(put_group(labeled(), "tables/t", SAID | {"backend": "json"}), "'table' is missing")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "No columns"),
        (b'label,area\n1,"a\n', "cannot be read"),
        (b"label,area\n1,2,3,4\n5\n1,2,3,4,5\n", "cannot be read"),
        (b"label,\xff\xfe\n1,2\n", "cannot be read"),
        (None, "'table.csv' is missing"),
    ],
)
def test_text_that_is_no_table_is_refused(content: bytes | None, says: str) -> None:
    builder = put_csv(labeled(), "tables/t", SAID, FEATURES)
    if content is None:
        builder.remove("tables/t/table.csv")
    else:
        builder.put("tables/t/table.csv", content)
    refused(builder, says)


def test_a_million_columns_of_text_are_refused_unread() -> None:
    builder = put_csv(labeled(), "tables/t", SAID, FEATURES)
    builder.put("tables/t/table.csv", b"label" + b",c" * 1_000_000 + b"\n1" + b",2" * 1_000_000)
    refused(builder, "1,000,001 columns", "table-large")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_parquet_that_is_none_is_refused(content: bytes) -> None:
    builder = put_parquet(labeled(), "tables/t", SAID, FEATURES)
    refused(builder.put("tables/t/table.parquet", content), "cannot be read")


@pytest.mark.parametrize("position", range(0, 1400, 61))
def test_parquet_with_one_byte_changed_is_read_or_refused(position: int) -> None:
    builder = put_parquet(labeled(), "tables/t", SAID, FEATURES[["area", "note"]])
    content = bytearray(builder.entries["tables/t/table.parquet"])
    content[position % len(content)] ^= 0xFF
    builder.put("tables/t/table.parquet", bytes(content))
    with suppress(TableError):
        open_image(builder.entries).tables[0].read(Bounds(rows=1000, cells=10_000))


def test_a_document_of_a_table_that_is_damaged_is_told() -> None:
    builder = with_anndata().put("tables/t/zarr.json", b"{]")
    composite = open_image(builder.entries)
    assert composite.tables == ()
    (finding,) = composite.findings
    assert (finding.code, finding.where) == ("table-unreadable", "tables/t")


@pytest.mark.parametrize(
    "attributes",
    [
        {"type": 3, "backend": ["csv"]},
        {"type": "feature_table", "backend": {"a": 1}, "region": "cells"},
        {"type": "feature_table", "table_version": 1, "region": {"path": 7}, "instance_key": []},
        {"type": "feature_table", "table_version": "1", "region": {"path": "../../../../etc"}},
        {"spatialdata-encoding-type": 5, "region": {"a": 1}, "region_key": 3, "instance_key": None},
        {"spatialdata-encoding-type": "ngff:regions_table", "region": [None, 3, "../../x"]},
        {"encoding-type": "anndata"},
        {"fractal_table_version": None},
    ],
)
def test_documents_of_any_kind_do_no_harm(attributes: dict[str, Any]) -> None:
    builder = put_group(labeled(), "tables/t", attributes)
    composite = open_image(builder.entries)
    layers = to_layer_data(composite)
    assert [kind for _, _, kind in layers] == ["image", "labels"]
    assert len([*composite.findings, *layer_findings(composite, layers)]) <= 2
    for table in composite.tables:
        with pytest.raises(TableError):
            table.read()


def test_rows_about_nothing_are_no_features() -> None:
    builder = put_lists(labeled(), "tables/t", SAID, {"label": [], "area": []})
    composite = open_image(builder.entries)
    ((_, keywords, _),) = [each for each in to_layer_data(composite) if each[2] == "labels"]
    assert len(pd.DataFrame(keywords["features"])) == 0


class TestNamesOfColumns:
    """Each column has one of its own, and what names rows is the column of obs."""

    def test_measurements_called_as_what_names_rows(self) -> None:
        rows = FEATURES.reset_index().set_axis(list("abcde"), axis=0)
        said = SAID | {"backend": "anndata"}
        names = ["label", "area"]
        builder = put_anndata(labeled(), "tables/t", said, rows, MEASURED, names)
        (table,) = open_image(builder.entries).tables
        frame = table.read()
        assert list(frame.index) == list(map(int, FEATURES.index))
        assert list(frame.columns) == ["label (2)", "area (2)", *FEATURES.columns]
        assert list(frame["label (2)"]) == list(MEASURED[:, 0])

    def test_measurements_of_one_name(self) -> None:
        said = SAID | {"backend": "anndata"}
        builder = put_anndata(labeled(), "tables/t", said, FEATURES, MEASURED, ["q", "q"])
        (table,) = open_image(builder.entries).tables
        assert list(table.read().columns) == ["q", "q (2)", *FEATURES.columns]

    def test_ends_of_regions_of_one_name(self) -> None:
        said = {"type": "roi_table", "table_version": "1", "backend": "anndata"}
        names = [f"{part}{axis}_micrometer" for part in ("", "len_") for axis in "xy"]
        rows = pd.DataFrame(index=pd.Index(["a"], name="region"))
        ends = np.array([[1.0, 1.0, 2.0, 2.0, 9.0]])
        builder = put_anndata(labeled(), "tables/t", said, rows, ends, [*names, names[0]])
        (*_, shapes) = to_layer_data(open_image(builder.entries))
        assert shapes[2] == "shapes"
        assert np.ptp(shapes[0][0], axis=0).tolist() == [2.0, 2.0]


def test_rows_of_more_cells_than_there_are_names_are_not_joined_to_other_labels() -> None:
    builder = put_csv(labeled(), "tables/t", SAID, FEATURES)
    builder.put("tables/t/table.csv", b"label,area\n1,2,5,4\n")
    refused(builder, "more cells")
