"""The command ``ome-zip validate``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from napari_ome_zip.cli.exits import BAD, FAILED, GOOD
from napari_ome_zip.cli.terminal import complain, progress_bar, reason, report_text, write
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import shown_place
from napari_ome_zip.validation.report import Report
from napari_ome_zip.validation.validate import validate

_EXITS = "The exit status is 0 if no file has errors, 1 if one has, 2 if it could not run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = _EXITS
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an archive or a link to one, a folder, or a zarr.json",
    )
    parser.add_argument("--deep", action="store_true", help="also read and decode all pixels")
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--json", action="store_true", help="write a JSON list of reports")


def run(options: argparse.Namespace) -> int:
    """Check files, write reports; the exit status tells whether any has errors."""
    reports: list[Report] = []
    answers: list[object] = []
    failed = False
    for file in options.files:
        try:
            with progress_bar("Checking", "B" if options.deep else " documents") as bar:
                report = validate(file, options.deep, progress=bar)
        except (OmeZipError, OSError) as error:
            failed = True
            complain(reason(error))
            answers.append({"path": shown_place(file), "failure": reason(error)})
            continue
        if not options.json:
            write(("\n" if reports else "") + report_text(report))
        reports.append(report)
        answers.append(report.to_dict())
    if options.json:
        write(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
    elif len(reports) > 1:
        write(f"\n{_summary(reports)}\n")
    if failed:
        return FAILED
    wrong = [r for r in reports if r.errors or (options.strict and r.warnings)]
    return BAD if wrong else GOOD


def _summary(reports: Sequence[Report]) -> str:
    valid = sum(1 for report in reports if report.valid)
    text = f"{len(reports)} files: {valid} valid, {len(reports) - valid} not valid"
    warned = sum(1 for report in reports if report.valid and report.warnings)
    return f"{text}; {warned} of the valid ones with warnings" if warned else text
