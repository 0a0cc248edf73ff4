"""The command ``ome-zip validate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from napari_ome_zip.answers import Answer
from napari_ome_zip.cli.answers import failure, write_answers
from napari_ome_zip.cli.exits import BAD, FAILED, GOOD, exit_statuses
from napari_ome_zip.cli.terminal import complain, progress_bar, reason, report_text, write
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.validation.profiles import PROFILES, RFC9
from napari_ome_zip.validation.report import MOST_PLACES, PLACES_TOLD, Report
from napari_ome_zip.validation.validate import validate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.epilog = exit_statuses(
        "no file has errors", "a file has errors (with --strict, errors or warnings)"
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an archive or a link to one, a folder, or a zarr.json",
    )
    parser.add_argument("--deep", action="store_true", help="also read and decode all pixels")
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        default=RFC9.name,
        help=f"what counts as an error ({RFC9.name} by default). {_profiles()}",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="let warnings count for the exit status as errors do; the report stays the same",
    )
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--quiet", action="store_true", help="write one line for each file")
    much.add_argument(
        "--verbose",
        action="store_true",
        help=f"write all that was found, and up to {MOST_PLACES:,} places of each",
    )
    parser.add_argument("--json", action="store_true", help="write JSON")


def _profiles() -> str:
    return "; ".join(f"{profile.name}: {profile.says}" for profile in PROFILES.values())


def run(options: argparse.Namespace) -> int:
    """Check files, write what was found; the exit status tells whether any has errors."""
    if options.json and options.quiet:
        complain("--json writes all that was found: leave out either --json or --quiet.")
        return FAILED
    reports: list[Report] = []
    answers: list[Answer] = []
    for found in _found(options):
        if isinstance(found, Report):
            if not options.json:
                _write(found, options, is_first=not reports)
            reports.append(found)
            found = found.to_dict(MOST_PLACES if options.verbose else PLACES_TOLD)
        answers.append(found)
    if options.json:
        write_answers(answers)
    elif len(reports) > 1 and not options.quiet:
        write(f"\n{_summary(reports)}\n")
    if len(reports) < len(answers):
        return FAILED
    wrong = [r for r in reports if r.errors or (options.strict and r.warnings)]
    return BAD if wrong else GOOD


def _found(options: argparse.Namespace) -> Iterator[Report | Answer]:
    """Yield the report on each file, or why it could not be checked, which is said as well."""
    for file in options.files:
        try:
            with progress_bar("Checking", "B" if options.deep else " documents") as bar:
                report = validate(file, options.deep, profile=options.profile, progress=bar)
        except (OmeZipError, OSError) as error:
            complain(reason(error))
            yield failure(file, error)
        else:
            yield report


def _write(report: Report, options: argparse.Namespace, *, is_first: bool) -> None:
    if options.quiet:
        write(f"{report.path}: {report.verdict}\n")
    else:
        between = "" if is_first else "\n"
        write(between + report_text(report, everything=options.verbose))


def _summary(reports: Sequence[Report]) -> str:
    profile = PROFILES[reports[0].profile]
    good = [report for report in reports if report.valid]
    text = f"{len(reports):,} files: {len(good):,} {profile.good.lower()}"
    text += f", {len(reports) - len(good):,} {profile.bad.lower()}"
    warned = sum(1 for report in good if report.warnings)
    return (
        f"{text}; {warned:,} of the {profile.good.lower()} ones with warnings" if warned else text
    )
