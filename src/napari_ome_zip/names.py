"""Names of archive files, and of the entries that hold Zarr metadata."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

ARCHIVE_SUFFIXES: tuple[str, ...] = (".ome.zarr.zip", ".zarr.zip", ".ome.zip", ".ozx")
"""File name endings of a single-image OME-Zarr archive; the longest that matches counts."""

_DIRECTORY_SUFFIXES = (".ome.zarr", ".zarr")
_FOREIGN_SUFFIXES = (".zip",)

SAVED_SUFFIXES: tuple[str, ...] = (".ome.zip", ".ozx")
"""Endings that saved files have. None contains ``.zarr``: programs take that for a folder."""

MIME_TYPE = "application/vnd.ome-zarr+zip"
"""Media type of an archive, as desktops know it. Provisional: none is registered with IANA yet."""

_ARCHIVE_ENDINGS = (".zip", ".ozx", ".ome", ".zarr")
_OTHER_FORMATS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".npy", ".h5", ".n5")
"""Endings of other formats, which are replaced by that of the saved file."""

_NO_NAME = "image"

ZARR_JSON = "zarr.json"
"""Base name of the document of a group or array of Zarr v3."""

DOCUMENT_NAMES = frozenset({ZARR_JSON, ".zgroup", ".zattrs", ".zarray"})
"""Base names of the entries that hold Zarr metadata, of format 3 and of format 2."""

_IN_A_FOLDER = f"/{ZARR_JSON}"
_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_JUNK_FOLDERS = frozenset({"__macosx", ".spotlight-v100", ".trashes", ".fseventsd"})
_JUNK_SIGNS = (*_JUNK_NAMES, *_JUNK_FOLDERS, "._")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
_FORBIDDEN = frozenset('<>:"|?*\\') | {chr(number) for number in range(32)}
_DRIVE = re.compile(r"[A-Za-z]:")


def is_archive_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file name ends like that of a single-image archive, in any case.

    Of a link, the file may also be named at the end of its query: ``…/download?file=cells.ozx``.
    """
    names = {file_name(path).lower()}
    if _is_link(os.fspath(path)):
        names.add(os.fspath(path).lower().rpartition("/")[2])
    return any(
        name.endswith(suffix) and name != suffix for name in names for suffix in ARCHIVE_SUFFIXES
    )


def file_name(path: str | os.PathLike[str]) -> str:
    """Return the name of a file: the last part of its path, or of the path of its link.

    Examples
    --------
    >>> file_name("https://example.org/data/my%20cells.ozx?token=secret")
    'my cells.ozx'
    >>> file_name("https://example.org/data/cells.ozx|zip:|zarr3:")
    'cells.ozx'
    """
    text = os.fspath(path)
    if not _is_link(text):
        return Path(text).name
    # What follows a bar says how the inside is to be read.
    return Path(unquote(urlsplit(text).path).partition("|")[0]).name


def plain_name(name: str) -> str:
    """Return a name of one file, whatever was called so: without what no file name may hold."""
    return "".join(" " if c in _FORBIDDEN or c == "/" else c for c in name).strip()


def stem(path: str | os.PathLike[str]) -> str:
    """Return the file name without its folder and its archive (or Zarr folder) ending.

    ``"/data/My cells.OME.ZIP"`` gives ``"My cells"``. A name with another ending is kept whole,
    except that ``.zip`` is taken off.
    """
    name = file_name(path)
    for suffix in (*ARCHIVE_SUFFIXES, *_DIRECTORY_SUFFIXES, *_FOREIGN_SUFFIXES):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def complete_name(path: str | os.PathLike[str], suffix: str) -> Path:
    """Turn what a person typed into the name of an archive.

    A name that ends in ``.ome.zip`` or ``.ozx`` keeps that ending (in small letters, which all
    readers know); any other gets ``suffix``. Endings of other formats, and endings given twice,
    are taken off first: ``a``, ``a.zip``, ``a.tif`` and ``a.ome.zip.zip`` all give ``a.ome.zip``.

    Parameters
    ----------
    path : str or os.PathLike
        Path as typed.
    suffix : {".ome.zip", ".ozx"}
        Ending for a name that has neither.

    Returns
    -------
    Path
        In the same folder; never with ``.zarr`` in its name.
    """
    folder, name = Path(path).parent, file_name(path)
    if not name:
        folder, name = Path(path), _NO_NAME
    given = next((known for known in SAVED_SUFFIXES if name.lower().endswith(known)), None)
    replaced = _ARCHIVE_ENDINGS if given else (*_ARCHIVE_ENDINGS, *_OTHER_FORMATS)
    base = name.rstrip(" .")
    while any(base.lower().endswith(known) for known in replaced):
        base = base[: base.rindex(".")].rstrip(" .")
    base = re.sub(r"\.(?=zarr)", "-", base, flags=re.IGNORECASE)
    return folder / ((base or _NO_NAME) + (given or suffix))


def unusual_name(path: str | os.PathLike[str]) -> str | None:
    """Return a sentence on the name of a new archive that programs may not take for one.

    Examples
    --------
    >>> unusual_name("cells.zarr").partition(":")[0]
    "'cells.zarr' is an archive, and its name ends in neither .ozx nor .ome.zip"
    >>> unusual_name("cells.ozx") is None
    True
    """
    if is_archive_name(path):
        return None
    return (
        f"'{file_name(path)}' is an archive, and its name ends in neither .ozx nor .ome.zip: "
        "napari and other programs may not open it. Rename it."
    )


def is_document(name: str) -> bool:
    """Whether an entry of this name holds Zarr metadata; ``foozarr.json`` does not."""
    return name.rpartition("/")[2] in DOCUMENT_NAMES and not is_junk(name)


def is_zarr_json(name: str) -> bool:
    """Whether an entry is a document of Zarr v3; ``foozarr.json`` and ``._zarr.json`` are not."""
    return name.endswith(_IN_A_FOLDER) or name == ZARR_JSON


def is_junk(name: str) -> bool:
    """Whether an entry was left behind by a file manager and is not part of the image."""
    segments = name.lower().split("/")
    base = segments[-1]
    return base in _JUNK_NAMES or base.startswith("._") or not _JUNK_FOLDERS.isdisjoint(segments)


def without_junk(names: Sequence[str]) -> Sequence[str]:
    """Return the names without those that file managers left behind."""
    # Searching all names at once is far faster than looking at each.
    joined = "\n".join(names).lower()
    if not any(sign in joined for sign in _JUNK_SIGNS):
        return names
    return [name for name in names if not is_junk(name)]


def is_chunk(name: str) -> bool:
    """Whether an entry of this name may hold pixels: a file in a folder that is not a document."""
    name = name.replace("\\", "/")
    return "/" in name and not name.endswith("/") and not is_document(name) and not is_junk(name)


def breadth_first(path: str) -> tuple[int, str]:
    """Sort key of paths: parents before children, level by level, as RFC-9 orders documents.

    Folders of one level keep the order of their parents, and are sorted by name below each.
    """
    # The end of a part comes before every character: parts are compared one by one.
    return (path.count("/") + 1 if path else 0, path.replace("/", "\0"))


def is_safe(name: str) -> bool:
    """Whether a (normalized) entry name stays inside the archive: relative, without ``..``."""
    if not name or "\0" in name or _DRIVE.match(name):
        return False
    return not any(segment in ("", ".", "..") for segment in name.split("/"))


def unportable_part(part: str) -> bool:
    """Whether Windows cannot hold a file or folder of this name (one part of a path)."""
    return (
        part.partition(".")[0].rstrip(" ").lower() in _RESERVED
        or part.endswith((".", " "))
        or not _FORBIDDEN.isdisjoint(part)
    )


def _is_link(text: str) -> bool:
    return "://" in text
