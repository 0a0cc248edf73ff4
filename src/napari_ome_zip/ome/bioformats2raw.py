"""Reads ``bioformats2raw.layout``, which marks a group that holds a series of images."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, integer
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "bioformats2raw.layout metadata"

LAYOUT = Rule(
    "bioformats2raw-layout",
    MUST,
    SECTION,
    "The layout of a series of images is number 3.",
    "Write 3, or convert the images again with a current bioformats2raw.",
    effect=Effect.NOT_SHOWN,
)


def parse_layout(value: Any, at: At) -> int | None:
    """Read the number of the layout; None where it is not an integer."""
    layout = integer(int(value) if isinstance(value, str) and value in ("1", "2", "3") else value)
    if isinstance(value, bool) or value != 3:
        done = "ignored" if layout is None and value is not None else ""
        at.report(LAYOUT, f"Layout of the series is {described(value)}, not the number 3", done)
    return layout
