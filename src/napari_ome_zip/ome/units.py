"""Units of axes by their names in UDUNITS-2: what each measures, and how large it is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_PREFIXES = {
    "yotta": 1e24, "zetta": 1e21, "exa": 1e18, "peta": 1e15, "tera": 1e12, "giga": 1e9,
    "mega": 1e6, "kilo": 1e3, "hecto": 1e2, "": 1.0, "deci": 1e-1, "centi": 1e-2,
    "milli": 1e-3, "micro": 1e-6, "nano": 1e-9, "pico": 1e-12, "femto": 1e-15, "atto": 1e-18,
    "zepto": 1e-21, "yocto": 1e-24,
}  # fmt: skip


def _with_prefixes(name: str) -> dict[str, float]:
    return {prefix + name: factor for prefix, factor in _PREFIXES.items()}


METERS = _with_prefixes("meter") | {
    "angstrom": 1e-10, "inch": 0.0254, "foot": 0.3048, "yard": 0.9144, "mile": 1609.344,
    "parsec": 3.0856775814913673e16,
}  # fmt: skip
"""Units of space (section "axes"), each in meters."""

SECONDS = _with_prefixes("second") | {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
"""Units of time (section "axes"), each in seconds."""

_RADIANS = _with_prefixes("radian") | {
    "degree": math.pi / 180, "arcminute": math.pi / 10800, "arcsecond": math.pi / 648000,
}  # fmt: skip
# UDUNITS-2 knows the prefix, the list in the specification leaves it out.
_LENGTHS, _TIMES = METERS | {"decameter": 10.0}, SECONDS | {"decasecond": 10.0}
_ALONE = (
    "kelvin", "volt", "ampere", "watt", "joule", "electronvolt", "gram", "mole", "pascal",
    "newton", "coulomb", "tesla", "candela",
)  # fmt: skip
"""Units that are converted only between their own prefixes."""

_QUANTITIES: Mapping[str, Mapping[str, float]] = {
    "length": _LENGTHS,
    "time": _TIMES,
    "angle": _RADIANS,
    **{name: _with_prefixes(name) for name in _ALONE},
}
_SIMPLE = {
    name: (quantity, 1, size)
    for quantity, table in _QUANTITIES.items()
    for name, size in table.items()
} | {name: ("time", -1, size) for name, size in _with_prefixes("hertz").items()}
"""By name: a quantity, its power, and the size in the unit without prefix."""

MAX_LENGTH = 64
"""Characters of a unit, at most: longer text is none."""
_FACTOR = re.compile(
    r"(?P<by>\s*[/*]\s*|\s+|^)(?P<name>[a-z_]+|1(?!\d))(?:\s?\^\s?(?P<power>-?\d))?"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is known."""

    name: str
    """As UDUNITS-2 writes it, such as ``micrometer`` or ``1/micrometer``."""
    quantity: frozenset[tuple[str, int]]
    """What it measures: quantities and their powers, such as ``("length", -1)``."""
    size: float
    """In the units of these quantities that have no prefix."""

    @property
    def is_length(self) -> bool:
        """Whether it is a length."""
        return self.quantity == {("length", 1)}

    @property
    def is_time(self) -> bool:
        """Whether it is a time."""
        return self.quantity == {("time", 1)}


@lru_cache(maxsize=256)
def parse_unit(text: str) -> Unit | None:
    """Return the unit of a name, or of names that are multiplied and divided; None for any other.

    Examples
    --------
    >>> parse_unit("micrometer").size, parse_unit("kilometer/hour").name
    (1e-06, 'kilometer/hour')
    >>> parse_unit("1 / micrometer") == parse_unit("micrometer^-1")
    True
    >>> parse_unit("frame")
    """
    powers = _powers(text)
    if not powers:
        return None
    quantity: Counter[str] = Counter()
    size = 1.0
    for name, power in powers.items():
        measured, own_power, own_size = _SIMPLE[name]
        quantity[measured] += own_power * power
        size *= own_size**power
    if not 0 < size < math.inf:
        return None
    measures = frozenset((name, power) for name, power in quantity.items() if power)
    return Unit(_written(powers), measures, size)


def _powers(text: str) -> dict[str, int]:
    """Return the power of each name in a product; empty where it is not made of known names."""
    text = text.strip().replace("**", "^")
    if len(text) > MAX_LENGTH:
        return {}
    powers: Counter[str] = Counter()
    place = 0
    while place < len(text):
        factor = _FACTOR.match(text, place)
        if factor is None or (factor["name"] != "1" and factor["name"] not in _SIMPLE):
            return {}
        if factor["name"] != "1":
            sign = -1 if "/" in factor["by"] else 1
            powers[factor["name"]] += sign * int(factor["power"] or 1)
        place = factor.end()
    return {name: power for name, power in sorted(powers.items()) if power}


def _written(powers: Mapping[str, int]) -> str:
    above = [_power(name, power) for name, power in powers.items() if power > 0]
    below = [f"/{_power(name, -power)}" for name, power in powers.items() if power < 0]
    return ("*".join(above) or "1") + "".join(below)


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"
