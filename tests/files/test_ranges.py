"""Neighbors are fetched together, and little else along with them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.files.fetching.ranges import (
    LINES,
    LONGEST_PIECE,
    MOST_GAP,
    MOST_WASTE,
    SHORTEST_PIECE,
    RangeMap,
    pieces_of,
    split,
)

KIB, MIB = 1 << 10, 1 << 20


def spans(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(piece.start, piece.stop) for piece in pieces_of(ranges)]


def test_ranges_that_touch_or_overlap_are_one_request() -> None:
    assert spans([(0, 100), (100, 250), (200, 300), (220, 230)]) == [(0, 300)]


def test_short_gaps_are_fetched_along() -> None:
    assert spans([(0, 10 * KIB), (11 * KIB, 30 * KIB)]) == [(0, 30 * KIB)]


def test_a_gap_longer_than_is_worth_a_request_is_not() -> None:
    far = 4 * MIB
    assert len(pieces_of([(0, MIB), (MIB + MOST_GAP + 1, far)])) > 1
    assert all(
        piece.stop <= MIB or piece.start > MIB for piece in pieces_of([(0, MIB), (far, far + MIB)])
    )


def test_the_shortest_gaps_are_bridged_as_far_as_the_budget_goes() -> None:
    # gaps of 10, 5 and 2 bytes between ranges of 20: a budget of 12 bytes pays for 2 and 5
    assert spans([(0, 20), (30, 50), (55, 75), (77, 97)]) == [(0, 20), (30, 97)]


def test_a_long_range_comes_in_several_pieces_at_once() -> None:
    pieces = split(0, 2 * LINES * MIB)
    assert len(pieces) == LINES
    assert pieces[0] == (0, 2 * MIB)
    assert pieces[-1] == (2 * (LINES - 1) * MIB, 2 * LINES * MIB)
    assert split(5, MIB // 2) == [(5, MIB // 2)]
    assert max(stop - start for start, stop in split(0, 1 << 30)) <= LONGEST_PIECE


def test_pieces_end_where_a_range_does() -> None:
    chunks = [(start, start + 300 * KIB) for start in range(0, 6000 * KIB, 300 * KIB)]
    edges = {edge for chunk in chunks for edge in chunk}
    assert {edge for span in spans(chunks) for edge in span} <= edges


def test_what_was_asked_for_first_ranks_first() -> None:
    pieces = pieces_of([(9 * MIB, 9 * MIB + 5), (0, 5), (5, 10)])
    assert [(piece.start, piece.rank) for piece in pieces] == [(0, 1), (9 * MIB, 0)]


RANGES = st.lists(
    st.tuples(st.integers(0, 40 * MIB), st.integers(0, 3 * MIB)).map(lambda r: (r[0], r[0] + r[1]))
)


@given(RANGES)
def test_all_that_is_wanted_is_fetched_and_hardly_more(ranges: list[tuple[int, int]]) -> None:
    pieces = pieces_of(ranges)
    wanted = RangeMap[None]()
    for start, stop in ranges:
        for hole in wanted.holes(start, stop):
            wanted.add(*hole, None)
    fetched = RangeMap[None]()
    for piece in pieces:
        assert fetched.holes(piece.start, piece.stop) == [(piece.start, piece.stop)]
        fetched.add(piece.start, piece.stop, None)
    assert not any(fetched.holes(start, stop) for start, stop in ranges)
    total = sum(stop - start for start, stop in _spans(wanted))
    assert sum(piece.stop - piece.start for piece in pieces) <= (1 + MOST_WASTE) * total
    assert all(piece.stop - piece.start <= 2 * LONGEST_PIECE for piece in pieces)


def _spans(ranges: RangeMap[None]) -> list[tuple[int, int]]:
    return [(start, ranges._found[start][0]) for start in ranges._starts]


@given(RANGES, st.integers(0, MIB), st.integers(0, MIB))
def test_holes_and_what_is_there_make_up_a_range(
    ranges: list[tuple[int, int]], start: int, length: int
) -> None:
    there = RangeMap[tuple[int, int]]()
    for each in ranges:
        for hole in there.holes(*each):
            there.add(*hole, hole)
    stop = start + length
    parts = there.holes(start, stop) + [
        (max(start, found[0]), min(stop, found[1])) for found in there.overlapping(start, stop)
    ]
    parts = sorted(part for part in parts if part[0] < part[1])
    assert sum(end - begin for begin, end in parts) == max(0, length)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(parts))


def test_a_piece_is_worth_a_request() -> None:
    assert all(stop - start >= SHORTEST_PIECE // 2 for start, stop in split(7, 3 * MIB))
