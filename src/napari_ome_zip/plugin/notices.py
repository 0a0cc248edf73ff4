"""What a person is told about files that were opened together; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_ome_zip.errors import LinkError, NoRangesError, OmeZipError
from napari_ome_zip.files import Link, is_link, known_link
from napari_ome_zip.names import file_name

MAX_FILES = 4
"""Files of which one notification has a line, at most."""

MAX_LINE = 130
"""Characters of a line about one of several files, at most."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person is told about a file."""

    path: str
    message: str
    """The point of it comes first."""
    is_error: bool = False
    """Whether the file cannot be opened; else it is shown, though not quite as it should be."""
    deep: bool = False
    """Whether only a check of all pixels finds it."""
    is_content: bool = False
    """Whether it says only what is in the file: that gives way to everything else."""
    is_unreachable: bool = False
    """Whether it is about the way to the file, of which a check would find the same."""
    can_download: bool = False
    """Whether the file can be had as a whole, though not be opened where it lies."""


@dataclass(frozen=True, slots=True)
class FileToCheck:
    """A file whose check is offered."""

    path: str
    deep: bool


@dataclass(frozen=True, slots=True)
class Combined:
    """One notification about all of them."""

    text: str
    is_error: bool
    files: tuple[FileToCheck, ...]
    """Those of which something is to be checked."""
    contents: str = ""
    """A file whose contents are offered; empty for none."""
    download: str = ""
    """A file that is offered to be downloaded; empty for none."""


def combine(notices: Sequence[Notice]) -> Combined:
    """Return what is told of some files at once: two notifications would hide each other.

    Of one file everything is told; of several, how many there are, and a line for each.

    Parameters
    ----------
    notices : sequence of Notice
        At least one, in the order in which they came up.
    """
    content = [notice for notice in notices if notice.is_content]
    wrong = [notice for notice in notices if not notice.is_content]
    by_file = _by_file(wrong or content)
    files = tuple(
        FileToCheck(path, any(notice.deep for notice in told))
        for path, told in by_file.items()
        if wrong and not all(notice.is_unreachable for notice in told)
    )
    if len(by_file) == 1:
        ((path, told),) = by_file.items()
        text = _with_name("\n".join(notice.message for notice in told), path)
    else:
        text = "\n".join([_headline([*by_file.values()]), *_lines(by_file)])
    is_error = any(notice.is_error for notice in wrong)
    download = next((notice.path for notice in wrong if notice.can_download), "")
    return Combined(text, is_error, files, content[0].path if content else "", download)


def _by_file(notices: Sequence[Notice]) -> dict[str, list[Notice]]:
    by_file: dict[str, list[Notice]] = {}
    for notice in dict.fromkeys(notices):
        by_file.setdefault(notice.path, []).append(notice)
    return by_file


def _headline(told: Sequence[Sequence[Notice]]) -> str:
    if all(notice.is_content for of_file in told for notice in of_file):
        return f"{len(told)} files are open: go to any part of them in Contents."
    unopened = sum(any(notice.is_error for notice in of_file) for of_file in told)
    others = len(told) - unopened
    if not others:
        return f"{unopened} files cannot be opened."
    if not unopened:
        return f"{others} files may not look as they should."
    return f"{_files(unopened)} cannot be opened, {others} may look wrong."


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _lines(by_file: dict[str, list[Notice]]) -> list[str]:
    """A line for each file, those that cannot be opened first."""
    ordered = sorted(by_file.items(), key=lambda item: not any(n.is_error for n in item[1]))
    lines = [_line(path, told) for path, told in ordered[:MAX_FILES]]
    rest = len(ordered) - MAX_FILES
    return [*lines, *([f"And {_files(rest)} more."] if rest > 0 else [])]


def _line(path: str, told: Sequence[Notice]) -> str:
    more = f" And {len(told) - 1} more." if len(told) > 1 else ""
    text = f"{file_name(path)}: {told[0].message.splitlines()[0]}"
    room = MAX_LINE - len(more)
    return (text if len(text) <= room else f"{text[: room - 1]}…") + more


def _with_name(message: str, path: str) -> str:
    name = file_name(path)
    return message if name in message else f"{message} ({name})"


def of_error(error: OmeZipError | OSError, place: str | Link) -> Notice:
    """Return what is told of a file that could not be opened.

    Parameters
    ----------
    error : OmeZipError or OSError
    place : str or Link
        As it was to be opened.
    """
    if isinstance(place, str) and is_link(place):
        place = known_link(place)
    path = place.source if isinstance(place, Link) else place
    return Notice(
        path,
        explain(error, path),
        is_error=True,
        is_unreachable=isinstance(error, LinkError),
        can_download=isinstance(error, NoRangesError),
    )


def explain(error: OmeZipError | OSError, path: str) -> str:
    """Return in one sentence why a file could not be opened, checked or copied."""
    named = error.filename if isinstance(error, OSError) else None
    name = file_name(named if isinstance(named, str) else path)
    if isinstance(error, OmeZipError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"There is no file {name}: it was moved, renamed or deleted."
    if isinstance(error, PermissionError):
        return f"No permission to open {name}: ask the owner of the file or its folder."
    return f"{name} could not be read or written: {error.strerror or error}."
