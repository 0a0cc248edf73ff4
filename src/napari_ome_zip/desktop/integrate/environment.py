"""The Python environment that opens archives when one is double clicked."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.errors import IntegrationError

OPENER = ("-P", "-m", "napari_ome_zip", "open")
"""Arguments of an interpreter that opens the files named after them. With ``-P`` it imports nothing
from the folder that it is started in, which may be one of downloads."""

PREVIEWER = ("-P", "-m", "napari_ome_zip.desktop.thumbnailer")
"""Those of one that makes a preview: file, picture and size follow."""


@dataclass(frozen=True)
class Environment:
    """An environment, known by its interpreter.

    Parameters
    ----------
    interpreter : Path
        Absolute, and not resolved: a virtual environment is a symbolic link to an interpreter.
    """

    interpreter: Path


def this_environment() -> Environment:
    """Return the environment of this process.

    Raises
    ------
    IntegrationError
        It has no interpreter that could be started again, or no napari.
    """
    if not sys.executable:
        raise IntegrationError(
            "It is not known which Python this is, so a double click could not start it. Run "
            "'ome-zip integrate' in a terminal, in the environment that has napari."
        )
    interpreter = Path(os.path.abspath(sys.executable))  # noqa: PTH100 (resolve follows links)
    if importlib.util.find_spec("napari") is None:
        raise IntegrationError(
            f"There is no napari in the environment of {interpreter}, so a double click could not "
            "open anything. Install it with: pip install 'napari-ome-zip[all]'"
        )
    return Environment(interpreter)
