"""The command ``ome-zip``: runs what was asked for, and says how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from napari_ome_zip.cli.exits import FAILED, GOOD, INTERRUPTED
from napari_ome_zip.cli.interrupting import told_if_complete
from napari_ome_zip.cli.parser import command_parser
from napari_ome_zip.cli.standard_input import standard_input_as_file
from napari_ome_zip.cli.terminal import complain, have_streams, reason, warnings_as_remarks
from napari_ome_zip.errors import OmeZipError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        The exit status.
    """
    have_streams()
    try:
        options = command_parser().parse_args(arguments)  # imports the command, which takes a while
        with warnings_as_remarks(), standard_input_as_file(options), told_if_complete(options):
            status: int = options.run(options)
        sys.stdout.flush()
    except (OmeZipError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader of the output has closed it; nothing more can be written.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return GOOD
        complain(reason(error))
        return FAILED
    except KeyboardInterrupt as interrupt:
        complain(f"Interrupted: {str(interrupt) or 'nothing was kept.'}")
        return INTERRUPTED
    return status
