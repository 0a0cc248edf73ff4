"""What was written is on the disk itself before it takes another file's place."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from napari_ome_zip.archive.partial_file import PartialFile
from napari_ome_zip.errors import SaveError
from napari_ome_zip.files.syncing import sync

if sys.platform != "linux":
    pytest.skip("names open files as Linux does", allow_module_level=True)

import fcntl

FULL_SYNC = 51  # F_FULLFSYNC in <sys/fcntl.h> of macOS


class FakeDisk:
    """Takes note of the requests of the process, and may refuse those of macOS."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, Path]] = []
        self.refusal: OSError | None = None
        monkeypatch.setattr(os, "fsync", self._fsync)
        monkeypatch.setattr(fcntl, "fcntl", self._fcntl)

    def _fsync(self, descriptor: int) -> None:
        self.asked.append(("fsync", _path(descriptor)))

    def _fcntl(self, descriptor: int, request: int) -> int:
        assert request == FULL_SYNC
        self.asked.append(("full sync", _path(descriptor)))
        if self.refusal is not None:
            raise self.refusal
        return 0


def _path(descriptor: int) -> Path:
    """The file as it is named while it is synced."""
    return Path(f"/proc/self/fd/{descriptor}").readlink()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FakeDisk:
    return FakeDisk(monkeypatch)


@pytest.fixture
def mac_disk(disk: FakeDisk, monkeypatch: pytest.MonkeyPatch) -> FakeDisk:
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", FULL_SYNC, raising=False)
    return disk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "cells.ozx").write_bytes(b"PK")
    return tmp_path / "cells.ozx"


def test_on_macos_the_disk_is_asked_to_empty_its_own_cache(path: Path, mac_disk: FakeDisk) -> None:
    with path.open("rb") as file:
        sync(file.fileno())
    assert mac_disk.asked == [("full sync", path)]


def test_elsewhere_fsync_is_enough(
    path: Path, disk: FakeDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(fcntl, "F_FULLFSYNC", raising=False)
    with path.open("rb") as file:
        sync(file.fileno())
    assert disk.asked == [("fsync", path)]


@pytest.mark.parametrize("refusal", [errno.ENOTSUP, errno.EINVAL, errno.ENOTTY])
def test_a_disk_that_does_not_know_the_request_is_asked_as_everywhere(
    path: Path, mac_disk: FakeDisk, refusal: int
) -> None:
    mac_disk.refusal = OSError(refusal, os.strerror(refusal))
    with path.open("rb") as file:
        sync(file.fileno())
    assert mac_disk.asked == [("full sync", path), ("fsync", path)]


@pytest.mark.parametrize("failure", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_does_not_take_the_bytes_is_believed(
    path: Path, mac_disk: FakeDisk, failure: int
) -> None:
    mac_disk.refusal = OSError(failure, os.strerror(failure))
    with path.open("rb") as file, pytest.raises(OSError, match=os.strerror(failure)):
        sync(file.fileno())


def test_a_file_is_synced_before_it_takes_its_place_and_the_folder_after(
    tmp_path: Path, mac_disk: FakeDisk
) -> None:
    file = PartialFile(tmp_path / "cells.ozx")
    file.append(b"PK")
    file.publish()
    assert mac_disk.asked == [("full sync", file.path), ("full sync", tmp_path)]


def test_a_save_to_a_disk_that_is_full_fails_and_leaves_what_was_there(
    path: Path, mac_disk: FakeDisk
) -> None:
    mac_disk.refusal = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    file = PartialFile(path)
    file.append(b"other bytes")
    with pytest.raises(SaveError, match="Disk full"):
        file.publish()
    file.discard()
    assert path.read_bytes() == b"PK"
