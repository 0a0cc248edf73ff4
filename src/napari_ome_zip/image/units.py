"""Units of OME-Zarr axes: which are known, and how two of one kind convert."""

from __future__ import annotations

_PREFIXES = {
    "yotta": 1e24, "zetta": 1e21, "exa": 1e18, "peta": 1e15, "tera": 1e12, "giga": 1e9,
    "mega": 1e6, "kilo": 1e3, "hecto": 1e2, "deca": 1e1, "": 1.0, "deci": 1e-1, "centi": 1e-2,
    "milli": 1e-3, "micro": 1e-6, "nano": 1e-9, "pico": 1e-12, "femto": 1e-15, "atto": 1e-18,
    "zepto": 1e-21, "yocto": 1e-24,
}  # fmt: skip

_METRES = {prefix + "meter": factor for prefix, factor in _PREFIXES.items()} | {
    "angstrom": 1e-10, "inch": 0.0254, "foot": 0.3048, "yard": 0.9144, "mile": 1609.344,
    "parsec": 3.0856775814913673e16,
}  # fmt: skip
_SECONDS = {prefix + "second": factor for prefix, factor in _PREFIXES.items()} | {
    "minute": 60.0, "hour": 3600.0, "day": 86400.0,
}  # fmt: skip
# Not UDUNITS-2 names, yet common in files, and unmistakable.
_SPELLINGS = {
    "µm": "micrometer", "um": "micrometer", "μm": "micrometer", "micron": "micrometer",
    "microns": "micrometer", "nm": "nanometer", "mm": "millimeter", "cm": "centimeter",
    "m": "meter", "å": "angstrom", "s": "second", "sec": "second", "ms": "millisecond",
    "µs": "microsecond", "us": "microsecond", "min": "minute", "h": "hour",
}  # fmt: skip


def known_unit(unit: str | None) -> str | None:
    """The UDUNITS-2 name of a length or time, or None where ``unit`` is neither.

    Capitals and American or British spelling (``metre``) do not matter.

    Notes
    -----
    OME-Zarr, section "axes": units SHOULD be UDUNITS-2 names; an absent or unknown unit is legal.
    """
    if not unit:
        return None
    name = unit.strip().lower().replace("metre", "meter")
    name = _SPELLINGS.get(name, name)
    if name not in _METRES and name not in _SECONDS and name.endswith("s"):
        name = name[:-1]
    return name if name in _METRES or name in _SECONDS else None


def conversion(source: str | None, target: str | None) -> float:
    """Factor from ``source`` to ``target``; 1 where they are not two known units of one kind."""
    source, target = known_unit(source), known_unit(target)
    for table in (_METRES, _SECONDS):
        if source in table and target in table:
            return table[source] / table[target]
    return 1.0
