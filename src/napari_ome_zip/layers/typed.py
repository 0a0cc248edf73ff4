"""Layer data that a person typed into a script: what is no layer data, and what is a likely slip.

Viewers hand over keywords that are theirs. Those in a script may be misspelled, and a scale that is
not understood would be a file with pixels of the wrong size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from napari_ome_zip.image.units import known_unit
from napari_ome_zip.layers.display_values import COLORMAP_ENDS, hex_color, inverted_color
from napari_ome_zip.layers.layer_data import CONTRAST_RANGE, LayerData
from napari_ome_zip.layers.plain import clean_text

_EXPECTED = (
    "expected what open_image returns, or a list of layers, each (data, keywords, type), such as "
    '[(array, {"scale": (0.5, 0.5), "units": "micrometer"}, "image")]'
)
_KEYWORDS = (
    "affine", "axis_labels", "channel_axis", "colormap", "contrast_limits", "features", "name",
    "opacity", "rotate", "scale", "shear", "translate", "units", "visible",
)  # fmt: skip
"""What matters to a file; a viewer has dozens more."""
_ELSEWHERE = {
    "axes": "axis_labels", "color": "colormap", "colors": "colormap", "dims": "axis_labels",
    "names": "name", "offset": "translate", "origin": "translate", "pixel_size": "scale",
    "pixelsize": "scale", "spacing": "scale", "unit": "units", "voxel_size": "scale",
}  # fmt: skip
"""What other libraries call the same."""
_NO_SLIPS = (CONTRAST_RANGE,)
_ALIKE = 0.8
_NO_UNIT = ("", "pixel", "pixels")


def layer_list(source: Any) -> list[LayerData]:
    """Return layer data as a list.

    Parameters
    ----------
    source : object
        What a script passed as layers.

    Raises
    ------
    TypeError
        If it is anything else; the message says what was expected.

    Examples
    --------
    >>> layer_list((("pixels", {"scale": (0.5, 0.5)}, "image"),))
    [('pixels', {'scale': (0.5, 0.5)}, 'image')]
    """
    if not isinstance(source, list | tuple):
        raise TypeError(f"This is {_described(source)}, {_EXPECTED}.")
    for number, layer in enumerate(source):
        is_layer = isinstance(layer, list | tuple) and len(layer) == 3
        if not (is_layer and isinstance(layer[1], Mapping) and isinstance(layer[2], str)):
            raise TypeError(f"Layer {number} of the list is {_described(layer)}, {_EXPECTED}.")
    return list(source)


def likely_slips(layers: Sequence[LayerData]) -> Iterator[str]:
    """Sentences on keywords of images and labels that are probably not what was meant."""
    for _, keywords, kind in layers:
        if kind in ("image", "labels"):
            yield from _slips(keywords, f"'{clean_text(keywords.get('name') or kind)}'")


def _slips(keywords: Mapping[str, Any], title: str) -> Iterator[str]:
    for key in keywords:
        meant = _meant(str(key))
        if meant:
            yield f"{title}: the keyword {key!r} is unknown and was ignored; is it {meant!r}?"
    colormap = keywords.get("colormap")
    if isinstance(colormap, str) and not (hex_color(colormap) or inverted_color(colormap)):
        yield (
            f"{title}: the colormap {colormap!r} is not known by name, and was saved as white. "
            f"Choose '#RRGGBB' or one of {', '.join(COLORMAP_ENDS)}."
        )
    units = keywords.get("units") or ()
    for unit in dict.fromkeys([units] if isinstance(units, str) else map(str, units)):
        if unit.lower() not in _NO_UNIT and known_unit(unit) is None:
            yield f"{title}: the unit {unit!r} is unknown, and was left out."


def _meant(key: str) -> str | None:
    """The keyword that was probably meant; None for one that may well be a viewer's."""
    if key in _KEYWORDS or key in _NO_SLIPS:
        return None
    alike = get_close_matches(key, _KEYWORDS, 1, _ALIKE)
    return _ELSEWHERE.get(key) or (alike[0] if alike else None)


def _described(value: Any) -> str:
    """What something is, in a message."""
    if isinstance(value, str):
        return "a string"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of shape {shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"of type {type(value).__name__}"
