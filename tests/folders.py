"""Folders as disks hold them: made of a hierarchy, and looked at by someone without rights."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hierarchy_builder import HierarchyBuilder

_NOBODY = 65534


def folder_of(builder: HierarchyBuilder, path: Path) -> Path:
    """Write a hierarchy as files; return the folder."""
    return write_folder(builder.entries, path)


def write_folder(entries: Mapping[str, bytes], path: Path) -> Path:
    """Write entries as files; return the folder."""
    for name, content in entries.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


@contextmanager
def traversable(path: Path) -> Iterator[None]:
    """Let anybody enter the folders that lead to a path, as pytest's own let nobody."""
    changed = {folder: folder.stat().st_mode for folder in (path, *path.parents)}
    for folder, mode in changed.items():
        if not mode & 0o001:
            folder.chmod(mode | 0o055)
    try:
        yield
    finally:
        for folder, mode in changed.items():
            folder.chmod(mode)


def said_without_rights(path: Path, work: Callable[[], object]) -> str:
    """What work raises in a process whose user owns nothing: rights do not stop root."""
    reading, writing = os.pipe()
    with traversable(path):
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(_NOBODY)
                    os.setuid(_NOBODY)
                try:
                    said = f"nothing: {work()!r}"
                except Exception as error:  # noqa: BLE001  the parent judges it
                    said = f"{type(error).__name__}: {error}"
                os.write(writing, said.encode())
            except BaseException:  # noqa: BLE001  nothing of pytest may run in the child
                os.write(writing, traceback.format_exc().encode())
            finally:
                os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as said_by_child:
        return said_by_child.read().decode()
