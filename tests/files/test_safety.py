"""What a server, or a link, must not be able to do."""

from __future__ import annotations

import base64
import logging
import pickle
import traceback
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import web_faults as faults
from napari_ome_zip import open_image, save_image, to_layer_data, validate
from napari_ome_zip.errors import ArchiveError, LinkError
from napari_ome_zip.files import Link
from napari_ome_zip.files.disk_cache import cache_folder
from napari_ome_zip.files.web.line import Patience
from napari_ome_zip.files.web.web_object import WebObject
from range_server import Answer, Fault, RangeServer, Request
from whole_archives import whole_archive

CONTENT = bytes(range(256)) * 400
SOON = Patience(pause=0.001, silence=1, total=2)
SECRETS = ("Pa55word", "S1gnature", "T1cket")
FAULTS = [
    *map(faults.status, (204, 300, 400, 401, 403, 404, 407, 410, 416, 418, 429, 500, 501, 503)),
    faults.whole(CONTENT),
    faults.both(faults.whole(CONTENT), faults.chunked),
    faults.page,
    faults.zipped,
    faults.dropped,
    faults.short(3),
    faults.header("Content-Range", "bytes 5-9/100"),
    faults.redirect("/a.ozx?again=T1cket"),
    faults.redirect("https://other:T1cket@127.0.0.1:1/?T1cket"),
    faults.redirect("http://nowhere.invalid/a?T1cket"),
    faults.redirect("ftp://T1cket.example/?T1cket"),
    faults.redirect("http://[T1cket/?T1cket"),
    faults.redirect("http://127.0.0.1:T1cket/"),
]


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer({"a.ozx": CONTENT}) as server:
        yield server


def secret_link(server: RangeServer, name: str = "a.ozx") -> Link:
    return Link(f"http://me:Pa55word@127.0.0.1:{server.port}/{name}?sig=S1gnature")


def told(error: BaseException) -> str:
    """All that a person, a log or a report could show of an error, and of what led to it."""
    texts = ["".join(traceback.format_exception(error))]
    chain: list[BaseException | None] = [error]
    while chain:
        one = chain.pop()
        if one is not None:
            texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
            chain += [one.__cause__, one.__context__]
    return "\n".join(texts)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_message_holds_a_secret(
    server: RangeServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fault = fault
    file = WebObject(secret_link(server), SOON)
    with pytest.raises(LinkError) as raised:
        file.open(head=1000, tail=1000)
    error = raised.value
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code) == (type(error), str(error), error.code)
    shown = told(error) + caplog.text
    assert not [secret for secret in SECRETS if secret in shown]
    assert str(error).endswith(".")


def test_nothing_that_opens_a_link_shows_a_secret(
    server: RangeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises((ArchiveError, LinkError)) as raised:
        open_image(secret_link(server).url)
    shown = told(raised.value) + caplog.text
    assert not [secret for secret in SECRETS if secret in shown]


def test_other_programs_log_of_their_requests_as_before(
    server: RangeServer, caplog: pytest.LogCaptureFixture
) -> None:
    import urllib3

    caplog.set_level(logging.DEBUG)
    with urllib3.PoolManager() as pool:
        pool.request("GET", server.url("a.ozx") + "?of=others")
    assert "?of=others" in caplog.text


def test_a_password_is_told_to_the_server_it_is_for(server: RangeServer) -> None:
    WebObject(secret_link(server), SOON).open(head=10, tail=10)
    expected = "Basic " + base64.b64encode(b"me:Pa55word").decode()
    assert [request.headers["Authorization"] for request in server.requests] == [expected] * 2
    assert {request.target for request in server.requests} == {"/a.ozx?sig=S1gnature"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_password_is_not_told_to_others(server: RangeServer, host: str) -> None:
    with RangeServer({"a.ozx": CONTENT}) as other:
        # Another name, and another port of the same computer: both may be anybody's.
        server.fault = faults.redirect(f"http://you:known@{host}:{other.port}/a.ozx")
        file = WebObject(secret_link(server), SOON)
        assert file.open(head=10, tail=10).head == CONTENT[:10]
        got: list[bytes] = []
        file.fetch(20, 30, got.append)
        assert other.requests
        for request in other.requests:
            assert "Authorization" not in request.headers
            assert "Referer" not in request.headers
            assert "S1gnature" not in request.target


def test_a_password_is_told_again_on_the_same_server(server: RangeServer) -> None:
    def fault(request: Request, answer: Answer) -> Answer:
        return faults.redirect("/a.ozx")(request, answer) if "start" in request.target else answer

    server.fault = fault
    WebObject(secret_link(server, "start"), SOON).open(head=10, tail=10)
    assert all("Authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize("claimed", [10**15, 10**18])
def test_sizes_that_are_claimed_reserve_no_memory(server: RangeServer, claimed: int) -> None:
    """A petabyte that is not there: what is not sent is not waited for with memory."""

    def fault(request: Request, answer: Answer) -> Answer:
        named = f"bytes 0-999/{claimed}"
        if request.headers["Range"].startswith("bytes=-"):
            named = f"bytes {claimed - 1000}-{claimed - 1}/{claimed}"
        return Answer(206, CONTENT[:1000], {"Content-Range": named})

    server.fault = fault
    file = WebObject(Link(server.url("a.ozx")), SOON)
    assert file.open(head=1000, tail=1000).size == claimed
    server.fault = faults.both(
        faults.status(206, Content_Range=f"bytes 0-{claimed - 1}/{claimed}"), faults.short(1)
    )
    with pytest.raises(LinkError):
        file.fetch(0, claimed, [].append)
    server.fault = fault
    with pytest.raises((ArchiveError, LinkError)):
        open_image(server.url("a.ozx"))


def test_no_more_is_read_than_was_asked_for(server: RangeServer) -> None:
    taken = 0
    endless = b"x" * (8 << 20)

    def heard(count: int) -> None:
        nonlocal taken
        taken += count

    for fault in (
        faults.both(faults.whole(endless), faults.chunked),
        faults.both(faults.suffixes(faults.whole(endless)), faults.chunked),
        lambda request, answer: Answer(206, endless, answer.headers, is_chunked=True),
        lambda request, answer: Answer(206, endless, {**answer.headers, "Content-Length": "10"}),
    ):
        server.fault = fault
        file = WebObject(Link(server.url("a.ozx")), SOON)
        try:
            opening = file.open(head=1000, tail=1000, heard=heard)
        except LinkError:
            continue
        assert len(opening.head) <= 1000
        assert len(opening.tail) <= 1000
    assert taken <= 4 * 2000


def test_several_parts_in_one_answer_are_refused(server: RangeServer) -> None:
    server.fault = faults.both(
        faults.header("Content-Range", None),
        faults.header("Content-Type", "multipart/byteranges; boundary=THIS"),
    )
    with pytest.raises(LinkError, match="another part"):
        WebObject(Link(server.url("a.ozx")), SOON).open(head=1000, tail=1000)


def test_headers_cannot_be_smuggled_into_a_link(server: RangeServer) -> None:
    link = Link(server.url("a.ozx") + "?a=1\r\nX-Other: 1 HTTP/1.1")
    WebObject(link, SOON).open(head=10, tail=10)
    assert all("X-Other" not in request.headers for request in server.requests)


def test_what_is_made_of_a_link_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layers, what is said of the file, the cache, a report, and a saved copy."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("NAPARI_OME_ZIP_LINK_CACHE", str(cache))
    monkeypatch.setattr(cache_folder._state, "limit", 100 << 20)
    truth = whole_archive(tmp_path / "cells.ome.zip")
    content = (tmp_path / "cells.ome.zip").read_bytes()
    with RangeServer({"cells.ome.zip": content}) as server:
        link = secret_link(server, "cells.ome.zip")
        image = open_image(link.url)
        layers = to_layer_data(image)
        for source in image.images[0].sources:
            np.testing.assert_array_equal(source[:], truth.arrays[source.path])
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            save_image(layers, tmp_path / "copy.ome.zip")
        report = validate(link.url)
    shown = [repr(image), repr([keywords for _, keywords, _ in layers]), *map(str, noted)]
    shown += [repr(report), report.to_json(), report.to_text()]
    written = [path for path in cache.rglob("*") if path.is_file()]
    assert written
    everything = "\n".join([*shown, *map(str, cache.rglob("*"))]).encode()
    everything += b"".join(path.read_bytes() for path in written)
    with zipfile.ZipFile(tmp_path / "copy.ome.zip") as copy:
        everything += copy.comment + b"".join(map(copy.read, copy.namelist()))
    assert not [secret for secret in SECRETS if secret.encode() in everything]
