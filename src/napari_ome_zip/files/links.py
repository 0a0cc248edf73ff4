"""Links to files: what they name, and what of them nobody may see."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

WEB_SCHEMES = ("http", "https")
BUCKET_SCHEMES = ("s3", "gs", "az")


@dataclass(frozen=True)
class Link:
    """A link to one file.

    Its ``repr`` and its `source` are free of secrets: passwords, and whatever stands in a query.

    Parameters
    ----------
    url : str
        As it was given, secrets included.
    """

    url: str = field(repr=False)

    @property
    def scheme(self) -> str:
        """In small letters."""
        return urlsplit(self.url).scheme.lower()

    @property
    def host(self) -> str:
        """Name of the server or bucket."""
        return urlsplit(self.url).hostname or ""

    @property
    def name(self) -> str:
        """Name of the file: the last part of the path."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2]) or self.host

    @property
    def source(self) -> str:
        """The link without what is secret in it, the same for the same file alone.

        Links that differ in their query are told apart by the first digits of its checksum.
        """
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2].lower()
        mark = hashlib.sha256(parts.query.encode()).hexdigest()[:8] if parts.query else ""
        return urlunsplit((parts.scheme.lower(), host, parts.path, "", mark))

    def __str__(self) -> str:
        return self.source


def is_link(place: object) -> bool:
    """Whether something that a person gave is a link, and not a path."""
    return isinstance(place, str) and bool(_SCHEME.match(place))
