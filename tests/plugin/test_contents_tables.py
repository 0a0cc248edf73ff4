"""Contents says of each table what it is used as, or why it is not; without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from labeled_tables import (
    FEATURES,
    NGIO,
    about,
    labeled,
    put_anndata,
    put_csv,
    put_group,
    put_lists,
)
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.image.attachments import Attachment, find_attachments
from napari_ome_zip.image.tables.table import Table
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.plugin.contents.model import Kind, file_tree, with_attachments
from napari_ome_zip.plugin.contents.reading import MAX_ROWS, read_attachment
from napari_ome_zip.plugin.contents.shown import OpenLayer
from napari_ome_zip.plugin.contents.tables import can_be_loaded, table_facts

ROIS = {"type": "roi_table", "table_version": "1", "index_key": "name"}
BOX = {
    "name": ["a"],
    "x_micrometer": [1],
    "y_micrometer": [1],
    "len_x_micrometer": [2],
    "len_y_micrometer": [2],
}
AREAS = {"label": [1, 5], "area": [10.0, 50.0]}


def known(source: Any) -> tuple[Table, list[OpenLayer]]:
    """The one table of a file, and its layers."""
    composite = open_image(source if isinstance(source, Path) else source.entries)
    layers = [
        OpenLayer(number, keywords["name"], kind, layer_note(keywords))
        for number, (_, keywords, kind) in enumerate(to_layer_data(composite))
    ]
    (table,) = composite.tables
    return table, layers


def facts(source: Any) -> dict[str, str]:
    table, layers = known(source)
    assert not can_be_loaded(table, layers)
    return dict(table_facts(table, layers))


def test_a_table_of_features() -> None:
    said = NGIO | about("cells") | {"backend": "anndata"}
    assert facts(put_anndata(labeled(), "tables/t", said, FEATURES)) == {
        "Form": "feature table (ngio)",
        "Content": "5 rows and 5 columns",
        "About": "labels/cells",
        "Used as": "features of 'cells'",
    }


@pytest.mark.parametrize(
    ("said", "columns", "use"),
    [
        (
            {"type": "condition_table", "table_version": "1"},
            {"drug": ["A"]},
            "no labels and no regions",
        ),
        (NGIO | about("gone"), AREAS, "labels that are not there: '../labels/gone'"),
        (NGIO | about("cells"), {"n": [1]}, "no column 'label'"),
        (NGIO | about("cells"), {"label": [1], "n": [1, 2]}, "'n' has 2 rows"),
        (NGIO | {"table_version": "3"}, AREAS, "newer than this program"),
        (ROIS, BOX, "the layer 't', hidden at first"),
        (ROIS, {"name": ["a"]}, "no boxes"),
        (ROIS, {key: cells * 2001 for key, cells in BOX.items()}, "more than 2,000"),
    ],
)
def test_what_others_are_used_as(said: Any, columns: Any, use: str) -> None:
    assert use in facts(put_lists(labeled(), "tables/t", said, columns))["Used as"]


def test_one_that_names_no_labels_of_several() -> None:
    builder = put_group(labeled("cells", "nuclei"), "tables/t", {"encoding-type": "anndata"})
    assert "does not say which labels" in facts(builder)["Used as"]


def test_one_of_an_image_that_is_part_of_a_mosaic() -> None:
    builder = HierarchyBuilder().group()
    for number in range(9):
        builder.image(ramp((4, 4)), "yx", f"{number}", translation=[0, number * 4.0])
    put_lists(builder, "3/tables/t", ROIS, BOX)
    assert "no image that is shown by itself" in facts(builder)["Used as"]


def test_a_large_one_can_be_loaded() -> None:
    rows = pd.DataFrame(
        {"n": np.zeros(100_001)}, pd.Index(range(100_001), name="label").astype(str)
    )
    said = NGIO | about("cells") | {"backend": "anndata"}
    table, layers = known(put_anndata(labeled(), "tables/t", said, rows))
    assert can_be_loaded(table, layers)
    assert not can_be_loaded(table, [])
    assert "more than are read at once" in dict(table_facts(table, layers))["Used as"]


def listed(builder: HierarchyBuilder) -> tuple[Any, tuple[Attachment, ...]]:
    composite = open_image(builder.entries)
    assert composite.opened is not None
    return composite.opened, find_attachments(composite.opened, composite.parts)


def test_tables_are_listed_with_their_rows() -> None:
    said = NGIO | about("cells")
    builder = put_anndata(labeled(), "tables/a", said | {"backend": "anndata"}, FEATURES)
    put_csv(builder, "tables/b", said, FEATURES)
    size = sum(len(c) for name, c in builder.entries.items() if name.startswith("tables/b/"))
    _, found = listed(builder)
    tree = with_attachments(file_tree("a.ozx", [], [], []), found)
    (branch,) = [item for item in tree.children if item.kind is Kind.TABLES]
    assert [(item.name, item.detail) for item in branch.children] == [
        ("tables/a", "5 rows"),
        ("tables/b", f"{size} bytes"),
    ]


@pytest.mark.parametrize("put", [put_anndata, put_csv])
def test_rows_can_be_read_with_what_they_are_called(put: Any) -> None:
    said = NGIO | about("cells") | {"backend": "csv" if put is put_csv else "anndata"}
    opened, (found,) = listed(put(labeled(), "tables/t", said, FEATURES[["area", "kind"]]))
    lines = read_attachment(opened, found).text.splitlines()
    assert lines[:3] == ["label\tarea\tkind", "1\t12.5\tT", "2\t30\tB"]


def test_of_many_rows_the_first_are_read() -> None:
    columns = {"label": [*range(1000)], "n": [*range(1000)]}
    opened, (found,) = listed(put_lists(labeled(), "tables/t", NGIO | about("cells"), columns))
    read = read_attachment(opened, found)
    assert f"{MAX_ROWS - 1}\t{MAX_ROWS - 1}" in read.text.splitlines()
    assert f"{MAX_ROWS}\t{MAX_ROWS}" not in read.text.splitlines()
    assert read.note == "The first 200 of 1,000 rows."


def test_a_table_of_regions_that_a_person_changed(tmp_path: Path) -> None:
    path = put_lists(labeled(), "tables/t", ROIS, BOX).archive(tmp_path / "a.ozx")
    layers = to_layer_data(open_image(path))
    (regions,) = (layer for layer in layers if layer[2] == "shapes")
    regions[1]["name"] = "mine"
    with pytest.warns(SaveWarning, match="older"):
        save_image(layers, tmp_path / "b.ozx")
    assert facts(tmp_path / "b.ozx")["Used as"] == (
        "nothing: it is older than the layer 'mine', which was made of it"
    )
