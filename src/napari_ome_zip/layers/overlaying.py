"""How images lie over one another: light of different channels adds up, that of one scan does not.

Where two fields of one scan overlap, both show the same place. A viewer draws layers from the
bottom of its list to the top and knows no groups, but the layers of one field follow each other:
so the first of them that is visible covers what lies below, and the others add to it::

    lower field     blue    covers
                    green   adds        blue + green of the lower field
    upper field     blue    covers      where it lies, nothing of the lower field is left
                    green   adds        blue + green of the upper field
    another image   red     adds        and adds to whatever is below

So a field may cover only what belongs to its own scan. Scans lie below all else.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.channels import GRAY
from napari_ome_zip.image.composite import PlacedImage
from napari_ome_zip.image.scans import scans_of
from napari_ome_zip.image.wells import plane_boxes

COVERS, ADDS = "translucent_no_depth", "additive"
"""Modes of blending."""

SCAN = "scan"
"""Key in the note of a layer that shows a field of a scan: the same for all layers of the scan."""

BLENDED = "blended"
"""Key in such a note that says that the file itself states another blending, which stays."""

_SHARED = 1e-6
"""Fraction of an image that may lie over another one by rounding."""


@dataclass(frozen=True)
class Overlaid:
    """A layer of a list, as far as it matters what covers what."""

    image: Hashable
    """The same for layers that show channels of one image."""
    scan: Hashable | None
    """The same for layers of one scan; None for a layer of none."""
    visible: bool
    low: tuple[float, float]
    """Lowest y and x in the world."""
    high: tuple[float, float]
    """Highest y and x."""


def blendings(layers: Sequence[Overlaid], *, flat: bool = True) -> list[str | None]:
    """How each layer is blended with those below it.

    Parameters
    ----------
    layers : sequence of Overlaid
        From the bottom to the top.
    flat : bool
        Whether planes are shown. Volumes are not beside each other from every side: all add up.

    Returns
    -------
    list of str or None
        None for layers that belong to no scan.
    """
    found: list[str | None] = [None if layer.scan is None else ADDS for layer in layers]
    if not flat or not any(found):
        return found
    shared = _overlaps([layer.low for layer in layers], [layer.high for layer in layers])
    covering: set[Hashable] = set()
    for number, layer in enumerate(layers):
        if layer.scan is None or not layer.visible or layer.image in covering:
            continue
        covering.add(layer.image)
        below = layers[:number]
        others = [other.visible and other.scan != layer.scan for other in below]
        if not np.any(shared[number, :number] & np.array(others, dtype=bool)):
            found[number] = COVERS
    return found


def _overlaps(
    low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]]
) -> npt.NDArray[np.bool_]:
    """Which of several boxes overlap which."""
    if not low:
        return np.zeros((0, 0), dtype=bool)
    first, last = np.array(low), np.array(high)
    with np.errstate(all="ignore"):  # a file may say any number
        margin = _SHARED * (last - first)
        inner, outer = first + margin, last - margin
    shared: npt.NDArray[np.bool_] = np.all(
        (inner[:, None] < outer) & (inner < outer[:, None]), axis=-1
    )
    return shared


class Overlay:
    """How the images of a composite lie over one another.

    Parameters
    ----------
    images : sequence of PlacedImage
    is_opaque : callable
        Whether an image is a picture in true color, which covers what lies below it.
    """

    def __init__(
        self, images: Sequence[PlacedImage], is_opaque: Callable[[PlacedImage], bool]
    ) -> None:
        self._scans = {
            id(image): f"{scan[0].path}#{scan[0].multiscale}"
            for scan in scans_of([image for image in images if not is_opaque(image)])
            for image in scan
        }
        lowest = next((self.scan(i) for i in images if self.scan(i) is not None), None)
        self._ranks = {
            id(image): 0 if is_opaque(image) else 1 if self.scan(image) == lowest else 2
            for image in images
            if lowest is not None
        }
        self._covering = self._find_covering(sorted(images, key=self.rank))

    def scan(self, image: PlacedImage) -> str | None:
        """Which scan an image is a field of; None for none."""
        return self._scans.get(id(image))

    def rank(self, image: PlacedImage) -> int:
        """The lower, the lower it lies: true color, the first scan, all else."""
        return self._ranks.get(id(image), 2)

    def blending(self, image: PlacedImage, number: int) -> str:
        """How a channel of an image is blended with what lies below it."""
        first = next((n for n, channel in enumerate(image.channels) if channel.visible), 0)
        return COVERS if id(image) in self._covering and number == first else ADDS

    def _find_covering(self, images: Sequence[PlacedImage]) -> set[int]:
        if not images:
            return set()
        boxes = plane_boxes([i.to_display for i in images], [i.shape for i in images])
        low, high = (list(map(tuple, boxes[:, end].tolist())) for end in (0, 1))
        stack = [
            Overlaid(id(image), self.scan(image), visible=True, low=one, high=other)
            for image, one, other in zip(images, low, high, strict=True)
        ]
        found = {id(i) for i, how in zip(images, blendings(stack), strict=True) if how == COVERS}
        colored = np.array([_is_colored(image) for image in images])
        others = _overlaps(low, high) & ~np.eye(len(images), dtype=bool)
        for number, image in enumerate(images):
            if self.scan(image) is not None or image.nonlinear or image.channel_count > 1:
                continue
            if image.fields and others[number].any():  # what lies in a gap of it is to be seen
                continue
            # Of pictures in gray that lie over each other, the upper one is looked at.
            near = colored[others[number]]
            if not near.any() and not (len(near) and colored[number]):
                found.add(id(image))
        return found


def _is_colored(image: PlacedImage) -> bool:
    return any(channel.color not in (None, GRAY) for channel in image.channels)
