"""Links to files: what they name, and what of them nobody may see."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from napari_ome_zip.errors import LinkError

WEB_SCHEMES = ("http", "https")
BUCKET_SCHEMES = ("s3", "gs", "az")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_FILE = re.compile(r"file:", re.IGNORECASE)
_STEPS = re.compile(r"(?:\||%7[Cc])([a-z][a-z0-9+.-]*:.*)", re.DOTALL)
"""What Neuroglancer appends to a link, or a browser that quotes it: how to go on from the file."""
_FORMATS = frozenset({"zip", "ozx", "zarr", "zarr2", "zarr3", "ome-zarr", "auto"})
_FSSPEC = re.compile(r"zip://(.*?)::(.*)", re.DOTALL)
_LINE_ENDS = re.compile(r"[\t\r\n]")
_AROUND = " \"'<>"
"""What stands around a link that was copied out of a text."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_QUOTED_IN_PATH = "!$&'()*+,;=:@/~%-._"
_QUOTED_IN_QUERY = _QUOTED_IN_PATH + "?[]"


@dataclass(frozen=True)
class Link:
    """A link to one file.

    It is understood as a browser does: what no link may hold, such as spaces and letters with
    accents, is quoted, and what comes after ``#`` is dropped. The forms of other programs for a ZIP
    archive, ``…/x.ozx|zip:|zarr3:`` and ``zip://::…/x.ozx``, name the same file.

    Its ``repr``, its ``str`` and its `source` are free of secrets: passwords, and whatever stands
    in a query.

    Parameters
    ----------
    url : str
        Secrets included.

    Raises
    ------
    LinkError
        When it names no file that could be asked for.

    Examples
    --------
    >>> link = Link("https://me:secret@Example.org/My cells.ozx?key=hidden")
    >>> link.name, str(link)
    ('My cells.ozx', 'https://example.org/My%20cells.ozx')
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", _normal(self.url))

    @classmethod
    def of_redirect(cls, url: str) -> Link:
        """Return the link that a web server leads to: nothing was appended to it by a person.

        Raises
        ------
        LinkError
            When it is not one to a web server.
        """
        link = object.__new__(cls)
        scheme = url.partition("://")[0].lower()
        if scheme not in WEB_SCHEMES or _CONTROL.search(url):
            _refuse("This is not a link to a file on a web server.")
        object.__setattr__(link, "url", _normal_web(scheme, url))
        return link

    @property
    def scheme(self) -> str:
        """In small letters."""
        return self.url.partition(":")[0]

    @property
    def host(self) -> str:
        """Name of the server or bucket."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_bucket(self) -> bool:
        """Whether it names an object of a bucket, and not a file of a web server."""
        return self.scheme in BUCKET_SCHEMES

    @property
    def key(self) -> str:
        """Path within the bucket, as it is stored there."""
        return self.url.split("/", 3)[3]

    @property
    def name(self) -> str:
        """Name of the file: the last part of the path."""
        if self.is_bucket:
            return self.key.rstrip("/").rpartition("/")[2]
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2]) or self.host

    @property
    def has_login(self) -> bool:
        """Whether it holds a name and a password."""
        return "@" in urlsplit(self.url).netloc

    @property
    def has_secrets(self) -> bool:
        """Whether it leads nowhere, perhaps, without what nobody may see."""
        return self._open != self.url

    @cached_property
    def source(self) -> str:
        """The link without what is secret in it, the same for the same file alone.

        Links that differ in their query, which often names the file, are told apart by the first
        digits of its checksum. They stand where a link has its fragment, so that what is left is
        still a link, and one that leads to a public file.
        """
        query = "" if self.is_bucket else urlsplit(self.url).query
        mark = hashlib.sha256(query.encode()).hexdigest()[:8] if query else ""
        return f"{self._open}#{mark}" if mark else self._open

    @cached_property
    def _open(self) -> str:
        if self.is_bucket:
            return self.url
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def __repr__(self) -> str:
        return f"Link({self.source!r})"

    def __str__(self) -> str:
        return self._open


def is_link(place: object) -> bool:
    """Whether something that a person gave is a link, and not a path.

    Links to this computer, ``file:…``, are paths (`napari_ome_zip.paths.source_path`).
    """
    if not isinstance(place, str):
        return False
    place = place.lstrip()
    return bool(_SCHEME.match(place)) and not _FILE.match(place)


def _normal(url: str) -> str:
    """Return a link as it is sent, without what other programs append to it."""
    url = _without_steps(_LINE_ENDS.sub("", url).strip(_AROUND))
    found = _SCHEME.match(url)
    if found is None:
        _refuse("This is not a link: it does not begin with https:// or the like.")
    scheme = found[1].lower()
    if _CONTROL.search(url):
        _refuse("The link holds control characters, which no link can. Copy it again.")
    if scheme in WEB_SCHEMES:
        return _normal_web(scheme, url)
    if scheme in BUCKET_SCHEMES:
        return _normal_bucket(scheme, url[found.end() :])
    _refuse(
        f"Links that begin with {scheme}:// cannot be opened, only https://, http://, s3://, gs:// "
        "and az://. Download the file and open it from the disk.",
    )


def _without_steps(url: str) -> str:
    chained = _FSSPEC.fullmatch(url)
    if chained is not None:
        _refuse_inside(chained[1])
        url = chained[2]
    found = _STEPS.search(url)
    if found is None:
        return url
    for step in re.split(r"\||%7[Cc]", found[1]):
        kind, _, inside = step.partition(":")
        if kind and kind not in _FORMATS and url[found.start()] == "%":
            return url  # it may be of the file's own name or query
        if kind and kind not in _FORMATS:
            _refuse(
                f"The link goes on with {kind!r} after its file, of which only ZIP archives with "
                "OME-Zarr are opened here. Give the link of such an archive.",
            )
        _refuse_inside(inside)
    return url[: found.start()]


def _refuse_inside(inside: str) -> None:
    if inside.strip("/"):
        _refuse(
            "The link names a part inside an archive. Give the link of the archive itself: all of "
            "it is opened.",
        )


def _normal_web(scheme: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:  # its message holds the link
        host, port = "", None
    if not host:
        _refuse("The link names no server, or not as a link does. Copy it again.")
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    user = parts.netloc.rpartition("@")[0]
    where = f"{_quoted(user, _QUOTED_IN_PATH)}@{host}" if user else host
    path = _quoted(parts.path, _QUOTED_IN_PATH) or "/"
    return urlunsplit((scheme, where, path, _quoted(parts.query, _QUOTED_IN_QUERY), ""))


def _host(name: str) -> str:
    """Return the name of a server as it is asked for: international names in ASCII (RFC 3490)."""
    if ":" in name:
        return f"[{name}]"
    if name.isascii():
        return name.lower() if re.fullmatch(r"[A-Za-z0-9._~-]+", name) else ""
    return name.encode("idna").decode("ascii")


def _normal_bucket(scheme: str, rest: str) -> str:
    bucket, _, key = rest.partition("/")
    if "@" in bucket or ":" in bucket or "?" in rest:
        _refuse(
            "A link to a bucket names the bucket and the file alone. Credentials belong in the "
            "environment or in the profile of this computer.",
        )
    if not bucket or not key.strip("/"):
        _refuse(f"The link names no file in a bucket. Expected {scheme}://bucket/path/of/file.ozx.")
    return f"{scheme}://{bucket}/{key}"


def _quoted(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)


def _refuse(message: str) -> NoReturn:
    raise LinkError(message, code="link-not-usable") from None
