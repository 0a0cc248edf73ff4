"""Memory that views need above the pixels that they show: what is read, kept and left behind.

Each contender has a process of its own. What was shown is let go before the next, as a viewer does.
"""

from __future__ import annotations

from collections.abc import Iterator

import views
from child import Sample, peak_above, reset_peak
from layouts import LAYOUTS, pixels

CASES = {
    name: f"Memory above the pixels that are shown: {layout.caption}"
    for name, layout in LAYOUTS.items()
}
_MEASURED = ("ours", "zarr ZipStore")
CONTENDERS = {
    case: [name for name in views.CONTENDERS[case] if name in _MEASURED] for case in CASES
}
ROUNDS = 1


def prepare(case: str) -> None:
    views.prepare(case)


def measure(case: str, contender: str) -> Iterator[Sample]:
    """The peak from opening to the end of each piece of work; of ours, with what it keeps."""
    layout = LAYOUTS[case]
    shape = pixels(layout.pixels).shape
    size = pixels(layout.pixels).dtype.itemsize
    chosen = views.CONTENDERS[case][contender]
    read = chosen.opener(layout, chosen.where(case))
    read(tuple(n - 1 for n in shape))
    reset_peak()
    base = peak_above(0)
    for work in views.WORKS:
        reset_peak()
        largest = 0
        for region in work.regions(0, shape):
            largest = max(largest, read(region).size * size)
        yield Sample(work.name, peak_above(base) - largest / 1e6, right=True, unit="MB")
