"""Every rule on collections is broken once, by one change to a valid one."""

from __future__ import annotations

from pathlib import Path

import pytest

from collection_faults import FAULTS, Make, valid, valid_scene
from napari_ome_zip import open_image, validate
from napari_ome_zip.findings import HEADLINES, UNSEEN
from napari_ome_zip.ome.collections import reader
from napari_ome_zip.validation import Severity

DRAFT = {"collections-draft"}


@pytest.fixture(autouse=True)
def few_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three nodes be too many where a test is about that."""
    monkeypatch.setattr(reader, "MAX_NODES", 100)


def codes(make: Make, folder: Path) -> dict[str, Severity]:
    archive = make().archive(folder / "a.ozx")
    issues = [issue for issue in validate(archive).issues if "RFC-9" not in issue.rule]
    return {i.code: i.severity for i in issues if i.code != "comment-version-differs"}


@pytest.mark.parametrize("make", [valid, valid_scene])
def test_nothing_is_wrong_with_a_valid_collection(make: Make, tmp_path: Path) -> None:
    assert set(codes(make, tmp_path)) == DRAFT
    composite = open_image(make().entries)
    assert {finding.code for finding in composite.findings} == DRAFT


def test_all_that_is_in_a_collection_is_shown() -> None:
    composite = open_image(valid().entries)
    assert {part.name for part in composite.parts} == {"a", "mask", "written out", "B2 f", "far"}


@pytest.mark.parametrize(
    ("code", "make"), FAULTS, ids=[f"{code}-{make.__name__}" for code, make in FAULTS]
)
def test_one_change_breaks_one_rule(
    code: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if code == "nodes-many":
        monkeypatch.setattr(reader, "MAX_NODES", 3)
    assert set(codes(make, tmp_path)) == DRAFT | {code}


@pytest.mark.parametrize(
    ("code", "make"), FAULTS, ids=[f"{code}-{make.__name__}" for code, make in FAULTS]
)
def test_what_opening_says_a_report_says_as_well(code: str, make: Make, tmp_path: Path) -> None:
    found = {finding.code for finding in open_image(make().entries).findings}
    assert found <= {*HEADLINES, *UNSEEN}
    assert found - {"image-unplaced"} <= set(codes(make, tmp_path))
