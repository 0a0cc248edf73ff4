"""Places in a file in words, such as ``labels 'nuclei', level 2``; knows nothing of Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.rules import Location

WHOLE_FILE = "the whole file"

_STEP = re.compile(r'\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.\[\]]+)')
_NUMBERED = {
    "acquisitions": "acquisition",
    "axes": "axis",
    "channels": "channel",
    "colors": "color",
    "columns": "column",
    "coordinateSystems": "coordinate system",
    "coordinateTransformations": "transformation",
    "images": "field of view",
    "labels": "label image",
    "multiscales": "image",
    "properties": "set of properties",
    "rows": "row",
    "series": "image of the series",
    "transformations": "transformation",
    "wells": "well",
}
"""What an entry of each list is."""
_FIELDS = {
    "image-label": "settings of labels",
    "omero": "display settings",
    "window": "contrast limits",
}
_SILENT = frozenset({"ome", "attributes", "multiscales", "datasets", *_NUMBERED})
"""Fields that say nothing beside what lies in them."""
_OF_ARRAYS = frozenset(
    {
        "shape", "data_type", "dtype", "chunk_grid", "chunks", "chunk_key_encoding", "codecs",
        "compressor", "filters", "fill_value", "dimension_names", "dimension_separator", "order",
    }
)  # fmt: skip
"""Fields that only the document of an array has."""
_LEVEL = re.compile(r"s?(\d+)", re.ASCII)
_CHUNK = re.compile(r"(?:^|/)(?:c((?:/\d+)*)|(\d+(?:\.\d+)+))$", re.ASCII)
_FIELD_OF_VIEW = re.compile(r"([A-Za-z]{1,2})/(\d+)(?:/(\w+))?", re.ASCII)


def place_of(location: Location) -> str:
    """Return a place in words.

    Levels are numbered from 0, as viewers show them; all else is counted: the 1st channel.
    """
    folder, _, name = location.entry.rpartition("/")
    steps = tuple(_steps(location.json_path))
    parts: list[str] = []
    if name in DOCUMENT_NAMES:
        parts += _array(folder) if _is_array(folder, name, steps) else _group(folder)
    elif location.entry:
        parts += _file(location.entry)
    return ", ".join([*parts, *_inside(steps)]) or (
        "the image" if location.entry or location.json_path else WHOLE_FILE
    )


def _steps(path: str) -> Iterator[str | int]:
    """Names of fields and positions in lists, from the outside in."""
    for position, quoted, name in _STEP.findall(path):
        yield int(position) if position else json.loads(quoted) if quoted else name


def _inside(steps: tuple[str | int, ...]) -> Iterator[str]:
    for field, step in zip(("", *steps), steps, strict=False):
        if isinstance(step, int):
            if field == "datasets":
                yield f"level {step}"
            elif field != "multiscales" or step:  # most groups hold one image
                yield f"{_ordinal(step + 1)} {_NUMBERED.get(str(field), f'entry of {field}')}"
        elif step not in _SILENT:
            yield _FIELDS.get(step, step)
    if steps and steps[-1] in _NUMBERED:
        yield f"list of {_NUMBERED[str(steps[-1])]}s"


def _is_array(folder: str, name: str, steps: tuple[str | int, ...]) -> bool:
    """Whether a document is that of an array, as far as names tell."""
    if name == ".zarray" or (steps and steps[0] in _OF_ARRAYS):
        return True
    is_level = _LEVEL.fullmatch(folder.rpartition("/")[2]) is not None
    return is_level and not steps and _FIELD_OF_VIEW.fullmatch(folder) is None


def _group(path: str) -> list[str]:
    """A group: labels, a field of view, or any other image."""
    outer, marker, labels = f"/{path}".rpartition("/labels/")
    if marker:
        return [f"labels '{labels}'", *_group(outer.strip("/"))]
    if not path:
        return []
    field = _FIELD_OF_VIEW.fullmatch(path)
    if field is None:
        return [f"image '{path}'"]
    row, column, number = field.groups()
    return [f"well {row}{column}", *([f"field of view {number}"] if number else [])]


def _array(path: str) -> list[str]:
    outer, _, name = path.rpartition("/")
    level = _LEVEL.fullmatch(name)
    return [*_group(outer), f"level {int(level[1])}" if level else f"array '{name}'"]


def _file(entry: str) -> list[str]:
    chunk = _CHUNK.search(entry)
    if chunk is None or chunk.start() == 0:
        return [f"'{entry}'"]
    numbers = re.findall(r"\d+", chunk[0])
    return [*_array(entry[: chunk.start()]), f"chunk {', '.join(numbers) or '0'}"]


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0)
    return f"{number}{ending or 'th'}"
