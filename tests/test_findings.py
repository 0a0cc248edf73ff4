"""How several reasons become one message."""

from __future__ import annotations

import pytest

from napari_ome_zip.findings import Finding, first_reasons
from napari_ome_zip.ome import parse_group


@pytest.mark.parametrize(
    ("reasons", "message"),
    [
        ([], ""),
        (["A."], "A."),
        (["A.", "A.", "B."], "A. B."),
        (["A.", "B.", "C."], "A. B. C."),
        ([f"{number}." for number in range(1000)], "0. 1. 2. And 997 more like this."),
    ],
)
def test_the_first_ones_are_told_and_the_others_counted(reasons: list[str], message: str) -> None:
    assert first_reasons(reasons) == message


@pytest.mark.parametrize(
    ("finding", "seen"),
    [
        (Finding("label-dtype", "labels/a", "Shown as an image."), True),
        (Finding("root-in-folder", "a.zarr", "Opened from there."), False),
        (Finding("wrong-type", "labels", "Not a list.", harmless=True), False),
        (Finding("nobody-has-decided", "", "Something."), True),
    ],
)
def test_what_changes_what_is_seen_is_told_apart(finding: Finding, seen: bool) -> None:
    assert finding.is_seen is seen


def test_the_point_comes_before_the_details() -> None:
    finding = Finding("label-dtype", "labels/a", "Labels 'a' hold numbers with fractions.")
    assert (
        finding.with_headline
        == "Labels are not stored as whole numbers. Labels 'a' hold numbers with fractions."
    )
    assert Finding("nobody-has-decided", "", "Something.").with_headline == "Something."


@pytest.mark.parametrize(
    ("ome", "seen"),
    [
        ({"labels": {"cells": 1}}, []),  # those that no list names are found as well
        ({"labels": [7]}, []),
        ({"multiscales": {"datasets": [{"path": "0"}]}}, ["transformations-missing"]),
        ({"multiscales": 3}, ["wrong-type"]),
        ({"series": 3}, ["wrong-type"]),
    ],
)
def test_a_value_of_another_kind_is_told_where_something_is_lost(
    ome: dict[str, object], seen: list[str]
) -> None:
    attributes = {"ome": {"version": "0.5", **ome}}
    findings = parse_group(attributes, path="", zarr_format=3).findings
    assert findings
    assert [f.code for f in findings if f.is_seen and f.code != "multiscale-axes-missing"] == seen
