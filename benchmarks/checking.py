"""Check archives: beside what nobody can save, reading the directory and decoding every chunk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator

from child import Sample, sampled
from data import LEVELS, archive
from images import WHOLE, floor

CASES = {
    "A": "Checking archive A: *plain* reads no pixels, *deep* decodes all of them",
    "C": "Checking archive C, of 44,000 entries",
}


def ours(case: str) -> Iterator[Sample]:
    from napari_ome_zip import validate

    path = archive(case)
    yield from sampled("plain", lambda: validate(path), lambda report: report.verdict)
    yield from sampled("deep", lambda: validate(path, deep=True), lambda report: report.verdict)


def least(case: str) -> Iterator[Sample]:
    """zipfile reads the directory; every chunk of every level is read and decoded."""
    path = archive(case)
    read = floor(path)

    def everything() -> None:
        for level in range(LEVELS):
            read(level, WHOLE)

    yield from sampled("plain", lambda: zipfile.ZipFile(path).close())
    yield from sampled("deep", everything)


CONTENDERS: dict[str, dict[str, Callable[[str], Iterator[Sample]]]] = {
    case: {"ours": ours, "floor": least} for case in CASES
}


def prepare(case: str) -> None:
    archive(case)


def measure(case: str, contender: str) -> Iterator[Sample]:
    return CONTENDERS[case][contender](case)
