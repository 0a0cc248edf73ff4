"""The command ``ome-zip info``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from napari_ome_zip.answers import Answer
from napari_ome_zip.cli.answers import failure, write_answers
from napari_ome_zip.cli.describing import describe_image
from napari_ome_zip.cli.description_text import info_text
from napari_ome_zip.cli.exits import FAILED, GOOD, exit_statuses
from napari_ome_zip.cli.terminal import complain, reason, width, write
from napari_ome_zip.errors import OmeZipError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses("all files were described")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="an archive, a link to one, or a folder"
    )
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Describe files as text or JSON; one that cannot be opened does not keep back the others."""
    answers: list[Answer] = []
    for answer in _described(options.files):
        is_described = "failure" not in answer
        if is_described and not options.json:
            between = "\n" if any("failure" not in each for each in answers) else ""
            write(between + info_text(answer, width()))
        answers.append(answer)
    if options.json:
        write_answers(answers)
    return FAILED if any("failure" in answer for answer in answers) else GOOD


def _described(files: list[str]) -> Iterator[Answer]:
    for file in files:
        try:
            yield describe_image(file)
        except (OmeZipError, OSError) as error:
            complain(reason(error))
            yield failure(file, error)
