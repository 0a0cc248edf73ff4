"""The scripts that come with the corpora, run as they are, and their judge as a function."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from npe2 import PluginManager

from napari_ome_zip.names import is_archive_name
from napari_ome_zip.plugin.reader import read
from shared_material import CORPUS

_WITHOUT_NUMBA = (
    "import runpy, sys\n"
    "sys.modules['numba'] = None\n"
    "sys.path.insert(0, sys.argv[1].rpartition('/')[0])\n"
    "del sys.argv[0]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n"
)


@cache
def check_script() -> ModuleType:
    """Return the script that judges both corpora, as a module; skip the test where it is absent."""
    script = CORPUS / "check.py"
    if not script.is_file():
        pytest.skip(f"the corpus is not there: {CORPUS}")
    spec = importlib.util.spec_from_file_location("corpus_check", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def through_napari() -> Callable[[Any], Any]:
    """Return a function that reads as napari does; a plain ``.zip`` goes to our reader at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other plugins' manifests say
        PluginManager.instance().discover()
    by_name = check_script().read_with_plugin("napari-ome-zip")
    return lambda path: by_name(path) if is_archive_name(path) else read(str(path))


def said_by(script: Path, *arguments: str | Path) -> str:
    """Return what a script prints in a process of its own; a score is last.

    napari does without numba, and so does that process: compiling takes longer than judging.
    """
    command = [sys.executable, "-W", "ignore", "-c", _WITHOUT_NUMBA, script, *arguments]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout, done.stderr
    return done.stdout
