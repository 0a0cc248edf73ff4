"""Entries read together are what they are when read one by one: content, absence, damage."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from napari_ome_zip.archive.entry_batch import MIN_BATCH
from napari_ome_zip.archive.layout import LOCAL_HEADER
from napari_ome_zip.storage import ArchiveStore, HierarchyStore

COUNT = 3 * MIN_BATCH
CONTENTS = {f"c/{n}": bytes([n]) * (n * 97 % 1500) for n in range(COUNT)}
KEYS = list(CONTENTS)


def written(path: Path, **methods: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in CONTENTS.items():
            method = methods.get(name.replace("/", ""), zipfile.ZIP_STORED)
            archive.writestr(name, content, method)
    return path


def told(store: HierarchyStore, keys: list[str]) -> list[bytes | str | None]:
    """What reading one by one gives, errors by their messages."""
    found: list[bytes | str | None] = []
    for key in keys:
        try:
            content = store.read(key)
        except Exception as error:  # noqa: BLE001  compared as it is
            found.append(f"{type(error).__name__}: {error}")
        else:
            found.append(None if content is None else bytes(content))
    return found


def together(store: HierarchyStore, keys: list[str]) -> list[bytes | str | None]:
    found: dict[int, bytes | str | None] = {}
    for position, each in store.read_all(keys):
        assert position not in found
        if isinstance(each, Exception):
            found[position] = f"{type(each).__name__}: {each}"
        else:
            found[position] = None if each is None else bytes(each)
    return [found[position] for position in range(len(keys))]


def offset_of(path: Path, key: str) -> int:
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo(key).header_offset


@pytest.mark.parametrize("keys", [KEYS, KEYS[::-1], KEYS[1::2], KEYS[:3], [*KEYS, *KEYS[:9]], []])
def test_contents(keys: list[str], tmp_path: Path) -> None:
    store = ArchiveStore(written(tmp_path / "a.ozx"))
    assert together(store, keys) == [CONTENTS[key] for key in keys]


def test_what_is_not_there(tmp_path: Path) -> None:
    store = ArchiveStore(written(tmp_path / "a.ozx"))
    keys = ["c/x", *KEYS, "c/y"]
    assert together(store, keys) == [None, *CONTENTS.values(), None]


def test_under_a_root(tmp_path: Path) -> None:
    store = ArchiveStore(written(tmp_path / "a.ozx"), "c")
    assert together(store, [key[2:] for key in KEYS]) == list(CONTENTS.values())


def test_compressed_ones_between_them(tmp_path: Path) -> None:
    store = ArchiveStore(written(tmp_path / "a.ozx", c5=zipfile.ZIP_DEFLATED))
    assert together(store, KEYS) == list(CONTENTS.values())


def test_far_apart_and_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, content) in enumerate(reversed(CONTENTS.items())):
            archive.writestr(name, content)
            archive.writestr(f"x/{number}", bytes(7000 * (number % 3)))
            archive.writestr(f"y/{number}", bytes(3 << 20 if number == 7 else 0))
    store = ArchiveStore(path)
    wanted = [*KEYS, "y/7"]
    assert together(store, wanted) == [*CONTENTS.values(), bytes(3 << 20)]


@pytest.mark.parametrize(
    ("at", "what"),
    [
        (0, b"XX"),  # the signature
        (26, b"\xff\xff"),  # the length of the name
        (28, b"\x07\x00"),  # the length of the extra fields
        (LOCAL_HEADER.size + len("c/9") + 5, b"\xaa\xbb"),  # the content
    ],
)
def test_damage(at: int, what: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ozx")
    data = bytearray(path.read_bytes())
    start = offset_of(path, "c/9") + at
    assert data[start : start + len(what)] != what
    data[start : start + len(what)] = what
    path.write_bytes(data)
    found = together(ArchiveStore(path), KEYS)
    assert found == told(ArchiveStore(path), KEYS)
    assert [key for key, each in zip(KEYS, found, strict=True) if each != CONTENTS[key]] == ["c/9"]


def test_a_long_local_header_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in CONTENTS.items():
            info = zipfile.ZipInfo(name)
            info.extra = b"\x99\x99\xf4\x01" + bytes(500)
            archive.writestr(info, content)
    assert together(ArchiveStore(path), KEYS) == list(CONTENTS.values())
