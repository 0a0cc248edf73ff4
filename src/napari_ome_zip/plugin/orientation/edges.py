"""What stands at the edges of a canvas: where in a body they lie; knows nothing of napari."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from napari_ome_zip.image.orientations import Orientations, agreed

type Ends = tuple[str, str]
"""Where an axis comes from and where it leads."""

SLIGHT = 0.3
"""Share of an axis that an edge must see of it to name it: what leads nearly towards the eye, or
away from it, has no edge."""


def window_orientations(layers: Sequence[Orientations], ndim: int) -> Orientations:
    """Where the dimensions of a viewer lead, as all layers say that say anything of them.

    Layers with fewer dimensions have the last ones, as in a viewer. Nothing is said of a dimension
    about which layers contradict one another.

    Parameters
    ----------
    layers : sequence of tuple
        Of each layer, one for each of its dimensions.
    ndim : int
        The viewer's number of dimensions.
    """
    return tuple(
        agreed(layer[axis] for layer in layers if -axis <= len(layer)) for axis in range(-ndim, 0)
    )


def usable_ends(orientations: Orientations) -> tuple[Ends | None, ...]:
    """Ends of the axes that can be believed: of known words, and of a pair that no other axis has.

    Two axes cannot both lead from left to right (RFC-4).
    """
    ends = [each.ends if each is not None else None for each in orientations]
    count = Counter(frozenset(each) for each in ends if each is not None)
    return tuple(
        each if each is not None and count[frozenset(each)] == 1 else None for each in ends
    )


def at_edge(ends: Sequence[Ends | None], direction: Sequence[float]) -> str:
    """The words for an edge of a canvas, the one that it is nearest to first.

    >>> ends = [("anterior", "posterior"), ("right", "left")]
    >>> at_edge(ends, (0, 1)), at_edge(ends, (-1, 0)), at_edge(ends, (-0.6, 0.8))
    ('left', 'anterior', 'left, anterior')

    Parameters
    ----------
    ends : sequence of (str, str) or None
        Of each axis that is displayed.
    direction : sequence of float
        Along these axes, from the middle of the canvas to the edge; of length 1.
    """
    seen = [
        (abs(share), pair[share > 0])
        for pair, share in zip(ends, direction, strict=True)
        if pair is not None and abs(share) >= SLIGHT
    ]
    return ", ".join(word for _, word in sorted(seen, key=lambda each: -each[0]))
