"""Multiscales with a place, as the parts of a composite image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.channels import complete_channels
from napari_ome_zip.image.composite import Channel, Kept, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.labels import as_integers, can_be_judged, spread_over_image
from napari_ome_zip.image.loaded import LoadedImage
from napari_ome_zip.image.orientations import Orientations
from napari_ome_zip.image.planes import own_axes
from napari_ome_zip.ome import OmeGroup
from napari_ome_zip.ome.images.image_label import SECTION as LABELS
from napari_ome_zip.rules import MUST, Effect, Rule

LABEL_DTYPE = Rule(
    "label-dtype",
    MUST,
    LABELS,
    "The pixels of a label image are integers.",
    "Store the labels in an integer type, for instance uint32.",
    effect=Effect.REFUSED,
)


def as_parts(
    loaded: Sequence[LoadedImage],
    affines: Sequence[Affine],
    orientations: Sequence[Orientations],
    archive: str,
) -> tuple[tuple[PlacedPart, ...], list[Finding]]:
    """Multiscales with their maps to the display system, as parts of a composite.

    Parameters
    ----------
    loaded : sequence of LoadedImage
    affines : sequence of Affine
        Of each, from array indices to the axes of the display system.
    orientations : sequence of tuple
        Of each, where these axes lead in a body.
    archive : str
        Name of the archive, for images that have none.

    Returns
    -------
    tuple of PlacedPart
        In the same order.
    list of Finding
        What of display settings and label values was repaired.
    """
    parts: list[PlacedPart] = []
    findings: list[Finding] = []
    images: dict[str, PlacedPart] = {}
    names = _names(loaded, archive)
    affordable = _affordable_labels(loaded)
    channels_of = _ChannelsOf()
    for item, affine, leads, name in zip(loaded, affines, orientations, names, strict=True):
        common = {**_common(item, affine, name), "orientations": leads}
        labels: PlacedLabels | None = None
        notes: tuple[Finding, ...] = ()
        if item.found.kind == "labels":
            readable = id(item) in affordable
            labels, notes = _labels(item, PlacedPart(**common), images, affordable=readable)
        if labels is not None:
            part: PlacedPart = labels
        else:
            part, repaired = _image(item, common, channels_of)
            notes += repaired
        images.setdefault(part.path, part)
        parts.append(part)
        findings += notes
    return tuple(parts), findings


def _affordable_labels(loaded: Sequence[LoadedImage]) -> set[int]:
    """Floating point labels, by their id, that can be read on opening.

    The fields of view of a plate count together: part of a mosaic would be labels, part an image.
    """
    groups: dict[str, list[LoadedImage]] = defaultdict(list)
    for item in loaded:
        if item.found.kind == "labels" and item.levels.arrays[0].dtype.kind == "f":
            position = item.found.position
            groups[item.found.group.path if position is None else position.plate].append(item)
    affordable: set[int] = set()
    for items in groups.values():
        if can_be_judged(array for item in items for array in item.levels.arrays):
            affordable.update(id(item) for item in items)
    return affordable


def _common(item: LoadedImage, affine: Affine, name: str) -> dict[str, Any]:
    """What images and labels have in common, as arguments to make one of them."""
    group, axes = item.found.group, item.axes
    return {
        "path": group.path,
        "name": name,
        "axes": axes,
        "sources": item.sources,
        "nonlinear": item.warp is not None,
        "to_display": affine,
        "channel_axis": next((i for i, axis in enumerate(axes) if axis.role == "channel"), None),
        "multiscale": item.systems.number,
        "position": item.found.position,
        "display": group.display,
        "kept": _KEPT,
    }


_KEPT = Kept()


def _labels(
    item: LoadedImage,
    common: PlacedPart,
    images: Mapping[str, PlacedPart],
    *,
    affordable: bool,
) -> tuple[PlacedLabels | None, tuple[Finding, ...]]:
    """A label image, or None where its pixels are no names of objects; what to say of them."""
    group = item.found.group
    sources, remark = as_integers(common, item.levels.arrays, affordable=affordable)
    shown = "" if sources is not None else "; they are shown as an image"
    findings: tuple[Finding, ...] = ()
    if remark:
        text = f"Labels '{common.name}' {remark}{shown}."
        findings = (Finding.of(LABEL_DTYPE, group.path, text),)
    if sources is None:
        return None, findings
    common = replace(common, sources=sources)
    image = images.get(item.found.image or "") if item.found.image is not None else None
    if image is not None and own_axes(common) is None:
        common = spread_over_image(common, image)
    fields = {name: getattr(common, name) for name in PlacedPart.__dataclass_fields__}
    return PlacedLabels(**fields, image_path=item.found.image, label=group.image_label), findings


def _image(
    item: LoadedImage, common: dict[str, Any], channels_of: _ChannelsOf
) -> tuple[PlacedImage, tuple[Finding, ...]]:
    group, axis = item.found.group, common["channel_axis"]
    count = 1 if axis is None else int(item.sources[0].shape[axis])
    channels, notes = channels_of(group, count)
    omero = group.omero
    image = PlacedImage(
        **common,
        channels=channels,
        default_t=max(0, (omero and omero.default_t) or 0),
        default_z=max(0, (omero and omero.default_z) or 0),
    )
    return image, notes


class _ChannelsOf:
    """The channels of groups; those of which nothing has to be said are made once.

    Thousands of fields of view of a plate share a document, and its settings with it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Channel, ...]] = {}

    def __call__(
        self, group: OmeGroup, count: int
    ) -> tuple[tuple[Channel, ...], tuple[Finding, ...]]:
        key = (id(group.omero), count)  # which lives as long as the group
        known = self._known.get(key)
        if known is not None:
            return known, ()
        channels, notes = complete_channels(group.omero, count, group.path)
        if not notes:
            self._known[key] = channels
        return channels, notes


def _names(loaded: Sequence[LoadedImage], archive: str) -> list[str]:
    """A name for each part: its own, else by its place in the archive, else the archive's."""
    names = []
    for item in loaded:
        path, own = item.found.group.path, (item.systems.multiscale.name or "").strip("/ ")
        last = path.rpartition("/")[2]
        if item.found.is_named and item.found.name:
            names.append(item.found.name)
        elif item.found.kind == "labels":
            folder = path.rpartition("labels/")[2]
            names.append(folder or last or archive)
        elif item.found.position is not None:
            names.append(item.found.name or last)
        else:
            # Libraries write the group's path, or the word itself, where there is no name.
            own = own.rpartition("/")[2] if own in (path, last) or "/" in own else own
            meaningless = own.lower() in ("", "image", "multiscales", "default", "/")
            names.append((last or archive) if meaningless else own)
    return names
