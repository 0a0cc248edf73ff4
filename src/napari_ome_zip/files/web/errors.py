"""What a person is told of a web server that does not answer as it should."""

from __future__ import annotations

import email.utils
import errno
import socket
import ssl
import time
from http import HTTPStatus

import urllib3.exceptions as http

from napari_ome_zip.errors import ChangedFileError, LinkError, NoRangesError
from napari_ome_zip.files.links import Link
from napari_ome_zip.sizes import readable_size

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be others in a moment (RFC 9110, section 15; RFC 6585; RFC 8470)."""
_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH})

_OF_STATUS = {
    401: (
        "link-needs-login",
        "The server wants to know who asks (401): {link}. Write name and password into the link, "
        "as in https://name:password@server/…, or log in with a browser and download the file.",
    ),
    403: (
        "link-forbidden",
        "The server does not hand out this file (403): {link}. If the link was made for a while "
        "only, get a new one; else ask whoever keeps the file for access.",
    ),
    404: (
        "link-not-found",
        "There is no such file on the server (404): {link}. Check the link.",
    ),
    407: (
        "link-proxy",
        "The proxy of this network wants a name and a password (407). Set them in this computer's "
        "proxy settings, as in http://name:password@proxy:8080.",
    ),
    410: (
        "link-not-found",
        "The file is no longer on the server (410): {link}. Look for its new link.",
    ),
}


class Trouble(Exception):
    """One request came to nothing, and the next one may not.

    Parameters
    ----------
    error : LinkError
        What a person is told where it was the last one.
    attempts : int
        Number of such requests that are worth making.
    pause : float, optional
        Seconds to wait before the next one, where the server says it.
    """

    def __init__(self, error: LinkError, *, attempts: int = 5, pause: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.attempts = attempts
        self.pause = pause


def of_status(status: int, link: Link, retry_after: str | None = None) -> LinkError | Trouble:
    """Return what an answer means that is no file."""
    if status == HTTPStatus.UNAUTHORIZED and link.has_login:
        return LinkError(
            f"The server does not take the name and password in the link (401): {link}. "
            "Check both; signs such as @ and / in them are written as %40 and %2F.",
            code="link-needs-login",
        )
    if status in _OF_STATUS:
        code, sentence = _OF_STATUS[status]
        return LinkError(sentence.format(link=link), code=code)
    if status in _PASSING:
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            said = "The server has had too many requests (429)"
        else:
            said = f"The server has a problem of its own ({_named(status)})"
        error = LinkError(f"{said}: {link}. Try again later.", code="link-server-error")
        return Trouble(error, pause=_seconds(retry_after))
    return unexpected(status, link)


def unexpected(status: int, link: Link) -> LinkError:
    """Return that an answer is neither a file nor a usual reason why there is none."""
    return LinkError(
        f"The server answers with {_named(status)} instead of the file: {link}. Check the link, or "
        "download the file with a browser.",
        code="link-refused",
    )


def of_connection(error: Exception, host: str, link: Link) -> Trouble:
    """Return what a failed request means: no connection, one that broke, or silence."""
    if isinstance(error, http.ProxyError | http.ProxySchemeUnknown):
        return Trouble(
            LinkError(
                f"The proxy of this network does not lead to {host}. Check this computer's proxy "
                "settings.",
                code="link-proxy",
            ),
            attempts=2,
        )
    # Not every error of that class is about time.
    if isinstance(error, http.ConnectTimeoutError) and not isinstance(
        error, http.NewConnectionError
    ):
        return Trouble(
            LinkError(
                f"The server {host} does not answer. Check the link and the network, or try again "
                "later.",
                code="link-timeout",
            ),
            attempts=2,
        )
    if isinstance(error, http.ReadTimeoutError):
        return Trouble(silence(link))
    tls = _cause(error, ssl.SSLError)
    if tls is not None:
        return _of_tls(tls, host)
    if isinstance(error, http.NewConnectionError):
        return _of_no_connection(error, host)
    return Trouble(broken_off(link))


def broken_off(link: Link) -> LinkError:
    """Return that answers end before all of them came."""
    return LinkError(
        f"The connection broke off again and again: {link}. Try again later.",
        code="link-broken-off",
    )


def silence(link: Link) -> LinkError:
    """Return that an answer took too long."""
    return LinkError(
        f"The server took too long to answer: {link}. Try again later, or download the file.",
        code="link-timeout",
    )


def _of_no_connection(error: Exception, host: str) -> Trouble:
    lookup = _cause(error, socket.gaierror)
    system = _cause(error, OSError)
    if lookup is not None and lookup.errno != getattr(socket, "EAI_AGAIN", None):
        return Trouble(
            LinkError(
                f"There is no server named {host!r}, or this computer is offline. Check the link "
                "and the network.",
                code="link-no-host",
            ),
            attempts=1,
        )
    if lookup is not None or (system is not None and system.errno in _NO_NETWORK):
        return Trouble(
            LinkError(
                f"This computer seems to be offline: {host} cannot be reached. Check the network.",
                code="link-offline",
            ),
            attempts=2,
        )
    return Trouble(
        LinkError(
            f"The computer {host} takes no connections: it runs no server there, or a firewall is "
            "in between. Check the link, or try again later.",
            code="link-no-connection",
        ),
        attempts=2,
    )


def _of_tls(error: ssl.SSLError, host: str) -> Trouble:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return Trouble(
            LinkError(
                f"The certificate of {host} does not show that it is this server ({why}), so "
                "nothing was read. Check the link and this computer's clock; if your institute has "
                "certificates of its own, name their file in SSL_CERT_FILE.",
                code="link-certificate",
            ),
            attempts=1,
        )
    return Trouble(
        LinkError(
            f"No secure connection to {host} comes about. Check whether the link begins with "
            "http:// or https://, or try again later.",
            code="link-not-secure",
        ),
        attempts=2,
    )


def no_ranges(link: Link, size: int | None) -> NoRangesError:
    """Return that a server sends files as a whole only."""
    whole = f"all {readable_size(size)} of it" if size is not None else "all of it"
    return NoRangesError(
        f"The server sends no parts of a file, only {whole}: {link}. Download the file and open it "
        "from the disk.",
        size=size,
    )


def wrong_range(link: Link, found: str, expected: str) -> LinkError:
    """Return that a server sends another part than the one that was asked for."""
    return LinkError(
        f"The server sends another part of the file than was asked for, {found} instead of "
        f"{expected}: {link}. Download the file and open it from the disk.",
        code="link-wrong-range",
    )


def compressed(link: Link, coding: str) -> LinkError:
    """Return that a server compresses what it sends, so that positions mean nothing."""
    return LinkError(
        f"The server sends the file compressed ({coding[:20]}), although it was asked not to, so "
        f"that no part of it can be read alone: {link}. Download it with a browser.",
        code="link-compressed",
    )


def web_page(link: Link, host: str) -> LinkError:
    """Return that there is a page for people instead of a file."""
    return LinkError(
        f"A web page came from {host} instead of the file, as for logging in or about an error: "
        f"{link}. Open the link in a browser, and download the file there.",
        code="link-web-page",
    )


def changed(link: Link) -> ChangedFileError:
    """Return that a file is another one now."""
    return ChangedFileError(
        f"The file was replaced on its server while it was open: {link}. Open it again."
    )


def too_many_redirects(link: Link, most: int) -> LinkError:
    """Return that a link leads from link to link."""
    return LinkError(
        f"The link leads on to others more than {most} times: {link}. Open it in a browser, and "
        "copy the link that it ends at.",
        code="link-redirects",
    )


def insecure_redirect(link: Link, host: str) -> LinkError:
    """Return that a link would leave what is encrypted."""
    return LinkError(
        f"The link leads from https to a place without encryption at {host}, where anybody could "
        f"change the file on its way: {link}. It was not followed.",
        code="link-not-secure",
    )


def bad_redirect(link: Link) -> LinkError:
    """Return that a link leads to something that is none."""
    return LinkError(
        f"The server redirects to something that is not a link to a file: {link}. Check the link.",
        code="link-redirects",
    )


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(retry_after: str | None) -> float | None:
    """Return how long a server asks to wait (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())


def _cause[E: BaseException](error: BaseException, kind: type[E]) -> E | None:
    """Return the error of a kind that an error was made of."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return seen
        inner = [part for part in seen.args if isinstance(part, BaseException)]
        seen = inner[0] if inner else seen.__cause__ or seen.__context__
    return None
