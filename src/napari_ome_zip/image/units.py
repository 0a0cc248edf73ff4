"""Units of OME-Zarr axes: which are known, however they are spelled, and how two convert."""

from __future__ import annotations

import re

from napari_ome_zip.ome.units import MAX_LENGTH, Unit, parse_unit

# Not UDUNITS-2 names, yet common in files, and unmistakable.
_SPELLINGS = {
    "µm": "micrometer", "um": "micrometer", "μm": "micrometer", "micron": "micrometer",
    "microns": "micrometer", "nm": "nanometer", "mm": "millimeter", "cm": "centimeter",
    "m": "meter", "å": "angstrom", "s": "second", "sec": "second", "ms": "millisecond",
    "µs": "microsecond", "us": "microsecond", "ns": "nanosecond", "ps": "picosecond",
    "min": "minute", "h": "hour", "°": "degree", "deg": "degree", "rad": "radian", "hz": "hertz",
    "ev": "electronvolt", "kev": "kiloelectronvolt",
}  # fmt: skip
_WORD = re.compile(r"[^\s\d/*^]+")


def known_unit(unit: str | None) -> str | None:
    """The UDUNITS-2 name of a unit, or None where ``unit`` is none that is known.

    Capitals and American or British spelling (``metre``) do not matter.

    Notes
    -----
    OME-Zarr, section "axes": units SHOULD be UDUNITS-2 names; an absent or unknown unit is legal.

    Examples
    --------
    >>> known_unit("Microns"), known_unit("1 / µm"), known_unit("frame")
    ('micrometer', '1/micrometer', None)
    """
    found = _unit(unit)
    return None if found is None else found.name


def conversion(source: str | None, target: str | None) -> float:
    """Factor from ``source`` to ``target``; 1 where they are not two known units of one kind."""
    before, after = _unit(source), _unit(target)
    if before is None or after is None or before.quantity != after.quantity:
        return 1.0
    return before.size / after.size


def is_length(unit: str | None) -> bool:
    """Whether a unit is known, and is one of length."""
    found = _unit(unit)
    return found is not None and found.is_length


def is_time(unit: str | None) -> bool:
    """Whether a unit is known, and is one of time."""
    found = _unit(unit)
    return found is not None and found.is_time


def _unit(text: str | None) -> Unit | None:
    if not text or len(text) > MAX_LENGTH:
        return None
    return parse_unit(_WORD.sub(_spelled, text.lower()))


def _spelled(word: re.Match[str]) -> str:
    name = word[0].replace("metre", "meter").replace("electron_volt", "electronvolt")
    name = _SPELLINGS.get(name, name)
    return name if parse_unit(name) is not None else name.removesuffix("s")
