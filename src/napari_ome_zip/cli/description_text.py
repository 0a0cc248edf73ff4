"""The description of a file as text: what a person wants to know at a glance, in a few lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from napari_ome_zip.answers import Answer
from napari_ome_zip.findings import listed
from napari_ome_zip.image.tables.backends import TableSize
from napari_ome_zip.sizes import readable_size

MAX_PARTS = 8
"""Images and labels that the text describes, at most, and of each other kind of thing; JSON has
all of them."""
_MAX_NAMES = 12
_COLUMN = 16
"""Where the text of a row begins."""

_TIMES = "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}"
"""Between the sides of a shape, which stay on one line."""


class _Row(NamedTuple):
    """A line that says what it is about."""

    about: str
    text: str


def info_text(described: Answer, width: int) -> str:
    """Return a description that `describe_image` made, as text.

    Parameters
    ----------
    described : dict
    width : int
        Of the terminal, in columns.
    """
    axes = described["display_system"]["axes"]
    lines: list[str | _Row] = [*_about_file(described)]
    for plate in described["plates"]:
        lines += ["", *_about_plate(plate)]
    parts = described["parts"]
    for part in parts[:MAX_PARTS]:
        lines += ["", *_about_part(part, axes)]
    if len(parts) > MAX_PARTS:
        lines += ["", f"and {_counted(parts[MAX_PARTS:])} more (--json lists all)"]
    for section in (_about_tables, _about_layers, _about_attachments, _about_findings):
        about = [*section(described)]
        lines += ["", *about] if about else []
    # The name may be needed as it is, to be copied.
    wrapped = (_wrapped(line, width) for line in lines)
    return "\n".join((described["path"], *wrapped)) + "\n"


def _wrapped(line: str | _Row, width: int) -> str:
    if isinstance(line, _Row):
        first, text, indent = f"  {line.about}".ljust(_COLUMN), line.text, _COLUMN
    else:
        text = line.lstrip()
        indent = len(line) - len(text)
        first, indent = " " * indent, indent + 2
    filled = textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return filled.replace(_TIMES, " × ")


def _about_file(described: Answer) -> Iterator[str]:
    version = f"OME-Zarr {described['version']}" if described["version"] else "OME-Zarr"
    if described["kind"] == "archive":
        text = f"{version} in an archive of {readable_size(described['file_bytes'])}"
        text += f", {described['entries']:,} entries"
        yield text + (f", in its folder '{described['root']}'" if described["root"] else "")
    else:
        yield f"{version} in a folder"
    axes = [
        axis["name"] + (f" ({axis['unit']})" if axis["unit"] else "")
        for axis in described["display_system"]["axes"]
    ]
    name, parts = described["display_system"]["name"], described["parts"]
    yield f"{_counted(parts)}, shown in '{name}': {', '.join(axes)}"


def _counted(parts: Sequence[Answer]) -> str:
    images = sum(part["kind"] == "image" for part in parts)
    labels = len(parts) - images
    counted = [f"{images:,} image{'' if images == 1 else 's'}"] if images else []
    counted += [f"{labels:,} label image{'' if labels == 1 else 's'}"] if labels else []
    return " and ".join(counted)


def _about_plate(plate: Answer) -> Iterator[str | _Row]:
    where = f" in {plate['path']}" if plate["path"] else ""
    yield f"Plate '{plate['name']}'{where}" if plate["name"] else f"Plate{where}"
    rows, columns = plate["rows"], plate["columns"]
    yield _Row("wells", f"{plate['wells']:,} on {len(rows):,} rows × {len(columns):,} columns")
    most = plate["most_fields"]
    each = f"{most} in each" if most * plate["wells"] == plate["fields"] else f"up to {most} in a"
    yield _Row("fields", f"{plate['fields']:,} fields of view, {each} well")
    names = [each["name"] or f"number {each['id']}" for each in plate["acquisitions"]]
    if names:
        yield _Row("acquisitions", listed(names, _MAX_NAMES, str))


def _about_part(part: Answer, axes: Sequence[Answer]) -> Iterator[str | _Row]:
    kind = "Image" if part["kind"] == "image" else "Labels"
    mosaic = part.get("mosaic")
    where = f" in {part['path']}" if part["path"] and not mosaic else ""
    yield f"{kind} '{part['name']}'{where}"
    pixels = f"{part['dtype']}, {readable_size(part['pixel_bytes'])} of pixels"
    yield _Row("size", f"{_sides(part, part['shape'])}; {pixels}")
    if mosaic:
        field = _sides(part, mosaic["field_shape"])
        most = "up to " if mosaic["fields_differ"] else ""
        yield _Row("mosaic", f"{mosaic['fields']:,} fields of view of {most}{field}")
    named = [name for name in part.get("channels", ()) if name]
    if named:
        yield _Row("channels", listed(named, _MAX_NAMES, str))
    yield _Row("place", _place(part, axes))
    if part["orientation"]:
        yield _Row("orientation", part["orientation"])
    for number, level in enumerate(part["levels"]):
        of_field = " (of a field)" if mosaic and not number else ""
        yield _Row(f"level {number}", _level(level) + of_field)


def _sides(part: Answer, shape: Sequence[int]) -> str:
    return ", ".join(f"{a} {n:,}" for a, n in zip(part["axes"], shape, strict=True))


def _level(level: Answer) -> str:
    text = f"{_shape(level['shape'])}, chunks {_shape(level['chunks'])}"
    text += f" in shards {_shape(level['shards'])}" if level["shards"] else ""
    return f"{text}, {', '.join(level['codecs']) or 'not compressed'}"


def _place(part: Answer, axes: Sequence[Answer]) -> str:
    """The extent along each axis; a unit stands once after those that have it in common."""
    spans = []
    for number, (axis, (low, high)) in enumerate(zip(axes, part["extent"], strict=True)):
        following = axes[number + 1]["unit"] if number + 1 < len(axes) else None
        unit = f" {axis['unit']}" if axis["unit"] and axis["unit"] != following else ""
        spans.append(f"{axis['name']} {low:.6g} to {high:.6g}{unit}")
    linear = np.array(part["to_display"])[:, :-1]
    aligned = all(np.count_nonzero(row) <= 1 for row in linear)
    return ", ".join(spans) + ("" if aligned else " (rotated or sheared)")


def _shape(shape: Sequence[int] | None) -> str:
    return _TIMES.join(f"{n}" for n in shape) if shape else "of other kinds"


def _about_tables(described: Answer) -> Iterator[str]:
    tables = described["tables"]
    if tables:
        yield "Tables"
    for table in tables[:MAX_PARTS]:
        kind = (table["type"] or "table").replace("_", " ")
        size = TableSize(table["rows"], table["columns"])
        about = f"about {listed(table['labels'], 2, str)}" if table["labels"] else ""
        facts = (f"  {table['path']}: {kind} ({table['form']})", str(size), about)
        yield ", ".join(filter(None, facts))
    yield from _and_more(tables)


def _about_layers(described: Answer) -> Iterator[str]:
    layers = described["layers"]
    if layers or described["has_view"]:
        yield "Kept for napari"
    for layer in layers[:MAX_PARTS]:
        yield f"  {layer['kind']} '{layer['name']}'"
    yield from _and_more(layers)
    if described["has_view"]:
        yield "  the view that was last seen"


def _about_attachments(described: Answer) -> Iterator[str]:
    attached = described["attachments"]
    if attached:
        yield "Beside the images"
    for each in attached[:MAX_PARTS]:
        form = "" if each["form"] == "file" else f"{each['form']} "
        yield f"  {form}{each['title']}, {readable_size(each['bytes'])}"
    yield from _and_more(attached)


def _about_findings(described: Answer) -> Iterator[str]:
    found = [finding["message"] for finding in described["findings"]]
    if found:
        yield "Problems that were worked around"
    yield from (f"  {message}" for message in found[:MAX_PARTS])
    yield from _and_more(found)


def _and_more(things: Sequence[object]) -> Iterator[str]:
    if len(things) > MAX_PARTS:
        yield f"  and {len(things) - MAX_PARTS:,} more"
