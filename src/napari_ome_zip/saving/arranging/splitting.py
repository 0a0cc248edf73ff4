"""Images of axes that a version does not hold: an image a channel, where a person chose that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from napari_ome_zip.findings import Finding
from napari_ome_zip.image import display
from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.ome import Axis
from napari_ome_zip.ome.images.held_axes import why_not_held
from napari_ome_zip.ome.versions import Spec


def split_channels(image: CompositeImage, spec: Spec) -> tuple[CompositeImage, tuple[Finding, ...]]:
    """Replace each image whose axes a version does not hold with one image a channel.

    Those that it does not hold without channels either stay as they are.

    Parameters
    ----------
    image : CompositeImage
    spec : Spec
        The version.

    Returns
    -------
    CompositeImage
    tuple of Finding
        What is split, to be reported before anything is written.
    """
    parts: list[PlacedPart] = []
    findings = []
    for part in image.parts:
        problem = why_not_held(part.axes, spec)
        if problem is None or why_not_held(_without_channels(part), spec) is not None:
            parts.append(part)
            continue
        parts += _one_a_channel(part)
        findings.append(
            Finding(
                "image-split",
                part.path,
                f"'{part.name}' {problem}, which OME-Zarr {spec.version} does not hold: its "
                f"{part.channel_count} channels are saved as images of their own.",
            )
        )
    return replace(image, parts=tuple(parts)), tuple(findings)


def _without_channels(part: PlacedPart) -> tuple[Axis, ...]:
    return tuple(axis for n, axis in enumerate(part.axes) if n != part.channel_axis)


def _one_a_channel(part: PlacedPart) -> Iterator[PlacedPart]:
    axes = _without_channels(part)
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
