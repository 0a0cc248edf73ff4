"""Wells: the fields of view of one well of a plate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import integer, shown, string


@dataclass(frozen=True, slots=True)
class WellImage:
    """One field of view."""

    path: str
    """Path of the image, relative to the well's group."""
    acquisition: int | None = None
    """Identifier of the acquisition in the plate."""


@dataclass(frozen=True, slots=True)
class Well:
    """One well (section "well")."""

    images: tuple[WellImage, ...] = ()


def parse_well(value: Any, at: At) -> Well | None:
    """Read a well; None, with a finding, where it is no object."""
    at = at.owned()
    listed = value.get("images") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(listed, list | tuple | None):
        found = listed if isinstance(value, dict) else value
        code = "well-images-missing" if isinstance(value, dict) else "wrong-type"
        at.note(code, f"Well images are {shown(found)}; ignored.")
        return Well() if isinstance(value, dict) else None
    images: list[WellImage] = []
    for index, item in enumerate(listed or ()):
        path = string(item.get("path") if isinstance(item, dict) else item)
        if path is None:
            at.key("images").item(index).note(
                "well-path-missing" if isinstance(item, dict) else "wrong-type",
                f"Field of view {index} of the well has no path; left out.",
            )
            continue
        acquisition = integer(item.get("acquisition")) if isinstance(item, dict) else None
        images.append(WellImage(path, acquisition))
    return Well(tuple(images))
