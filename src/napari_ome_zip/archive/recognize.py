"""Recognizes files that are not ZIP archives by their first bytes."""

from __future__ import annotations

from napari_ome_zip.archive import rules
from napari_ome_zip.errors import ArchiveError

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""First bytes of a Git LFS pointer."""

_AGAIN = "Download it again, and look into what was downloaded."

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (LFS_POINTER, "a Git LFS pointer, which only names the real file", "Run 'git lfs pull'."),
    (b"\x1f\x8b", "a gzip file", "Unpack it (gunzip or tar), then zip the OME-Zarr inside."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "Unpack it, then zip the OME-Zarr inside."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and pack it again as ZIP."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it and pack it again as ZIP."),
    (b"BZh", "a bzip2 file", "Unpack it, then zip the OME-Zarr inside."),
    (b"\xfd7zXZ\x00", "an XZ file", "Unpack it, then zip the OME-Zarr inside."),
    (b"II*\x00", "a TIFF image", "Open it as a TIFF image."),
    (b"MM\x00*", "a TIFF image", "Open it as a TIFF image."),
    (b"II+\x00", "a BigTIFF image", "Open it as a TIFF image."),
    (b"MM\x00+", "a BigTIFF image", "Open it as a TIFF image."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Open it with a reader for its own format."),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", "Open it as a PNG image."),
    (b"\xff\xd8\xff", "a JPEG image", "Open it as a JPEG image."),
    (b"%PDF", "a PDF document", _AGAIN),
)


def not_a_zip(head: bytes, label: str) -> ArchiveError:
    """Return an error that says what the file is instead of a ZIP archive.

    Parameters
    ----------
    head : bytes
        At least the first 512 bytes of the file, if it has as many.
    label : str
        Name of the file in messages.
    """
    looks_like, remedy = _look(head)
    return ArchiveError(
        f"Not a ZIP archive: it looks like {looks_like}: {label}. {remedy}",
        code=rules.NOT_A_ZIP.code,
    )


def is_lfs_pointer(data: bytes) -> bool:
    """Whether the content of a file is a Git LFS pointer."""
    return data.startswith(LFS_POINTER)


def _look(head: bytes) -> tuple[str, str]:
    for magic, kind, remedy in _MAGIC:
        if head.startswith(magic):
            return kind, remedy
    if head[257:262] == b"ustar":
        return "a tar archive", "Unpack it and pack it again as ZIP."
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "an HTML page (a failed download?)", _AGAIN
    if start.startswith((b"<?xml", b"<")):
        return "an XML document (a server's error message?)", _AGAIN
    if start.startswith((b"{", b"[")):
        return "a JSON document (a server's error message?)", _AGAIN
    if not head.strip(b"\0"):
        return "nothing but zeros (a copy that never finished?)", "Copy the file again."
    return "something else, or its end is damaged", "Copy the file again, or check what it is."
