"""A file on a web server: few requests, each answer right or an error in plain words."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import trustme

import web_faults as faults
from napari_ome_zip.errors import ChangedFileError, LinkError, NoRangesError
from napari_ome_zip.files import Link
from napari_ome_zip.files.remote_object import Validator
from napari_ome_zip.files.web import connections as web_connections
from napari_ome_zip.files.web.line import Patience
from napari_ome_zip.files.web.web_object import WebObject
from range_server import Answer, Fault, RangeServer, Request

CONTENT = bytes(range(256)) * 400
OTHER = CONTENT[::-1]
HEAD, TAIL = 1000, 2000
SOON = Patience(pause=0.001)
"""Between attempts; how long answers may take is not what is tested."""


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer({"a.ozx": CONTENT, "empty.ozx": b"", "tiny.ozx": CONTENT[:50]}) as server:
        yield server


def object_at(server: RangeServer, name: str = "a.ozx") -> WebObject:
    return WebObject(Link(server.url(name)), SOON)


def read(file: WebObject, start: int, stop: int) -> bytes:
    got: list[bytes] = []
    file.fetch(start, stop, got.append)
    return b"".join(got)


def opened(server: RangeServer, name: str = "a.ozx") -> WebObject:
    file = object_at(server, name)
    file.open(head=HEAD, tail=TAIL)
    server.forget()
    return file


def ranges(server: RangeServer) -> list[str]:
    return sorted(request.headers["Range"] for request in server.requests)


# Opening


def test_size_version_and_both_ends_come_in_one_round_trip(server: RangeServer) -> None:
    both_came = threading.Barrier(2)

    def fault(request: Request, answer: Answer) -> Answer:
        both_came.wait(60)  # neither is answered before the other one was asked
        return answer

    server.fault = fault
    found = object_at(server).open(head=HEAD, tail=TAIL)
    assert found.size == len(CONTENT)
    assert (found.head, found.tail) == (CONTENT[:HEAD], CONTENT[-TAIL:])
    assert found.validator == Validator(len(CONTENT), server.etag("a.ozx"))
    assert not found.is_unchanged
    assert ranges(server) == ["bytes=-2000", "bytes=0-999"]


def test_a_known_version_takes_one_request_without_content(server: RangeServer) -> None:
    known = object_at(server).open(head=HEAD, tail=TAIL).validator
    server.forget()
    file = object_at(server)
    opening = file.open(head=HEAD, tail=TAIL, known=known)
    assert opening.is_unchanged
    assert opening.validator == known
    assert [request.status for request in server.requests] == [304]
    assert read(file, 5, 10) == CONTENT[5:10]


@pytest.mark.parametrize("another", [OTHER, OTHER[:70_000], b"new", b""])
def test_another_version_is_opened_afresh(server: RangeServer, another: bytes) -> None:
    known = object_at(server).open(head=HEAD, tail=TAIL).validator
    server.files["a.ozx"] = another
    opening = object_at(server).open(head=HEAD, tail=TAIL, known=known)
    assert not opening.is_unchanged
    assert opening.size == len(another)
    assert (opening.head, opening.tail) == (another[:HEAD], another[-TAIL:])


def test_dates_are_compared_and_not_asked_about(server: RangeServer) -> None:
    server.fault = faults.both(
        faults.header("ETag", None), faults.header("Last-Modified", "Mon, 02 Nov 2026 08:00:00 GMT")
    )
    known = object_at(server).open(head=HEAD, tail=TAIL).validator
    assert known.modified
    assert known.is_lasting
    server.forget()
    assert object_at(server).open(head=HEAD, tail=TAIL, known=known).is_unchanged
    assert len(server.requests) == 1
    # An older file in its place: a server that takes the date as a limit would call it unchanged.
    server.files["a.ozx"] = OTHER
    server.fault = faults.both(
        faults.header("ETag", None), faults.header("Last-Modified", "Sun, 01 Nov 2026 08:00:00 GMT")
    )
    opening = object_at(server).open(head=HEAD, tail=TAIL, known=known)
    assert not opening.is_unchanged
    assert opening.head == OTHER[:HEAD]


def test_without_tag_and_date_only_the_size_is_known(server: RangeServer) -> None:
    server.fault = faults.header("ETag", None)
    file = opened(server)
    assert not object_at(server).open(head=1, tail=1).validator.is_lasting
    server.files["a.ozx"] = CONTENT + b"1"
    with pytest.raises(ChangedFileError):
        read(file, 0, 10)


@pytest.mark.parametrize(("name", "content"), [("empty.ozx", b""), ("tiny.ozx", CONTENT[:50])])
def test_small_files_come_as_they_are(server: RangeServer, name: str, content: bytes) -> None:
    for fault in (None, faults.whole(content), faults.both(faults.whole(content), faults.chunked)):
        server.fault = fault
        file = object_at(server, name)
        opening = file.open(head=HEAD, tail=TAIL)
        assert (opening.size, opening.head, opening.tail) == (len(content), content, content)
        if content:
            assert read(file, 10, 20) == content[10:20]


@pytest.mark.parametrize(
    "refusal",
    [
        faults.status(400),
        faults.status(416, Content_Range=f"bytes */{len(CONTENT)}"),
        faults.status(501),
        faults.status(405),
        faults.whole(CONTENT),
        # Taken for the first bytes.
        lambda request, answer: Answer(
            206,
            CONTENT[: TAIL + 1],
            {**answer.headers, "Content-Range": f"bytes 0-{TAIL}/{len(CONTENT)}"},
        ),
    ],
)
def test_servers_that_refuse_ranges_from_the_end_are_asked_by_position(
    server: RangeServer, refusal: Fault
) -> None:
    server.fault = faults.suffixes(refusal)
    opening = object_at(server).open(head=HEAD, tail=TAIL)
    assert opening.size == len(CONTENT)
    assert (opening.head, opening.tail) == (CONTENT[:HEAD], CONTENT[-TAIL:])
    assert len(server.requests) == 3
    assert {request.method for request in server.requests} == {"GET"}


def test_an_unknown_size_follows_from_the_last_byte(server: RangeServer) -> None:
    def unsaid(request: Request, answer: Answer) -> Answer:
        said = answer.headers.get("Content-Range", "").partition("/")[0]
        return faults.header("Content-Range", f"{said}/*")(request, answer)

    file = opened(server)
    server.fault = unsaid
    assert read(file, 100, 300) == CONTENT[100:300]


def test_progress_is_heard_and_what_it_raises_ends_the_request(server: RangeServer) -> None:
    heard: list[int] = []
    object_at(server).open(head=HEAD, tail=TAIL, heard=heard.append)
    assert sum(heard) == HEAD + TAIL

    class Enough(Exception):
        pass

    def stop(count: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        object_at(server).open(head=HEAD, tail=TAIL, heard=stop)


# Ranges


def test_ranges_are_right_from_many_threads(server: RangeServer) -> None:
    file = opened(server)
    with ThreadPoolExecutor(8) as pool:
        for start, data in zip(
            range(0, 90_000, 1500),
            pool.map(lambda start: read(file, start, start + 1400), range(0, 90_000, 1500)),
            strict=True,
        ):
            assert data == CONTENT[start : start + 1400]
    assert all(request.headers["Accept-Encoding"] == "identity" for request in server.requests)


def test_connections_are_kept(server: RangeServer) -> None:
    file = opened(server)
    before = len(server._http._connections)
    for start in range(10):
        read(file, start, start + 5)
    assert len(server._http._connections) == before


@pytest.mark.parametrize("status_of_the_wait", [429, 500, 502, 503, 504])
def test_servers_in_trouble_are_asked_again(server: RangeServer, status_of_the_wait: int) -> None:
    file = opened(server)
    server.fault = faults.first(2, faults.status(status_of_the_wait, Retry_After="0"))
    assert read(file, 5, 500) == CONTENT[5:500]
    assert len(server.requests) == 3


def test_a_server_that_stays_in_trouble_is_left_alone(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.status(503)
    with pytest.raises(LinkError, match=r"its own \(503 Service Unavail") as raised:
        read(file, 0, 5)
    assert raised.value.code == "link-server-error"
    assert len(server.requests) == 5


def test_a_server_that_wants_more_time_than_there_is_says_so_at_once(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.status(429, Retry_After="3600")
    with pytest.raises(LinkError, match="too many requests"):
        read(file, 0, 5)
    assert len(server.requests) == 1
    with pytest.raises(LinkError, match="too many requests"):
        read(file, 0, 5)  # nor is it asked for anything else meanwhile
    assert len(server.requests) == 1


def test_a_server_that_wants_a_little_time_gets_it(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.first(1, faults.status(429, Retry_After="1"))
    with ThreadPoolExecutor(4) as pool:
        for data in pool.map(lambda start: read(file, start, start + 5), range(4)):
            assert data in CONTENT
    assert read(file, 5, 10) == CONTENT[5:10]


def test_a_dropped_connection_is_made_again(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.first(2, faults.dropped)
    assert read(file, 5, 500) == CONTENT[5:500]
    server.fault = faults.dropped
    with pytest.raises(LinkError, match="broke off again and again") as raised:
        read(file, 5, 500)
    assert raised.value.code == "link-broken-off"


def test_what_broke_off_goes_on_where_it_did(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.first(2, faults.short(300))
    got: list[bytes] = []
    file.fetch(1000, 2000, got.append)
    assert b"".join(got) == CONTENT[1000:2000]
    assert ranges(server) == ["bytes=1000-1999", "bytes=1300-1999", "bytes=1600-1999"]


def test_the_end_goes_on_where_it_broke_off(server: RangeServer) -> None:
    server.fault = faults.suffixes(faults.first(1, faults.short(300)))
    assert object_at(server).open(head=HEAD, tail=TAIL).tail == CONTENT[-TAIL:]
    assert f"bytes={len(CONTENT) - TAIL + 300}-{len(CONTENT) - 1}" in ranges(server)


def test_servers_may_send_less_than_was_asked_for(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.less(100)
    assert read(file, 0, 1050) == CONTENT[:1050]
    assert len(server.requests) == 11


def test_content_of_unsaid_length(server: RangeServer) -> None:
    server.fault = faults.chunked
    file = opened(server)
    assert read(file, 7, 5000) == CONTENT[7:5000]


@pytest.mark.parametrize(
    "said",
    [
        "bytes 1-400/102400",
        "bytes 0-399/102400",
        "bytes 10-409/102400",
        "bytes 5-404/102",
        "bytes 404-5/102400",
        "bytes -5-404/102400",
        "bytes 5-99999999999999999999999/99999999999999999999999",
        "items 5-404/102400",
        "bytes */102400",
        "",
        None,
    ],
)
def test_other_bytes_than_were_asked_for_are_refused(server: RangeServer, said: str | None) -> None:
    file = opened(server)
    server.fault = faults.header("Content-Range", said)
    got: list[bytes] = []
    with pytest.raises(LinkError, match=r"another part|replaced") as raised:
        file.fetch(5, 405, got.append)
    assert raised.value.code in ("link-wrong-range", "link-changed")
    assert not got


def test_answers_are_no_longer_than_what_they_say(server: RangeServer) -> None:
    file = opened(server)

    def longer(request: Request, answer: Answer) -> Answer:
        return Answer(206, CONTENT, answer.headers)

    server.fault = longer
    with pytest.raises(LinkError, match="another part"):
        read(file, 5, 405)
    server.fault = faults.both(longer, faults.chunked)
    assert read(file, 5, 405) == CONTENT[:400]  # as it says; the rest is not read


def test_a_server_without_ranges(server: RangeServer) -> None:
    server.fault = faults.whole(CONTENT)
    with pytest.raises(NoRangesError, match=r"only all 100 KiB of it: .*Download") as raised:
        object_at(server).open(head=HEAD, tail=TAIL)
    assert raised.value.size == len(CONTENT)
    assert raised.value.code == "link-no-ranges"


def test_a_server_without_ranges_that_does_not_say_the_size(server: RangeServer) -> None:
    server.fault = faults.both(faults.whole(CONTENT), faults.chunked)
    with pytest.raises(NoRangesError) as raised:
        object_at(server).open(head=HEAD, tail=TAIL)
    assert raised.value.size is None


def test_a_server_that_stops_sending_ranges(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.whole(CONTENT, ETag=server.etag("a.ozx"))
    with pytest.raises(NoRangesError):
        read(file, 5, 405)
    assert read(file, 0, len(CONTENT)) == CONTENT


def test_all_of_a_file_comes_in_pieces(server: RangeServer) -> None:
    size, pieces = object_at(server).whole()
    assert size == len(CONTENT)
    assert b"".join(pieces) == CONTENT
    assert "Range" not in server.requests[0].headers
    server.fault = faults.chunked
    size, pieces = object_at(server).whole()
    assert size is None
    assert b"".join(pieces) == CONTENT
    server.fault = faults.first(1, faults.dropped)
    assert b"".join(object_at(server).whole()[1]) == CONTENT
    server.fault = faults.short(500)
    with pytest.raises(LinkError, match="broke off"):
        b"".join(object_at(server).whole()[1])
    server.fault = faults.status(404)
    with pytest.raises(LinkError, match="no such file"):
        object_at(server).whole()


# Versions


@pytest.mark.parametrize("another", [OTHER, CONTENT + b"1", CONTENT[:-1], CONTENT[:10]])
def test_nothing_of_another_version_is_handed_over(server: RangeServer, another: bytes) -> None:
    file = opened(server)
    server.files["a.ozx"] = another
    got: list[bytes] = []
    with pytest.raises(ChangedFileError, match="replaced") as raised:
        file.fetch(5000, 6000, got.append)
    assert raised.value.code == "link-changed"
    assert not got


def test_a_file_replaced_while_an_answer_broke_off(server: RangeServer) -> None:
    file = opened(server)

    def replaced(request: Request, answer: Answer) -> Answer:
        server.files["a.ozx"] = OTHER
        return faults.short(300)(request, answer)

    server.fault = faults.first(1, replaced)
    got: list[bytes] = []
    with pytest.raises(ChangedFileError):
        file.fetch(1000, 2000, got.append)
    assert b"".join(got) == CONTENT[1000:1300]


def test_weak_tags_are_compared(server: RangeServer) -> None:
    server.fault = faults.header("ETag", 'W/"1"')
    file = opened(server)
    assert read(file, 5, 10) == CONTENT[5:10]
    server.fault = faults.header("ETag", 'W/"2"')
    with pytest.raises(ChangedFileError):
        read(file, 5, 10)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Validator(5, '"a"'), Validator(5, '"a"'), True),
        (Validator(5, '"a"'), Validator(6, '"a"'), False),
        (Validator(5, '"a"'), Validator(5, '"b"'), False),
        (Validator(5, '"a"', "Monday"), Validator(5, '"a"', "Tuesday"), True),
        (Validator(5, 'W/"a"', "Monday"), Validator(5, 'W/"a"', "Tuesday"), False),
        (Validator(5, 'W/"a"'), Validator(5, '"a"'), True),
        (Validator(5, "", "Monday"), Validator(5, "", "Tuesday"), False),
        (Validator(5, '"a"', "Monday"), Validator(5, "", "Monday"), True),
        (Validator(5, '"a"', "Monday"), Validator(5, "", "Tuesday"), False),
        (Validator(5), Validator(5), True),
        # What is said once, and not again.
        (Validator(5, '"a"'), Validator(5), False),
        (Validator(5, '"a"'), Validator(5, "", "Monday"), False),
        (Validator(5, "", "Monday"), Validator(5), False),
        (Validator(5, 'W/"a"', "Monday"), Validator(5, 'W/"a"'), True),
    ],
)
def test_which_versions_are_the_same(one: Validator, other: Validator, same: bool) -> None:
    assert one.is_same_version(other) is same
    assert other.is_same_version(one) is same


def test_an_answer_that_does_not_say_its_version_is_not_taken(server: RangeServer) -> None:
    file = opened(server)
    server.fault = faults.header("ETag", None)
    with pytest.raises(ChangedFileError):
        read(file, 5, 10)


# Redirects


def test_a_redirect_is_followed_once(server: RangeServer) -> None:
    start = "/start"

    def fault(request: Request, answer: Answer) -> Answer:
        return faults.redirect("a.ozx")(request, answer) if request.target == start else answer

    server.fault = fault
    file = object_at(server, "start")
    file.open(head=HEAD, tail=TAIL)
    server.forget()
    assert read(file, 5, 10) == CONTENT[5:10]
    assert [request.target for request in server.requests] == ["/a.ozx"]


def test_a_redirect_without_a_body_is_followed(server: RangeServer) -> None:
    def fault(request: Request, answer: Answer) -> Answer:
        if request.target == "/start":
            return Answer(302, b"", {"Location": "/a.ozx"})
        return answer

    server.fault = fault
    file = object_at(server, "start")
    assert file.open(head=HEAD, tail=TAIL).size == len(CONTENT)
    assert read(file, 5, 10) == CONTENT[5:10]
    assert len(server.requests) == 5  # first contact is two, each led on once


def test_what_a_redirect_holds_is_asked_for_as_it_is(server: RangeServer) -> None:
    asked = "/a.ozx?next=%7Czip:&sign=%7Cb:c"

    def fault(request: Request, answer: Answer) -> Answer:
        return faults.redirect(asked)(request, answer) if request.target == "/start" else answer

    server.fault = fault
    file = object_at(server, "start")
    file.open(head=HEAD, tail=TAIL)
    server.forget()
    assert read(file, 5, 10) == CONTENT[5:10]
    assert [request.target for request in server.requests] == [asked]


def test_a_redirect_that_has_expired_is_asked_for_again(server: RangeServer) -> None:
    made: list[str] = []

    def fault(request: Request, answer: Answer) -> Answer:
        if request.target == "/start":
            made.append(f"/a.ozx?ticket={len(made)}")
            return faults.redirect(made[-1])(request, answer)
        return answer if request.target in made else faults.status(403)(request, answer)

    server.fault = fault
    file = object_at(server, "start")
    file.open(head=HEAD, tail=TAIL)
    made.clear()
    server.forget()
    assert read(file, 5, 10) == CONTENT[5:10]
    assert [request.status for request in server.requests] == [403, 302, 206]
    server.fault = lambda request, answer: faults.status(403)(request, answer)
    with pytest.raises(LinkError, match="403"):
        read(file, 5, 10)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_five_redirects_are_followed_and_no_more(server: RangeServer, code: int) -> None:
    def fault(request: Request, answer: Answer) -> Answer:
        left = (
            int(request.target.removeprefix("/a.ozx/") or 0) if "/a.ozx/" in request.target else 0
        )
        if request.target == "/a.ozx":
            return answer
        to = f"/a.ozx/{left - 1}" if left > 1 else "/a.ozx"
        return faults.redirect(to, code)(request, answer)

    server.fault = fault
    assert object_at(server, "a.ozx/5").open(head=HEAD, tail=TAIL).head == CONTENT[:HEAD]
    with pytest.raises(LinkError, match="more than 5 times") as raised:
        object_at(server, "a.ozx/6").open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-redirects"


def test_a_redirect_to_itself_ends(server: RangeServer) -> None:
    server.fault = faults.redirect("/a.ozx")
    with pytest.raises(LinkError, match="more than 5 times"):
        object_at(server).open(head=HEAD, tail=TAIL)
    assert len(server.requests) == 12


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/a.ozx", "s3://bucket/a.ozx", "file:///etc/passwd"])
def test_redirects_to_anything_else_are_not_followed(server: RangeServer, to: str) -> None:
    server.fault = faults.redirect(to)
    with pytest.raises(LinkError, match="not a link to a file"):
        object_at(server).open(head=HEAD, tail=TAIL)


# What is no file


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (faults.status(401), "link-needs-login", "wants to know who asks"),
        (faults.status(403), "link-forbidden", "get a new one"),
        (faults.status(404), "link-not-found", "no such file"),
        (faults.status(410), "link-not-found", "no longer"),
        (faults.status(407), "link-proxy", "proxy"),
        (faults.status(418), "link-refused", "418 I'm a Teapot"),
        (faults.status(599), "link-refused", "answers with 599 instead"),
        (faults.status(204), "link-refused", "204 No Content"),
        (faults.status(300), "link-refused", "300"),
        (faults.status(304), "link-refused", "304 Not Modified"),
        (faults.page, "link-web-page", "web page came from 127.0.0.1"),
        (faults.zipped, "link-compressed", r"compressed \(gzip\)"),
    ],
)
def test_every_other_answer_is_a_sentence(
    server: RangeServer, fault: Fault, code: str, says: str
) -> None:
    file = opened(server)
    server.fault = fault
    for ask in (partial(object_at(server).open, head=HEAD, tail=TAIL), partial(read, file, 0, 10)):
        with pytest.raises(LinkError, match=says) as raised:
            ask()
        assert raised.value.code == code
        assert server.url("a.ozx") in str(raised.value) or code == "link-proxy"
    assert len(server.requests) == 3


def test_a_login_page_behind_a_redirect(server: RangeServer) -> None:
    def fault(request: Request, answer: Answer) -> Answer:
        if request.target == "/login":
            return faults.page(request, answer)
        return faults.redirect("/login")(request, answer)

    server.fault = fault
    with pytest.raises(LinkError, match="web page"):
        object_at(server).open(head=HEAD, tail=TAIL)


def test_a_server_that_says_nothing(server: RangeServer) -> None:
    server.hold()
    patience = Patience(silence=0.1, total=0.3, pause=0.001)
    with pytest.raises(LinkError) as raised:
        WebObject(Link(server.url("a.ozx")), patience).open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-timeout"


def test_no_server_is_there(server: RangeServer) -> None:
    with RangeServer({}) as gone:
        link = Link(gone.url("a.ozx"))
    with pytest.raises(LinkError, match=r"127\.0\.0\.1 takes no connections") as raised:
        WebObject(link, SOON).open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-no-connection"


def test_no_such_host() -> None:
    link = Link("https://nowhere.invalid/a.ozx")
    with pytest.raises(LinkError, match=r"nowhere\.invalid") as raised:
        WebObject(link, SOON).open(head=HEAD, tail=TAIL)
    assert raised.value.code in ("link-no-host", "link-offline")


# Encryption


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """An authority that this computer trusts."""
    made = trustme.CA()
    context = ssl.create_default_context()
    made.configure_trust(context)
    monkeypatch.setattr(web_connections, "_tls_context", lambda: context)
    monkeypatch.setattr(web_connections, "_pools", {})
    return made


def tls_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_encrypted_links(authority: trustme.CA) -> None:
    with RangeServer({"a.ozx": CONTENT}, tls=tls_of(authority, "127.0.0.1")) as server:
        file = opened(server)
        assert read(file, 5, 500) == CONTENT[5:500]


@pytest.mark.parametrize("name", ["127.0.0.1", "other.example"])
def test_certificates_are_checked(authority: trustme.CA, name: str) -> None:
    stranger = trustme.CA() if name == "127.0.0.1" else authority
    with (
        RangeServer({"a.ozx": CONTENT}, tls=tls_of(stranger, name)) as server,
        pytest.raises(LinkError, match=r"certificate of 127\.0\.0\.1") as raised,
    ):
        object_at(server).open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-certificate"
    assert not server.requests


def test_encryption_is_not_given_up(authority: trustme.CA, server: RangeServer) -> None:
    fault = faults.redirect(server.url("a.ozx"))
    tls = tls_of(authority, "127.0.0.1")
    with (
        RangeServer({"a.ozx": CONTENT}, tls=tls, fault=fault) as secure,
        pytest.raises(LinkError, match=r"without encryption at 127\.0\.0\.1") as raised,
    ):
        object_at(secure).open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-not-secure"
    assert not server.requests


def test_a_server_that_is_not_encrypted(authority: trustme.CA, server: RangeServer) -> None:
    link = Link(server.url("a.ozx").replace("http:", "https:"))
    with pytest.raises(LinkError, match="No secure connection") as raised:
        WebObject(link, SOON).open(head=HEAD, tail=TAIL)
    assert raised.value.code == "link-not-secure"


# Proxies


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.setattr(web_connections, "_pools", {})
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)

    def use(proxy: str) -> None:
        monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": proxy})

    return use


def test_proxies_of_the_system_are_used(
    server: RangeServer, proxied: Callable[[str], None]
) -> None:
    server.fault = lambda request, answer: (
        answer
        if request.target == "/a.ozx"
        else Answer(206, b"a", {"Content-Range": "bytes 0-0/1"})
    )
    proxied(f"http://user:p%40ss@127.0.0.1:{server.port}")
    file = WebObject(Link("http://images.example/b.ozx"), SOON)
    assert file.open(head=1, tail=1).size == 1
    assert server.requests[0].target == "http://images.example/b.ozx"
    assert server.requests[0].headers["Proxy-Authorization"] == "Basic dXNlcjpwQHNz"
    # What lies on this computer needs none.
    server.forget()
    assert object_at(server).open(head=1, tail=1).size == len(CONTENT)
    assert {request.target for request in server.requests} == {"/a.ozx"}


class Tunnel(BaseHTTPRequestHandler):
    """A proxy that leads every connection to the server of a test."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    port: ClassVar[int]

    def do_CONNECT(self) -> None:
        self.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=self._pass, args=(there, self.connection))
            back.start()
            self._pass(self.connection, there)
            back.join()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: object) -> None:  # type: ignore[override]
        """Not to the terminal."""


def test_encrypted_links_through_a_proxy(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)
    monkeypatch.setattr(Tunnel, "asked", [])
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Tunnel)
    runs = threading.Thread(target=proxy.serve_forever, args=(0.01,))
    runs.start()
    address = f"user:secret@127.0.0.1:{proxy.server_port}"  # as it stands without http://, too
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": address})
    try:
        with RangeServer({"a.ozx": CONTENT}, tls=tls_of(authority, "images.example")) as server:
            monkeypatch.setattr(Tunnel, "port", server.port, raising=False)
            file = WebObject(Link("https://images.example/a.ozx"), SOON)
            assert file.open(head=HEAD, tail=TAIL).head == CONTENT[:HEAD]
            assert read(file, 5, 500) == CONTENT[5:500]
    finally:
        proxy.shutdown()
        proxy.server_close()
        runs.join()
    assert set(Tunnel.asked) == {("images.example:443", "Basic dXNlcjpzZWNyZXQ=")}
    assert all("Proxy-Authorization" not in request.headers for request in server.requests)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks9://127.0.0.1:1"])
def test_a_proxy_that_is_not_there(proxied: Callable[[str], None], proxy: str) -> None:
    proxied(proxy)
    with pytest.raises(LinkError, match="proxy") as raised:
        WebObject(Link("http://images.example/b.ozx"), SOON).open(head=1, tail=1)
    assert raised.value.code == "link-proxy"
