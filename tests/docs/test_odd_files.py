"""docs/odd-files.md names rules that exist, with the severity that they have by default.

Where it says that a rule is of the profile for speed, the severity is the one it has there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from file_rules import FILE_RULES
from napari_ome_zip.rules import Severity
from napari_ome_zip.validation.profiles import FAST_TO_READ, RFC9
from napari_ome_zip.validation.registry import RULES

PAGE = Path(__file__).parents[2] / "docs" / "odd-files.md"
ALL_RULES = {**FILE_RULES, **RULES}
NAMED = re.compile(r"(error|warning|info) `([a-z0-9-]+)`( \(deep\)| \(fast\)|)")
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
    if row[2] == NOTHING:
        return
    named = NAMED.findall(row[2])
    assert ", ".join(f"{severity} `{code}`{when}" for severity, code, when in named) == row[2]
    for severity, code, when in named:
        rule = ALL_RULES[code]
        default = RFC9.severity(code, rule.severity)
        if when == " (fast)":
            assert (default, FAST_TO_READ.severity(code, rule.severity)) == (None, severity)
        else:
            assert default == Severity(severity), code
