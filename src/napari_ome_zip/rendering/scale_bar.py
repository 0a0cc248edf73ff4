"""A scale bar in the corner of a picture: a round length, legible on light and dark alike."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from napari_ome_zip.ome.units import parse_unit

_SYMBOLS = (
    ("km", 1e3), ("m", 1.0), ("mm", 1e-3), ("µm", 1e-6), ("nm", 1e-9), ("pm", 1e-12),
)  # fmt: skip
"""Units that lengths are written in, each in meters."""

_SHARE = 0.25
"""Part of the picture's width that a bar takes, at most."""
_WHITE, _BLACK = (255, 255, 255, 255), (0, 0, 0, 255)


def bar_length(extent: float, unit: str | None) -> tuple[float, str] | None:
    """The round length of a bar for an image, and what is written beside it.

    Parameters
    ----------
    extent : float
        Width of the image in the world.
    unit : str, optional
        Of world coordinates.

    Returns
    -------
    tuple or None
        The length in world coordinates, 1, 2 or 5 of a power of ten, and its name; None where the
        unit is none of length.

    Examples
    --------
    >>> bar_length(1000, "nanometer")
    (200.0, '200 nm')
    """
    known = parse_unit(unit) if unit else None
    if known is None or not known.is_length:
        return None
    meters = _SHARE * extent * known.size
    power = 10.0 ** math.floor(math.log10(meters))
    # The power itself may be a rounding error too long.
    digit = max(n for n in (1, 2, 5) if n <= max(1.0, meters / power * (1 + 1e-9)))
    length = digit * power
    symbol, size = next(((s, m) for s, m in _SYMBOLS if length >= m * (1 - 1e-9)), _SYMBOLS[-1])
    return float(f"{length / known.size:.12g}"), f"{length / size:g} {symbol}"


def draw_scale_bar(
    picture: npt.NDArray[np.uint8], step: float, unit: str | None
) -> npt.NDArray[np.uint8] | None:
    """A picture with a scale bar in its lower right corner.

    Parameters
    ----------
    picture : ndarray, shape (rows, columns, 4)
    step : float
        Width of a pixel in the world.
    unit : str, optional
        Of world coordinates.

    Returns
    -------
    ndarray or None
        None where there is no unit of length.
    """
    rows, columns = picture.shape[:2]
    found = bar_length(columns * step, unit)
    if found is None:
        return None
    length, text = found
    long = max(1, round(length / step))
    size = max(8, round(min(rows, columns) / 28))
    thick = max(2, size // 4)
    rim = max(1, thick // 3)
    right, bottom = columns - size, rows - size
    left, top = right - long, bottom - thick
    white = Image.new("L", (columns, rows))
    ImageDraw.Draw(white).rectangle((left, top, right - 1, bottom - 1), fill=255)
    _write(white, text, ((left + right) / 2, top - rim - size // 3), size)
    # A dark rim makes it legible on white.
    black = white.filter(ImageFilter.MaxFilter(2 * rim + 1))
    drawn = Image.fromarray(picture)
    drawn.paste(_BLACK, mask=black)
    drawn.paste(_WHITE, mask=white)
    return np.asarray(drawn)


def _write(mask: Image.Image, text: str, place: tuple[float, float], size: int) -> None:
    """Write text centered above a place, or beside it where a narrow picture would cut it off.

    Its font has no µ, which is a u with a longer stem.
    """
    font = ImageFont.load_default(size=size)
    plain = text.replace("µ", "u")
    width = font.getlength(plain)
    left = max(0.0, min(place[0] - width / 2, mask.width - width - size // 4))
    pen = ImageDraw.Draw(mask)
    pen.text((left, place[1]), plain, fill=255, font=font, anchor="ls")
    if "µ" not in text:
        return
    before = left + font.getlength(text.partition("µ")[0])
    # That of a p goes down as far: its left part is a stem alone.
    stem = Image.new("L", mask.size)
    ImageDraw.Draw(stem).text((before, place[1]), "p", fill=255, font=font, anchor="ls")
    right = math.ceil(before + 0.3 * font.getlength("p"))
    lower = (0, math.floor(place[1]) - size // 5, right, mask.height)
    mask.paste(stem.crop(lower), lower[:2], stem.crop(lower))
