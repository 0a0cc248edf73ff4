"""The documentation that was installed with the package; knows nothing of Qt.

It is the page docs/in-napari.md, which setup.py puts beside this module: so it needs no network,
and is always that of the version that is running. In a copy of the repository it is read in docs/.
"""

from __future__ import annotations

import re
from pathlib import Path

from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.version import program

PAGE = "in-napari.md"
_HERE = Path(__file__)
_PLACES = (_HERE.with_name(PAGE), _HERE.parents[4] / "docs" / PAGE)
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?://)[^)]*\)\n*")
_LOCAL_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?://)[^)]*\)")
_NOTHING = (
    "The documentation was not installed with this copy of the program. "
    f"Install it again: `pip install --force-reinstall {PLUGIN}`."
)


def documentation() -> str:
    """Return the documentation of the installed version, as Markdown."""
    page = next((place for place in _PLACES if place.is_file()), None)
    text = _NOTHING if page is None else self_contained(page.read_text(encoding="utf-8"))
    return f"*{program()}*\n\n{text}"


def self_contained(markdown: str) -> str:
    """Return a text without comments, and without pictures and links that lead to other files.

    The words of a link are kept.
    """
    return _LOCAL_LINK.sub(r"\1", _PICTURE.sub("", _COMMENT.sub("", markdown))).strip()
