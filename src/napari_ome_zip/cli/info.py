"""The command ``ome-zip info``."""

from __future__ import annotations

import argparse
import json

from napari_ome_zip.cli.describing import describe_image, info_text
from napari_ome_zip.cli.exits import GOOD
from napari_ome_zip.cli.terminal import width, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to the command."""
    parser.add_argument("file", metavar="FILE", help="an archive, a link to one, or a folder")
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Describe a file as text or JSON."""
    described = describe_image(options.file)
    if options.json:
        write(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    else:
        write(info_text(described, width()))
    return GOOD
