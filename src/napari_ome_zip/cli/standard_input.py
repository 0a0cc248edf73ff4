"""Standard input as a file: ``-`` in place of the name of an archive that is read.

Archives are read by position, which a pipe does not allow: all of it is copied to a file first, in
the folder for temporary files.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import shown_as
from napari_ome_zip.sizes import readable_size

STANDARD_INPUT = "<standard input>"
"""What it is called in messages."""

HELP = "Instead of a file, - reads an archive from standard input."
"""What the help of a command says that reads it."""

STANDARD_STREAM = "-"
"""What stands for it in place of the name of a file."""
_READ = ("file", "files")
"""Names of arguments that commands read from."""
_PIECE = 1 << 20
_KEPT_FREE = 256 << 20
"""Room that is left on the disk (256 MiB)."""


@contextmanager
def standard_input_as_file(options: argparse.Namespace) -> Iterator[None]:
    """Put a file with what standard input holds in the place of each ``-``, within this block.

    Of a command that does not read standard input nothing is changed.

    Raises
    ------
    ArchiveError
        If there is nothing to read, or more than the disk has room for.
    """
    reads = _READ if options.reads_standard_input else ()
    named = [name for name in reads if STANDARD_STREAM in _places(options, name)]
    if not named:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="ome-zip-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "standard-input"
        with shown_as(copy, STANDARD_INPUT):
            _copy_to(copy)
            for name in named:
                places = [str(copy) if p == STANDARD_STREAM else p for p in _places(options, name)]
                is_list = isinstance(getattr(options, name), list)
                setattr(options, name, places if is_list else places[0])
            yield


def _places(options: argparse.Namespace, name: str) -> list[str]:
    given = getattr(options, name, [])
    return given if isinstance(given, list) else [given]


def _copy_to(copy: Path) -> None:
    source = sys.stdin
    if source is None or source.isatty():
        raise ArchiveError(
            "There is nothing on standard input. Lead an archive there: ome-zip … - < cells.ozx"
        )
    room = shutil.disk_usage(copy.parent).free - _KEPT_FREE
    size = 0
    with copy.open("wb") as out:
        while piece := source.buffer.read(_PIECE):
            size += len(piece)
            if size > room:
                raise ArchiveError(
                    f"Standard input holds more than the {readable_size(max(0, room))} that the "
                    "disk with the folder for temporary files has room for. Save it as a file, or "
                    "name a folder on a larger disk in the environment variable TMPDIR."
                )
            out.write(piece)
