"""Whatever lies in a file, there is a report on it: no error but those that are meant."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from broken_files import array, entries, root, write
from napari_ome_zip.validation.validate import validate

ODD = [None, True, 0, -1, 3.5, "", "x", "/", "..", [], {}, [1], [[]], [-1, 0], {"name": 1}, 10**30]


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from _places(item, (*place, key))


PLACES = [(n, place) for n, made in enumerate((root(), array())) for place in _places(made)]


def _report(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.ozx"
        path.write_bytes(content)
        assert validate(path, deep=True).to_text()


def _valid() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder), entries()).read_bytes()


VALID = _valid()


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_bytes(changes: list[tuple[int, int]]) -> None:
    content = bytearray(VALID)
    for place, value in changes:
        content[place] = value
    _report(bytes(content))


@given(st.integers(0, len(VALID)), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_any_loss(start: int, length: int) -> None:
    _report(VALID[:start] + VALID[start + length :])


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=2))
@settings(max_examples=200, deadline=None)
def test_any_value_in_a_document(changes: list[tuple[tuple[int, tuple[Any, ...]], Any]]) -> None:
    documents = [copy.deepcopy(root()), copy.deepcopy(array())]
    for (number, place), value in changes:
        holder: Any = documents[number]
        try:
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    listed = entries()
    for row, document in enumerate(documents):
        listed[row].data = json.dumps(document).encode()
    with tempfile.TemporaryDirectory() as folder:
        assert validate(write(Path(folder), listed), deep=True).to_text()
