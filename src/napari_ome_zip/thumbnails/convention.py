"""The attributes that name the thumbnails of a group or array: read, judged and written.

The convention is a proposal (version 1, https://github.com/clbarnes/zarr-convention-thumbnails).
Nothing of it makes a file invalid OME-Zarr: what it demands is a warning here, what it recommends
is information.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.rules import INFO, SHOULD, Effect, Rule
from napari_ome_zip.thumbnails.picture_facts import JPEG, PNG

THUMBNAILS = "thumbnails"
"""Attribute that lists the thumbnails of a group or array."""
CONVENTIONS = "zarr_conventions"
"""Attribute that lists the conventions that a group or array follows."""

UUID = "49326c01-1180-4743-b15f-f7157038a6ab"
SCHEMA_URL = (
    "https://raw.githubusercontent.com/zarr-conventions/thumbnails/refs/tags/v1/schema.json"
)
SPEC_URL = "https://github.com/zarr-conventions/thumbnails/blob/v1/README.md"
REGISTRATION: Mapping[str, str] = {
    "schema_url": SCHEMA_URL,
    "spec_url": SPEC_URL,
    "uuid": UUID,
    "name": "thumbnails",
    "description": "Metadata for thumbnails representing Zarr data",
}
"""Our entry in the list of conventions, as the convention gives it."""

DESCRIPTION = "The whole image at a glance, made by napari-ome-zip"
"""Says of a thumbnail that it was made here, so it may be replaced here."""

SMALL_BYTES = 200_000
SMALL_EDGES = (128, 512)
"""What a gallery can load fast: less than so many bytes, and a longest edge in this range."""

SECTION = 'Zarr convention "thumbnails", version 1 (a proposal)'

UNREGISTERED = Rule(
    "thumbnails-unregistered",
    SHOULD,
    SECTION,
    "Where thumbnails are listed, zarr_conventions names their convention.",
    f'Add {{"uuid": "{UUID}", "name": "thumbnails"}} to zarr_conventions.',
    effect=Effect.DETAIL,
)
MALFORMED = Rule(
    "thumbnails-malformed",
    SHOULD,
    SECTION,
    "thumbnails is a list of objects.",
    "Write the thumbnails again with the program that made them.",
    effect=Effect.DETAIL,
)
INCOMPLETE = Rule(
    "thumbnail-incomplete",
    SHOULD,
    SECTION,
    "A thumbnail states its width and height as positive integers, and its media type.",
    "State width, height and media_type as they are in the picture.",
    effect=Effect.DETAIL,
)
PLACE = Rule(
    "thumbnail-place",
    SHOULD,
    SECTION,
    "A thumbnail has either a path, which leads down from its group or array without '.' or "
    "'..', or a url.",
    "Put the picture below the group or array, and state its path alone.",
    effect=Effect.DETAIL,
)
NOT_SMALL = Rule(
    "thumbnail-not-small",
    INFO,
    SECTION,
    f"One thumbnail has less than {SMALL_BYTES // 1000} kB and a longest edge of {SMALL_EDGES[0]} "
    f"to {SMALL_EDGES[1]} pixels.",
    "Add a small one, which galleries can load fast.",
    effect=Effect.NONE,
)
FORMAT = Rule(
    "thumbnail-format",
    INFO,
    SECTION,
    "Thumbnails are JPEG or PNG, which any program can show.",
    "Write it as PNG or JPEG.",
    effect=Effect.NONE,
)

type Report = Callable[[Rule, tuple[str | int, ...], str], None]
"""Called with a rule that is broken, the place in the attributes, and what was found."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One entry of the list, as far as it can be used."""

    number: int
    """Its position in the list."""
    width: int | None
    """In pixels, as stated; None where it is not."""
    height: int | None
    media_type: str | None
    path: str | None
    """From the group or array down to the picture."""
    url: str | None = None
    description: str = ""

    @property
    def edge(self) -> int:
        """The longest edge as stated; 0 where it is not."""
        return max(self.width or 0, self.height or 0)

    @property
    def is_ours(self) -> bool:
        """Whether it was made here."""
        return self.description == DESCRIPTION


def _unheard(rule: Rule, parts: tuple[str | int, ...], found: str) -> None:
    """Where nobody asked for a judgment."""


def stated_thumbnails(
    attributes: Mapping[str, Any], report: Report = _unheard
) -> tuple[Thumbnail, ...]:
    """Read the thumbnails that attributes list.

    Parameters
    ----------
    attributes : mapping
        The attributes of a group or array.
    report : callable, optional
        Hears of departures from the convention.

    Returns
    -------
    tuple of Thumbnail
        Those that lie in the file or elsewhere, in the order of the list; entries that are no
        objects are left out.

    Examples
    --------
    >>> listed = {"thumbnails": [{"width": 96, "height": 64, "path": "small.png"}]}
    >>> stated_thumbnails(listed)[0].path
    'small.png'
    """
    if THUMBNAILS not in attributes:
        return ()
    listed = attributes[THUMBNAILS]
    if not _is_registered(attributes.get(CONVENTIONS)):
        report(
            UNREGISTERED,
            (THUMBNAILS,),
            f"Thumbnails are listed, but {CONVENTIONS} does not name their convention",
        )
    if not isinstance(listed, list):
        report(MALFORMED, (THUMBNAILS,), "thumbnails is not a list")
        return ()
    found = []
    for number, entry in enumerate(listed):
        if isinstance(entry, dict):
            found.append(_thumbnail(number, entry, report))
        else:
            report(MALFORMED, (THUMBNAILS, number), "A thumbnail is not an object")
    return tuple(found)


def _is_registered(conventions: object) -> bool:
    known = {("uuid", UUID), ("schema_url", SCHEMA_URL), ("spec_url", SPEC_URL)}
    return isinstance(conventions, list) and any(
        isinstance(each, dict) and any(each.get(key) == value for key, value in known)
        for each in conventions
    )


def _thumbnail(number: int, entry: Mapping[str, Any], report: Report) -> Thumbnail:
    at = (THUMBNAILS, number)
    width, height = (_positive(entry.get(key)) for key in ("width", "height"))
    media_type = _text(entry.get("media_type"))
    lacking = [
        key
        for key, value in (("width", width), ("height", height), ("media_type", media_type))
        if value is None
    ]
    if lacking:
        report(INCOMPLETE, at, f"A thumbnail states no usable {' and no '.join(lacking)}")
    path = _path(entry, at, report)
    if media_type is not None and media_type not in (PNG, JPEG):
        report(FORMAT, at, f"A thumbnail is of the type {media_type!r:.60}, neither JPEG nor PNG")
    description = _text(entry.get("description")) or ""
    url = _text(entry.get("url"))
    return Thumbnail(number, width, height, media_type, path, url, description)


def _path(entry: Mapping[str, Any], at: tuple[str | int, ...], report: Report) -> str | None:
    path = entry.get("path")
    if ("path" in entry) == ("url" in entry):
        both = "both a path and a url" if "path" in entry else "neither a path nor a url"
        report(PLACE, at, f"A thumbnail has {both}")
    elif "url" in entry and not _text(entry["url"]):
        report(PLACE, at, "The url of a thumbnail is not a text")
    if "path" not in entry:
        return None
    if not isinstance(path, str) or not is_below(path):
        report(PLACE, at, f"A thumbnail lies at {path!r:.80}, which does not lead down to an entry")
        return None
    return path


def is_below(path: str) -> bool:
    """Whether a path leads down: relative, without empty segments, ``.`` and ``..``."""
    return all(segment not in ("", ".", "..") for segment in path.split("/"))


def _positive(value: object) -> int | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, float) and value.is_integer():  # JSON knows one kind of number
        return int(value) if value > 0 else None
    return value if is_integer and isinstance(value, int) and value > 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def is_small(width: int, height: int, nbytes: int) -> bool:
    """Whether a gallery can load a picture of this size (pixels, bytes) fast."""
    least, most = SMALL_EDGES
    return nbytes < SMALL_BYTES and least <= max(width, height) <= most


def entry_of(width: int, height: int, path: str) -> dict[str, Any]:
    """Return the entry of a PNG that was made here: its size in pixels, and where it lies."""
    return {
        "width": width,
        "height": height,
        "media_type": PNG,
        "description": DESCRIPTION,
        "path": path,
    }


def why_not_stated(attributes: Mapping[str, Any]) -> str | None:
    """Return why no thumbnail can be added to attributes; None where one can.

    Programs may have meant something else by these names: that is not written over.
    """
    for key in (THUMBNAILS, CONVENTIONS):
        value = attributes.get(key)
        if value is not None and not isinstance(value, list):
            return f"the attribute {key} is not a list, so something else is stored there"
    return None


def with_entries(attributes: Mapping[str, Any], entries: Sequence[object]) -> dict[str, Any]:
    """Return attributes that list these thumbnails, and name the convention where there are any.

    Parameters
    ----------
    attributes : mapping
        Everything else in them stays. Without a thumbnail the convention is no longer named.
    entries : sequence
        The list as it shall be, with whatever others have put there.
    """
    result = dict(attributes)
    listed = result.get(CONVENTIONS)
    conventions = list(listed) if isinstance(listed, list) else []
    if entries:
        if not _is_registered(conventions):
            conventions.append(dict(REGISTRATION))
        return {**result, CONVENTIONS: conventions, THUMBNAILS: list(entries)}
    result.pop(THUMBNAILS, None)
    others = [each for each in conventions if not _is_registered([each])]
    if others:
        result[CONVENTIONS] = others
    elif CONVENTIONS in result and isinstance(listed, list):
        del result[CONVENTIONS]
    return result
