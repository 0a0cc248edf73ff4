"""What happens to the target when a save is cancelled, killed, or finds no room."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from killed_work import ends_of_killed_work
from napari_ome_zip.archive import early_sync, partial_file
from napari_ome_zip.archive.leftovers import STALE_AFTER_SECONDS
from napari_ome_zip.archive.writer import ArchiveWriter
from napari_ome_zip.errors import ArchiveError, SaveError
from raw_zip import take_apart

ROOT = {"zarr.json": b"{}"}
DAY_AND_A_BIT = STALE_AFTER_SECONDS + 60

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX file systems only")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux syncs early")


def save(path: Path, content: bytes = b"new") -> Path:
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents(ROOT)
        writer.write("0/c/0", content)
        return writer.commit()


def save_blocks(path: Path, block: Callable[[int], bytes], count: int) -> None:
    """Save as a program does: blocks computed and written by eight threads."""
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents(ROOT)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: writer.write(f"0/c/{i}", block(i)), range(count)))
        writer.commit()


def content(path: Path) -> bytes:
    return take_apart(path.read_bytes()).entries[-1].data


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".partial"))


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A small disk of its own, where the system allows one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class TestCancelled:
    def test_while_writing_one_recognisable_sibling_exists(self, tmp_path: Path) -> None:
        target = tmp_path / "cells.ome.zip"
        with ArchiveWriter(target, "0.5") as writer:
            writer.write_documents(ROOT)
            (name,) = leftovers(tmp_path)
            assert name.startswith(".cells.ome.zip.")
            assert not target.exists()

    @pytest.mark.parametrize("earlier", [None, b"old"])
    def test_leaving_without_commit_leaves_what_was_there(
        self, tmp_path: Path, earlier: bytes | None
    ) -> None:
        target = tmp_path / "cells.ome.zip"
        if earlier is not None:
            save(target, earlier)
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        with ArchiveWriter(target, "0.5") as writer:
            writer.write_documents(ROOT)
            writer.write("0/c/0", bytes(100_000))
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
    def test_an_exception_leaves_nothing_and_passes_on(
        self, tmp_path: Path, error: type[BaseException]
    ) -> None:
        def interrupted() -> None:
            with ArchiveWriter(tmp_path / "e.ozx", "0.5") as writer:
                writer.write_documents(ROOT)
                raise error

        with pytest.raises(error):
            interrupted()
        assert not list(tmp_path.iterdir())

    def test_an_exception_in_one_of_many_threads_leaves_nothing(self, tmp_path: Path) -> None:
        def block(index: int) -> bytes:
            if index == 50:
                raise RuntimeError("a block could not be computed")
            return bytes(10_000)

        with pytest.raises(RuntimeError, match="block"):
            save_blocks(tmp_path / "t.ozx", block, 100)
        assert not list(tmp_path.iterdir())

    def test_aborting_twice_and_writing_afterwards_are_told_apart(self, tmp_path: Path) -> None:
        writer = ArchiveWriter(tmp_path / "a.ozx", "0.5")
        writer.write_documents(ROOT)
        writer.abort()
        writer.abort()
        with pytest.raises(ArchiveError, match="saved or cancelled"):
            writer.write("0/c", b"1")
        assert not list(tmp_path.iterdir())

    @posix_only
    def test_a_forked_process_does_not_remove_its_parents_file(self, tmp_path: Path) -> None:
        code = """
            import os, sys
            from napari_ome_zip.archive.writer import ArchiveWriter
            writer = ArchiveWriter(sys.argv[1], "0.5")
            writer.write_documents({"zarr.json": b"{}"})
            child = os.fork()
            if child == 0:
                writer.abort()
                os._exit(0)
            os.waitpid(child, 0)
            writer.write("0/c/0", b"parent")
            writer.commit()
        """
        target = tmp_path / "fork.ozx"
        command = [sys.executable, "-c", textwrap.dedent(code), str(target)]
        subprocess.run(command, check=True)
        assert content(target) == b"parent"


SAVE = """
from napari_ome_zip.archive.writer import ArchiveWriter


def work(moment):
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents({"zarr.json": b"{}"})
        for index in range(20):
            moment()
            writer.write(f"0/c/{index}", b"new" * 20_000)
        writer.commit()
"""


class TestKilled:
    @posix_only
    def test_sigkill_leaves_the_old_file_or_the_whole_new_one(self, tmp_path: Path) -> None:
        target = tmp_path / "image.ome.zip"
        save(target, b"old")
        old = target.read_bytes()

        def found() -> str:
            if target.read_bytes() == old:
                return "old"
            archive = take_apart(target.read_bytes())
            assert archive.names == ["zarr.json", *(f"0/c/{i}" for i in range(20))]
            assert all(entry.data == b"new" * 20_000 for entry in archive.entries[1:])
            return "new"

        ends = ends_of_killed_work(SAVE, target, found)
        assert ends.count(("killed", "old")) > 20
        assert ends[-1] == ("done", "new")
        for name in leftovers(tmp_path):
            assert name.startswith(".image.ome.zip.")

    def test_a_new_save_removes_what_a_killed_one_left_a_day_ago(self, tmp_path: Path) -> None:
        target = tmp_path / "image.ome.zip"
        stale = tmp_path / ".image.ome.zip.0123456789abcdef.partial"
        stale.write_bytes(b"PK\x03\x04 and so on")
        empty = tmp_path / ".image.ome.zip.fedcba9876543210.partial"
        empty.touch()
        for path in (stale, empty):
            _age(path)
        save(target)
        assert [path.name for path in tmp_path.iterdir()] == ["image.ome.zip"]

    def test_what_is_young_or_not_certainly_ours_stays(self, tmp_path: Path) -> None:
        young = tmp_path / ".image.ome.zip.0123456789abcdef.partial"
        young.write_bytes(b"PK\x03\x04")
        others = [
            ".image.ome.zip.0123.partial",
            ".image.ome.zip.0123456789abcdeX.partial",
            ".other.ome.zip.0123456789abcdef.partial",
            "image.ome.zip.0123456789abcdef.partial",
            ".imageXome.zip.0123456789abcdef.partial",
            ".image.ome.zip.1123456789abcdef.partial",
        ]
        for name in others:
            (tmp_path / name).write_bytes(b"PK\x03\x04" if name != others[-1] else b"text")
            _age(tmp_path / name)
        folder = tmp_path / ".image.ome.zip.2123456789abcdef.partial"
        folder.mkdir()
        _age(folder)
        before = {path.name for path in tmp_path.iterdir()}
        save(tmp_path / "image.ome.zip")
        assert {path.name for path in tmp_path.iterdir()} == {*before, "image.ome.zip"}

    @posix_only
    def test_a_save_that_has_paused_for_days_is_not_disturbed_by_another(
        self, tmp_path: Path
    ) -> None:
        target = tmp_path / "image.ome.zip"
        with ArchiveWriter(target, "0.5") as slow:
            slow.write_documents(ROOT)
            (name,) = leftovers(tmp_path)
            _age(tmp_path / name)
            save(target, b"quick")
            assert content(target) == b"quick"
            slow.write("0/c/0", b"slow")
            slow.commit()
        assert content(target) == b"slow"
        assert not leftovers(tmp_path)


def _age(path: Path) -> None:
    then = time.time() - DAY_AND_A_BIT
    os.utime(path, (then, then))


class TestNoRoom:
    @posix_only
    def test_a_full_disk_is_named_and_the_old_file_stays(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "small", "-o", "size=1m") as disk:
            target = disk / "image.ome.zip"
            save(target, b"old")
            before = target.read_bytes()
            with pytest.raises(SaveError, match=r"^Disk full: image\.ome\.zip was not") as info:
                save_blocks(target, lambda _: bytes(100_000), 20)
            assert info.value.errno == errno.ENOSPC
            assert isinstance(info.value, OSError)
            assert "KiB had been written" in str(info.value)
            assert target.read_bytes() == before
            assert not leftovers(disk)
            save(target, b"there is room again")

    @posix_only
    def test_a_disk_that_fills_up_with_the_directory_is_named_too(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "small", "-o", "size=1m") as disk:
            target = disk / "image.ome.zip"
            # An empty entry takes 60 bytes, and 84 more in the directory: the entries fit, and
            # their directory does not.
            with pytest.raises(SaveError, match=r"^Disk full") as info:
                save_blocks(target, lambda _: b"", 8_000)
            assert "1 MiB had been written" in str(info.value)
            assert not list(disk.iterdir())

    @posix_only
    def test_after_a_failure_nothing_is_taken_and_each_thread_hears_the_reason(
        self, tmp_path: Path
    ) -> None:
        with (
            mounted(tmp_path / "small", "-o", "size=1m") as disk,
            ArchiveWriter(disk / "image.ome.zip", "0.5") as writer,
        ):
            writer.write_documents(ROOT)
            with pytest.raises(SaveError, match="Disk full"):
                writer.write("0/c/0", bytes(2_000_000))
            with pytest.raises(SaveError, match="Disk full") as info:
                writer.write("0/c/1", b"small")
            assert info.value.errno == errno.ENOSPC
            with pytest.raises(SaveError, match="Disk full"):
                writer.commit()
            assert not list(disk.iterdir())

    @posix_only
    def test_a_file_size_limit_is_named_and_nothing_is_left(self, tmp_path: Path) -> None:
        code = """
            import sys
            from napari_ome_zip.errors import SaveError
            from napari_ome_zip.archive.writer import ArchiveWriter
            try:
                with ArchiveWriter(sys.argv[1], "0.5") as writer:
                    writer.write_documents({"zarr.json": b"{}"})
                    for index in range(100):
                        writer.write(f"0/c/{index}", bytes(10_000))
                    writer.commit()
            except SaveError as error:
                sys.stdout.write(str(error))
        """
        resource = pytest.importorskip("resource")
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "limited.ozx")],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith("File too large for this disk: limited.ozx was not saved")
        assert not list(tmp_path.iterdir())

    @linux_only
    @pytest.mark.parametrize("count", [2, 50], ids=["found at the end", "found on the way"])
    def test_an_early_part_that_the_disk_did_not_take_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
    ) -> None:
        target = tmp_path / "image.ozx"
        save(target, b"old")
        before = target.read_bytes()

        def fail(descriptor: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(early_sync, "SYNC_EVERY_BYTES", 1000)
        monkeypatch.setattr(os, "fdatasync", fail)
        with pytest.raises(SaveError, match="The disk stopped taking data") as info:
            save_blocks(target, lambda _: bytes(900), count)
        assert info.value.errno == errno.EIO
        assert target.read_bytes() == before
        assert not leftovers(tmp_path)

    @linux_only
    def test_a_file_that_is_given_up_does_not_wait_for_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, goes_on = threading.Event(), threading.Event()

        def slow(descriptor: int) -> None:
            begun.set()
            assert goes_on.wait(60)
            os.fstat(descriptor)  # still that of the file

        monkeypatch.setattr(early_sync, "SYNC_EVERY_BYTES", 1000)
        monkeypatch.setattr(os, "fdatasync", slow)
        with ArchiveWriter(tmp_path / "image.ozx", "0.5") as writer:
            writer.write_documents(ROOT)
            writer.write("0/c/0", bytes(5000))
            assert begun.wait(60)
        assert not list(tmp_path.iterdir())
        goes_on.set()
        syncing = [t for t in threading.enumerate() if t.name == early_sync.THREAD_NAME]
        for thread in syncing:
            thread.join(60)
        assert syncing


class TestBeforeWork:
    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SaveError, match="No such folder") as info:
            ArchiveWriter(tmp_path / "no" / "where" / "a.ozx", "0.5")
        assert str(tmp_path / "no" / "where") in str(info.value)
        assert info.value.errno == errno.ENOENT

    def test_a_file_in_the_folders_place_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SaveError, match="No such folder"):
            ArchiveWriter(tmp_path / "file" / "a.ozx", "0.5")

    def test_a_folder_in_the_targets_place_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.ome.zip").mkdir()
        with pytest.raises(SaveError, match="A folder has this name"):
            ArchiveWriter(tmp_path / "a.ome.zip", "0.5")
        assert [path.name for path in tmp_path.iterdir()] == ["a.ome.zip"]

    @posix_only
    def test_a_target_that_is_no_regular_file_is_refused(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.ozx")
        with pytest.raises(SaveError, match="Not a regular file"):
            ArchiveWriter(tmp_path / "pipe.ozx", "0.5")

    def test_a_name_too_long_for_the_disk_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SaveError, match="Name too long"):
            ArchiveWriter(tmp_path / f"{'x' * 300}.ozx", "0.5")

    def test_the_longest_name_the_disk_takes_is_taken(self, tmp_path: Path) -> None:
        target = tmp_path / f"{'ä' * 125}.ozx"
        save(target)
        assert [path.name for path in tmp_path.iterdir()] == [target.name]

    @posix_only
    def test_a_read_only_disk_is_named(self, tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "-o", "size=1m") as disk:
            save(disk / "a.ozx", b"old")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            for name in ("a.ozx", "b.ozx"):
                with pytest.raises(SaveError, match="Read-only disk"):
                    ArchiveWriter(disk / name, "0.5")
            assert content(disk / "a.ozx") == b"old"

    @posix_only
    @pytest.mark.skipif(
        sys.platform != "win32" and os.geteuid() == 0,
        reason="root may write everywhere; the read-only disk stands for this",
    )
    def test_a_read_only_folder_is_named(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(SaveError, match="No right to write"):
                ArchiveWriter(tmp_path / "a.ozx", "0.5")
        finally:
            tmp_path.chmod(0o700)

    @posix_only
    @pytest.mark.skipif(
        sys.platform != "win32" and os.geteuid() != 0,
        reason="only root can become another user to meet a read-only folder",
    )
    def test_another_users_folder_and_file_are_refused(self) -> None:
        code = """
            import os, sys
            from napari_ome_zip.errors import SaveError
            from napari_ome_zip.archive.writer import ArchiveWriter
            os.chdir(sys.argv[1])
            os.setgid(65534)
            os.setuid(65534)
            for name in ("closed/a.ozx", "open/protected.ozx"):
                try:
                    ArchiveWriter(name, "0.5")
                except SaveError as error:
                    print(error)
        """
        # Not below tmp_path, whose parents are closed to other users.
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            (Path(folder) / "closed").mkdir(mode=0o755)
            (Path(folder) / "open").mkdir()
            (Path(folder) / "open").chmod(0o777)
            (Path(folder) / "open" / "protected.ozx").touch(mode=0o644)
            command = [sys.executable, "-c", textwrap.dedent(code), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        first, second = done.stdout.splitlines()
        assert first.startswith("No right to write in closed")
        assert second.startswith("Write-protected: open/protected.ozx")


class TestReplaced:
    def test_a_reader_of_the_old_file_keeps_reading_it(self, tmp_path: Path) -> None:
        if sys.platform == "win32":
            pytest.skip("Windows does not replace a file that is open")
        target = tmp_path / "image.ome.zip"
        save(target, b"old")
        with zipfile.ZipFile(target) as reader:
            save(target, b"new")
            assert reader.read("0/c/0") == b"old"
        assert content(target) == b"new"

    def test_the_old_file_is_whole_until_the_commit(self, tmp_path: Path) -> None:
        target = tmp_path / "image.ome.zip"
        save(target, b"old")
        with ArchiveWriter(target, "0.5") as writer:
            writer.write_documents(ROOT)
            writer.write("0/c/0", b"new")
            assert content(target) == b"old"
            assert writer.commit() == target
        assert content(target) == b"new"

    @posix_only
    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
    def test_the_mode_of_an_existing_file_is_kept_from_the_first_byte(
        self, tmp_path: Path, mode: int
    ) -> None:
        target = tmp_path / "image.ozx"
        save(target)
        target.chmod(mode)
        with ArchiveWriter(target, "0.5") as writer:
            writer.write_documents(ROOT)
            (name,) = leftovers(tmp_path)
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
            writer.commit()
        assert stat.S_IMODE(target.stat().st_mode) == mode

    @posix_only
    def test_a_new_file_has_the_mode_of_any_new_file(self, tmp_path: Path) -> None:
        (tmp_path / "plain").touch()
        save(tmp_path / "image.ozx")
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert len(modes) == 1

    @posix_only
    def test_a_symbolic_link_stays_and_what_it_points_to_is_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        real = tmp_path / "data" / "real.ozx"
        save(real, b"old")
        link = tmp_path / "link.ozx"
        link.symlink_to(real)
        save(link, b"new")
        assert link.is_symlink()
        assert content(real) == b"new"

    def test_what_does_not_read_back_never_replaces_the_target(self, tmp_path: Path) -> None:
        target = tmp_path / "image.ome.zip"
        save(target, b"old")
        with ArchiveWriter(target, "0.5") as writer:
            writer.write_documents({"zarr.json": b'{"zarr_format": 3}'})
            (name,) = leftovers(tmp_path)
            with (tmp_path / name).open("r+b") as file:  # a disk that does not keep its bytes
                file.seek(60)
                file.write(b"?")
            with pytest.raises(SaveError, match=r"^Not saved: what was written does not read back"):
                writer.commit()
        assert content(target) == b"old"
        assert not leftovers(tmp_path)

    def test_a_relative_path_is_saved_where_the_program_stood(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path)
        with ArchiveWriter("here.ozx", "0.5") as writer:
            writer.write_documents(ROOT)
            monkeypatch.chdir(tmp_path / "elsewhere")
            assert writer.commit() == (tmp_path / "here.ozx").resolve()


class TestInUse:
    """Windows neither replaces nor renames a file that is open; its refusal is played here."""

    @pytest.fixture
    def target(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        target = tmp_path / "cells.ome.zip"
        save(target, b"old")

        def refusing(original: Callable[..., None]) -> Callable[..., None]:
            def move(source: str | Path, destination: str | Path, **options: int) -> None:
                if target.samefile(source) or Path(destination) == target:
                    text = "The process cannot access the file because it is being used"
                    raise PermissionError(errno.EACCES, text, str(source))
                original(source, destination, **options)

            return move

        for name in ("rename", "replace"):
            monkeypatch.setattr(os, name, refusing(getattr(os, name)))
        return target

    def test_a_target_that_is_open_is_refused_before_any_work(self, target: Path) -> None:
        with pytest.raises(SaveError, match=r"cells\.ome\.zip is open") as refused:
            ArchiveWriter(target, "0.5")
        assert refused.value.errno == errno.EACCES
        assert content(target) == b"old"
        assert [path.name for path in target.parent.iterdir()] == [target.name]

    def test_a_finished_file_is_kept_where_the_target_was_opened_meanwhile(
        self, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(partial_file, "_refuse_in_use", lambda *_: None)
        for name in ("cells (saved copy).ome.zip", "cells (saved copy 2).ome.zip"):
            with pytest.raises(SaveError) as failed:
                save(target, b"new")
            assert f"kept beside it as {name}" in str(failed.value)
            assert content(target.parent / name) == b"new"
        assert content(target) == b"old"
        assert len(list(target.parent.iterdir())) == 3


def test_ctrl_c_while_the_file_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_ome_zip.archive.partial_file.lock", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ArchiveWriter(tmp_path / "cells.ozx", "0.5")
    assert [*tmp_path.iterdir()] == []
