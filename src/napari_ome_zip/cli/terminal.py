"""Output of the command line: width, color and progress, as the terminal allows."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from napari_ome_zip.errors import OmeZipError, SaveWarning

if TYPE_CHECKING:
    from napari_ome_zip.validation.report import Report

_MAX_WIDTH = 80
_COLORS = {"ERROR": "31", "WARNING": "33", "INFO": "36"}
_COMMANDS = {
    "Repack it,": "'ome-zip repack' (a repaired copy)",
    "with shards": "'ome-zip repack --shard' (with shards)",
    "Convert it to OME-Zarr": "'ome-zip convert' (to OME-Zarr 0.5)",
    "split it into a series": "'ome-zip convert --split' (a series)",
    "salvage what is left": "'ome-zip repack --salvage' (what is left)",
}
_PLAIN = str.maketrans({"µ": "u", "μ": "u", "×": "x", "–": "-", "…": "...", "→": "->", "’": "'"})
"""What stands for letters of messages where a terminal has none of them."""
_BOLD, _RED, _GREEN = "1", "31", "32"


class ProgressBar:
    """A progress bar on the terminal, called with the amount done and the total."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, done: int, total: int) -> None:
        if self._bar.total != total:
            # The next part of the work counts something else.
            self._bar.reset(total=total)
        self._bar.update(done - self._bar.n)


@contextmanager
def progress_bar(title: str, unit: str) -> Iterator[ProgressBar]:
    """Show a bar until the work is done; none where the output is not a terminal.

    Parameters
    ----------
    title : str
        Name of the work.
    unit : str
        ``"B"`` for bytes, or the name of the things that are counted.
    """
    from tqdm import tqdm  # only where something takes long

    with tqdm(
        desc=title,
        total=0,
        unit=unit,
        unit_scale=unit == "B",
        unit_divisor=1024,
        leave=False,
        ncols=width(),
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        delay=0.3,
    ) as bar:
        yield ProgressBar(bar)


def have_streams() -> None:
    """Give a process that has no output one that swallows everything, as under ``pythonw``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nowhere)


def width() -> int:
    """Return the number of columns to write in: those of the terminal, at most 80."""
    return min(_MAX_WIDTH, max(30, shutil.get_terminal_size((_MAX_WIDTH, 24)).columns))


def write(text: str, stream: TextIO | None = None) -> None:
    r"""Write text; letters that the terminal cannot show become plain ones, or ``\u7d30``."""
    out = sys.stdout if stream is None else stream
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, _PLAINLY).decode(encoding))


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Say in plain letters what an encoding has no letters for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end].translate(_PLAIN)
    return letters.encode("ascii", "backslashreplace").decode("ascii"), error.end


_PLAINLY = "ome-zip-plainly"
codecs.register_error(_PLAINLY, _plainly)


def complain(message: str) -> None:
    """Write to standard error why something could not be done."""
    write(f"ome-zip: {message}\n", sys.stderr)


def remark(message: str) -> None:
    """Write a note about something that was done to standard error."""
    write(f"ome-zip: note: {message}\n", sys.stderr)


def reason(error: OmeZipError | OSError) -> str:
    """Return why something could not be done, with the commands that help."""
    if isinstance(error, OmeZipError):
        return f"{error} {commands_for(str(error))}".rstrip()
    if isinstance(error, FileNotFoundError):
        name = error.filename
        return f"There is no such file: {name}" if name else str(error)
    name = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{name}"


@contextmanager
def warnings_as_remarks() -> Iterator[None]:
    """Write warnings about saved files as remarks within this block."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", SaveWarning)
        usual = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, SaveWarning):
                remark(str(message))
            else:
                usual(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


def report_text(report: Report, *, everything: bool = False) -> str:
    """Return the report as text, in color on a terminal; with `everything`, nothing is left out."""
    text = report.to_text(width(), everything=everything)
    commands = commands_for("\n".join(issue.remedy for issue in report.issues))
    if commands:
        text += textwrap.fill(commands, width(), break_on_hyphens=False) + "\n"
    if not wants_color(sys.stdout):
        return text
    path, verdict, *lines = text.split("\n")
    colored = [_color(path, _BOLD), _color(verdict, _GREEN if report.valid else _RED)]
    for line in lines:
        word = line.partition(" ")[0]
        colored.append(_color(line, _COLORS[word]) if word in _COLORS else line)
    return "\n".join(colored)


def commands_for(text: str) -> str:
    """Return the commands that do what remedies ask for, as a sentence; empty where there are none.

    Remedies are shown in windows too, where other ways lead there.
    """
    found = [command for sign, command in _COMMANDS.items() if sign in text]
    return f"In a terminal: {', '.join(found)}." if found else ""


def wants_color(stream: TextIO) -> bool:
    """Whether to write in color: on a terminal, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def _color(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
