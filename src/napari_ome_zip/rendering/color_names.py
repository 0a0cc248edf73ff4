"""Colors by name, as layers have them: those of CSS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

type Rgba = tuple[float, float, float, float]
"""Red, green, blue and opacity, from 0 to 1."""

_NAMED = {
    "aqua": "00ffff", "black": "000000", "blue": "0000ff", "cyan": "00ffff", "fuchsia": "ff00ff",
    "gray": "808080", "green": "008000", "grey": "808080", "lime": "00ff00", "magenta": "ff00ff",
    "maroon": "800000", "navy": "000080", "olive": "808000", "orange": "ffa500",
    "purple": "800080", "red": "ff0000", "silver": "c0c0c0", "teal": "008080",
    "transparent": "00000000", "white": "ffffff", "yellow": "ffff00",
}  # fmt: skip


def from_hex(digits: str) -> Rgba | None:
    """A color of 3, 4, 6 or 8 hexadecimal digits; None of anything else."""
    if len(digits) in (3, 4):
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in (6, 8) or not set(digits.lower()) <= set("0123456789abcdef"):
        return None
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red / 255, green / 255, blue / 255, alpha / 255


def color(value: Any) -> Rgba | None:
    """A color as layers have it: a name, ``#RRGGBB``, three or four numbers; None if unknown.

    Examples
    --------
    >>> color("lime"), color("#FF000080")[3] > 0.5
    ((0.0, 1.0, 0.0, 1.0), True)
    """
    if isinstance(value, str):
        name = value.strip().lower()
        digits = _NAMED.get(name) or (name[1:] if name.startswith("#") else "")
        return from_hex(digits)
    if not isinstance(value, Sequence) and not hasattr(value, "tolist"):
        return None
    parts = [min(1.0, max(0.0, float(part))) for part in value]
    if len(parts) == 3:
        parts.append(1.0)
    return (parts[0], parts[1], parts[2], parts[3]) if len(parts) == 4 else None
