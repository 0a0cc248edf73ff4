"""The command ``ome-zip``: its subcommands, and their exit statuses.

Each subcommand is a module with ``add_arguments(parser)`` and ``run(options)``, imported when it is
chosen: nobody who asks for help waits for what reads pixels.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from napari_ome_zip.cli.exits import FAILED, GOOD, INTERRUPTED
from napari_ome_zip.cli.terminal import complain, have_streams, reason, warnings_as_remarks, width
from napari_ome_zip.errors import OmeZipError


class _Command(NamedTuple):
    name: str
    says: str
    module: str
    """In this package."""


_COMMANDS = (
    _Command("validate", "check whether files are valid, and say what is wrong", "validate"),
    _Command("open", "open files in napari, in the window that is running if any", "open"),
    _Command("info", "describe what is inside a file", "info"),
    _Command("picture", "draw all of a file as one picture", "picture"),
    _Command("convert", "save an image of any version as an archive", "convert"),
    _Command("pack", "make an archive of a folder", "pack"),
    _Command("unpack", "make a folder of an archive", "unpack"),
    _Command("repack", "write a repaired copy of an archive", "repack"),
    _Command("thumbnail", "put a small picture of the image into an archive", "thumbnail"),
    _Command("integrate", "let a double click open archives in napari, for you alone", "integrate"),
)


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
    have_streams()
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
        complain(reason(error))
        return FAILED
    except KeyboardInterrupt:
        complain("Interrupted: nothing was kept.")
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ome-zip",
        description="Check, describe, draw, pack, unpack and repair single-image OME-Zarr archives "
        "(.ome.zip, .ozx).",
        formatter_class=_Formatter,
    )
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=_LateParser
    )
    for command in _COMMANDS:
        described = f"{command.says[0].upper()}{command.says[1:]}."
        commands.add_parser(
            command.name,
            help=command.says,
            description=described,
            formatter_class=_Formatter,
            module=command.module,
        )
    return parser


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width())


class _LateParser(argparse.ArgumentParser):
    """Parser of a subcommand, whose module is imported when it is used."""

    def __init__(self, *args: Any, module: str, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._module = module

    def parse_known_args(self, *args: Any, **keywords: Any) -> Any:
        module = importlib.import_module(f"napari_ome_zip.cli.{self._module}")
        module.add_arguments(self)
        self.set_defaults(run=module.run)
        return super().parse_known_args(*args, **keywords)
