"""Reports: equal issues merged, errors first, readable as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from napari_ome_zip.rules import Effect
from napari_ome_zip.validation import Issue, Location, Report, Severity, aggregate
from napari_ome_zip.validation.report import MOST_PLACES


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


def test_equal_issues_are_merged_with_their_number_and_places() -> None:
    (merged,) = aggregate(issue(entry=f"{n}/zarr.json") for n in range(96))
    assert merged.count == 96
    assert [place.entry for place in merged.places] == [f"{n}/zarr.json" for n in range(96)]


def test_of_very_many_places_a_part_is_kept_and_all_are_counted() -> None:
    (merged,) = aggregate(issue(entry=f"{n}") for n in range(3 * MOST_PLACES))
    assert (merged.count, len(merged.places)) == (3 * MOST_PLACES, MOST_PLACES)


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


def test_what_breaks_one_rule_stands_together_with_its_remedy_told_once() -> None:
    other = issue("odd", code="axis-order")
    report = Report.of("a.ozx", "archive", "0.5", [issue("one"), other, issue("two")])
    text = report.to_text()
    assert text.count("axis-name-missing") == 1
    assert "ERROR axis-name-missing (2 times)" in text
    assert [text.count(part) for part in ("Name the axis.", "one", "two")] == [2, 1, 1]


def test_text_tells_the_first_of_many_messages_and_counts_the_others() -> None:
    report = Report.of("a.ozx", "archive", "0.5", [issue(f"no. {n}") for n in range(30)])
    lines = report.to_text().splitlines()
    assert sum("found:" in line for line in lines) == 5
    assert lines[-1] == "  and 25 more"


def test_text_tells_the_first_of_many_places_and_counts_the_others() -> None:
    report = Report.of("a.ozx", "archive", "0.5", [issue(entry=f"{n}/c") for n in range(30)])
    assert "0/c; 1/c; 2/c; 3/c; 4/c; and 25 more" in report.to_text()


def test_text_tells_everything_where_that_is_asked_for() -> None:
    found = [issue(f"no. {n}", entry=f"{m}/c") for n in range(8) for m in range(9)]
    text = Report.of("a.ozx", "archive", "0.5", found).to_text(everything=True)
    assert "more" not in text
    assert all(text.count(f"no. {n}") == 1 for n in range(8))
    assert text.count("; 8/c") == 8


def test_the_worst_comes_first() -> None:
    codes = {"slow": Effect.SLOW, "closed": Effect.CLOSED, "axes": Effect.AXES}
    found = [replace(issue(code, code=code), effect=effect) for code, effect in codes.items()]
    text = Report.of("a.ozx", "archive", "0.5", found).to_text()
    assert text.index("ERROR closed") < text.index("ERROR axes") < text.index("ERROR slow")


def test_json_holds_everything_in_ascii() -> None:
    report = Report.of("é.ozx", "archive", "0.5", [issue(entry=f"{n}") for n in range(9)])
    text = report.to_json(checked="2026-01-02T03:04:05")
    assert text.isascii()
    whole = json.loads(text)
    assert (whole["format"], whole["checked"]) == (1, "2026-01-02T03:04:05")
    (held,) = whole["files"]
    assert (held["path"], held["valid"], held["profile"]) == ("é.ozx", False, "rfc9")
    assert held["counts"] == {"error": 9, "warning": 0, "info": 0}
    (only,) = held["issues"]
    assert (only["code"], only["count"]) == ("axis-name-missing", 9)
    assert [place["entry"] for place in only["also"]] == ["1", "2", "3", "4"]


def test_json_holds_as_many_places_as_are_asked_for() -> None:
    report = Report.of("a.ozx", "archive", "0.5", [issue(entry=f"{n}") for n in range(9)])
    (only,) = report.to_dict(MOST_PLACES)["issues"]
    assert [place["entry"] for place in only["also"]] == [f"{n}" for n in range(1, 9)]
