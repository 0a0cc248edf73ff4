"""What happens when a person checks a file, step by step; knows nothing of Qt.

`CheckModel` holds the current `CheckChoices` and `Facts`, replaces one value by the next, and says
when what is shown has changed. It hands out a `Job` for what takes time: the widget runs that in
a thread, tests run it where they stand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from napari_ome_zip.errors import OmeZipError, SaveError
from napari_ome_zip.findings import Finding, first_reasons
from napari_ome_zip.names import SAVED_SUFFIXES
from napari_ome_zip.plugin.check.export import export_report
from napari_ome_zip.plugin.check.rows import Key
from napari_ome_zip.plugin.check.state import (
    Activity,
    CheckChoices,
    Facts,
    State,
    resolve,
)
from napari_ome_zip.plugin.notices import explain
from napari_ome_zip.plugin.typed_name import completed
from napari_ome_zip.progress import Cancelled, Progress
from napari_ome_zip.rules import Severity
from napari_ome_zip.validation.report import Report


class Validate(Protocol):
    """A function that checks a file."""

    def __call__(
        self, path: str, deep: bool = False, *, progress: Progress, cancelled: Cancelled
    ) -> Report:
        """Return the report on the file."""


class Repack(Protocol):
    """A function that writes a repaired copy of an archive."""

    def __call__(
        self,
        source: str,
        target: str,
        *,
        salvage: bool,
        progress: Progress,
        cancelled: Cancelled,
        noted: Callable[[Finding], None],
    ) -> Path:
        """Write the copy, and return its path."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A repaired copy that was made."""

    path: str
    notes: tuple[str, ...] = ()
    """Remarks about it, such as what is missing from it."""


@dataclass(eq=False)
class Job:
    """Something that takes time. It runs in any thread, and can be cancelled from any other."""

    activity: Activity
    work: Callable[[Progress, Cancelled], Report | Copied]
    path: str
    progress: tuple[int, int] = (0, 0)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Outcome:
        """Do it, and return the outcome, which may be an expected error."""
        try:
            return Outcome(self, result=self.work(self._note, self._stop.is_set))
        except (OmeZipError, OSError) as error:
            return Outcome(self, problem=explain(error, self.path))

    def _note(self, done: int, total: int) -> None:
        # Looked at a few times a second: a signal for each of many entries would flood the window.
        self.progress = (done, total)

    def cancel(self) -> None:
        """Ask it to end soon."""
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job."""

    job: Job
    result: Report | Copied | None = None
    """The report of a check, or a repaired copy; None where there is a problem."""
    problem: str = ""


class CheckModel:
    """The file that is checked, and what is shown of it.

    Parameters
    ----------
    validate, repack
        The functions that do the work.
    start : callable
        Runs a job in the background and hands its outcome to `finish`.
    changed : callable
        Called whenever `state` is another one.
    now : callable
        Tells the time, which reports are given.
    """

    def __init__(
        self,
        validate: Validate,
        repack: Repack,
        start: Callable[[Job], None],
        changed: Callable[[], None],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._now = now
        self._validate = validate
        self._repack = repack
        self._start = start
        self._changed = changed
        self._job: Job | None = None
        self._choices = CheckChoices()
        self._facts = Facts()
        self.state: State = resolve(self._choices, self._facts)

    @property
    def report(self) -> Report | None:
        """The report that is shown, if there is one."""
        return self._facts.report

    def check(self, path: str, note: str = "", *, fixed_copy: str = "") -> None:
        """Check a file; whatever is still being done is cancelled.

        Parameters
        ----------
        path : str
            The file.
        note : str
            A sentence to be shown meanwhile and after.
        fixed_copy : str
            A repaired copy that can be opened.
        """
        # A job knows nothing of the model: it may outlive the widget for a moment.
        validate, deep = self._validate, self._choices.deep

        def work(progress: Progress, cancelled: Cancelled) -> Report:
            return validate(path, deep, progress=progress, cancelled=cancelled)

        self._choices = replace(self._choices, selected=None)
        self._begin(
            Job(Activity.CHECKING, work, path),
            Facts(path=path, activity=Activity.CHECKING, note=note, fixed_copy=fixed_copy),
        )

    def check_again(self) -> None:
        """Check the same file once more."""
        if self._facts.path:
            self.check(self._facts.path)

    def check_deeply(self) -> None:
        """Check the same file once more, and every pixel of it."""
        self.set_deep(True)
        self.check_again()

    def repack(self, target: str, *, salvage: bool = False) -> None:
        """Write a repaired copy of the file, or of what is left of it, and check it then.

        Its name is completed as by saving.
        """
        try:
            target = str(completed(Path(target), SAVED_SUFFIXES[0]))
        except SaveError as error:
            self.say(str(error))
            return
        repack, source = self._repack, self._facts.path

        def work(progress: Progress, cancelled: Cancelled) -> Copied:
            notes: list[Finding] = []
            made = repack(
                source,
                target,
                salvage=salvage,
                progress=progress,
                cancelled=cancelled,
                noted=notes.append,
            )
            return Copied(str(made), tuple(note.message for note in notes))

        facts = replace(
            self._facts, activity=Activity.REPACKING, progress=(0, 0), note="", fixed_copy=""
        )
        self._begin(Job(Activity.REPACKING, work, source), facts)

    def _begin(self, job: Job, facts: Facts) -> None:
        self._stop_job()
        self._job = job
        self._update(facts=facts)
        self._start(job)

    def _stop_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = None

    def look_at_progress(self) -> None:
        """Show how far the job is."""
        if self._job is not None and self._facts.progress != self._job.progress:
            self._update(facts=replace(self._facts, progress=self._job.progress))

    def finish(self, outcome: Outcome) -> None:
        """Take the outcome of a job; that of a cancelled or replaced job is ignored."""
        if outcome.job is not self._job:
            return
        self._job = None
        facts = replace(self._facts, activity=None)
        match outcome.result:
            case Report() as report:
                facts = replace(facts, report=report, checked=self._now())
            case Copied(target, notes):
                # The verdict on the source says nothing about the copy.
                saved = f"Saved the fixed copy {Path(target).name}, which is checked here."
                note = " ".join(filter(None, [saved, first_reasons(notes)]))
                self.check(target, note, fixed_copy=target)
                return
            case None if outcome.job.activity is Activity.CHECKING:
                facts = replace(facts, problem=outcome.problem)
            case None:
                facts = replace(facts, note=outcome.problem)
        self._update(facts=facts)

    def crash(self, job: Job) -> None:
        """Take that a job ended with an unexpected error, which is reported elsewhere."""
        text = f"{job.activity} stopped: an error in this plugin. Please report it."
        self.finish(Outcome(job, problem=text))

    def cancel(self) -> None:
        """End what is being done, and say so."""
        if self._job is not None:
            text = f"{self._job.activity} was cancelled."
            self._stop_job()
            self._update(facts=replace(self._facts, activity=None, note=text))

    def close(self) -> None:
        """End what is being done; nothing is shown any more."""
        self._stop_job()

    def say(self, note: str) -> None:
        """Show a sentence."""
        self._update(facts=replace(self._facts, note=note))

    def set_deep(self, deep: bool) -> None:
        """Choose whether the next check reads every pixel."""
        self._update(choices=replace(self._choices, deep=deep))

    def search(self, text: str) -> None:
        """Show only rows that contain every one of these words."""
        self._update(choices=replace(self._choices, search=text))

    def show(self, severity: Severity, shown: bool) -> None:
        """Show or hide the rows of one severity."""
        others = self._choices.severities - {severity}
        chosen = others | {severity} if shown else others
        self._update(choices=replace(self._choices, severities=chosen))

    def select(self, row: Key) -> None:
        """Show the details of a row."""
        self._update(choices=replace(self._choices, selected=row))

    def export(self, kind: str) -> str:
        """Return the report as ``text`` or ``json``; empty where there is none."""
        report, checked = self._facts.report, self._facts.checked
        return "" if report is None or checked is None else export_report(report, kind, checked)

    def _update(self, *, choices: CheckChoices | None = None, facts: Facts | None = None) -> None:
        self._choices = choices or self._choices
        self._facts = facts or self._facts
        state = resolve(self._choices, self._facts)
        if state != self.state:
            self.state = state
            self._changed()
