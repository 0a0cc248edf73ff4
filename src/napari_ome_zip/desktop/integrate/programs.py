"""Programs of the system that are run, or stood in for by a test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from napari_ome_zip.errors import IntegrationError

_SECONDS = 20
"""That a program may take: each of them takes less than one."""

type Run = Callable[[Sequence[str]], None]
"""Runs a program with its arguments and waits for its end. Raises `ProgramError`."""


class ProgramError(IntegrationError):
    """A program could not be run, or failed.

    Parameters
    ----------
    message : str
        What happened.
    is_missing : bool
        Whether there is no such program.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing

    def __reduce__(self) -> tuple[type[ProgramError], tuple[str]]:
        # OSError would rebuild from its single argument; what is missing is for this process alone.
        return type(self), (str(self),)


def run_program(command: Sequence[str]) -> None:
    """Run a program, and wait for its end.

    Parameters
    ----------
    command : sequence of str
        Its name and arguments.

    Raises
    ------
    ProgramError
        There is none of that name, it failed, or it takes longer than 20 s.
    """
    name = command[0]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise ProgramError(f"there is no program {name}", is_missing=True) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError(f"{name} could not be run ({error})") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ProgramError(f"{name} failed ({said[-1] if said else f'status {done.returncode}'})")
