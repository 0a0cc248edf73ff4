"""The command ``ome-zip``: its arguments, its subcommands, and their exit statuses."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from napari_ome_zip.cli.info import describe_image, info_text
from napari_ome_zip.cli.terminal import (
    commands_for,
    complain,
    progress_bar,
    remark,
    report_text,
    warnings_as_remarks,
    width,
    write,
)
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import shown_place
from napari_ome_zip.findings import Finding
from napari_ome_zip.repacking import pack, repack, unpack
from napari_ome_zip.validation.report import Report
from napari_ome_zip.validation.validate import validate

GOOD, BAD, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: no errors; errors in a file; could not run; interrupted."""

_EXITS = "The exit status is 0 if no file has errors, 1 if one has, 2 if it could not run."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        with warnings_as_remarks():
            status: int = options.run(options)
        sys.stdout.flush()
    except (OmeZipError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader of the output has closed it; nothing more can be written.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return GOOD
        complain(_reason(error))
        return FAILED
    except KeyboardInterrupt:
        complain("Interrupted: nothing was kept.")
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ome-zip",
        description="Check, describe, pack, unpack and repair single-image OME-Zarr archives "
        "(.ome.zip, .ozx).",
        formatter_class=_Formatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    command = _command(commands, "validate", "check whether files are valid, and say what is wrong")
    command.epilog = _EXITS
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an archive or a link to one, a folder, or a zarr.json",
    )
    command.add_argument("--deep", action="store_true", help="also read and decode all pixels")
    command.add_argument("--strict", action="store_true", help="count warnings as errors")
    command.add_argument("--json", action="store_true", help="write a JSON list of reports")
    command.set_defaults(run=_validate)

    command = _command(commands, "info", "describe what is inside a file")
    command.add_argument("file", metavar="FILE", help="an archive, a link to one, or a folder")
    command.add_argument("--json", action="store_true", help="write JSON")
    command.set_defaults(run=_info)

    command = _command(commands, "pack", "make an archive of a folder")
    command.add_argument("directory", metavar="DIRECTORY", help="a folder of OME-Zarr 0.5 or newer")
    command.add_argument("file", metavar="FILE", help="the archive to write")
    _add_writing(command)
    command.set_defaults(run=_pack)

    command = _command(commands, "unpack", "make a folder of an archive")
    command.add_argument("file", metavar="FILE", help="the archive, or a link to it")
    command.add_argument("directory", metavar="DIRECTORY", help="the folder to make")
    command.set_defaults(run=_unpack)

    command = _command(commands, "repack", "write a repaired copy of an archive")
    command.add_argument("file", metavar="FILE", help="the archive, or a link to it")
    command.add_argument("target", metavar="NEW_FILE", help="the archive to write")
    command.add_argument(
        "--salvage",
        action="store_true",
        help="save the intact parts of an archive that is damaged or whose end is missing, and "
        "say what is missing",
    )
    _add_writing(command)
    command.set_defaults(run=_repack)
    return parser


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width())


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, says: str
) -> argparse.ArgumentParser:
    described = f"{says[0].upper()}{says[1:]}."
    return commands.add_parser(name, help=says, description=described, formatter_class=_Formatter)


def _add_writing(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--shard", action="store_true", help="gather chunks into shards, changing no pixel"
    )
    command.add_argument("--force", action="store_true", help="replace an existing file")


def _validate(options: argparse.Namespace) -> int:
    reports: list[Report] = []
    answers: list[object] = []
    failed = False
    for file in options.files:
        try:
            with progress_bar("Checking", "B" if options.deep else " documents") as bar:
                report = validate(file, options.deep, progress=bar)
        except (OmeZipError, OSError) as error:
            failed = True
            complain(_reason(error))
            answers.append({"path": shown_place(file), "failure": _reason(error)})
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


def _info(options: argparse.Namespace) -> int:
    described = describe_image(options.file)
    if options.json:
        write(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    else:
        write(info_text(described, width()))
    return GOOD


def _pack(options: argparse.Namespace) -> int:
    if _is_in_the_way(options.file, options.force):
        return FAILED
    notes: list[Finding] = []
    with progress_bar("Packing", "B") as bar:
        made = pack(
            options.directory, options.file, shard=options.shard, progress=bar, noted=notes.append
        )
    return _finished("Packed", made, notes)


def _unpack(options: argparse.Namespace) -> int:
    with progress_bar("Unpacking", "B") as bar:
        made = unpack(options.file, options.directory, progress=bar)
    write(f"Unpacked into {made}\n")
    return GOOD


def _repack(options: argparse.Namespace) -> int:
    if _is_in_the_way(options.target, options.force):
        return FAILED
    notes: list[Finding] = []
    with progress_bar("Repacking", "B") as bar:
        made = repack(
            options.file,
            options.target,
            shard=options.shard,
            salvage=options.salvage,
            progress=bar,
            noted=notes.append,
        )
    return _finished("Salvaged" if options.salvage else "Repacked", made, notes)


def _finished(done: str, made: Path, notes: Sequence[Finding]) -> int:
    """Write the name of the new file, notes on it, and the verdict of a check."""
    write(f"{done} as {made}\n")
    for note in notes:
        remark(note.message)
    report = validate(made)
    write(f"{report.verdict}\n")
    if report.issues:
        hint = f"What remains concerns the image, not the archive: see 'ome-zip validate {made}'."
        write(textwrap.fill(hint, width(), break_long_words=False, break_on_hyphens=False) + "\n")
    return GOOD


def _is_in_the_way(target: str, force: bool) -> bool:
    if force or not Path(target).exists():
        return False
    complain(f"{target} already exists. Choose another name, or replace it with --force.")
    return True


def _reason(error: OmeZipError | OSError) -> str:
    if isinstance(error, OmeZipError):
        return f"{error} {commands_for(str(error))}".rstrip()
    if isinstance(error, FileNotFoundError):
        name = error.filename
        return f"There is no such file: {name}" if name else str(error)
    name = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{name}"
