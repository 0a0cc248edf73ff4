"""Unpacks an archive: nothing is written outside the folder, and nothing incomplete is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Buffer, Iterable
from pathlib import Path

from napari_ome_zip.archive import rules
from napari_ome_zip.errors import ArchiveError, OmeZipError, SaveError
from napari_ome_zip.files import Link, watching
from napari_ome_zip.names import is_safe, unportable_part
from napari_ome_zip.paths import target_path
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.repacking.packing import copying_stopped
from napari_ome_zip.storage import ArchiveStore, HierarchyStore
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.storage.open import open_store


def unpack(
    file: str | os.PathLike[str] | Link,
    directory: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Unpack the OME-Zarr in an archive into a new folder.

    The folder appears when it is complete. What file managers left behind is left out, and
    entries are written as ordinary files whatever else (a link) they claim to be.

    Parameters
    ----------
    file : path or Link
        The archive; a string may be a link.
    directory : path
        The folder to make; an empty one may be there.
    progress : callable, optional
        Called with the number of bytes unpacked and the number in all.
    cancelled : callable, optional
        Asked between entries; once it returns True nothing is kept.

    Returns
    -------
    Path
        The folder that was made.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    LinkError
        If a link leads to no file that can be read.
    ArchiveError
        If the archive cannot be read, or is unsafe to unpack: names that lead out of the folder,
        names that collide, more content than is believable.
    DamagedEntryError
        If an entry is damaged.
    SaveError
        If the folder cannot be made, or holds something already.
    SaveCancelledError
        If ``cancelled`` returned True.

    Examples
    --------
    >>> from napari_ome_zip import unpack
    >>> unpack("cells.ozx", "unpacked.zarr").name
    'unpacked.zarr'
    """
    target = target_path(directory).absolute()
    watch = Watch(progress, cancelled, copying_stopped)
    with watching(watch.silent):
        container = ArchiveStore(file)
        _refuse_full(target)
        _refuse_unsafe(container)
        _write(open_store(container), target, watch)
    return target


def _write(store: HierarchyStore, target: Path, watch: Watch) -> None:
    names = store.names_without_junk()
    _refuse_collisions(names)
    sizes = {name: store.size_of(name) or 0 for name in names}
    watch.total = sum(sizes.values())
    _refuse_full_disk(watch.total, target.parent)
    ahead = expected_ahead(store, names, str, sizes.__getitem__)
    with _PartialFolder(target) as partial, ahead as expected:
        for name in expected:
            partial.write(name, watch.counted(store.stream(name)))
        partial.publish()


class _PartialFolder:
    """A temporary folder beside the target, which takes its place when it is complete."""

    def __init__(self, target: Path) -> None:
        self._target = target
        try:
            made = tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        except OSError as error:
            raise _cannot(target, error) from error
        self._folder = Path(made)
        # Made for its owner alone; the folder that is kept gets what folders usually get.
        mask = os.umask(0)
        os.umask(mask)
        self._folder.chmod(0o777 & ~mask)
        self._made = {self._folder}

    def __enter__(self) -> _PartialFolder:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, name: str, pieces: Iterable[Buffer]) -> None:
        """Write one file; one that exists already has a name that the disk takes for the same."""
        place = self._folder.joinpath(*name.split("/"))
        try:
            if place.parent not in self._made:
                place.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(place.parent)
            with place.open("xb") as out:
                for piece in pieces:
                    out.write(piece)
        except OmeZipError:
            raise
        except FileExistsError as error:
            raise _collision(name) from error
        except OSError as error:
            raise _cannot(self._target, error) from error

    def publish(self) -> None:
        """Give the folder its name."""
        try:
            if self._target.is_dir():
                self._target.rmdir()
            self._folder.rename(self._target)
        except OSError as error:
            raise _cannot(self._target, error) from error


def _refuse_full(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise SaveError(f"Not unpacked: {target.name!r} is there already, and is not a folder.")
    if target.is_dir() and any(target.iterdir()):
        raise SaveError(
            f"Not unpacked: the folder {target.name!r} is there already. Choose a new name."
        )


def _refuse_unsafe(container: ArchiveStore) -> None:
    # Opening may have looked at the leading documents only.
    container.index.complete()
    for finding in container.index.findings:
        if finding.code == rules.UNSAFE_NAMES.code:
            raise ArchiveError(
                f"Not unpacked: the name {finding.where!r} leads out of the folder, as harmful "
                "files have it. If you trust the file, 'ome-zip repack' makes a copy without.",
                code=finding.code,
            )


def _refuse_collisions(names: list[str]) -> None:
    files = set(names)
    for name in names:
        if not is_safe(name):
            raise _collision(name)
        parent = name.rpartition("/")[0]
        while parent:
            if parent in files:
                raise ArchiveError(
                    f"Not unpacked: {parent!r} is both a file and a folder in the archive.",
                    code=rules.NAMES_COLLIDE.code,
                )
            parent = parent.rpartition("/")[0]
        if os.name == "nt" and any(map(unportable_part, name.split("/"))):
            raise ArchiveError(
                f"Not unpacked: Windows does not allow the name {name!r}.",
                code=rules.NAMES_COLLIDE.code,
            )


def _refuse_full_disk(total: int, folder: Path) -> None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # writing will fail if there is no room
    if total > free:
        raise SaveError(
            f"Not unpacked: {total:,} bytes are needed, {free:,} are free. Choose another disk."
        )


def _collision(name: str) -> ArchiveError:
    return ArchiveError(
        f"Not unpacked: {name!r} has the same name as another file here, where capital and small "
        "letters, or two spellings of an accent, are the same. Unpack it on another disk or "
        "system.",
        code=rules.CASE_COLLIDING.code,
    )


def _cannot(target: Path, error: OSError) -> SaveError:
    reason = error.strerror or str(error)
    return SaveError(
        f"Not unpacked: {target.name!r} cannot be written ({reason}). Choose another place.",
        error.errno,
    )
