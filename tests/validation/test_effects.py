"""What a broken rule means for a person is said by every rule, in a few words."""

from __future__ import annotations

import pytest

from file_rules import FILE_RULES
from napari_ome_zip.findings import MAX_HEADLINE
from napari_ome_zip.ome.at import At, Departure, Departures, Document
from napari_ome_zip.rules import Effect, Rule, Severity
from napari_ome_zip.validation import RULES, Issue, Report
from napari_ome_zip.validation.file_issue import issue

ALL_RULES = {**RULES, **FILE_RULES}


@pytest.mark.parametrize("effect", Effect)
def test_a_meaning_is_one_sentence_that_is_seen_at_once(effect: Effect) -> None:
    assert effect.meaning.endswith(".")
    assert effect.meaning.count(".") == 1
    assert len(effect.meaning) <= MAX_HEADLINE


def test_no_two_effects_mean_the_same() -> None:
    assert len({effect.meaning for effect in Effect}) == len(Effect)


def test_every_effect_is_that_of_a_rule() -> None:
    assert {rule.effect for rule in ALL_RULES.values()} == set(Effect)


@pytest.mark.parametrize("rule", ALL_RULES.values(), ids=lambda rule: rule.code)
def test_what_breaks_the_specification_is_never_nothing_to_worry_about(rule: Rule) -> None:
    assert isinstance(rule.effect, Effect)
    assert rule.effect is not Effect.NONE or rule.severity is Severity.INFO


@pytest.mark.parametrize(
    ("code", "effect"),
    [
        ("file-empty", Effect.CLOSED),
        ("chunk-damaged", Effect.DAMAGED),
        ("axis-unit-missing", Effect.SIZE),
        ("transformation-order", Effect.PLACE),
        ("axis-order", Effect.AXES),
        ("omero-color-invalid", Effect.COLORS),
        ("label-not-found", Effect.NOT_SHOWN),
        ("ome-key-missing", Effect.REFUSED),
        ("arrays-unsharded", Effect.SLOW),
        ("case-colliding-names", Effect.UNPACKING),
        ("entries-overlap", Effect.UNSAFE),
        ("multiscale-metadata-missing", Effect.DETAIL),
    ],
)
def test_a_rule_means_what_a_person_would_notice(code: str, effect: Effect) -> None:
    assert ALL_RULES[code].effect is effect


def test_an_issue_and_its_report_say_what_the_rule_means() -> None:
    rule = RULES["axis-unit-missing"]
    at = At(Document("cells"), Departures())
    found = [Issue.of(Departure(rule, at, "No unit")), issue(FILE_RULES["file-empty"], "Empty")]
    report = Report.of("a.ozx", "archive", "0.5", found)
    assert [i.effect for i in report.issues] == [Effect.CLOSED, Effect.SIZE]
    assert Effect.SIZE.meaning in report.to_text()
    first, second = report.to_dict()["issues"]
    assert (first["effect"], second["effect"]) == ("closed", "size")
    assert second["meaning"] == Effect.SIZE.meaning


def test_remedies_name_no_command_for_they_are_read_in_windows_too() -> None:
    assert [r.code for r in ALL_RULES.values() if "ome-zip" in r.remedy] == []
