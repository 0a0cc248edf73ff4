"""Plates and wells: where each field of view is, whatever the version says of it."""

from __future__ import annotations

from typing import Any

import pytest

from napari_ome_zip.ome import (
    Acquisition,
    Plate,
    PlateWell,
    Well,
    WellImage,
    parse_group,
)


def read(key: str, value: Any) -> tuple[Any, list[str]]:
    parsed = parse_group({"ome": {"version": "0.5", key: value}}, path="", zarr_format=3)
    return getattr(parsed.group, key), [finding.code for finding in parsed.findings]


ROWS = [{"name": "A"}, {"name": "B"}]
COLUMNS = [{"name": "1"}, {"name": "2"}]


def plate(*wells: Any, **changes: Any) -> tuple[Any, list[str]]:
    return read("plate", {"rows": ROWS, "columns": COLUMNS, "wells": list(wells)} | changes)


def test_a_plate_is_read_as_written() -> None:
    found = plate(
        {"path": "B/2", "rowIndex": 1, "columnIndex": 1},
        name="screen",
        field_count=4,
        acquisitions=[
            {"id": 0, "name": "first", "maximumfieldcount": 2, "starttime": 1, "endtime": 2}
        ],
    )

    expected = Plate(
        "screen",
        ("A", "B"),
        ("1", "2"),
        (PlateWell("B/2", 1, 1),),
        (Acquisition(0, "first", None, 2, 1, 2),),
        4,
    )
    assert found == (expected, [])


def test_indices_of_old_plates_follow_from_the_path() -> None:
    read_plate, found = plate({"path": "B/1"}, {"path": "A/2"})

    assert read_plate.wells == (PlateWell("B/1", 1, 0), PlateWell("A/2", 0, 1))
    assert found == []


@pytest.mark.parametrize("index", [None, -1, 10**9, "1", 0.5, True])
def test_an_illegal_index_gives_way_to_the_path(index: Any) -> None:
    read_plate, _ = plate({"path": "B/2", "rowIndex": index, "columnIndex": index})

    assert read_plate.wells == (PlateWell("B/2", 1, 1),)


def test_rows_that_only_a_well_knows_are_added_and_told() -> None:
    read_plate, found = plate({"path": "C/1"}, {"path": "D/1"}, {"path": "C/2"})

    assert read_plate.rows == ("A", "B", "C", "D")
    assert [well.row_index for well in read_plate.wells] == [2, 3, 2]
    assert found == ["plate-well-mismatch"]


@pytest.mark.parametrize("missing", [None, [], {}])
def test_a_plate_without_rows_and_columns_gets_those_of_its_wells(missing: Any) -> None:
    read_plate, _ = plate(
        {"path": "B/2", "rowIndex": 1, "columnIndex": 1}, rows=missing, columns=missing
    )

    (well,) = read_plate.wells
    assert read_plate.rows[well.row_index] == "B"
    assert read_plate.columns[well.column_index] == "2"


def test_every_well_lies_on_its_plate() -> None:
    read_plate, found = plate({"path": "well"}, {"path": "x/C/9"}, {"rowIndex": 0}, 3)

    assert [well.path for well in read_plate.wells] == ["well", "x/C/9"]
    for well in read_plate.wells:
        assert well.row_index < len(read_plate.rows)
        assert well.column_index < len(read_plate.columns)
    assert {"plate-well-path-missing", "wrong-type"} <= set(found)


def test_names_may_be_numbers_or_missing() -> None:
    read_plate, found = plate(rows=[1, "B", {}], columns=[{"name": 3}])

    assert read_plate.rows == ("1", "B", "3")
    assert read_plate.columns == ("3",)
    assert found == ["plate-line-name-missing"]


@pytest.mark.parametrize(
    ("acquisition", "codes"),
    [
        ({"maximumfieldcount": 0}, {"plate-count-invalid"}),
        ({"starttime": -1, "endtime": "now"}, {"plate-count-invalid", "acquisition-time-invalid"}),
    ],
)
def test_illegal_counts_and_times_are_ignored_and_told(acquisition: Any, codes: set[str]) -> None:
    read_plate, found = plate(acquisitions=[{"id": 1} | acquisition], field_count=0)

    assert read_plate.acquisitions == (Acquisition(1),)
    assert read_plate.field_count is None
    assert set(found) == codes


@pytest.mark.parametrize("identifier", [None, "0", -1, 0.5])
def test_acquisitions_without_an_id_are_left_out(identifier: Any) -> None:
    read_plate, found = plate(acquisitions=[{"id": identifier}, {"id": 2}])

    assert read_plate.acquisitions == (Acquisition(2),)
    assert found == ["acquisition-id-invalid"]


def test_a_well_is_read_as_written() -> None:
    images = [{"path": "0", "acquisition": 1}, {"path": "f1"}]

    assert read("well", {"images": images}) == (Well((WellImage("0", 1), WellImage("f1"))), [])


def test_fields_without_a_path_are_left_out_and_told_once() -> None:
    found = read("well", {"images": [{}, {"path": 1}, "2", {"path": None}]})

    assert found == (Well((WellImage("1"), WellImage("2"))), ["well-path-missing"])


def test_a_field_that_is_no_object_is_left_out_and_told() -> None:
    assert read("well", {"images": [None]}) == (Well(), ["wrong-type"])


@pytest.mark.parametrize(
    ("value", "well", "code"),
    [
        (3, None, "wrong-type"),
        ([], None, "wrong-type"),
        ({"images": 3}, Well(), "well-images-missing"),
    ],
)
def test_a_well_that_is_none_is_told(value: Any, well: Well | None, code: str) -> None:
    assert read("well", value) == (well, [code])
