"""Images of more axes than OME-Zarr holds: an image a channel, and that is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from napari_ome_zip.findings import Finding
from napari_ome_zip.image import display
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart

MAX_AXES = 5
"""Of an image (OME-Zarr 0.5 and 0.6, "axes")."""


def split_channels(image: CompositeImage) -> tuple[CompositeImage, tuple[Finding, ...]]:
    """Replace each image that has too many axes with one image a channel.

    Returns
    -------
    CompositeImage
    tuple of Finding
        What is split, to be reported before anything is written.
    """
    parts: list[PlacedPart] = []
    findings = []
    for part in image.parts:
        if len(part.axes) <= MAX_AXES or part.channel_axis is None:
            parts.append(part)
            continue
        parts += _one_a_channel(part)
        findings.append(
            Finding(
                "image-split",
                part.path,
                f"'{part.name}' has {len(part.axes)} axes, OME-Zarr images have at most "
                f"{MAX_AXES}: its {part.channel_count} channels are saved as images of their own.",
            )
        )
    return replace(image, parts=tuple(parts)), tuple(findings)


def _one_a_channel(part: PlacedPart) -> Iterator[PlacedPart]:
    kept = [axis for axis in range(len(part.axes)) if axis != part.channel_axis]
    axes = tuple(part.axes[axis] for axis in kept)
    to_display = part.to_display.select(inputs=[axis.name for axis in axes])
    for number in range(part.channel_count):
        one = replace(
            part,
            path=f"/{part.path}-{number}",
            axes=axes,
            sources=part.channel_levels(number),
            overviews=(),
            to_display=to_display,
            channel_axis=None,
            fields=(),
            display=display.of_channel(part.display, number),
            kept=None,
        )
        if isinstance(one, PlacedImage):
            channel = one.channels[number]
            name = channel.name or f"channel {number}"
            yield replace(one, name=f"{part.name}: {name}", channels=(channel,))
        elif isinstance(one, PlacedLabels):
            yield replace(one, name=f"{part.name} {number}")
