"""Where the project lies, and how commands are run in it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class SetupError(Exception):
    """Something that a person has to do first; the message says what."""


def run(*command: str, environment: dict[str, str] | None = None) -> None:
    """Run a command in the project's folder, and end with its exit code where it fails.

    Parameters
    ----------
    *command : str
        It is printed as a shell takes it.
    environment : dict, optional
        Variables that are set beside those there are.
    """
    print("$ " + " ".join(map(shlex.quote, command)), flush=True)
    # Without compiled modules, each of the processes that tests start would compile all of them.
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})}
    code = subprocess.run(command, cwd=str(ROOT), env=variables).returncode
    if code:
        sys.exit(code)


def program_of(environment: Path, name: str) -> str:
    """Return the path of a program in a virtual environment."""
    if os.name == "nt":
        return str(environment / "Scripts" / f"{name}.exe")
    return str(environment / "bin" / name)
