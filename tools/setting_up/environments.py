"""Makes virtual environments in the project's folder, and keeps them up to date."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from setting_up.pythons import LOWEST, dotted, python_for_environment, wanted
from setting_up.running import ROOT, SetupError, program_of, run

_PROBE = "import sys; print(*sys.version_info[:2]); import pip"


class Environment:
    """A virtual environment in the project's folder.

    Parameters
    ----------
    name : str
        Of its folder.
    lowest : bool, optional
        Whether it has the lowest versions of all: of Python, and of what the project requires.
    """

    def __init__(self, name: str, *, lowest: bool = False) -> None:
        self.folder = ROOT / name
        self._lowest = lowest

    def program(self, name: str) -> str:
        """Return the path of a program in it."""
        return program_of(self.folder, name)

    def install(self, *requirements: str, includes: str = "") -> None:
        """Install the project with what it requires, unless that is done.

        Parameters
        ----------
        *requirements : str
            As pip takes them; ``.[dev]`` is the project with an extra.
        includes : str, optional
            A requirement that is fulfilled as well, and need not be installed by itself.
        """
        is_new = self._make()
        stamps = [self._stamp(*requirements)] + ([self._stamp(includes)] if includes else [])
        if stamps[0].is_file() and stamps[0].read_text() == _required():
            return
        if self._lowest and not is_new:
            # What an earlier list brought along may be newer than what is the lowest now.
            self._make(anew=True)
        print(f"Installing {' '.join(requirements)}, which may take minutes.", flush=True)
        python = self.program("python")
        run(python, "-m", "pip", "install", "--quiet", *self._given(), "--editable", *requirements)
        for stamp in stamps:
            stamp.write_text(_required())

    def _given(self) -> list[str]:
        """What pip is told of versions."""
        if not self._lowest:
            return []
        constraints = self.folder / "lowest.txt"
        command = [self.program("python"), str(ROOT / "tools" / "lowest_versions.py")]
        constraints.write_bytes(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return ["--constraint", str(constraints)]

    def _make(self, anew: bool = False) -> bool:
        """Make it where there is none that runs; return whether it was made."""
        if not anew and self._is_usable():
            return False
        run(python_for_environment(self._lowest), "-m", "venv", "--clear", str(self.folder))
        return True

    def _is_usable(self) -> bool:
        """Whether it can be used; False where there is none, or its Python is gone.

        Raises
        ------
        SetupError
            It is there, and was made for something else.
        """
        try:
            found = subprocess.run(
                [self.program("python"), "-c", _PROBE],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
            version = tuple(map(int, found.stdout.split()))
        except (OSError, ValueError):
            return False
        if not version:
            return False
        if version < LOWEST or (self._lowest and version != LOWEST):
            problem = f"has Python {dotted(version)}, and {wanted(self._lowest)} is needed"
        elif found.returncode:
            problem = "has no pip"
        else:
            return True
        raise SetupError(
            f"The environment in {self.folder.name} {problem}. "
            "Remove that folder; it is made again when you run this again."
        )

    def _stamp(self, *requirements: str) -> Path:
        """The file that says of what project these were installed."""
        digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()
        return self.folder / f".installed-{digest[:16]}"


def _required() -> str:
    """What distinguishes the project from one that requires something else."""
    files = ("pyproject.toml", "setup.cfg", "tools/lowest_versions.py")
    content = b"\0".join((ROOT / name).read_bytes() for name in files)
    return hashlib.sha256(content).hexdigest()
