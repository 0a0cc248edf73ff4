"""How large a file will be: counted where entries are copied, sampled where pixels are encoded."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from napari_ome_zip.errors import OmeZipError, ReadCancelledError
from napari_ome_zip.files import watching
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.progress import Cancelled, Watch
from napari_ome_zip.saving.encoding.array_plan import chains
from napari_ome_zip.saving.encoding.sampling import ChainSample
from napari_ome_zip.saving.planned import SavePlan

SECONDS = 4.0
"""So long samples are encoded, at most."""
MAX_SAMPLED_BYTES = 96 << 20
"""So many bytes of pixels are encoded, at most."""
ENOUGH_BYTES = 24 << 20
"""So many bytes are encoded before it is asked whether the estimate is good enough."""
GOOD_ERROR = 0.04
"""Standard error of a good estimate, as a part of it."""

type Certainty = Literal["exactly", "about", "at most"]


@dataclass(frozen=True, slots=True)
class SizeEstimate:
    """The size of a file that is not written yet."""

    nbytes: int
    certainty: Certainty
    """``exactly`` where nothing is encoded or drawn; ``at most`` where no pixel could be looked
    at."""


def largest_size(plan: SavePlan) -> SizeEstimate:
    """What is known without a look at any pixel: as if nothing could be compressed."""
    nbytes = plan.known_bytes + sum(array.nbytes for array in plan.arrays)
    if plan.arrays:
        return SizeEstimate(nbytes, "at most")
    return SizeEstimate(nbytes, "about" if plan.thumbnail else "exactly")


def estimate_size(
    plan: SavePlan,
    *,
    cancelled: Cancelled | None = None,
    seconds: float = SECONDS,
    most: int = MAX_SAMPLED_BYTES,
) -> SizeEstimate:
    """Estimate how large a file will be.

    What is copied is counted. Of pixels that are encoded, samples from all over every image are
    encoded as they will be, with the levels that are made of them, until the estimate is good, or
    the time or the bytes are used up. Small images are encoded as a whole.

    Parameters
    ----------
    plan : SavePlan
    cancelled : callable, optional
        Asked between samples; once it returns True the rest is estimated from those there are.
    seconds : float
        Time for samples.
    most : int
        Bytes of samples, uncompressed.

    Returns
    -------
    SizeEstimate
        `largest_size` where no pixel can be looked at: reading fails, or takes too long.
    """
    samples = [ChainSample(chain, plan.documents) for chain in chains(plan.arrays)]
    if not samples:
        return largest_size(plan)
    stop = time.monotonic() + seconds
    sampled = 0

    def is_over() -> bool:
        return time.monotonic() > stop or (cancelled is not None and cancelled())

    # A server may take longer than an estimate is worth.
    waiting = Watch(None, is_over, lambda: ReadCancelledError("The estimate was stopped."))
    try:
        with strict_reading(), watching(waiting):
            while (sample := _most_wanted(samples)) is not None and sampled < most:
                sampled += sample.take()
                if is_over() or (sampled >= ENOUGH_BYTES and _is_good(samples)):
                    break
    except (OmeZipError, OSError):
        if not is_over():
            return largest_size(plan)
    return _estimated(plan, samples)


def _most_wanted(samples: Sequence[ChainSample]) -> ChainSample | None:
    """The image of which, for its size, fewest samples were taken."""
    left = [sample for sample in samples if not sample.is_complete]
    return max(left, key=lambda s: s.nbytes / (s.count + 1), default=None)


def _is_good(samples: Sequence[ChainSample]) -> bool:
    if any(sample.count < 2 for sample in samples if not sample.is_complete):
        return False
    error = math.sqrt(sum(sample.variance for sample in samples))
    return error <= GOOD_ERROR * sum(sample.estimate for sample in samples)


def _estimated(plan: SavePlan, samples: Sequence[ChainSample]) -> SizeEstimate:
    known = [sample for sample in samples if sample.count]
    looked_at = sum(sample.nbytes for sample in known)
    if not looked_at:
        return largest_size(plan)
    encoded = sum(sample.estimate for sample in known)
    # Images that were not looked at are taken for such as the others.
    rest = sum(sample.nbytes for sample in samples) - looked_at
    whole = plan.known_bytes + encoded + encoded / looked_at * rest
    return SizeEstimate(round(whole), "about")
