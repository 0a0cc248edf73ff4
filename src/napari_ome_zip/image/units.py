"""Units of OME-Zarr axes: which are known, and how two of one kind convert."""

from __future__ import annotations

from napari_ome_zip.ome.units import METERS, SECONDS

# UDUNITS-2 knows the prefix, the list in the specification leaves it out.
_METERS = METERS | {"decameter": 10.0}
_SECONDS = SECONDS | {"decasecond": 10.0}
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
    if name not in _METERS and name not in _SECONDS and name.endswith("s"):
        name = name[:-1]
    return name if name in _METERS or name in _SECONDS else None


def conversion(source: str | None, target: str | None) -> float:
    """Factor from ``source`` to ``target``; 1 where they are not two known units of one kind."""
    source, target = known_unit(source), known_unit(target)
    for table in (_METERS, _SECONDS):
        if source in table and target in table:
            return table[source] / table[target]
    return 1.0
