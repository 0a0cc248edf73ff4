"""Previews as desktops keep them: PNG files that say which file they show, and of when."""

from __future__ import annotations

import io
import os
import secrets
import stat
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from napari_ome_zip.desktop.file_uri import file_uri
from napari_ome_zip.errors import PictureError
from napari_ome_zip.names import MIME_TYPE
from napari_ome_zip.thumbnails.stored import MAX_EDGE

SOFTWARE = "napari-ome-zip"

_PNG = b"\x89PNG\r\n\x1a\n"
"""What every PNG file begins with."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises of bytes that are no such picture."""


def preview_png(picture: bytes, edge: int, texts: Mapping[str, str]) -> bytes:
    """Return a picture as a preview.

    Parameters
    ----------
    picture : bytes
        A PNG, JPEG, WebP or GIF file, of which anything may be wrong.
    edge : int
        Longest edge in pixels: a larger picture is made smaller, none is made larger.
    texts : mapping of str to str
        What the preview says of itself, such as ``{"Thumb::URI": "file:///…"}``.

    Returns
    -------
    bytes
        A PNG file of three or four colors, not interlaced.

    Raises
    ------
    PictureError
        If the picture cannot be decoded, or has an edge of more than 4096 pixels.

    Notes
    -----
    Thumbnail Managing Standard (freedesktop.org) 0.9, "Thumbnail creation".
    """
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            if max(opened.size) > MAX_EDGE:
                raise PictureError(f"The picture has {opened.width} × {opened.height} pixels.")
            opened.draft("RGB", (edge, edge))
            decoded = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    except Image.DecompressionBombError as error:
        raise PictureError("The picture claims more pixels than any preview has.") from error
    except _UNDECODABLE as error:
        raise PictureError(f"The picture cannot be decoded: {error}") from error
    decoded.thumbnail((edge, edge), Image.Resampling.BOX, reducing_gap=None)
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    made = io.BytesIO()
    # Fast: the pictures of a folder are made while a person waits for them.
    decoded.save(made, "PNG", pnginfo=info, compress_level=3)
    return made.getvalue()


def preview_texts(path: Path, *, whole_seconds: bool = False) -> dict[str, str]:
    """Return what a preview says of itself: of which file it is, and of when.

    Parameters
    ----------
    path : Path
        Absolute.
    whole_seconds : bool
        Whether to leave out the fraction of the time of the last change. The standard knows none,
        and GLib takes a preview with one for outdated; tumbler does so with one that lacks it.
    """
    found = path.stat()
    seconds, fraction = divmod(found.st_mtime_ns // 1000, 1_000_000)
    return {
        "Thumb::URI": file_uri(path),
        "Thumb::MTime": f"{seconds}" if whole_seconds else f"{seconds}.{fraction:06d}",
        "Thumb::Size": str(found.st_size),
        "Thumb::Mimetype": MIME_TYPE,
        "Software": SOFTWARE,
    }


def write_preview(path: Path, content: bytes) -> None:
    """Write a preview that a file manager asked for, for this user alone.

    A file that is there is written into: tumbler makes one, and reads what it holds open, not what
    has taken its place. Where there is none, the preview appears there as a whole.

    Raises
    ------
    FileExistsError
        What is there is neither empty nor a PNG file, such as the archive itself.
    OSError
        As the operating system says.
    """
    try:
        # Read and write: so a pipe is not waited for.
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        write_private(path, content)
        return
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if not is_file or file.read(len(_PNG)) not in (b"", _PNG):
            raise FileExistsError(f"Not overwritten, because it is not a picture: {path}")
        file.seek(0)
        file.truncate()
        file.write(content)


def write_private(path: Path, content: bytes) -> None:
    """Write a file for this user alone, as a whole or not at all; one that is there is replaced.

    Raises
    ------
    OSError
        As the operating system says.
    """
    unnamed = path.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unnamed.replace(path)
    except BaseException:
        with suppress(OSError):
            unnamed.unlink()
        raise
