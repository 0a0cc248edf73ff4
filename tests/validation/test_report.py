"""Reports: equal issues merged, errors first, readable as text and as JSON."""

from __future__ import annotations

import json

from napari_ome_zip.validation import Issue, Location, Report, Severity, aggregate


def issue(
    message: str = "Axis without a name",
    severity: Severity = Severity.ERROR,
    entry: str = "zarr.json",
    code: str = "axis-name-missing",
) -> Issue:
    return Issue(code, severity, Location(entry), message, "OME-Zarr 0.5, axes", "Name the axis.")


def test_a_location_reads_like_a_path_into_the_document() -> None:
    place = Location("labels/zarr.json").at("ome", "multiscales", 0, "image-label").at("a b")
    assert str(place) == 'labels/zarr.json: ome.multiscales[0].image-label["a b"]'


def test_a_location_of_the_whole_is_empty() -> None:
    assert str(Location()) == ""


def test_equal_issues_are_merged_with_their_number_and_first_places() -> None:
    merged = aggregate(issue(entry=f"{n}/zarr.json") for n in range(96))
    assert len(merged) == 1
    assert merged[0].count == 96
    places = [merged[0].location, *merged[0].also]
    assert [place.entry for place in places] == [f"{n}/zarr.json" for n in range(5)]


def test_merging_twice_counts_the_same() -> None:
    once = aggregate(issue(entry=f"{n}/zarr.json") for n in range(7))
    assert aggregate(once) == once
    assert aggregate([*once, *once])[0].count == 14


def test_issues_that_say_different_things_stay_apart() -> None:
    assert len(aggregate([issue("one"), issue("two")])) == 2


def test_errors_come_before_warnings_before_information() -> None:
    found = [issue(f"{s}", s) for s in (Severity.INFO, Severity.WARNING, Severity.ERROR)]
    report = Report.of("a.ozx", "archive", "0.5", found)
    assert [i.severity for i in report.issues] == [*Severity]


def test_a_report_without_errors_is_valid() -> None:
    report = Report.of("a.ozx", "archive", "0.5", [issue(severity=Severity.WARNING)])
    assert report.valid
    assert report.verdict == "Valid OME-Zarr 0.5: 1 warning"


def test_a_report_with_an_error_is_not_valid_and_counts_every_occurrence() -> None:
    found = [issue(entry=f"{n}") for n in range(3)] + [issue("x", Severity.INFO)]
    report = Report.of("a.ozx", "archive", None, found)
    assert not report.valid
    assert report.counts == {Severity.ERROR: 3, Severity.WARNING: 0, Severity.INFO: 1}
    assert report.verdict == "Not valid OME-Zarr: 3 errors, 1 for information"


def test_text_fits_the_width_and_names_place_rule_and_remedy() -> None:
    message = "Axis without a name " * 12
    report = Report.of("a.ozx", "archive", "0.5", [issue(message, entry="x/" * 20)])
    for width in (40, 80):
        text = report.to_text(width)
        assert all(len(line) <= width for line in text.splitlines())
    for part in ("ERROR axis-name-missing", "where:", "OME-Zarr 0.5, axes", "Name the axis."):
        assert part in text


def test_text_shows_the_first_of_many_of_a_kind() -> None:
    report = Report.of("a.ozx", "archive", "0.5", [issue(f"{n}") for n in range(30)])
    assert report.to_text().count("ERROR axis-name-missing") == 5
    assert "… and 25 more of axis-name-missing" in report.to_text()


def test_json_holds_everything() -> None:
    report = Report.of("é.ozx", "archive", "0.5", [issue(entry=f"{n}") for n in range(9)])
    held = json.loads(report.to_json())
    assert held["path"] == "é.ozx"
    assert held["valid"] is False
    assert held["counts"] == {"error": 9, "warning": 0, "info": 0}
    [only] = held["issues"]
    assert only["code"] == "axis-name-missing"
    assert only["count"] == 9
    assert [place["entry"] for place in only["also"]] == ["1", "2", "3", "4"]
