"""Which environment opens archives."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from napari_ome_zip.desktop.integrate import environment, this_desktop
from napari_ome_zip.desktop.integrate.environment import this_environment
from napari_ome_zip.desktop.integrate.linux.linux_desktop import LinuxDesktop
from napari_ome_zip.desktop.integrate.programs import ProgramError, run_program
from napari_ome_zip.errors import IntegrationError


def test_it_is_that_of_this_interpreter_and_not_what_its_link_leads_to() -> None:
    assert str(this_environment().interpreter) == sys.executable


def test_without_napari_nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "napari" else found(name)
    )
    with pytest.raises(IntegrationError, match=r"pip install 'napari-ome-zip\[all\]'"):
        this_environment()


def test_an_embedded_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.sys, "executable", None)
    with pytest.raises(IntegrationError, match="in a terminal"):
        this_environment()


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="another desktop")
def test_the_desktop_is_that_of_the_system(own_home: Path) -> None:
    assert isinstance(this_desktop(), LinuxDesktop)
    assert str(own_home) in this_desktop().promise


def test_a_program_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **keywords: Any) -> None:
        raise subprocess.TimeoutExpired(command, keywords["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ProgramError, match="timed out"):
        run_program(["update-mime-database"])


def test_the_core_of_it_imports_neither_arrays_nor_zarr() -> None:
    names = ("numpy", "zarr", "dask", "napari")
    script = (
        "import sys, napari_ome_zip.cli.integrate;"
        f"print([name for name in {names} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
