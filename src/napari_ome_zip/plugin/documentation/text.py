"""The documentation that was installed with the package; knows nothing of Qt.

It is the README, which the metadata of an installed package hold: so it needs no network, and is
always that of the version that is running.
"""

from __future__ import annotations

import importlib.metadata
import re

from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.version import program

_IMAGE = re.compile(r"!\[([^\]]*)\]\((?!https?://)[^)]*\)")
_LOCAL_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?://)[^)]*\)")
_NOTHING = (
    "The documentation was not installed with this copy of the program. "
    f"Install it again: `pip install --force-reinstall {PLUGIN}`."
)


def documentation() -> str:
    """Return the documentation of the installed version, as Markdown."""
    try:
        metadata = importlib.metadata.metadata(PLUGIN)
    except importlib.metadata.PackageNotFoundError:  # run from a copy that is not installed
        return _NOTHING
    text = self_contained(metadata.get("Description") or "") or _NOTHING
    return f"*{program()}*\n\n{text}"


def self_contained(markdown: str) -> str:
    """Return a text without pictures and links that lead to files beside it: these are not there.

    What describes a picture, and the words of a link, are kept.
    """
    return _LOCAL_LINK.sub(r"\1", _IMAGE.sub(r"*\1.*", markdown)).strip()
