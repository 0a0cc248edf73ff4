"""From what a person types or pastes to a link; knows nothing of Qt."""

from __future__ import annotations

import re

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import Link, is_link

_HOST_AND_PATH = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?/\S+")
_AROUND = " \t\r\n\"'<>"


def typed_link(text: str) -> Link | None:
    """Return the link that a text is; None where it is none.

    Space, quotation marks and angle brackets around it are taken off. Without ``https://`` before
    it a host and a path are enough.

    Examples
    --------
    >>> typed_link(" <https://example.org/cells.ozx> ").name
    'cells.ozx'
    >>> typed_link("example.org/data/cells.ozx").scheme
    'https'
    >>> typed_link("cells.ozx") is None
    True
    """
    text = text.strip(_AROUND)
    if _HOST_AND_PATH.fullmatch(text):
        text = f"https://{text}"
    if not is_link(text):
        return None
    try:
        link = Link(text)
    except (OmeZipError, ValueError):
        return None
    return link if link.host else None


def links_among(lines: str) -> list[Link]:
    """Return the links in a text, one a line, each once."""
    found = (typed_link(line) for line in lines.splitlines())
    return list(dict.fromkeys(link for link in found if link is not None))
