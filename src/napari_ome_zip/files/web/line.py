"""The line to one link: where it leads, whom it tells a password, and for how long it is tried."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.web import errors as web_errors
from napari_ome_zip.files.web.connections import ask, basic_authorization, discard, failures
from napari_ome_zip.files.web.errors import Trouble

MAX_REDIRECTS = 5
PIECE = 1 << 16
"""Maximum number of bytes that are read at once."""

_LONGEST_QUIET = 600
"""Seconds after which a server is asked again, however long it asked to wait."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = frozenset({200, 206, 304, 416})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for, in seconds."""

    connect: float = 10
    """For a connection."""
    silence: float = 20
    """For the next piece of an answer."""
    total: float = 60
    """For all of it, with everything that is tried again."""
    slowest: float = 32 << 10
    """Bytes per second that are not too slow: for each so many, there is a second more."""
    pause: float = 0.25
    """Before the second attempt; it doubles each time."""


PATIENCE = Patience()


class Attempts:
    """How often, and until when, one thing is tried.

    Parameters
    ----------
    link : Link
        What is spoken of in messages.
    nbytes : int
        Number of bytes that are expected.
    """

    def __init__(self, link: Link, nbytes: int, patience: Patience) -> None:
        self._link = link
        self._patience = patience
        self._failed = 0
        self._until = time.monotonic() + patience.total + nbytes / patience.slowest

    @property
    def left(self) -> float:
        """Seconds that are left.

        Raises
        ------
        LinkError
            When none are.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise web_errors.silence(self._link)
        return left

    def wait(self, trouble: Trouble) -> None:
        """Wait until the next attempt.

        Raises
        ------
        LinkError
            When there is none.
        """
        self._failed += 1
        # A random part keeps those whose server went away from all coming back at once.
        pause = self._patience.pause * 2 ** (self._failed - 1) * random.uniform(0.5, 1.5)
        if self._failed >= trouble.attempts:
            raise trouble.error from None
        self.sleep(max(pause, trouble.pause or 0), trouble.error)

    def sleep(self, seconds: float, error: LinkError) -> None:
        """Wait for a while, or raise the error if there is not as much time."""
        if time.monotonic() + seconds > self._until:
            raise error from None
        time.sleep(seconds)


class Line:
    """Asks what a link leads to. From any thread.

    Redirects are followed once; where they led is remembered, until that is refused: links that
    are made for a minute are what large archives redirect to. Where a server asks to wait, no other
    request goes out meanwhile.
    """

    def __init__(self, link: Link, patience: Patience) -> None:
        self.link = link
        self.patience = patience
        parts = urlsplit(link.url)
        user, _, where = parts.netloc.rpartition("@")
        self._start = urlunsplit(parts._replace(netloc=where))
        self._login = {"Authorization": basic_authorization(user)} if user else {}
        self._target: str | None = None
        self._told_to_wait: tuple[float, LinkError] | None = None

    def attempts(self, nbytes: int) -> Attempts:
        """Return how long a number of bytes is tried for."""
        return Attempts(self.link, nbytes, self.patience)

    @contextmanager
    def answer(
        self, headers: Mapping[str, str], attempts: Attempts
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Ask once, and give the answer, which is a part, the whole, or neither (304, 416).

        Raises
        ------
        Trouble
            When another attempt may do better.
        LinkError
            For every other answer.
        """
        self._wait_as_told(attempts)
        response = self._follow(headers, attempts)
        try:
            if response.status not in _ANSWERS:
                self._refuse(response)
            self._refuse_pages(response)
            yield response
        finally:
            # What was read to its end is back among the kept connections by now.
            response.close()
            response.release_conn()

    def pieces(
        self, response: urllib3.BaseHTTPResponse, most: int, attempts: Attempts | None = None
    ) -> Iterator[bytes]:
        """Yield the content of an answer as it comes, ``most`` bytes of it and no more.

        Raises
        ------
        Trouble
            When the connection breaks off, or the content ends before it should.
        """
        while most > 0:
            if attempts is not None:
                _ = attempts.left
            with failures(self._start, self.link):
                piece = response.read1(min(most, PIECE))
            if not piece:
                return
            most -= len(piece)
            yield piece

    def _follow(self, headers: Mapping[str, str], attempts: Attempts) -> urllib3.BaseHTTPResponse:
        remembered = self._target
        url = remembered or self._start
        for _ in range(MAX_REDIRECTS + 1):
            response = self._ask(url, headers, attempts)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None:
                break
            discard(response)
            url = self._next(url, location)
        else:
            raise web_errors.too_many_redirects(self.link, MAX_REDIRECTS)
        if response.status in _ANSWERS:
            self._target = None if url == self._start else url
        elif remembered is not None and 400 <= response.status < 500:
            discard(response)
            self._target = None
            return self._follow(headers, attempts)
        return response

    def _ask(
        self, url: str, headers: Mapping[str, str], attempts: Attempts
    ) -> urllib3.BaseHTTPResponse:
        left = attempts.left
        login = self._login if _may_know(url, self._start) else {}
        return ask(
            url,
            {**headers, **login},
            link=self.link,
            connect=min(self.patience.connect, left),
            silence=min(self.patience.silence, left),
        )

    def _next(self, url: str, location: str) -> str:
        """Return where a redirect leads, as it is asked for (RFC 9110, section 10.2.2)."""
        try:
            # http.client reads headers as Latin-1; those beyond ASCII are UTF-8 where they occur.
            named = location.encode("latin-1").decode("utf-8", "replace")
            target = Link.of_redirect(urljoin(url, named))
        except (LinkError, ValueError):
            raise web_errors.bad_redirect(self.link) from None
        if url.startswith("https:") and target.scheme == "http":
            raise web_errors.insecure_redirect(self.link, target.host)
        parts = urlsplit(target.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def _wait_as_told(self, attempts: Attempts) -> None:
        if self._told_to_wait is not None:
            until, error = self._told_to_wait
            left = until - time.monotonic()
            if left > 0:
                attempts.sleep(left, error)

    def _refuse(self, response: urllib3.BaseHTTPResponse) -> NoReturn:
        told = response.headers.get("Retry-After")
        error = web_errors.of_status(response.status, self.link, told)
        discard(response)
        if isinstance(error, Trouble) and error.pause:
            self._told_to_wait = time.monotonic() + min(error.pause, _LONGEST_QUIET), error.error
        raise error

    def _refuse_pages(self, response: urllib3.BaseHTTPResponse) -> None:
        if response.status not in (200, 206):
            return
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            host = urlsplit(self._target or self._start).hostname or ""
            discard(response)
            raise web_errors.web_page(self.link, host)
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise web_errors.compressed(self.link, coding)


def _may_know(url: str, start: str) -> bool:
    """Whether a password for one link may be told to another: to the same server alone.

    A link to it that is encrypted, as the one it was given for is not, is one, too.
    """
    there, here = urlsplit(url), urlsplit(start)
    if there.hostname != here.hostname:
        return False
    ways = [(parts.scheme, parts.port or _PORTS[parts.scheme]) for parts in (here, there)]
    return ways[0] == ways[1] or ways == [("http", 80), ("https", 443)]
