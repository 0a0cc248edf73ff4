"""Folders as disks hold them: packing loses nothing of the image, and takes nothing else."""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from broken_files import entries, entry, write
from folders import folder_of, said_without_rights
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image, pack, repack, save_image, unpack, validate
from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.cli.main import main
from napari_ome_zip.errors import ArchiveError, OmeZipError, SaveError, SaveWarning
from napari_ome_zip.findings import Finding

PIXELS = ramp((2, 20, 30)) + 1
HIERARCHY = HierarchyBuilder().image(PIXELS, "zyx", options={"chunks": (1, 20, 30)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of(HIERARCHY, tmp_path / "cells.zarr")


def packed(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["0", "0/c", "0/c/1", "0/c/1/0/0", "zarr.json", "0/zarr.json"])
def test_links_that_the_image_is_made_of_are_packed(
    name: str, folder: Path, tmp_path: Path
) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    made = pack(folder, tmp_path / "cells.ozx")
    assert packed(made) == HIERARCHY.entries
    with ZipStore(made, mode="r") as store:
        np.testing.assert_array_equal(zarr.open_array(store, path="0", mode="r")[...], PIXELS)


def test_a_link_to_a_link_is_packed_as_what_is_there(folder: Path, tmp_path: Path) -> None:
    (folder / "0/c").rename(tmp_path / "there")
    (tmp_path / "between").symlink_to("there")
    (folder / "0/c").symlink_to(tmp_path / "between")
    assert packed(pack(folder, tmp_path / "cells.ozx")) == HIERARCHY.entries


def test_a_link_that_stays_in_the_folder_is_packed_as_a_file(folder: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "README").symlink_to("notes.txt")
    assert packed(pack(folder, tmp_path / "cells.ozx"))["README"] == b"hello"


def _to_a_file(folder: Path, secret: Path) -> str:
    (folder / "extra.txt").symlink_to(secret / "key")
    return "extra.txt"


def _to_a_folder(folder: Path, secret: Path) -> str:
    (folder / "extra").symlink_to(secret)
    return "extra"


def _beside_chunks(folder: Path, secret: Path) -> str:
    (folder / "0" / "key").symlink_to(secret / "key")
    return "0/key"


def _behind_a_link(folder: Path, secret: Path) -> str:
    (folder / "0").rename(secret.parent / "array")
    (folder / "0").symlink_to(secret.parent / "array")
    (secret.parent / "array" / "key").symlink_to(secret / "key")
    return "0/key"


@pytest.mark.parametrize("make", [_to_a_file, _to_a_folder, _beside_chunks, _behind_a_link])
def test_no_link_leads_a_stranger_s_file_into_the_archive(
    make: Callable[[Path, Path], str], folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "home"
    secret.mkdir()
    (secret / "key").write_text("secret")
    link = make(folder, secret)
    with pytest.raises(ArchiveError, match=rf"'{link}' is a link that leads out.*Remove the link"):
        pack(folder, tmp_path / "cells.ozx")
    assert not (tmp_path / "cells.ozx").exists()


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "gone")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _back(path: Path) -> None:
    path.symlink_to(path.parent)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("name", ["0/c/1/0/0", "0/c/1", "0", "extra"])
@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        (_dangling, "is a link to something that is not there"),
        (_loop, "is a link that leads back to itself"),
        (_back, "back to a folder that it lies in"),
        pytest.param(
            _pipe,
            "is a named pipe",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here"),
        ),
    ],
)
def test_what_cannot_be_read_is_never_left_out(
    replace: Callable[[Path], None], reason: str, name: str, folder: Path, tmp_path: Path
) -> None:
    if (folder / name).exists():
        (folder / name).rename(tmp_path / "moved")
    replace(folder / name)
    with pytest.raises(ArchiveError, match=f"'{name}' cannot be read: it .*{reason}"):
        pack(folder, tmp_path / "cells.ozx")
    assert not (tmp_path / "cells.ozx").exists()


def test_what_a_file_manager_left_behind_may_be_anything(folder: Path, tmp_path: Path) -> None:
    (folder / ".DS_Store").symlink_to("gone")
    assert packed(pack(folder, tmp_path / "cells.ozx")) == HIERARCHY.entries


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("name", ["0", "0/c/1", "0/c/1/0/0", "0/zarr.json"])
def test_what_may_not_be_read_is_named(name: str, folder: Path, tmp_path: Path) -> None:
    (folder / name).chmod(0)
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o777)
    try:
        said = said_without_rights(tmp_path, lambda: pack(folder, out / "cells.ozx"))
    finally:
        (folder / name).chmod(stat.S_IRWXU)
    assert said.startswith("PermissionError")
    assert str(folder / name) in said
    assert list(out.iterdir()) == []


# Names


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "é.txt") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["con"], "names-not-portable"),
        (["aux.txt"], "names-not-portable"),
        (["LPT1/notes"], "names-not-portable"),
        (["notes."], "names-not-portable"),
        (["notes /a"], "names-not-portable"),
        (["12:30"], "names-not-portable"),
        (["a\nb"], "names-not-portable"),
        (["a.txt", "A.txt"], "case-colliding-names"),
        (["Notes/a", "notes/b"], "case-colliding-names"),
        ([COMPOSED, DECOMPOSED], "case-colliding-names"),
        ([COMPOSED, DECOMPOSED.upper()], "case-colliding-names"),
    ],
)
def test_names_that_other_systems_cannot_hold_are_packed_and_named(
    names: list[str], code: str, folder: Path, tmp_path: Path
) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    notes: list[Finding] = []
    made = pack(folder, tmp_path / "cells.ozx", noted=notes.append)
    assert {name: text.encode() for name, text in zip(names, names, strict=True)} == {
        name: content for name, content in packed(made).items() if name in names
    }
    (note,) = notes
    assert note.code == code
    assert repr(names[-1]) in note.message or repr(names[-1].partition("/")[0]) in note.message
    with pytest.warns(SaveWarning, match="Windows"):
        pack(folder, tmp_path / "again.ozx")


def test_usual_names_are_not_remarked(folder: Path, tmp_path: Path) -> None:
    (folder / "console.txt").write_text("Ärger")
    (folder / ".hidden").write_text("")
    notes: list[Finding] = []
    pack(folder, tmp_path / "cells.ozx", noted=notes.append)
    assert notes == []


def test_a_file_that_is_a_folder_too_is_named_when_it_is_copied(tmp_path: Path) -> None:
    path = write(tmp_path, [*entries(), entry("0/c", b"!")])
    with pytest.warns(SaveWarning, match="Both a file and a folder: '0/c'"):
        made = repack(path, tmp_path / "b.ozx")
    with pytest.raises(ArchiveError, match="both a file and a folder"):
        unpack(made, tmp_path / "out")


def test_the_command_says_what_there_is_to_know(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nul.txt").write_text("")
    assert main(["pack", str(folder), str(tmp_path / "cells.ozx")]) == 0
    assert "ome-zip: note: Windows cannot hold 'nul.txt'" in capsys.readouterr().err


# Hard links


def test_a_file_with_two_names_is_replaced_under_one_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "cells.ozx").write_bytes(b"old")
    (tmp_path / "other.ozx").hardlink_to(tmp_path / "cells.ozx")
    with ArchiveWriter(tmp_path / "cells.ozx", "0.5") as writer:
        writer.write_documents({"zarr.json": b"{}"})
        with pytest.warns(SaveWarning, match="replaced has another name.*stays as it was"):
            writer.commit()
    assert packed(tmp_path / "cells.ozx") == {"zarr.json": b"{}"}
    assert (tmp_path / "other.ozx").read_bytes() == b"old"


def test_the_command_says_that_another_name_keeps_the_old_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cells.ozx").write_bytes(b"old")
    for name in ("b.ozx", "c.ozx"):
        (tmp_path / name).hardlink_to(tmp_path / "cells.ozx")
    assert main(["pack", "--force", str(folder), str(tmp_path / "cells.ozx")]) == 0
    said = capsys.readouterr().err
    assert said.startswith("ome-zip: note: ")
    assert "2 other names" in said
    assert said.count("\n") == 1


# Paths


def _circle(tmp_path: Path) -> Path:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    return tmp_path / "a"


def _nul(tmp_path: Path) -> Path:
    return tmp_path / "a\0b"


_READ = ("open", "validate", "pack", "unpack", "repack", "salvage")
_WRITE = ("pack to", "unpack to", "repack to", "write", "save")


@pytest.mark.parametrize(("make", "reason"), [(_circle, "circle"), (_nul, "NUL character")])
@pytest.mark.parametrize("inside", ["", "cells.ozx"])
@pytest.mark.parametrize("work", [*_READ, *_WRITE])
def test_a_path_that_cannot_be_one_is_refused_in_plain_words(
    make: Callable[[Path], Path],
    reason: str,
    inside: str,
    work: str,
    folder: Path,
    tmp_path: Path,
) -> None:
    good = write(tmp_path, entries(), name="good.ozx")
    bad = make(tmp_path) / inside
    runs: dict[str, Callable[[], object]] = {
        "open": lambda: open_image(bad),
        "validate": lambda: validate(bad),
        "pack": lambda: pack(bad, tmp_path / "new"),
        "pack to": lambda: pack(folder, bad),
        "unpack": lambda: unpack(bad, tmp_path / "new"),
        "unpack to": lambda: unpack(good, bad),
        "repack": lambda: repack(bad, tmp_path / "new"),
        "salvage": lambda: repack(bad, tmp_path / "new", salvage=True),
        "repack to": lambda: repack(good, bad),
        "write": lambda: ArchiveWriter(bad, "0.5"),
        "save": lambda: save_image([(PIXELS, {"name": "cells"}, "image")], bad),
    }
    with pytest.raises(SaveError if work in _WRITE else OmeZipError, match=reason):
        runs[work]()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["validate", "info", "pack", "unpack", "repack"])
def test_the_command_refuses_such_paths_too(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [] if command in ("validate", "info") else [str(tmp_path / "new")]
    assert main([command, str(_circle(tmp_path)), *others]) == 2
    assert "circle" in capsys.readouterr().err
