"""The links that were opened in this process, with what is secret in them.

A file is called by its link without passwords and queries (`Link.source`), so that none of them
stands in a layer, a message or a file. Whoever is handed only that name, to check the file or to
open it again, finds the way to it here. Nothing of this is written anywhere.
"""

from __future__ import annotations

from napari_ome_zip.files.links import Link, is_link

_KNOWN: dict[str, Link] = {}


def remember_link(link: Link) -> None:
    """Keep a link, to be found by its `source` for as long as the program runs."""
    if link.source != link.url:
        _KNOWN[link.source] = link


def known_link(text: str) -> Link:
    """Return the link that a text names: as it was opened before, else as it stands.

    Examples
    --------
    >>> link = Link("https://example.org/cells.ozx?signature=secret")
    >>> remember_link(link)
    >>> known_link(link.source) == link
    True
    """
    return _KNOWN.get(text) or Link(text)


def public_name(place: str) -> str:
    """Return a path as it is, and of a link its `source`, by which it is known from now on."""
    if not is_link(place):
        return place
    link = known_link(place)
    remember_link(link)
    return link.source
