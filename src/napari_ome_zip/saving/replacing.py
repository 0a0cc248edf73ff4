"""Whether a file may be replaced: not if another program has changed it since it was opened."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.paths import Identity, identity, target_path

_written: dict[Path, Identity] = {}
"""Files as this process wrote them last: layers may be saved over them again."""
_lock = threading.Lock()


def remember_written(path: Path) -> None:
    """Note that this process wrote a file."""
    with _lock:
        _written[path] = identity(path)


def check_replaceable(image: CompositeImage, target: str | os.PathLike[str]) -> None:
    """Refuse to replace a file that another program changed since the image was opened from it.

    Raises
    ------
    SaveError
        Before anything is written.
    """
    path = target_path(target).resolve()
    # The server of a link is not asked: what lies behind one is never replaced.
    if image.opened is None or not path.is_file() or not _is_file_of(image, path):
        return
    if image.opened.store.is_current:
        return
    with _lock:
        known = _written.get(path)
    if known != identity(path):
        raise SaveError(
            f"{path.name} was changed by another program since it was opened: saving over it "
            "would undo that. Save under another name, or open the file again. Nothing was saved."
        )


def check_image_stays(image: CompositeImage, target: str | os.PathLike[str]) -> None:
    """Refuse to replace the file of an image by labels alone.

    Raises
    ------
    SaveError
        Before anything is written.
    """
    path = target_path(target).resolve()
    if _is_file_of(image, path):
        raise SaveError(
            f"{path.name} is the file of the image: labels alone would replace it. "
            "Save them under another name. Nothing was saved."
        )


def _is_file_of(image: CompositeImage, path: Path) -> bool:
    """Whether an image was opened from a file on a disk: what lies behind a link never changes."""
    if image.opened is None or image.opened.store.is_remote:
        return False
    source = image.opened.store.source
    return source is not None and Path(source).resolve() == path
