"""Every rule on files is broken once: a valid archive changed in one way breaks that rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from broken_files import BROKEN, Broken, entries, listed_thumbnail, write
from file_rules import FILE_RULES
from napari_ome_zip.storage import ArchiveStore
from napari_ome_zip.validation.profiles import PROFILES
from napari_ome_zip.validation.registry import RULES
from napari_ome_zip.validation.validate import validate

_WITH_A_TEST_OF_THEIR_OWN = {"archive-unusable"}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_archive_that_is_broken_is_valid(profile: str, tmp_path: Path) -> None:
    assert validate(write(tmp_path, entries()), deep=True, profile=profile).issues == ()


def test_a_thumbnail_that_follows_its_convention_is_nothing_to_speak_of(tmp_path: Path) -> None:
    assert validate(write(tmp_path, listed_thumbnail()), deep=True).issues == ()


def test_a_picture_that_a_list_names_a_thousand_times_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, listed_thumbnail(1000))
    read: list[str] = []
    original = ArchiveStore.read

    def counting(store: ArchiveStore, key: str, byte_range: Any = None) -> Any:
        read.append(key)
        return original(store, key, byte_range)

    monkeypatch.setattr(ArchiveStore, "read", counting)
    assert validate(path).issues == ()
    assert read.count("small.png") == 1


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.code)
def test_a_broken_rule_is_found_and_no_other(broken: Broken, tmp_path: Path) -> None:
    issues = validate(broken.make(tmp_path), broken.deep, profile=broken.profile).issues
    assert {issue.code for issue in issues} == {broken.code} | broken.also
    for issue in issues:
        if issue.code in FILE_RULES:
            rule = FILE_RULES[issue.code]
            severity = PROFILES[broken.profile].severity(rule.code, rule.severity)
            assert (issue.severity, issue.remedy) == (severity, rule.remedy)


def test_no_rule_is_without_a_test() -> None:
    assert {broken.code for broken in BROKEN} == set(FILE_RULES) - _WITH_A_TEST_OF_THEIR_OWN


def test_rules_say_what_they_want_and_what_to_do() -> None:
    for code, rule in FILE_RULES.items():
        assert code == rule.code
        assert all((rule.section, rule.says.endswith("."), rule.remedy.endswith(".")))


def test_no_code_means_two_things() -> None:
    assert set(FILE_RULES) & set(RULES) == set()
