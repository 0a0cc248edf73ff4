"""Keeps previews of files where the file managers of Linux and BSD look for them.

Where a file manager cannot start our program, as in a sandbox, it still shows what is there.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image

from napari_ome_zip.desktop.file_uri import file_uri
from napari_ome_zip.desktop.preview import preview_png, preview_texts, write_private

SIZES = (("normal", 128, False), ("large", 256, True))
"""Folder and edge of each preview that is kept, and whether its time is in whole seconds: tumbler
reads the first folder, and GLib's programs the second one before it (`preview_texts`)."""

EDGE = max(edge for _, edge, _ in SIZES)
"""Longest edge of the picture that previews are made of, in pixels."""

_DESKTOP = "XDG_CURRENT_DESKTOP"


def has_previews() -> bool:
    """Whether there is a desktop here whose file managers would show them.

    Other systems make previews with programs of their own; a computer without a screen has none.
    """
    is_such = sys.platform.startswith(("linux", "freebsd", "openbsd", "netbsd", "dragonfly"))
    return is_such and bool(os.environ.get(_DESKTOP))


def wants_preview(path: Path) -> bool:
    """Whether a preview of a file is to be kept, and there is none of how it is now.

    None is of what is temporary, such as a sample, or of a preview itself.

    Parameters
    ----------
    path : Path
        Absolute.
    """
    if not has_previews() or _is_passing(path):
        return False
    try:
        known = [preview_texts(path, whole_seconds=whole) for whole in (False, True)]
    except OSError:
        return False  # there is no such file
    return not all(_is_there(path, folder, known) for folder, _, _ in SIZES)


def keep_preview(path: Path, picture: Callable[[], bytes]) -> bool:
    """Keep a preview of a file, in all sizes, unless it is there already.

    Parameters
    ----------
    path : Path
        Absolute.
    picture : callable
        Returns a picture of the image in it, as a PNG, JPEG, WebP or GIF file.

    Returns
    -------
    bool
        Whether one was written.

    Raises
    ------
    PictureError, OSError
        If there is none: the picture is none, or the folder cannot be written to.

    Notes
    -----
    Thumbnail Managing Standard (freedesktop.org) 0.9: the name is the MD5 sum of the file's link.

    Examples
    --------
    >>> keep_preview(Path("/data/cells.ozx"), lambda: png)  # doctest: +SKIP
    True
    """
    if not wants_preview(path):
        return False
    texts = [preview_texts(path, whole_seconds=whole) for _, _, whole in SIZES]
    made = picture()
    if texts != [preview_texts(path, whole_seconds=whole) for _, _, whole in SIZES]:
        return False  # changed meanwhile: it may be a picture of what was there before
    for (folder, edge, _), about in zip(SIZES, texts, strict=True):
        for place in (_thumbnails(), _folder(folder)):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(_folder(folder) / _name(path), preview_png(made, edge, about))
    _forget_failures(path)
    return True


def _is_passing(path: Path) -> bool:
    places = (Path(tempfile.gettempdir()), _thumbnails())
    return any(path.is_relative_to(place) for place in places)


def _is_there(path: Path, folder: str, known: Sequence[Mapping[str, str]]) -> bool:
    """Whether a preview is there that says one of what is known of the file, whoever made it."""
    kept = _folder(folder) / _name(path)
    if not kept.is_file():
        return False
    try:
        with Image.open(kept, formats=("PNG",)) as preview:
            said = preview.info
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False  # a damaged one is replaced
    keys = ("Thumb::URI", "Thumb::MTime")
    return any(all(said.get(key) == about[key] for key in keys) for about in known)


def _forget_failures(path: Path) -> None:
    """Remove what programs noted who could make no preview: else they do not look for one."""
    for noted in _folder("fail").glob(f"*/{_name(path)}"):
        with suppress(OSError):
            noted.unlink()


def _name(path: Path) -> str:
    digest = hashlib.md5(file_uri(path).encode("ascii"), usedforsecurity=False)
    return f"{digest.hexdigest()}.png"


def _folder(name: str) -> Path:
    return _thumbnails() / name


def _thumbnails() -> Path:
    """The folder of all previews of this user (XDG Base Directory Specification)."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "thumbnails"
