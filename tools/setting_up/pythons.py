"""Finds a Python that this project runs on, or has uv fetch one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from setting_up.displays import install_system_packages
from setting_up.running import ROOT, SetupError, program_of

LOWEST = (3, 12)
NEWEST_MINOR = 14
# ensurepip comes last: Debian has it in a package of its own, without which there is no pip.
_PROBE = "import sys; print(sys.executable); print(*sys.version_info[:2]); import ensurepip, venv"
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Python:
    """A Python that was run."""

    path: str
    version: tuple[int, int]
    makes_environments: bool

    def __str__(self) -> str:
        return f"Python {dotted(self.version)} ({self.path})"


def python_for_environment(exactly: bool = False) -> str:
    """Return the path of a Python that can make the environment.

    Parameters
    ----------
    exactly : bool, optional
        Whether it has to be the lowest version that the project runs on, not a newer one.

    Raises
    ------
    SetupError
        There is none, and none could be fetched.
    """
    found = []
    for python in _found():
        if python.makes_environments and _fits(python, exactly):
            return python.path
        found.append(python)
    fitting = [python for python in found if _fits(python, exactly)]
    for python in fitting:
        if _is_completed(python):
            return python.path
    if fitting:
        raise SetupError(
            f"{fitting[0]} cannot make a virtual environment: its module ensurepip is missing. "
            f"On Debian and Ubuntu, run\n    sudo apt-get install {_missing_package(fitting[0])}\n"
            "Then run this again."
        )
    return _fetched(found, exactly)


def wanted(exactly: bool = False) -> str:
    """Return which Python is needed, in words."""
    return f"Python {dotted(LOWEST)}" + ("" if exactly else " or newer")


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))


def _found() -> Iterator[Python]:
    """Every Python that runs, once, the one that runs this first."""
    seen = set()
    for command in _commands():
        python = _probed(command)
        if python is not None and (program := Path(python.path).resolve()) not in seen:
            seen.add(program)
            yield python


def _commands() -> Iterator[list[str]]:
    minors = range(NEWEST_MINOR, LOWEST[1] - 1, -1)
    yield [sys.executable]
    yield ["python3"]
    yield from ([f"python3.{minor}"] for minor in minors)
    yield ["python"]
    if os.name == "nt":
        yield from (["py", f"-3.{minor}"] for minor in minors)


def _probed(command: list[str]) -> Python | None:
    """Run a Python: what has its name may be a stand-in for one that is not there."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        run = subprocess.run(
            [program, *command[1:], "-c", _PROBE],
            cwd=str(ROOT),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
        )
        path, version = run.stdout.splitlines()
        major, minor = map(int, version.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Python(path, (major, minor), run.returncode == 0)


def _fits(python: Python, exactly: bool) -> bool:
    return python.version == LOWEST if exactly else python.version >= LOWEST


def _is_completed(python: Python) -> bool:
    """Install what Debian leaves out of a Python, where that is possible."""
    install_system_packages(_missing_package(python))
    again = _probed([python.path])
    return again is not None and again.makes_environments


def _missing_package(python: Python) -> str:
    return f"python{dotted(python.version)}-venv"


def _fetched(found: list[Python], exactly: bool) -> str:
    """Let uv fetch the lowest version into its own folder, and return the path of it."""
    there = ", ".join(map(str, found))
    print(f"{wanted(exactly)} is needed, and there is only {there}.", flush=True)
    print(f"Asking uv to fetch Python {dotted(LOWEST)}.", flush=True)
    try:
        with _uv() as uv:
            path = _kept(uv)
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(
            f"uv could not fetch one; why is said above. Install {wanted(exactly)} yourself: from "
            "your system's packages, from python.org, or with conda or pyenv. "
            "Then run this again."
        ) from error
    print(f"uv keeps it: {path}", flush=True)
    return path


def _kept(uv: str) -> str:
    """Return the path of uv's own Python, fetched where it has none."""
    with suppress(subprocess.CalledProcessError):
        return _asked(uv, "find", complaints=subprocess.DEVNULL)
    _asked(uv, "install")
    return _asked(uv, "find")


def _asked(uv: str, verb: str, complaints: int | None = None) -> str:
    """Run a command of ``uv python`` for the lowest version, and return what it prints."""
    run = subprocess.run(
        [uv, "python", verb, dotted(LOWEST)],
        # Pythons of the system were looked at before; no command is put into the home folder.
        env={
            **os.environ,
            "UV_PYTHON_PREFERENCE": "only-managed",
            "UV_PYTHON_INSTALL_BIN": "0",
        },
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        check=True,
    )
    return run.stdout.strip()


@contextmanager
def _uv() -> Iterator[str]:
    """The uv that is installed, or one from PyPI for as long as it is needed."""
    installed = shutil.which("uv")
    if installed is not None:
        yield installed
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [program_of(Path(folder), "python"), "-m", "pip"]
        subprocess.run(
            [*pip, "install", "--quiet", "--disable-pip-version-check", "uv"], check=True
        )
        yield program_of(Path(folder), "uv")
