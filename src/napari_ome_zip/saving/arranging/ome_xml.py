"""``OME/METADATA.ome.xml``: the images of a series once more, for programs that ask for them there.

OME-Zarr, "bioformats2raw": the file SHOULD be there; some readers fail without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np

from napari_ome_zip.image.axis_order import axes_of_space
from napari_ome_zip.image.composite import PlacedImage, PlacedPart
from napari_ome_zip.image.units import conversion, is_length, is_time
from napari_ome_zip.saving.arranging.placement import Placed

METADATA_XML = "OME/METADATA.ome.xml"

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SCHEMA = f"{_NAMESPACE} {_NAMESPACE}/ome.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
# What XML 1.0 cannot hold (section 2.2, "Char").
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PIXEL_TYPES = {
    "b1": "bit", "i1": "int8", "i2": "int16", "i4": "int32", "u1": "uint8", "u2": "uint16",
    "u4": "uint32", "f4": "float", "f8": "double", "c8": "complex", "c16": "double-complex",
    # The schema has no such types; these hold the most of their values.
    "f2": "float", "i8": "double", "u8": "double",
}  # fmt: skip


def ome_xml(images: Sequence[tuple[str, Placed]]) -> bytes:
    """The images of a series as OME-XML (2016-06), without their pixels.

    Parameters
    ----------
    images : sequence of (str, Placed)
        Path of each image's group, and the image, in the order of the series.

    Returns
    -------
    bytes
        UTF-8. Sizes of pixels are in micrometers and seconds; in the image's own, unnamed unit
        where none is known. Axes that OME-XML does not have are counted as times.
    """
    # As plain attributes: prefixes for namespaces would be registered for the whole process.
    root = ET.Element(
        "OME",
        {"xmlns": _NAMESPACE, "xmlns:xsi": _INSTANCE, "xsi:schemaLocation": _SCHEMA},
        Creator="napari-ome-zip",
    )
    for number, (path, placed) in enumerate(images):
        # Readers take what follows "Image:" for the path; the schema allows no spaces there.
        name = path if re.fullmatch(r"\S+", path) else str(number)
        image = ET.SubElement(root, "Image", ID=f"Image:{name}", Name=_text(placed.part.name))
        pixels = ET.SubElement(image, "Pixels", {"ID": f"Pixels:{number}", **_pixels(placed)})
        for channel in _channels(placed.part, number):
            ET.SubElement(pixels, "Channel", channel)
        ET.SubElement(pixels, "MetadataOnly")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _pixels(placed: Placed) -> dict[str, str]:
    part = placed.part
    sizes = {"X": 1, "Y": 1, "Z": 1, "C": 1, "T": 1}
    steps: dict[str, str] = {}
    dimensions = _dimensions(part)
    for axis, dimension, size, step in zip(
        part.axes, dimensions, part.shape, placed.scale, strict=True
    ):
        sizes[dimension] *= size
        if axis.role in ("space", "time"):
            steps = _step(dimension, step, axis.unit) | steps
    return {
        "DimensionOrder": "XYZCT",
        "Type": _PIXEL_TYPES[np.dtype(part.dtype).str[1:]],
        **{f"Size{dimension}": str(size) for dimension, size in sizes.items()},
        **steps,
    }


def _dimensions(part: PlacedPart) -> list[str]:
    """The letter of each axis: the last of space are Z, Y, X."""
    space = axes_of_space(part.axes)
    letters = dict(zip(reversed(space), "XYZ", strict=False))
    return [
        letters.get(number, "C" if number == part.channel_axis else "T")
        for number in range(len(part.axes))
    ]


def _step(dimension: str, step: float, unit: str | None) -> dict[str, str]:
    size = abs(step)
    if not (0 < size < math.inf):
        return {}
    if dimension == "T":
        # Times have no unit that stands for an unknown one.
        seconds = f"{size * conversion(unit, 'second'):.12g}"
        return {"TimeIncrement": seconds} if is_time(unit) else {}
    if is_length(unit):
        size, name = size * conversion(unit, "micrometer"), "µm"
    else:
        name = "reference frame"
    return {f"PhysicalSize{dimension}": f"{size:.12g}", f"PhysicalSize{dimension}Unit": name}


def _channels(part: PlacedPart, number: int) -> list[dict[str, str]]:
    count = part.channel_count
    found = [{"ID": f"Channel:{number}:{n}", "SamplesPerPixel": "1"} for n in range(count)]
    if isinstance(part, PlacedImage):
        for one, channel in zip(found, part.channels, strict=True):
            if channel.name:
                one["Name"] = _text(channel.name)
            if channel.color:
                one["Color"] = str(_color(channel.color))
    return found


def _color(color: str) -> int:
    """Red, green, blue and opacity in one signed number of 32 bits."""
    return int.from_bytes(bytes.fromhex(f"{color.lstrip('#')}FF"), signed=True)


def _text(text: str) -> str:
    return _ILLEGAL.sub("?", text)
