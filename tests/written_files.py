"""What is in a folder, and what a person finds there afterwards."""

from __future__ import annotations

from pathlib import Path

_OF_OTHERS = ".cache"
"""Qt, GLib and drivers of graphics keep things there."""


def written(home: Path) -> list[str]:
    """Return all files and folders in a home folder, but for what others keep there."""
    return sorted(
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.relative_to(home).parts[0] != _OF_OTHERS
    )


def snapshot(home: Path) -> dict[str, bytes | None]:
    """Return the same with the content of each file."""
    return {
        name: (home / name).read_bytes() if (home / name).is_file() else None
        for name in written(home)
    }
