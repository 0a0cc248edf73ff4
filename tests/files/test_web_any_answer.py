"""Whatever comes back, there are as many bytes as were asked for, or a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files import Link
from napari_ome_zip.files.remote_object import Validator
from napari_ome_zip.files.web.line import Patience
from napari_ome_zip.files.web.web_object import WebObject
from range_server import Answer, RangeServer, Request

CONTENT = bytes(range(256)) * 4
SOON = Patience(pause=0.001, silence=5, total=5)

_NUMBER = st.one_of(st.integers(-1, 1100), st.sampled_from([2**31, 2**63, 10**30]))
_RANGES = st.one_of(
    st.builds("bytes {}-{}/{}".format, _NUMBER, _NUMBER, st.one_of(_NUMBER, st.just("*"))),
    st.builds("bytes */{}".format, _NUMBER),
    st.text("bytes 0123456789-/*,", max_size=20),
)
_OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Range": _RANGES,
        "Content-Length": st.one_of(_NUMBER.map(str), st.just("many")),
        "ETag": st.sampled_from(['"1"', 'W/"1"', '"2"', "", "W/"]),
        "Last-Modified": st.sampled_from(["Mon, 02 Nov 2026 08:00:00 GMT", "yesterday"]),
        "Content-Encoding": st.sampled_from(["identity", "gzip", "br", ""]),
        "Content-Type": st.sampled_from(["text/html", "multipart/byteranges", "a", ""]),
        "Location": st.sampled_from(["/a.ozx", "//", "http://", "?", "ftp://x/y", "\xff"]),
        "Retry-After": st.sampled_from(["0", "100", "-1", "soon", "Mon, 02 Nov 2026 08:00:00"]),
        "Transfer-Encoding": st.sampled_from(["chunked", "gzip"]),
    },
)
_ANSWERS = st.builds(
    Answer,
    status=st.sampled_from([200, 204, 206, 302, 304, 307, 401, 403, 404, 416, 429, 503, 999]),
    content=st.binary(max_size=1100),
    headers=_OTHERS,
    sends=st.just(2000),  # all, and the connection is closed
    is_dropped=st.sampled_from([False, False, False, True]),
)


@pytest.fixture(scope="module")
def server() -> Iterator[RangeServer]:
    with RangeServer({"a.ozx": CONTENT}) as server:
        yield server


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ANSWERS, min_size=1, max_size=3), st.sampled_from(["open", "known", "fetch"]))
def test_any_answer(server: RangeServer, answers: list[Answer], way: str) -> None:
    def fault(request: Request, answer: Answer) -> Answer:
        return answers[len(server.requests) % len(answers)]

    server.fault = None
    server.forget()
    file = WebObject(Link(server.url("a.ozx")), SOON)
    known = file.open(head=10, tail=10).validator
    server.fault = fault
    got: list[bytes] = []
    try:
        if way == "fetch":
            file.fetch(5, 305, got.append)
            assert sum(map(len, got)) == 300
            return
        opening = file.open(head=100, tail=200, known=known if way == "known" else None)
    except LinkError:
        assert len(server.requests) < 100
        return
    assert isinstance(opening.validator, Validator)
    assert opening.is_unchanged or len(opening.head) == min(100, opening.size)
    assert opening.is_unchanged or len(opening.tail) == min(200, opening.size)
