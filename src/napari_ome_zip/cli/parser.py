"""What can be said to ``ome-zip``: its commands, each of which is a module of its own.

Each has ``add_arguments(parser)`` and ``run(options)``, and is imported when it is chosen: nobody
who asks for help waits for what reads pixels.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from napari_ome_zip.cli.exits import exit_statuses
from napari_ome_zip.cli.standard_input import HELP
from napari_ome_zip.cli.terminal import width, write
from napari_ome_zip.version import program


class _Command(NamedTuple):
    name: str
    says: str
    module: str
    """In this package."""
    reads_standard_input: bool = False
    """Whether ``-`` may stand for an archive that it only reads."""
    writes: tuple[str, ...] = ()
    """Arguments that name the file it writes; the first one that is given does."""


_COMMANDS = (
    _Command("validate", "check whether files are valid, and say what is wrong", "validate", True),
    _Command("open", "open files in napari, in a window that is open if there is one", "open"),
    _Command("info", "describe what is inside a file", "info", True),
    _Command("picture", "draw everything in a file as one picture", "picture", True, ("picture",)),
    _Command("convert", "save an image of any version as an archive", "convert", True, ("target",)),
    _Command("pack", "turn a folder into an archive", "pack", writes=("file",)),
    _Command("unpack", "turn an archive into a folder", "unpack", True),
    _Command("repack", "write a repaired copy of an archive", "repack", True, ("target",)),
    _Command(
        "thumbnail",
        "put a small picture of the image into an archive",
        "thumbnail",
        writes=("out", "file"),
    ),
    _Command(
        "integrate",
        "let a double click open archives in napari, for your account only",
        "integrate",
    ),
    _Command(
        "completion",
        "write the script that lets a shell complete commands and options",
        "completion",
    ),
)


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; a command's own options are added when it is used."""
    return _parser(_LateParser)


def whole_parser(completed: Mapping[str, object]) -> argparse.ArgumentParser:
    """Return the parser of the command line with all options of all commands, for completion.

    Parameters
    ----------
    completed : mapping
        By what stands for an argument in help, such as ``FILE``, how it is completed: what shtab
        finds as an argument's ``complete``.
    """

    class Parser(_WholeParser):
        by_metavar = completed

    return _parser(Parser)


def _parser(kind: type[_LateParser]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ome-zip",
        description="Check, describe, draw, convert, pack, unpack, and repair single-image "
        "OME-Zarr archives (.ome.zip, .ozx).",
        epilog=exit_statuses("all is well", "a file that was checked has errors"),
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action=_Version, help="show the version of the program")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=kind
    )
    for command in _COMMANDS:
        described = f"{command.says[0].upper()}{command.says[1:]}."
        commands.add_parser(
            command.name,
            help=command.says,
            description=described,
            formatter_class=_Formatter,
            command=command,
        )
    return parser


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width())


class _Version(argparse.Action):
    """Writes the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        write(f"{program()}\n")
        parser.exit()


class _LateParser(argparse.ArgumentParser):
    """Parser of a subcommand, whose module is imported when it is used."""

    def __init__(self, *args: Any, command: _Command, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._command = command
        self._is_whole = False

    def load(self) -> None:
        """Import the module, and add what can be said to it, once."""
        if self._is_whole:
            return
        self._is_whole = True
        module = importlib.import_module(f"napari_ome_zip.cli.{self._command.module}")
        module.add_arguments(self)
        reads = self._command.reads_standard_input
        writes = self._command.writes
        self.set_defaults(run=module.run, reads_standard_input=reads, writes=writes)
        if reads:
            self.description = f"{self.description} {HELP}"
        self.epilog = self.epilog or exit_statuses("it was done")

    def parse_known_args(self, *args: Any, **keywords: Any) -> Any:
        self.load()
        return super().parse_known_args(*args, **keywords)


class _WholeParser(_LateParser):
    """Parser of a subcommand with all of its options at once."""

    by_metavar: Mapping[str, object] = MappingProxyType({})

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.load()

    def add_argument(self, *args: Any, **keywords: Any) -> argparse.Action:
        added = super().add_argument(*args, **keywords)
        completed = self.by_metavar.get(str(added.metavar))
        if completed is not None:
            vars(added)["complete"] = completed
        return added
