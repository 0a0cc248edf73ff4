"""The command ``ome-zip``, run in this process."""

from __future__ import annotations

from pathlib import Path

from napari_ome_zip.cli.main import main


def run(*arguments: str | Path) -> int:
    """Run the command with arguments, of which paths are such; return its exit status."""
    return main([str(argument) for argument in arguments])
