"""docs/odd-files.md names rules that exist, with the severity that they have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from file_rules import FILE_RULES
from napari_ome_zip.validation.registry import RULES

PAGE = Path(__file__).parents[2] / "docs" / "odd-files.md"
ALL_RULES = {**FILE_RULES, **RULES}
NAMED = re.compile(r"(error|warning|info) `([a-z0-9-]+)`")
COLUMNS = 4
NOTHING = "–"


def rows() -> list[list[str]]:
    """Cells of the rows of the table; rows that are headings have one that is not empty."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


FILES = [row for row in rows() if not row[0].startswith("**")]


def test_the_page_has_one_table_of_files_under_headings() -> None:
    headings = [row for row in rows() if row[0].startswith("**")]
    assert all(not "".join(row[1:]).strip(" |") for row in headings)
    assert len(headings) > 5
    assert len(FILES) > 50


@pytest.mark.parametrize("row", FILES, ids=lambda row: row[0][:40])
def test_a_file_has_what_is_seen_what_is_said_and_a_repair(row: list[str]) -> None:
    assert len(row) == COLUMNS
    assert all(row)


@pytest.mark.parametrize("row", FILES, ids=lambda row: row[0][:40])
def test_the_codes_of_a_file_are_rules_of_the_stated_severity(row: list[str]) -> None:
    said = row[2].replace(" (deep)", "")
    if said == NOTHING:
        return
    named = NAMED.findall(said)
    assert ", ".join(f"{severity} `{code}`" for severity, code in named) == said
    for severity, code in named:
        assert ALL_RULES[code].severity == severity, code
