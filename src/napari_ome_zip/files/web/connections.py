"""Connections to web servers, by urllib3.

Of what asks web servers in Python, urllib3 is there with napari. With 16 ranges at 30 ms each it is
as fast as ``http.client`` in threads (39 and 35 ms; fsspec 36, httpx 45), is imported in less time
than fsspec, and has what would have to be written otherwise: connections that are kept and shared
between threads, proxies with tunnels, certificates and the names in them, time limits. What it does
of its own accord is switched off. It follows no redirect and repeats no request: who is told a
password, and how long all of it may take, is decided in `napari_ome_zip.files.web.line`.
"""

from __future__ import annotations

import base64
import ipaddress
import logging
import os
import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from urllib.parse import unquote, urlsplit

import urllib3
import urllib3.exceptions

from napari_ome_zip.files.links import Link
from napari_ome_zip.files.web import errors as web_errors

CONNECTIONS = 20
"""Maximum number of connections to one server that are kept."""

_AGENT = "napari-ome-zip"
_SMALL = 1 << 16

_pools: dict[tuple[str, str], urllib3.PoolManager] = {}
_lock = threading.Lock()
_inherited: list[object] = []
_asking = threading.local()


def ask(
    url: str, headers: Mapping[str, str], *, link: Link, connect: float, silence: float
) -> urllib3.BaseHTTPResponse:
    """Send one request, and return the answer before its content is read.

    Parameters
    ----------
    url : str
        Where to; without name and password.
    headers : mapping of str to str
        In addition to those of every request.
    link : Link
        What is spoken of in messages.
    connect, silence : float
        Seconds to wait for a connection, and for each piece of an answer.

    Raises
    ------
    Trouble
        When no answer came.
    """
    with _unlogged_queries(), failures(url, link):
        return _pool(url).request(
            "GET",
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": _AGENT, **headers},
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=connect, read=silence),
        )


@contextmanager
def failures(url: str, link: Link) -> Iterator[None]:
    """Turn what goes wrong with a connection into `Trouble`, without the link in its cause."""
    try:
        yield
    except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
        raise web_errors.of_connection(error, urlsplit(url).hostname or "", link) from None


def discard(response: urllib3.BaseHTTPResponse) -> None:
    """Let go of an answer: its connection is kept where little is left to read of it."""
    left = response.length_remaining
    try:
        if left is not None and left <= _SMALL:
            response.read(left + 1)  # so that it ends also where nothing is left
        else:
            response.close()
    except (urllib3.exceptions.HTTPError, OSError):
        response.close()
    response.release_conn()


def basic_authorization(userinfo: str) -> str:
    """Return the header for a name and a password as they stand in a link (RFC 7617)."""
    user, _, password = userinfo.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def forget_connections() -> None:
    """Begin anew, as a forked process has to: its connections are those of another one."""
    global _lock
    # Closing them would take locks that nobody may be left to release.
    _inherited.append(dict(_pools))
    _pools.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_connections)


def _pool(url: str) -> urllib3.PoolManager:
    parts = urlsplit(url)
    proxy = _proxy(parts.scheme, parts.hostname or "", parts.netloc)
    with _lock:
        pool = _pools.get((parts.scheme, proxy))
        if pool is None:
            pool = _pools[parts.scheme, proxy] = _new_pool(parts.scheme, proxy)
        return pool


def _new_pool(scheme: str, proxy: str) -> urllib3.PoolManager:
    context = _tls_context() if "https" in (scheme, urlsplit(proxy).scheme) else None
    if not proxy:
        return urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=context)
    parts = urlsplit(proxy)
    user, _, where = parts.netloc.rpartition("@")
    headers = {"Proxy-Authorization": basic_authorization(user)} if user else None
    return urllib3.ProxyManager(
        f"{parts.scheme}://{where}",
        maxsize=CONNECTIONS,
        proxy_headers=headers,
        ssl_context=context,
        proxy_ssl_context=context,
    )


def _proxy(scheme: str, host: str, netloc: str) -> str:
    """Return the proxy that this computer is set to use, empty for none."""
    proxies = urllib.request.getproxies()
    found = proxies.get(scheme) or proxies.get("all", "")
    if not found or _is_this_computer(host) or urllib.request.proxy_bypass(netloc):
        return ""
    return found if "://" in found else f"http://{found}"


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _tls_context() -> ssl.SSLContext:
    """Return how servers are checked: by this computer's certificates.

    Those of Python for macOS from python.org may be missing; certifi, which comes with many
    packages, has the usual ones.
    """
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.capath:
        try:
            import certifi
        except ImportError:
            return context
        context.load_verify_locations(certifi.where())
    return context


@contextmanager
def _unlogged_queries() -> Iterator[None]:
    _asking.now = True
    try:
        yield
    finally:
        _asking.now = False


def _without_query(record: logging.LogRecord) -> bool:
    """Keep secrets out of urllib3's log: of our own requests, it shows no query."""
    if getattr(_asking, "now", False) and isinstance(record.args, tuple):
        record.args = tuple(
            part.partition("?")[0] if isinstance(part, str) else part for part in record.args
        )
    return True


logging.getLogger("urllib3.connectionpool").addFilter(_without_query)
