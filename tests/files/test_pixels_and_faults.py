"""Whatever a server does, what is shown is right, or there is one sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import web_faults as faults
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.web import line as web_line
from range_server import Fault, RangeServer

NAME = "cells.ome.zip"
PIXELS = np.random.default_rng(7).integers(0, 60_000, (8, 128, 128), np.uint16)
LEVELS = [PIXELS, PIXELS[:, ::2, ::2]]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Most of which comes neither with its beginning nor with its end."""
    options = {"chunks": (1, 64, 64)}
    path = tmp_path_factory.mktemp("remote") / NAME
    made = HierarchyBuilder().image(LEVELS, "zyx", options=options).archive(path)
    return made.read_bytes()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_line, "PATIENCE", web_line.Patience(pause=0.001))


def assert_right(link: str) -> None:
    for level, source in zip(LEVELS, open_image(link).images[0].sources, strict=True):
        np.testing.assert_array_equal(source[:], level)


@pytest.mark.parametrize(
    "fault",
    [
        lambda: faults.first(3, faults.status(503)),
        lambda: faults.first(3, faults.status(429, Retry_After="0")),
        lambda: faults.first(3, faults.dropped),
        lambda: faults.first(3, faults.short(1000)),
        lambda: faults.less(50_000),
        lambda: faults.chunked,
        lambda: faults.suffixes(faults.status(416)),
        lambda: faults.suffixes(faults.status(501)),
        lambda: faults.header("ETag", None),
        lambda: faults.header("ETag", 'W/"weak"'),
        lambda: faults.header("Accept-Ranges", None),
        lambda: faults.both(faults.chunked, faults.header("ETag", None), faults.less(70_000)),
    ],
)
def test_what_passes_or_does_not_matter(content: bytes, fault: Callable[[], Fault]) -> None:
    with RangeServer({NAME: content}, fault=fault()) as server:
        assert_right(server.url(NAME))
        assert {request.method for request in server.requests} == {"GET"}


def test_a_slow_line(content: bytes) -> None:
    with RangeServer({NAME: content}, delay=0.05) as server:
        assert_right(server.url(NAME))


FAULTS = [
    faults.status(401),
    faults.status(403),
    faults.status(404),
    faults.status(410),
    faults.status(503),
    faults.dropped,
    faults.short(3),
    faults.page,
    faults.zipped,
    faults.header("ETag", '"another"'),
    faults.header("Content-Range", "bytes 0-9/10"),
    faults.header("Content-Range", None),
    faults.redirect("/again"),
    faults.redirect("http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_stays_wrong_from_the_beginning(content: bytes, fault: Fault) -> None:
    tags = iter(range(1000))

    def faulty(request: object, answer: object) -> object:
        made = fault(request, answer)  # type: ignore[arg-type]
        if made.headers.get("ETag") == '"another"':
            made.headers["ETag"] = f'"{next(tags)}"'  # another one every time
        return made

    with (
        RangeServer({NAME: content}, fault=faulty) as server,  # type: ignore[arg-type]
        pytest.raises(LinkError) as raised,
    ):
        open_image(server.url(NAME))
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("fault", [*FAULTS, lambda *answer: faults.whole(b"P" * 400_000)(*answer)])
def test_what_goes_wrong_while_it_is_open(content: bytes, fault: Fault) -> None:
    with RangeServer({NAME: content}) as server:
        image = open_image(server.url(NAME))
        server.fault = fault
        source = image.images[0].sources[0]
        with pytest.raises(LinkError):
            source[:]
        if fault is not FAULTS[9]:  # a file that was replaced stays replaced
            server.fault = None
            np.testing.assert_array_equal(source[:], PIXELS)
