"""The state of the dock widget that checks an archive, without a window and without files."""

from __future__ import annotations

import importlib.metadata
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.archive.rules import INCOMPLETE, ROOT_IN_FOLDER
from napari_ome_zip.errors import ArchiveError, OmeZipError
from napari_ome_zip.findings import Finding
from napari_ome_zip.plugin.check.model import CheckModel, Job, Outcome
from napari_ome_zip.plugin.check.rows import Key, details_of, find_row
from napari_ome_zip.plugin.check.state import (
    REPACK,
    SALVAGE,
    Activity,
    CheckChoices,
    Facts,
    State,
    Tone,
    layer_source,
    resolve,
    suggested_copy,
)
from napari_ome_zip.plugin.notices import explain
from napari_ome_zip.rules import Effect, Location, Rule, Severity
from napari_ome_zip.validation.report import Issue, Report

FOLDER = Issue(
    "root-in-folder",
    Severity.ERROR,
    Location("cells.zarr/zarr.json"),
    "Everything lies in a folder",
    "RFC-9, section 3",
    "Repack the archive.",
    effect=Effect.REFUSED,
)
DEFLATED = Issue(
    "entries-compressed",
    Severity.WARNING,
    Location("0/c/0/0"),
    "Entries are compressed",
    "RFC-9, section 4",
    "Repack the archive without compression.",
    count=12,
    also=(Location("0/c/0/1"), Location("0/c/0/2")),
    effect=Effect.SLOW,
)
README = Issue(
    "entry-unknown",
    Severity.INFO,
    Location(),
    "A file of no image",
    "RFC-9",
    "Leave it.",
    effect=Effect.NEEDLESS,
)
COLOR, COLOR_AGAIN, WINDOW = (
    Issue(
        code,
        Severity.ERROR,
        Location("zarr.json", f"ome.omero.channels[{number}].{field}"),
        message,
        "OME-Zarr 0.5, omero metadata",
        remedy,
        effect=Effect.COLORS,
    )
    for number, (code, field, message, remedy) in enumerate(
        [
            ("omero-color-invalid", "color", 'Channel color is "red"', "Write digits."),
            ("omero-color-invalid", "color", 'Channel color is "blue"', "Write digits."),
            ("omero-window-incomplete", "window", "Contrast limits incomplete", "Write all four."),
        ]
    )
)
ALL = (FOLDER, DEFLATED, README)
KEYS = [
    ("error", "refused"),
    ("warning", "slow", "entries-compressed"),
    ("error", "colors", "omero-color-invalid", 'Channel color is "blue"'),
]


def report(*issues: Issue, kind: str = "archive") -> Report:
    return Report.of("/data/cells.ozx", kind, "0.5", issues)


def found(state: State) -> list[Issue]:
    """Return what the rows at the top hold, from the first to the last."""
    return [issue for row in state.rows for issue in row.issues]


def facts(*issues: Issue, kind: str = "archive") -> Facts:
    return Facts(path="/data/cells.ozx", report=report(*issues, kind=kind))


# What is shown


def test_without_a_file_a_drop_is_invited_and_nothing_can_be_pressed() -> None:
    state = resolve(CheckChoices(), Facts())
    assert "Drop a file or link here" in state.name
    assert not any([state.can_check, state.can_cancel, state.can_export, state.can_repack])
    assert state.verdict == ""


@pytest.mark.parametrize(
    ("issues", "start", "tone"),
    [
        ((), "Valid OME-Zarr 0.5", Tone.GOOD),
        ((README,), "Valid OME-Zarr 0.5", Tone.GOOD),
        ((DEFLATED,), "Valid OME-Zarr 0.5: 12 warnings", Tone.WARNING),
        (ALL, "Not valid OME-Zarr 0.5: 1 error, 12 warnings", Tone.BAD),
    ],
)
def test_the_verdict_counts_what_was_found(
    issues: tuple[Issue, ...], start: str, tone: Tone
) -> None:
    state = resolve(CheckChoices(), facts(*issues))
    assert state.verdict.startswith(start)
    assert state.tone is tone


def test_rows_say_what_it_means_how_often_and_where_errors_first() -> None:
    rows = resolve(CheckChoices(), facts(README, DEFLATED, FOLDER)).rows
    assert [(row.text, row.count, row.where) for row in rows] == [
        ("Other programs may refuse the file.", "", "image 'cells.zarr'"),
        ("The file may open and draw more slowly.", "12×", "12 places"),
        ("The file holds things it does not need.", "", "the whole file"),
    ]


def test_below_its_meaning_stands_what_was_found() -> None:
    for row, issue in zip(resolve(CheckChoices(), facts(*ALL)).rows, ALL, strict=True):
        assert [below.text for below in row.rows] == [issue.message]


def test_what_means_the_same_is_one_row_and_what_breaks_one_rule_is_one_below() -> None:
    (row,) = resolve(CheckChoices(), facts(COLOR, WINDOW, COLOR_AGAIN)).rows
    assert (row.text, row.count) == (Effect.COLORS.meaning, "3×")
    color, window = row.rows
    assert [below.text for below in color.rows] == [COLOR.message, COLOR_AGAIN.message]
    assert [below.where for below in color.rows] == [
        "display settings, 1st channel, color",
        "display settings, 2nd channel, color",
    ]
    assert (window.text, window.rows) == (WINDOW.message, ())


def test_one_error_comes_before_fourteen_remarks_of_its_kind() -> None:
    remarks = [replace(COLOR, severity=Severity.WARNING, message=f"{n}") for n in range(14)]
    rows = resolve(CheckChoices(), facts(*remarks, COLOR)).rows
    assert [(row.severity, row.count) for row in rows] == [
        (Severity.ERROR, ""),
        (Severity.WARNING, "14×"),
    ]


def test_errors_are_open_and_what_stands_alone_is() -> None:
    rows = resolve(CheckChoices(), facts(*ALL)).rows
    assert [row.is_open for row in rows] == [True, False, False]
    assert [row.is_open for row in resolve(CheckChoices(), facts(README)).rows] == [True]


def test_details_name_the_places_known_and_count_the_others() -> None:
    key = ("warning", "slow")
    details = resolve(CheckChoices(selected=key), facts(*ALL)).details
    assert details is not None
    assert details.meaning == "The file may open and draw more slowly."
    assert details.found == ("Entries are compressed",)
    assert details.remedies == ("Repack the archive without compression.",)
    chunks = [f"level 0, chunk 0, {column}" for column in range(3)]
    assert details.places == (*chunks, "and 9 more")
    assert details.exact == ("0/c/0/0", "0/c/0/1", "0/c/0/2", "and 9 more")
    assert details.rules == ("RFC-9, section 4 (entries-compressed)",)


def test_details_of_many_are_the_first_few() -> None:
    many = [replace(COLOR, message=f"Channel color is {n}") for n in range(8)]
    details = resolve(CheckChoices(), facts(*many)).details
    assert details is not None
    assert details.found == (*(f"Channel color is {n}" for n in range(5)), "and 3 more")
    assert details.remedies == ("Write digits.",)


@pytest.mark.parametrize(("rule", "button"), [(ROOT_IN_FOLDER, REPACK), (INCOMPLETE, SALVAGE)])
def test_a_remedy_uses_the_word_on_the_button_and_names_no_command(rule: Rule, button: str) -> None:
    issue = replace(FOLDER, remedy=rule.remedy)
    details = resolve(CheckChoices(), facts(issue)).details
    assert details is not None
    assert button.split()[0].lower() in details.remedies[0].lower()
    assert "ome-zip" not in details.remedies[0]


def test_the_filters_count_occurrences_in_the_right_number() -> None:
    state = resolve(CheckChoices(severities=frozenset({Severity.ERROR})), facts(*ALL))
    assert [(f.label, f.checked) for f in state.filters] == [
        ("1 error", True),
        ("12 warnings", False),
        ("1 info", False),
    ]
    assert found(state) == [FOLDER]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", list(ALL)),
        ("FOLDER", [FOLDER]),
        ("repack rfc-9", [FOLDER, DEFLATED]),
        ("c/0/2", [DEFLATED]),
        ("entry-unknown", [README]),
        ("level 0, chunk 0", [DEFLATED]),
        ("more slowly", [DEFLATED]),
        ("folder compressed", []),
    ],
)
def test_the_search_finds_rows_that_contain_every_word(search: str, expected: list[Issue]) -> None:
    state = resolve(CheckChoices(search=search), facts(*ALL))
    assert found(state) == expected
    assert bool(state.hint) == (not expected)


@given(
    severities=st.frozensets(st.sampled_from(Severity)),
    search=st.sampled_from(["", "folder", "rfc-9", "nothing has this"]),
    selected=st.sampled_from([None, *KEYS]),
    issues=st.lists(st.sampled_from([*ALL, COLOR, COLOR_AGAIN]), unique=True),
)
def test_whatever_is_chosen_the_details_are_those_of_the_row_marked(
    severities: frozenset[Severity], search: str, selected: Key | None, issues: list[Issue]
) -> None:
    choices = CheckChoices(severities=severities, search=search, selected=selected)
    state = resolve(choices, facts(*issues))
    assert set(found(state)) <= set(issues)
    assert all(row.severity in severities for row in state.rows)
    if state.rows:
        marked = find_row(state.rows, state.selected)
        assert marked is not None
        assert state.details == details_of(marked)
        assert find_row(state.rows, selected) is None or state.selected == selected
    else:
        assert state.selected is None
        assert state.details is None


@pytest.mark.parametrize(("kind", "can"), [("archive", True), ("directory", False)])
def test_only_archives_are_repacked(kind: str, can: bool) -> None:
    known = facts(FOLDER, kind=kind)
    assert resolve(CheckChoices(), known).can_repack is can
    assert not resolve(CheckChoices(), replace(known, activity=Activity.REPACKING)).can_repack


def test_progress_is_told_in_hundredths_where_the_end_is_known() -> None:
    busy = Facts(path="a.ozx", activity=Activity.CHECKING)
    assert resolve(CheckChoices(), busy).activity == "Checking…"
    assert resolve(CheckChoices(), replace(busy, progress=(1, 4))).activity == "Checking… 25 %"


# Small helpers


@pytest.mark.parametrize(
    ("metadata", "path", "source"),
    [
        ({"napari_ome_zip": {"source": "/a.ozx"}}, "/b.ozx", "/a.ozx"),
        ({"napari_ome_zip": {"source": None}}, "/b.ozx", "/b.ozx"),
        ({"napari_ome_zip": "of another program"}, "/b.ozx", "/b.ozx"),
        ({}, "/b.ozx", "/b.ozx"),
        ({}, None, None),
    ],
)
def test_a_layer_knows_the_file_it_was_read_from(
    metadata: dict[str, object], path: str | None, source: str | None
) -> None:
    assert layer_source(metadata, path) == source


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("a.ozx", "a fixed.ozx"),
        ("A.OME.ZIP", "A fixed.ome.zip"),
        ("a.zarr.zip", "a fixed.ome.zip"),
        ("a.zip", "a fixed.ome.zip"),
    ],
)
def test_a_copy_gets_a_published_name_beside_its_source(name: str, copy: str) -> None:
    assert suggested_copy(str(Path("folder") / name), Path()) == str(Path("folder") / copy)


def test_a_copy_of_a_file_behind_a_link_gets_its_name_and_lies_in_a_folder() -> None:
    link = "https://example.org/data/my%20cells.ozx#1a2b3c4d"
    assert suggested_copy(link, Path("folder")) == str(Path("folder") / "my cells fixed.ozx")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file", "/data/a.ozx"), "There is no file a.ozx"),
        (PermissionError(13, "Permission denied", "/data/a.ozx"), "No permission to open a.ozx"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (OSError("strange"), "strange"),
        (ArchiveError("The archive is incomplete."), "The archive is incomplete."),
    ],
)
def test_an_error_becomes_a_sentence_without_numbers_and_brackets(
    error: OmeZipError | OSError, words: str
) -> None:
    text = explain(error, "/data/a.ozx")
    assert words in text
    assert "Errno" not in text


# What happens, step by step

NOON = datetime(2026, 11, 29, 14, 5, 9)


@dataclass
class Desk:
    """A model with its jobs in a list, to be run when the test says so."""

    reports: dict[str, Report | Exception] = field(default_factory=dict)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    changes: int = 0

    def __post_init__(self) -> None:
        self.model = CheckModel(
            self.validate, self.repack, self.jobs.append, self.changed, lambda: NOON
        )

    def changed(self) -> None:
        self.changes += 1

    def validate(
        self,
        path: str,
        deep: bool = False,
        *,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> Report:
        self.calls.append(("validate", path, deep, cancelled()))
        progress(1, 2)
        return self.answer(path)

    def repack(
        self,
        source: str,
        target: str,
        *,
        salvage: bool,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        noted: Callable[[Finding], None],
    ) -> Path:
        self.calls.append(("salvage" if salvage else "repack", source, target, cancelled()))
        self.answer(target)
        if salvage:
            noted(Finding("chunks-missing", "0", "Array '0': at most 2 of 4 chunks are missing."))
        return Path(target)

    def answer(self, path: str) -> Report:
        answer = self.reports.get(path, report(FOLDER))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self) -> None:
        """Do the oldest job."""
        self.model.finish(self.jobs.pop(0).run())


def test_a_check_is_busy_until_its_report_is_there() -> None:
    desk = Desk()
    desk.model.check("/data/cells.ozx")
    assert desk.model.state.activity == "Checking…"
    assert desk.model.state.can_cancel
    assert desk.calls == []
    job = desk.jobs[0]
    outcome = job.run()
    desk.model.look_at_progress()
    assert desk.model.state.activity == "Checking… 50 %"
    desk.model.finish(outcome)
    assert desk.calls == [("validate", "/data/cells.ozx", False, False)]
    assert desk.model.state.activity == ""
    assert found(desk.model.state) == [FOLDER]


def test_the_deep_check_is_asked_for() -> None:
    desk = Desk()
    desk.model.set_deep(True)
    desk.model.check("a.ozx")
    desk.run()
    assert desk.calls == [("validate", "a.ozx", True, False)]


def test_a_new_check_cancels_the_one_before_whose_report_is_not_shown() -> None:
    desk = Desk(reports={"old.ozx": report(FOLDER), "new.ozx": report(DEFLATED)})
    desk.model.check("old.ozx")
    desk.model.check("new.ozx")
    desk.run()
    assert desk.calls == [("validate", "old.ozx", False, True)]
    assert desk.model.state.rows == ()
    assert desk.model.state.activity
    desk.run()
    assert found(desk.model.state) == [DEFLATED]
    assert desk.model.state.name == "new.ozx"


def test_the_report_of_a_replaced_check_that_comes_last_is_not_shown() -> None:
    desk = Desk(reports={"old.ozx": report(FOLDER), "new.ozx": report(DEFLATED)})
    desk.model.check("old.ozx")
    desk.model.check("new.ozx")
    old, new = desk.jobs
    desk.model.finish(new.run())
    desk.model.finish(old.run())
    assert found(desk.model.state) == [DEFLATED]


def test_a_cancelled_check_says_so_and_can_be_started_again() -> None:
    desk = Desk()
    desk.model.check("a.ozx")
    desk.model.cancel()
    assert "cancelled" in desk.model.state.note
    assert desk.model.state.can_check
    desk.run()
    assert desk.model.report is None
    desk.model.check_again()
    desk.run()
    assert desk.model.report is not None
    assert desk.model.state.note == ""


def test_a_file_that_cannot_be_read_is_explained() -> None:
    desk = Desk(reports={"gone.ozx": FileNotFoundError(2, "No such file", "gone.ozx")})
    desk.model.check("gone.ozx")
    desk.run()
    assert "There is no file gone.ozx" in desk.model.state.verdict
    assert desk.model.state.tone is Tone.BAD
    assert desk.model.state.can_check
    assert not desk.model.state.can_repack


def test_an_unexpected_error_is_no_outcome_and_leaves_the_model_idle() -> None:
    desk = Desk(reports={"a.ozx": RuntimeError("a mistake")})
    desk.model.check("a.ozx")
    with pytest.raises(RuntimeError, match="a mistake"):
        desk.jobs[0].run()
    desk.model.crash(desk.jobs[0])
    assert desk.model.state.activity == ""
    assert "error in this plugin" in desk.model.state.verdict


def test_a_repaired_copy_is_made_and_checked_and_the_verdict_is_its_own() -> None:
    desk = Desk(reports={"a.ozx": report(FOLDER), "a fixed.ozx": report()})
    desk.model.check("a.ozx")
    desk.run()
    assert desk.model.state.tone is Tone.BAD
    desk.model.repack("a fixed.ozx")
    assert desk.model.state.activity == "Repacking…"
    desk.run()
    assert desk.calls[-1] == ("repack", "a.ozx", "a fixed.ozx", False)
    assert desk.model.state.fixed_copy == "a fixed.ozx"
    assert desk.model.state.name == "a fixed.ozx"
    assert desk.model.state.verdict == ""
    desk.run()
    assert desk.calls[-1] == ("validate", "a fixed.ozx", False, False)
    assert desk.model.state.tone is Tone.GOOD
    assert desk.model.state.fixed_copy == "a fixed.ozx"
    assert "Saved the fixed copy a fixed.ozx" in desk.model.state.note


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("b", "b.ome.zip"), ("b.zip", "b.ome.zip"), ("b.OZX", "b.ozx"), ("b.zarr", "b.ome.zip")],
)
def test_the_name_of_a_copy_is_completed_as_by_saving(typed: str, completed: str) -> None:
    desk = Desk()
    desk.model.check("a.ozx")
    desk.run()
    desk.model.repack(typed)
    desk.run()
    assert desk.calls[-1] == ("repack", "a.ozx", completed, False)


def test_a_file_under_the_completed_name_of_a_copy_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "b.ome.zip").write_bytes(b"precious")
    desk = Desk()
    desk.model.check("a.ozx")
    desk.run()
    desk.model.repack(str(tmp_path / "b"))
    assert desk.jobs == []
    assert "b.ome.zip exists already" in desk.model.state.note


def test_a_check_without_pixels_says_so_and_offers_the_deep_one() -> None:
    plain = Report.of("a.ozx", "archive", "0.5", (), pixels_checked=False)
    deep = Report.of("a.ozx", "archive", "0.5", (), pixels_checked=True)
    desk = Desk(reports={"a.ozx": plain})
    desk.model.check("a.ozx")
    assert not desk.model.state.can_deepen
    desk.run()
    assert desk.model.state.verdict.endswith("pixels not checked")
    assert desk.model.state.tone is Tone.NEUTRAL
    assert desk.model.state.can_deepen
    desk.reports["a.ozx"] = deep
    desk.model.check_deeply()
    desk.run()
    assert desk.calls[-1] == ("validate", "a.ozx", True, False)
    assert "not checked" not in desk.model.state.verdict
    assert desk.model.state.tone is Tone.GOOD
    assert not desk.model.state.can_deepen


def test_what_is_left_can_be_salvaged_and_what_is_missing_is_said() -> None:
    incomplete = replace(FOLDER, code=INCOMPLETE.code, remedy=INCOMPLETE.remedy)
    desk = Desk(reports={"a.ozx": report(incomplete)})
    desk.model.check("a.ozx")
    desk.run()
    assert desk.model.state.can_salvage
    assert desk.model.state.details is not None
    assert "salvage what is left" in desk.model.state.details.remedies[0]
    desk.model.repack("a fixed.ozx", salvage=True)
    assert not desk.model.state.can_salvage
    desk.run()
    assert desk.calls[-1] == ("salvage", "a.ozx", "a fixed.ozx", False)
    assert desk.model.state.fixed_copy == "a fixed.ozx"
    assert desk.model.state.note.endswith("at most 2 of 4 chunks are missing.")


def test_what_is_whole_is_not_salvaged() -> None:
    assert not resolve(CheckChoices(), facts(*ALL)).can_salvage


def test_a_copy_that_cannot_be_made_is_explained_beside_the_report() -> None:
    desk = Desk(reports={"full.ozx": ArchiveError("The disk is full.")})
    desk.model.check("a.ozx")
    desk.run()
    desk.model.repack("full.ozx")
    desk.run()
    assert desk.model.state.note == "The disk is full."
    assert desk.model.state.fixed_copy == ""
    assert desk.model.report is not None


def test_a_check_forgets_the_copy_made_before() -> None:
    desk = Desk()
    desk.model.check("a.ozx")
    desk.run()
    desk.model.repack("b.ozx")
    desk.run()
    assert desk.model.state.fixed_copy == "b.ozx"
    desk.model.check("c.ozx")
    assert desk.model.state.fixed_copy == ""


def test_closing_cancels_what_is_being_done() -> None:
    desk = Desk()
    desk.model.check("a.ozx")
    desk.model.close()
    desk.run()
    assert desk.calls == [("validate", "a.ozx", False, True)]
    assert desk.model.report is None


def test_a_job_is_cancelled_from_another_thread() -> None:
    asked = threading.Event()

    def work(progress: object, cancelled: Callable[[], bool]) -> str:
        asked.set()
        while not cancelled():
            pass
        return "done"

    job = Job(Activity.CHECKING, work, "a.ozx")
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(job.run()))
    thread.start()
    asked.wait()
    job.cancel()
    thread.join()
    assert [outcome.result for outcome in outcomes] == ["done"]


def test_choices_are_kept_over_checks_but_for_the_selected_row() -> None:
    desk = Desk(reports={"a.ozx": report(*ALL)})
    desk.model.show(Severity.INFO, False)
    desk.model.search("rfc")
    desk.model.check("a.ozx")
    desk.run()
    assert found(desk.model.state) == [FOLDER, DEFLATED]
    desk.model.select(("warning", "slow"))
    assert desk.model.state.details is not None
    assert desk.model.state.details.found == (DEFLATED.message,)
    desk.model.check_again()
    desk.run()
    assert desk.model.state.selected == ("error", "refused")
    desk.model.show(Severity.INFO, True)
    assert len(desk.model.state.rows) == 3


def test_nothing_changes_where_nothing_is_chosen_anew() -> None:
    desk = Desk()
    desk.model.set_deep(False)
    desk.model.search("")
    desk.model.select(("error", "that is not there"))
    desk.model.check_again()
    desk.model.cancel()
    assert desk.changes == 0


def test_the_report_is_given_as_text_and_as_json() -> None:
    desk = Desk()
    assert desk.model.export("text") == ""
    desk.model.check("a.ozx")
    desk.run()
    text, held = desk.model.export("text"), json.loads(desk.model.export("json"))
    assert "ERROR root-in-folder" in text
    assert held["files"][0]["issues"][0]["code"] == "root-in-folder"


def test_a_report_that_leaves_the_window_names_program_version_time_and_file() -> None:
    desk = Desk(reports={"a.ozx": report(replace(FOLDER, remedy=ROOT_IN_FOLDER.remedy))})
    desk.model.check("a.ozx")
    desk.run()
    version = importlib.metadata.version("napari-ome-zip")
    text, held = desk.model.export("text"), json.loads(desk.model.export("json"))
    first = text.splitlines()[0]
    assert first == f"Checked by napari-ome-zip {version} on 2026-11-29 at 14:05"
    assert text.splitlines()[2] == "/data/cells.ozx"
    assert held["program"] == f"napari-ome-zip {version}"
    assert (held["checked"], held["files"][0]["path"]) == ("2026-11-29T14:05:09", "/data/cells.ozx")
    assert "ome-zip repack" not in text
    assert "Check an archive" in text  # where the button for the remedy is


def test_a_report_on_what_needs_no_repair_points_to_no_button() -> None:
    desk = Desk(reports={"a.ozx": report(README)})
    desk.model.check("a.ozx")
    desk.run()
    assert "Check an archive" not in desk.model.export("text")
