"""The links that were opened last, to be chosen again; none of them with a secret."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from napari_ome_zip.files import Link
from napari_ome_zip.plugin.preferences import links

MOST = 20
"""Links that are remembered, at most."""

_BETWEEN = re.compile(r"\s+(?=[a-z0-9]+://)")
"""What separates links; keys of buckets may hold spaces themselves."""

_HARMLESS = frozenset({"download", "dl", "raw"})
"""Parts of a query that ask how a file is sent, and give nobody access to it."""


def recent_links() -> list[str]:
    """Links that were opened, the last one first."""
    settings = links()
    return [] if settings is None else _BETWEEN.split(settings.recent) if settings.recent else []


def remember_recent(link: Link) -> None:
    """Remember a link, unless it may hold a secret: a password, or a signature in its query."""
    settings = links()
    if settings is None or not may_be_remembered(link):
        return
    others = [url for url in recent_links() if url != link.url]
    settings.recent = " ".join([link.url, *others][:MOST])


def may_be_remembered(link: Link) -> bool:
    """Whether a link holds no secret."""
    parts = urlsplit(link.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    asks_only = all(key.lower() in _HARMLESS and len(value) <= 5 for key, value in query)
    return "@" not in parts.netloc and asks_only and (bool(query) or not parts.query)
