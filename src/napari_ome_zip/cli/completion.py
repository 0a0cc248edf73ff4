"""The command ``ome-zip completion``."""

from __future__ import annotations

import argparse
import textwrap

import shtab

from napari_ome_zip.cli.exits import GOOD, exit_statuses
from napari_ome_zip.cli.parser import whole_parser
from napari_ome_zip.cli.terminal import width, write

_SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")
_EXAMPLES = """\
Run the line for your shell once, and again after an update:
  bash  ome-zip completion bash > ~/.local/share/bash-completion/completions/ome-zip
  zsh   ome-zip completion zsh > FOLDER/_ome-zip    (a FOLDER that is in $fpath)
  fish  ome-zip completion fish > ~/.config/fish/completions/ome-zip.fish
  tcsh  ome-zip completion tcsh >> ~/.tcshrc
  PowerShell  ome-zip completion powershell >> $PROFILE
"""
_COMPLETED = dict.fromkeys(("FILE", "NEW_FILE", "IN", "OUT", "OUT.png"), shtab.FILE) | {
    "DIRECTORY": shtab.DIRECTORY
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    statuses = textwrap.fill(exit_statuses("the script was written"), width())
    parser.epilog = f"{_EXAMPLES}\n{statuses}"
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))


def run(options: argparse.Namespace) -> int:
    """Write the script that lets a shell complete commands, options and names of files."""
    write(shtab.complete(whole_parser(_COMPLETED), options.shell))
    return GOOD
