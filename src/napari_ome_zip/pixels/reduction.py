"""Reduce one block of pixels by whole factors: mean or mode, exactly, in NumPy alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

type Kind = Literal["mean", "mode"]
type _Pixels = NDArray[Any]
type _Steps = tuple[tuple[int, int, int], ...]
"""Start, stop and step along each axis."""

CACHED_BYTES = 2**18
"""Pixels that are reduced at once: more would wait for memory twice as long."""

MAX_ADDED_ONE_BY_ONE = 8
"""Pixels along an axis that are added as whole rows, at most: more are left to NumPy's loop."""


def reduce_block(block: _Pixels, steps: tuple[int, ...], kind: Kind) -> _Pixels:
    """Reduce pixels by whole factors, counted from the first one.

    Parameters
    ----------
    block : ndarray
        Any shape (n0, n1, ...) and byte order.
    steps : tuple of int
        Pixels that become one, along each axis.
    kind : {"mean", "mode"}
        ``"mean"``, for images: integers are summed exactly, whatever their size, and rounded to
        the nearest, halves to the even one, which does not brighten level after level. Floats
        are plain means: one NaN makes NaN. Booleans: true where more than half are.
        ``"mode"``, for labels: the most frequent value. A tie is won by a value over
        0 (background), then by the smallest one. No value is invented.

    Returns
    -------
    ndarray
        Shape (⌈n0 / step0⌉, ⌈n1 / step1⌉, ...), of the same type in native byte order. Where a
        size is not a multiple, the last pixel stands for those that are left.
    """
    native = block.dtype.newbyteorder("=")
    shape = tuple(-(-size // step) for size, step in zip(block.shape, steps, strict=True))
    out = np.empty(shape, native)
    regions = product(
        *(_regions(size, step) for size, step in zip(block.shape, steps, strict=True))
    )
    # Whole blocks and the odd borders are regions of their own, each with one block size.
    for region in itertools.chain.from_iterable(_small(r, native.itemsize) for r in regions):
        source = block[tuple(slice(start, stop) for start, stop, _ in region)]
        inside = tuple(step for _, _, step in region)
        place = tuple(
            slice(start // step, -(-stop // step))
            for (start, stop, _), step in zip(region, steps, strict=True)
        )
        out[place] = _REDUCTIONS[kind](source.astype(native, copy=False), inside)
    return out


def _regions(size: int, step: int) -> list[tuple[int, int, int]]:
    """Where along one axis whole blocks lie, and the smaller last one: start, stop, step."""
    whole = size // step * step
    parts = [(0, whole, step), (whole, size, size - whole)]
    return [part for part in parts if part[0] < part[1]]


def _small(region: _Steps, itemsize: int) -> Iterator[_Steps]:
    """Cut a region between blocks, until the numbers made on the way fit a processor's cache."""
    size = math.prod(stop - start for start, stop, _ in region) * itemsize
    cuts = (axis for axis, (start, stop, step) in enumerate(region) if stop - start > step)
    axis = next(cuts, None)
    if size <= CACHED_BYTES or axis is None:
        yield region
        return
    start, stop, step = region[axis]
    middle = start + (stop - start) // step // 2 * step
    for part in ((start, middle, step), (middle, stop, step)):
        yield from _small((*region[:axis], part, *region[axis + 1 :]), itemsize)


def _members(source: _Pixels, steps: tuple[int, ...]) -> list[_Pixels]:
    """The first pixel of every block, the second of every block, and so on, as views."""
    return [
        source[tuple(slice(start, None, step) for start, step in zip(starts, steps, strict=True))]
        for starts in product(*map(range, steps))
    ]


def _mean(source: _Pixels, steps: tuple[int, ...]) -> _Pixels:
    count = math.prod(steps)
    if count == 1:
        return source
    if source.dtype == bool:
        return _sums(source, steps, np.uint32) > count // 2
    if source.dtype.kind not in "iu":
        wide = np.promote_types(source.dtype, np.float64)
        # What overflows or has no mean (inf - inf) is inf or NaN, as in any sum of floats.
        with np.errstate(over="ignore", invalid="ignore"):
            return (_sums(source, steps, wide) / count).astype(source.dtype)
    wide_integer = _exact_sum_type(source.dtype, count)
    if wide_integer is None:
        return _mean_of_widest(_members(source, steps))
    return _rounded(_sums(source, steps, wide_integer), count).astype(source.dtype)


def _exact_sum_type(dtype: np.dtype[Any], count: int) -> np.dtype[Any] | None:
    """The smallest integer type that holds any sum of ``count`` values, and its rounding."""
    limits = np.iinfo(dtype)
    for bits in (16, 32, 64):
        wide = np.dtype(f"{dtype.kind}{bits // 8}")
        room = np.iinfo(wide)
        if int(limits.max) * count + count <= room.max and int(limits.min) * count >= room.min:
            return wide
    return None


def _sums(source: _Pixels, steps: tuple[int, ...], dtype: DTypeLike) -> _Pixels:
    """Sum of every block: one axis after the other, since whole rows are added fastest."""
    total = source
    for axis, step in enumerate(steps):
        if step > MAX_ADDED_ONE_BY_ONE:
            shape = total.shape
            blocks = total.reshape(*shape[:axis], shape[axis] // step, step, *shape[axis + 1 :])
            total = np.add.reduce(blocks, axis=axis + 1, dtype=dtype)
        elif step > 1:
            alone = (1,) * axis + (step,) + (1,) * (len(steps) - axis - 1)
            total = _sum(_members(total, alone), dtype)
    return total


def _sum(members: Sequence[_Pixels], dtype: DTypeLike) -> _Pixels:
    first, second, *others = members
    total: _Pixels = np.add(first, second, dtype=dtype)
    for member in others:
        np.add(total, member, out=total)
    return total


def _rounded(total: _Pixels, count: int) -> _Pixels:
    """``total / count`` to the nearest integer, halves to even; changes ``total``."""
    kind = total.dtype.type
    power = count.bit_length() - 1
    # Shifting floors as dividing does, in a fraction of the time.
    by, divide = (power, np.right_shift) if count == 1 << power else (count, np.floor_divide)
    # Adding just under a half rounds halves down; an odd floor adds the rest, and goes up.
    if count % 2 == 0:
        floor = divide(total, kind(by))
        floor &= kind(1)
        total += floor
    total += kind((count - 1) // 2)
    divide(total, kind(by), out=total)
    return total


def _mean_of_widest(members: Sequence[_Pixels]) -> _Pixels:
    """Exact mean of 64-bit integers, whose sum no type holds: quotients and rests apart."""
    kind = members[0].dtype.type
    count = kind(len(members))
    whole = _sum([member // count for member in members], kind)
    rest = _sum([member % count for member in members], kind)
    whole += rest // count
    rest %= count
    half = rest + rest
    whole += ((half > count) | ((half == count) & (whole % kind(2) == 1))).astype(kind)
    return whole


def _mode(source: _Pixels, steps: tuple[int, ...]) -> _Pixels:
    members = _members(source, steps)
    chosen = members[0].copy()
    contested = np.zeros(chosen.shape, bool)
    for member in members[1:]:
        contested |= member != chosen
    # Only the borders of objects need a vote, which takes a comparison for each pair.
    if contested.any():
        chosen[contested] = _elected([member[contested] for member in members])
    return chosen


def _elected(members: Sequence[_Pixels]) -> _Pixels:
    best = members[0].copy()
    ballot = np.min_scalar_type(2 * len(members) + 1)
    most = np.zeros(best.shape, ballot)
    for member in members:
        votes = np.zeros(best.shape, ballot)
        for other in members:
            votes += member == other
        # Twice the votes, and one more for anything but background: that decides ties with 0.
        votes *= 2
        votes += member != 0
        better = (votes > most) | ((votes == most) & (member < best))
        np.copyto(best, member, where=better)
        np.copyto(most, votes, where=better)
    return best


_REDUCTIONS: dict[Kind, Callable[[_Pixels, tuple[int, ...]], _Pixels]] = {
    "mean": _mean,
    "mode": _mode,
}
