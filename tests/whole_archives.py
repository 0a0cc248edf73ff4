"""Archives with everything in them that a file may hold, made with zarr-python and zipfile alone.

Each function writes one archive and returns the truth about it: the bytes of every entry, the
pixels of every array, where they lie in the world, and whose each entry is (``whole_hierarchy``).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec

from hierarchy_builder import axes_of
from whole_hierarchy import Place, Truth, WholeHierarchy, after

METADATA_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">\n'
    '  <Image ID="Image:0" Name="sample"><Description>5 µm sections</Description></Image>\n'
    "</OME>\n"
).encode()


def whole_archive(path: Path, *, time: bool = False) -> Truth:
    """Write an image of 0.5 at the root, with labels and with everything else beside it."""
    whole = WholeHierarchy()
    axes = "tczyx" if time else "czyx"
    _root_image(whole, axes, "", _channels(), **{"acme:note": {"lab": "B12", "n": [1, 2.5, None]}})
    _labels(whole, axes, "")
    values = np.ones((5, 21, 34), np.uint8)
    whole.label_image("labels/locked", "zyx", values, _place("zyx", 0.2))
    whole.unknown_codec("labels/locked")
    _everything_else(whole)
    return whole.truth(path)


def whole_series(path: Path) -> Truth:
    """Write three images of 0.5 as bioformats2raw lists them, the first with labels."""
    whole = WholeHierarchy()
    whole.lists("", **{"bioformats2raw.layout": 3, "acme:note": "series"})
    whole.lists("OME", series=["0", "1", "map"], **{"acme:software": "8.1"})
    _root_image(whole, "czyx", "0", _channels())
    _labels(whole, "czyx", "0")
    for number, name in enumerate(("1", "map")):
        pixels = _pixels((19 + number, 26), np.uint8)
        whole.pyramid(name, "yx", [(pixels, _place("yx", 0.7 + number), {"chunks": (8, 9)})])
    _everything_else(whole)
    return whole.truth(path)


def whole_scene(path: Path) -> Truth:
    """Write two images of 0.6 that a scene shifts into one world, the first with labels."""
    whole = WholeHierarchy("0.6")
    shifts = {"left": (0.0, 10.0, 0.0), "right": (0.0, 10.0, 31.5)}
    scene = {
        "coordinateSystems": [{"name": "world", "axes": axes_of("zyx"), "acme:frame": "stage"}],
        "coordinateTransformations": [
            {
                "type": "translation",
                "name": f"{name} to world",
                "translation": list(shift),
                "input": {"path": name, "name": "physical"},
                "output": {"name": "world"},
            }
            for name, shift in shifts.items()
        ],
        "acme:stage": {"serial": 77},
    }
    whole.lists("", scene=scene)
    for number, (name, shift) in enumerate(shifts.items()):
        pixels = _pixels((5, 21, 34), np.uint16) + np.uint16(number)
        levels = [
            (pixels, _place("zyx", 0.5), {"chunks": (2, 9, 10), "compressors": GzipCodec()}),
            (pixels[:, 1::2, ::3], _place("zyx", 0.5, (1, 2, 3), (0, 1, 0)), {"chunks": (5, 4, 5)}),
        ]
        whole.pyramid(name, "zyx", levels)
        for level in whole.levels[name]:
            whole.places[level] = after(whole.places[level], ((1.0,) * 3, shift))
    values = (_pixels((5, 21, 34), np.uint16) % 3).astype(np.uint16)
    whole.lists("left/labels", labels=["cells"])
    whole.label_image("left/labels/cells", "zyx", values, _place("zyx", 0.5))
    level = "left/labels/cells/s0"
    whole.places[level] = after(whole.places[level], ((1.0,) * 3, shifts["left"]))
    _everything_else(whole)
    return whole.truth(path)


def whole_archive_of_0_4(path: Path) -> Truth:
    """Write an image of 0.4 (Zarr v2) at the root, with labels and everything else."""
    from numcodecs import Blosc

    whole = WholeHierarchy("0.4")
    pixels = _pixels((2, 5, 21, 34), np.dtype(">u2"))
    lz4 = {"compressors": Blosc(cname="lz4", clevel=3, shuffle=Blosc.BITSHUFFLE)}
    nested = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    levels: list[Any] = [
        (pixels, _place("czyx", 0.2), {"chunks": (1, 2, 16, 16), **lz4, **nested}),
        (
            pixels[:, :, 1::2, ::3],
            _place("czyx", 0.2, (1, 1, 2, 3), (0, 0, 1, 0)),
            {"chunks": (2, 3, 4, 5), "order": "F", "attributes": {"acme": 1}},
        ),
    ]
    whole.pyramid("", "czyx", levels, omero=_channels(), **{"acme:note": "old"})
    whole.lists("labels", labels=["cells"], **{"acme:order": [0]})
    values = (_pixels((5, 21, 34), np.uint16) % 3).astype(np.uint16)
    whole.label_image("labels/cells", "zyx", values, _place("zyx", 0.2))
    _everything_else(whole)
    return whole.truth(path)


def whole_plate(path: Path) -> Truth:
    """Write a plate of 0.5: two rows, two columns, two fields in the first well, with labels."""
    whole = WholeHierarchy()
    fields = {"A/1": ["0", "1"], "A/2": ["0"], "B/2": ["0"]}
    wells = [
        {"path": well, "rowIndex": "AB".index(well[0]), "columnIndex": int(well[2]) - 1}
        for well in fields
    ]
    plate = {
        "name": "screen 7",
        "version": "0.5",
        "field_count": 2,
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [{**well, "acme:drug": f"D{n}"} for n, well in enumerate(wells)],
        "acquisitions": [{"id": 0, "name": "first", "starttime": 1700000000}],
        "acme:robot": "arm 2",
    }
    whole.lists("", plate=plate)
    for row in "AB":
        whole.lists(row)
    for well, names in fields.items():
        listed = [{"path": name, "acquisition": 0, "acme:focus": 0.25} for name in names]
        whole.lists(well, well={"images": listed, "version": "0.5"})
        for number, name in enumerate(names):
            pixels = _pixels((2, 14, 18), np.uint16) + np.uint16(100 * number)
            options = {"chunks": (1, 5, 18), "compressors": GzipCodec(level=3)}
            group = f"{well}/{name}"
            levels = [(pixels, _place("cyx", 0.65), options)]
            whole.pyramid(group, "cyx", levels, omero=_channels())
    whole.lists("A/1/0/labels", labels=["nuclei"])
    values = (_pixels((14, 18), np.uint8) % 3).astype(np.uint8)
    whole.label_image("A/1/0/labels/nuclei", "yx", values, _place("yx", 0.65))
    _everything_else(whole)
    return whole.truth(path)


WHOLE_ARCHIVES = {
    "image": whole_archive,
    "series": whole_series,
    "scene": whole_scene,
    "of 0.4": whole_archive_of_0_4,
    "plate": whole_plate,
}
"""Every kind of archive by a name for it."""


def _root_image(whole: WholeHierarchy, axes: str, path: str, omero: Any, **others: Any) -> None:
    """Add an image of three levels, of which none is stored or placed as this project does it."""
    pixels = _pixels((2, 2, 5, 21, 34)[-len(axes) :], np.uint16)
    pixels[..., :16, :16] = 9  # the fill value: these chunks are not stored
    lead, none = (1,) * (len(axes) - 3), (0,) * (len(axes) - 3)
    levels: list[Any] = [
        (
            pixels,
            _place(axes, 0.2),
            {
                "chunks": (*lead, 2, 16, 16),
                "shards": (*lead, 4, 32, 32),
                "compressors": BloscCodec(cname="lz4", clevel=3, shuffle="bitshuffle"),
                "fill_value": 9,
                "attributes": {"acme": {"exposure ms": [10, 20.5]}, "_ARRAY_DIMENSIONS": [*axes]},
            },
        ),
        (
            pixels[..., 1::2, ::3],
            _place(axes, 0.2, (*lead, 1, 2, 3), (*none, 0, 1, 0)),
            {
                "chunks": (*lead, 3, 4, 5),
                "fill_value": 9,
                "compressors": GzipCodec(level=1),
                "chunk_key_encoding": {"name": "default", "separator": "."},
                "attributes": {"made by": "every second and third pixel"},
            },
        ),
        (
            pixels[..., 1::2, 2::5, 1::6],
            _place(axes, 0.2, (*lead, 2, 5, 6), (*none, 1, 2, 1)),
            {
                "chunks": (*lead, 2, 4, 6),
                "serializer": BytesCodec(endian="big"),
                "compressors": Crc32cCodec(),
            },
        ),
    ]
    then = _place(axes, 1.5) if not path else None
    whole.pyramid(path, axes, levels, then, omero=omero, **others)
    last = f"{whole.levels[path][2]}/zarr.json"
    whole.edit(last, **{"acme:extra": {"must_understand": False, "name": "acme:extra", "n": 1}})


def _labels(whole: WholeHierarchy, axes: str, path: str) -> None:
    """Add two label images: one of the image's shape, one without its channels, not at its size."""
    prefix = f"{path}/" if path else ""
    shape = (2, 1, 5, 21, 34)[-len(axes) :]
    values = (_pixels(shape, np.uint32) % 3).astype(np.uint32)
    locked = [] if path else ["locked"]
    whole.lists(f"{prefix}labels", labels=["cells", *locked, "tissue"], **{"acme:order": [1, 0]})
    cells, tissue = _place(axes, 0.2), _place("zyx", 0.4)
    if not path:
        cells, tissue = after(cells, _place(axes, 1.5)), after(tissue, _place("zyx", 1.5))
    whole.label_image(f"{prefix}labels/cells", axes, values, cells)
    values = (_pixels((5, 11, 17), np.int16) % 3).astype(np.int16)
    whole.label_image(f"{prefix}labels/tissue", "zyx", values, tissue)


def _everything_else(whole: WholeHierarchy) -> None:
    """Add what other conventions and people put into an archive."""
    whole.convention(
        "",
        spatialdata_attrs={"version": "0.2", "spatialdata_software_version": "0.5.0"},
        acme={"big": 2**60 + 1, "small": 1e-12, "text": "µ – \u2028", "none": None, "empty": {}},
    )
    whole.group("tables").convention("tables", tables=["cells"], version="0.1")
    about = {"encoding-type": "anndata", "region": ["cells"]}
    whole.group("tables/cells").convention("tables/cells", **about)
    encoding = {"encoding-type": "array", "encoding-version": "0.2.0"}
    area = np.linspace(0.5, 9.5, 7)
    whole.array("tables/cells/area", area, chunks=(3,), attributes=encoding)
    whole.array("tables/cells/index", np.arange(7, dtype=np.int64), attributes=encoding)
    unknown = {"regions": [{"roi": [0, 0, 4, 4]}], "acme:kind": "regions of 2031"}
    whole.group("regions", **whole.declared(), **unknown)
    whole.array("regions/mask", np.eye(4, dtype=bool))
    crate = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [{"@id": "./"}]}
    whole.put("ro-crate-metadata.json", json.dumps(crate, indent=4).encode() + b"\n")
    whole.put("OME/METADATA.ome.xml", METADATA_XML)
    whole.put("thumbnail.png", _picture())
    whole.put("notes/Übersicht.txt", "Schnitt 5 – µm\r\n".encode())
    whole.put("notes/empty", b"")


def _channels() -> dict[str, Any]:
    window = {"min": 0.0, "max": 65535.0, "start": 10.0, "end": 4000.0, "acme:auto": True}
    return {
        "id": 12,
        "name": "whole.czi",
        "channels": [
            {
                "label": label,
                "color": color,
                "active": active,
                "coefficient": 1.0,
                "family": "linear",
                "inverted": False,
                "window": window,
                "emissionWave": wave,
                "acme:laser": {"mW": 3.5},
            }
            for label, color, active, wave in (
                ("DAPI", "0000FF", True, 461),
                ("GFP", "00FF00", False, 509),
            )
        ],
        "rdefs": {"model": "color", "defaultT": 0, "defaultZ": 2, "projection": "normal"},
        "acme:owner": "public",
    }


def _pixels(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """Return values without a pattern, which no resampling keeps by chance."""
    generator = np.random.default_rng(len(shape) * 1000 + shape[-1])
    return generator.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


def _place(axes: str, size: float, strides: Sequence[int] = (), first: Sequence[int] = ()) -> Place:
    """Return the place of a level that holds every n-th pixel from a first one on."""
    sizes = {"t": 30.0, "c": 1.0, "z": 1.25, "y": size, "x": size * 1.1}
    origin = {"t": 0.0, "c": 0.0, "z": -3.0, "y": 7.5, "x": 100.25}
    scale = [sizes[name] * n for name, n in zip(axes, strides or (1,) * len(axes), strict=True)]
    shift = [
        origin[name] + sizes[name] * n
        for name, n in zip(axes, first or (0,) * len(axes), strict=True)
    ]
    return tuple(scale), tuple(shift)


def _picture() -> bytes:
    """Return a PNG picture of one gray pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        content = kind + data
        return struct.pack(">I", len(data)) + content + struct.pack(">I", zlib.crc32(content))

    header = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\x80"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")
