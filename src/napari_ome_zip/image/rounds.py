"""Tiles that were imaged several times at the same places: one round is one mosaic."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import PlacedPart

SAME_PLACE = 0.75
"""Tiles that cover each other by more than this lie at one place; neighbors overlap by less."""

_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_BETWEEN = " \t_-.,:;/#"

type Boxes = tuple[npt.NDArray[Any], npt.NDArray[Any]]
"""Where each tile begins and ends, along every axis: on their common grid, or in the world."""


def rounds_of[P: PlacedPart](tiles: Sequence[P], boxes: Boxes) -> list[list[P]]:
    """Tiles of each round, in document order; one round where no place was imaged twice.

    Names that differ in more than their last number tell rounds apart; where they do not, the
    second tile at a place is of the second round::

        place       1            2            3
        tiles       dapi_1       dapi_2       dapi_3       one round, by name
                    gfp_1                     gfp_3        another one, without a tile at 2
    """
    by_place = _by_place(boxes)
    if max(by_place) == 0:
        return [list(tiles)]
    keys = [_round_name(tile) for tile in tiles]
    numbers = list(dict.fromkeys(keys))
    by_name = [numbers.index(key) for key in keys]
    chosen = by_name if len(numbers) > 1 and _is_apart(by_name, boxes) else by_place
    found: dict[int, list[P]] = defaultdict(list)
    for tile, number in zip(tiles, chosen, strict=True):
        found[number].append(tile)
    return list(found.values())


def lie_apart(boxes: Boxes) -> bool:
    """Whether at least half of the area (or volume) of all tiles is seen once."""
    low, high = boxes
    overlap = 0.0
    for number in range(len(low)):
        first = np.maximum(low[number], low[number + 1 :])
        last = np.minimum(high[number], high[number + 1 :])
        overlap += float(np.prod(np.clip(last - first, 0, None), axis=1, dtype=float).sum())
    return overlap <= 0.5 * float(np.prod(high - low, axis=1, dtype=float).sum())


def names_of_rounds(rounds: Sequence[Sequence[PlacedPart]]) -> list[str]:
    """What the names of a round's tiles have in common, and other rounds' have not.

    Empty names where that does not tell the rounds apart.
    """
    names = [_shared_start([tile.name for tile in tiles]) for tiles in rounds]
    # The first digit of numbers that are counted on is not part of a name.
    names = [
        (re.sub(r"\d+$", "", name) if _goes_on(name, tiles) else name).rstrip(_BETWEEN)
        for name, tiles in zip(names, rounds, strict=True)
    ]
    if len(names) > 1:
        words = [re.split(rf"(?<=[{re.escape(_BETWEEN)}])", name) for name in names]
        while all(len(each) > 1 for each in words) and len({each[-1] for each in words}) == 1:
            words = [each[:-1] for each in words]
        names = ["".join(each).rstrip(_BETWEEN) for each in words]
    are_distinct = all(names) and len(set(names)) == len(names)
    return names if are_distinct else [""] * len(names)


def _shared_start(names: Sequence[str]) -> str:
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _goes_on(name: str, tiles: Sequence[PlacedPart]) -> bool:
    return any(tile.name[len(name) :][:1].isdigit() for tile in tiles)


def _round_name(tile: PlacedPart) -> tuple[str, str]:
    folder = tile.path.rpartition("/")[0]
    return folder, _LAST_NUMBER.sub("", tile.name)


def _by_place(boxes: Boxes) -> list[int]:
    """For each tile the first round that has none at its place."""
    found: list[int] = []
    for number in range(len(boxes[0])):
        taken = {found[other] for other in np.flatnonzero(_same_place(boxes, number, number))}
        found.append(next(n for n in range(len(found) + 1) if n not in taken))
    return found


def _is_apart(numbers: Sequence[int], boxes: Boxes) -> bool:
    """Whether no round has two tiles at one place."""
    of_round = np.array(numbers)
    return not any(
        np.any(_same_place(boxes, number, number) & (of_round[:number] == of_round[number]))
        for number in range(len(numbers))
    )


def _same_place(boxes: Boxes, number: int, before: int) -> npt.NDArray[np.bool_]:
    """Which of the first ``before`` tiles lie where a tile lies."""
    low, high = boxes
    first = np.maximum(low[number], low[:before])
    last = np.minimum(high[number], high[:before])
    shared = np.prod(np.clip(last - first, 0, None), axis=1, dtype=float)
    sizes = np.prod(high - low, axis=1, dtype=float)
    same: npt.NDArray[np.bool_] = shared > SAME_PLACE * np.minimum(sizes[number], sizes[:before])
    return same
