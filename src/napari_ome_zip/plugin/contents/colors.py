"""Colors of napari's themes, for what its style sheets leave out."""

from __future__ import annotations

from napari.utils.theme import Theme, get_theme

from napari_ome_zip.plugin.contents.plate_view import PlateColors

# The images are those of napari's own check boxes; without them the colors say it.
_CHECK_BOXES = """
QTreeView::indicator {{
    width: 14px; height: 14px; border-radius: 2px; background-color: {primary};
}}
QTreeView::indicator:checked {{
    background-color: {current}; image: url("theme_{id}:/check.svg");
}}
QTreeView::indicator:indeterminate {{
    background-color: {secondary}; image: url("theme_{id}:/minus.svg");
}}
"""


def plate_colors(theme: str) -> PlateColors:
    """Colors for a plate in a theme."""
    found = get_theme(theme)
    return PlateColors(*map(_hex, (found.current, found.secondary, found.text, found.warning)))


def check_boxes(theme: str) -> str:
    """A style sheet for the check boxes of a tree in a theme."""
    found: Theme = get_theme(theme)
    colors = {key: _hex(getattr(found, key)) for key in ("primary", "secondary", "current")}
    return _CHECK_BOXES.format(id=found.id, **colors)


def _hex(color: object) -> str:
    # As pydantic has it, which may be short: Qt takes #RGB too.
    return str(color.as_hex())  # type: ignore[attr-defined]
