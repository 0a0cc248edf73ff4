"""A file behind a link reads like the same file on a disk."""

from __future__ import annotations

import itertools
import pickle
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from napari_ome_zip import open_image
from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.files import Link, open_file, watching
from napari_ome_zip.files.fetching import blocks
from napari_ome_zip.progress import Watch
from range_server import Answer, RangeServer, Request
from web_faults import dropped, less, short
from whole_archives import whole_archive

CONTENT = bytes(range(256)) * 40


def test_ranges_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    with RangeServer({"a.bin": CONTENT}) as server:
        for file in (open_file(path), open_file(Link(server.url("a.bin")))):
            assert file.size == len(CONTENT)
            assert file.read(300, 500) == CONTENT[300:800]
            assert file.read(len(CONTENT) - 3, 500) == CONTENT[-3:]
            assert file.read(len(CONTENT), 5) == b""


@pytest.mark.parametrize("again", [False, True])
def test_an_image_behind_a_link_has_the_same_pixels(tmp_path: Path, again: bool) -> None:
    path = tmp_path / "cells.ome.zip"
    truth = whole_archive(path)
    with RangeServer({"cells.ome.zip": path.read_bytes()}) as server:
        image = open_image(server.url("cells.ome.zip"))
        for part in image.images:
            for source in part.sources:
                copy = pickle.loads(pickle.dumps(source)) if again else source
                np.testing.assert_array_equal(
                    copy[(slice(None),) * copy.ndim], truth.arrays[source.path]
                )


def test_what_is_secret_in_a_link_is_not_in_what_it_is_called() -> None:
    link = Link("https://me:secret@Host.org/a/My%20cells.ozx?sig=hidden")
    assert link.name == "My cells.ozx"
    assert link.source.startswith("https://host.org/a/My%20cells.ozx")
    assert not any(word in f"{link!r} {link} {link.source}" for word in ("secret", "hidden"))
    other = Link("https://host.org/a/My%20cells.ozx?sig=another")
    assert link.source != other.source


def watch(patience: int) -> Watch:
    """Cancels what asks more often than so."""
    asked = itertools.count()
    return Watch(None, lambda: next(asked) >= patience, lambda: ReadCancelledError("Cancelled."))


def test_threads_that_give_up_and_a_line_that_breaks_leave_every_byte_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks.MEMORY, "limit", 1 << 20)
    content = random.Random(16).randbytes(8 << 20)
    trouble = [dropped, short(70_000), less(50_000), short(0)]
    answers = itertools.count()

    def faulty(request: Request, answer: Answer) -> Answer:
        number = next(answers)
        return trouble[number // 9 % len(trouble)](request, answer) if number % 9 == 5 else answer

    with RangeServer({"a.bin": content}) as server:
        file = open_file(Link(server.url("a.bin")))
        server.fault = faulty

        def work(seed: int) -> int:
            chance = random.Random(seed)
            right = 0
            for _ in range(12):
                starts = [chance.randrange(len(content)) for _ in range(8)]
                spans = [(start, start + chance.choice([9, 5000, 1 << 19])) for start in starts]
                patience = chance.choice([1, 10**9])
                with file.expect(spans), suppress(ReadCancelledError), watching(watch(patience)):
                    for start, stop in spans:
                        assert file.read(start, stop - start) == content[start:stop]
                        right += 1
            return right

        with ThreadPoolExecutor(4) as pool:
            assert all(right > 20 for right in pool.map(work, range(4)))
        assert next(answers) > 20
