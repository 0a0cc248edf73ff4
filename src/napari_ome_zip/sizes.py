"""Numbers of bytes as a person reads them."""

from __future__ import annotations


def readable_size(nbytes: float) -> str:
    """Return a number of bytes in the largest unit of which there is at least one.

    Examples
    --------
    >>> readable_size(700), readable_size(1536), readable_size(64 << 20)
    ('700 bytes', '1.5 KiB', '64 MiB')
    """
    value, unit = float(round(nbytes)), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if round(value, 1) < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:,.1f}".removesuffix(".0") + f" {unit}"
