"""What is to be known of an item: size, size of a pixel, levels, how it is stored; no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.composite import Field, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.image.orientation_text import orientation_text
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.orientations import noted_orientations
from napari_ome_zip.ome import OmeGroup
from napari_ome_zip.plugin.contents.shown import OpenLayer, ShownPart
from napari_ome_zip.plugin.orientation.edges import window_orientations
from napari_ome_zip.storage.array_layout import ArrayLayout
from napari_ome_zip.storage.hierarchy import Node, join

type Facts = list[tuple[str, str]]
"""What is said, and of what."""

_SYMBOLS = {
    "micrometer": "µm", "nanometer": "nm", "millimeter": "mm", "meter": "m", "centimeter": "cm",
    "angstrom": "Å", "picometer": "pm", "second": "s", "millisecond": "ms", "minute": "min",
    "hour": "h", "day": "d", "microsecond": "µs", "nanosecond": "ns", "degree": "°",
}  # fmt: skip


def size_text(part: PlacedPart) -> str:
    """Width and height in pixels, with the number of planes where there are several."""
    sides = _sides(part, part.shape)
    planes = [f"{size:,}" for name, size in sides if name not in "xy" and size > 1]
    return " × ".join([*(f"{size:,}" for name, size in sides if name in "xy"), *planes])


def part_facts(
    shown: ShownPart,
    opened: Opened | None,
    field: Field | None = None,
    beside: Sequence[OpenLayer] = (),
) -> Facts:
    """Facts about an image or label image, or about one of its tiles.

    Parameters
    ----------
    shown : ShownPart
    opened : Opened, optional
        The hierarchy that it was opened from, for what only its documents say.
    field : Field, optional
        The tile.
    beside : sequence of OpenLayer
        All layers of the window.
    """
    part = shown.part
    shape = part.shape if field is None else field.shape
    path = part.path if field is None else field.path
    facts = [("Size", _size(part, shape)), ("Pixel size", _pixel_size(shown))]
    facts.append(("Orientation", _orientation(shown, beside)))
    if part.fields and field is None:
        facts.append(("Tiles", f"{len(part.fields):,}, shown as one image"))
    levels = f"{len(part.sources)} in the file"
    if part.overviews:
        levels += f", {len(part.overviews)} coarser for the screen"
    facts += [("Levels", levels), ("Data type", str(part.dtype))]
    facts += _stored(part, opened, path)
    facts.append(("In the file at", path or "the root"))
    return [(name, value) for name, value in facts if value]


def _sides(part: PlacedPart, shape: Sequence[int]) -> list[tuple[str, int]]:
    """Name and size of each axis, x first, channels last."""
    sides = [(axis.name.lower(), n) for axis, n in zip(part.axes, shape, strict=True)]
    channel = part.channel_axis
    rest = [side for number, side in enumerate(sides) if number != channel]
    return rest[::-1]


def _size(part: PlacedPart, shape: Sequence[int]) -> str:
    text = " × ".join(f"{name} {size:,}" for name, size in _sides(part, shape))
    return f"{text}, {part.channel_count} channels" if part.channel_count > 1 else text


def _pixel_size(shown: ShownPart) -> str:
    """Distance of two pixels along each axis, in the system that the file was opened in."""
    record = opened_layer(shown.layers[0].note)
    keywords = {} if record is None else record.keywords
    own = {axis.name for axis in shown.part.axes}
    measured = {axis.name for axis in shown.part.axes if axis.role in ("space", "time")}
    steps = zip(
        keywords.get("axis_labels", ()),
        keywords.get("scale", ()),
        keywords.get("units", ()),
        strict=True,
    )
    found = [(name, abs(step), str(unit)) for name, step, unit in steps if name in own][::-1]
    # Numbers of planes along an axis that measures nothing.
    found = [each for each in found if each[0] in measured or each[1:] != (1.0, "pixel")]
    texts = [f"{name} {step:.4g}{_with_space(unit)}" for name, step, unit in found]
    return ", ".join(texts)


def _orientation(shown: ShownPart, beside: Sequence[OpenLayer]) -> str:
    """Where its axes lead in a body, and of which other layers say otherwise."""
    note = shown.layers[0].note
    record = opened_layer(note)
    names = () if record is None else record.keywords.get("axis_labels", ())
    said = noted_orientations(note) or (None,) * len(names)
    if len(said) != len(names):
        return ""
    all_said = [noted_orientations(layer.note) for layer in beside]
    agreed = window_orientations([said, *all_said], len(said))
    pairs = zip(names, said, agreed, strict=True)
    contested = [name for name, own, common in pairs if own is not None and common is None]
    text = orientation_text(names, said, shown.part.axes)
    return f"{text}; other layers contradict {' and '.join(contested)}" if contested else text


def _with_space(unit: str) -> str:
    """A symbol after a number; nothing for pixels, of which the file does not say the size."""
    return "" if unit == "pixel" else f" {_SYMBOLS.get(unit, unit)}"


def version_of(opened: Opened, path: str) -> str:
    """The version of OME-Zarr that the document of a group is of; empty where it says none."""
    group = _group(opened, path)
    return (group.version if group is not None else None) or ""


def _stored(part: PlacedPart, opened: Opened | None, path: str) -> Facts:
    """What the documents of the group, and of its largest level, say."""
    group = None if opened is None else _group(opened, path)
    if opened is None or group is None:
        return []
    facts = []
    layout = _layout(opened, path, group, part.multiscale)
    if layout is not None:
        facts.append(("Compression", ", ".join(layout.codecs) or "none"))
        facts.append(("Chunks", _chunks(layout)))
    if group.version:
        facts.append(("OME-Zarr", group.version))
    return facts


def _group(opened: Opened, path: str) -> OmeGroup | None:
    try:
        return opened.group(path)
    except (OmeZipError, OSError):
        return None  # what is damaged has been reported


def _layout(opened: Opened, path: str, group: OmeGroup, number: int) -> ArrayLayout | None:
    """Of the largest level of a multiscale."""
    datasets = group.multiscales[number].datasets if number < len(group.multiscales) else ()
    level = join(path, datasets[0].path) if datasets else None
    node = None if level is None else _node(opened, level)
    return ArrayLayout.of(node) if node is not None and node.kind == "array" else None


def _node(opened: Opened, path: str) -> Node | None:
    try:
        return opened.hierarchy.node(path)
    except (OmeZipError, OSError):
        return None  # what is damaged has been reported


def _chunks(layout: ArrayLayout) -> str:
    """Sizes as the file has them, the axis that varies fastest last."""
    chunks = " × ".join(f"{side:,}" for side in layout.chunks or ())
    shards = " × ".join(f"{side:,}" for side in layout.shards or ())
    return f"{chunks} in shards of {shards}" if shards else chunks
