"""Thumbnails put into archives that there are: nothing else of them changes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, multiscale, placement, ramp
from napari_ome_zip import (
    SaveOptions,
    add_thumbnail,
    pack,
    read_thumbnail,
    repack,
    save_image,
    unpack,
    validate,
)
from napari_ome_zip.errors import (
    ArchiveError,
    MetadataError,
    PictureError,
    SaveCancelledError,
    SaveError,
)
from napari_ome_zip.rendering import thumbnail_png
from napari_ome_zip.storage import ArchiveStore
from pictures import listing, pixels_of, png, thumbnail
from zipbuilder import build_zip


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def listed(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(entries(path)["zarr.json"])["attributes"].get("thumbnails", []))


def stating(path: Path, attributes: dict[str, Any], **others: bytes) -> Path:
    """Let the root of an archive state more, and add entries."""
    found = entries(path)
    root = json.loads(found["zarr.json"])
    root["attributes"] |= attributes
    path.write_bytes(build_zip({**found, "zarr.json": json.dumps(root).encode(), **others}))
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Return an archive whose image is dark on the left and bright on the right."""
    pixels = np.zeros((300, 400), np.uint16)
    pixels[:, 200:] = 900
    keywords = {"name": "cells", "contrast_limits": (0, 900), "units": ("micrometer",) * 2}
    layers = [(pixels, keywords, "image")]
    return save_image(layers, tmp_path / "plain.ozx", SaveOptions(thumbnail=False))


def test_everything_else_stays_byte_for_byte(plain: Path) -> None:
    before = entries(plain)
    assert add_thumbnail(plain) == plain
    after = entries(plain)
    assert {name for name in after if name not in before} == {"thumbnail.png"}
    for name, content in before.items():
        if name != "zarr.json":
            assert after[name] == content
    root, was = json.loads(after["zarr.json"]), json.loads(before["zarr.json"])
    for key in ("thumbnails", "zarr_conventions"):
        del root["attributes"][key]
    assert root == was
    assert list(after)[-1] == "thumbnail.png"
    assert validate(plain, deep=True).issues == ()


def test_it_shows_the_image(plain: Path) -> None:
    add_thumbnail(plain)
    found = read_thumbnail(plain)
    assert found is not None
    assert (found.width, found.height) == (256, 192)
    shown = pixels_of(found.data)
    assert (shown[90, 20].tolist(), shown[90, 230].tolist()) == ([0] * 3, [255] * 3)


def test_made_again_it_takes_the_place_of_the_old_one(plain: Path) -> None:
    add_thumbnail(plain)
    once = entries(plain)
    old = stating(plain, {}, **{"thumbnail.png": png(256, 192)})
    add_thumbnail(old)
    assert entries(old) == once


def test_another_file_can_be_written(plain: Path) -> None:
    before = plain.read_bytes()
    made = add_thumbnail(plain, plain.with_name("new.ozx"))
    assert plain.read_bytes() == before
    assert listed(made)[0]["path"] == "thumbnail.png"


def test_thumbnails_of_others_stay_behind_it(plain: Path) -> None:
    other = thumbnail(150, 100, "look.png")
    stating(plain, listing(other), **{"look.png": png(150, 100)})
    add_thumbnail(plain)
    add_thumbnail(plain)
    assert [each["path"] for each in listed(plain)] == ["thumbnail.png", "look.png"]
    assert listed(plain)[1] == other
    assert entries(plain)["look.png"] == png(150, 100)


def test_what_only_claims_to_be_ours_is_not_left_out(plain: Path) -> None:
    chunk = next(name for name in entries(plain) if name.startswith("0/c/"))
    add_thumbnail(plain)
    ours = listed(plain)[0]
    claims = [{**ours, "path": path} for path in (chunk, "zarr.json", "notes.txt", "shared.png")]
    shared = thumbnail(9, 9, "shared.png")
    others = {"notes.txt": b"hello", "shared.png": png(9, 9)}
    stating(plain, listing(*claims, shared), **others)
    before = entries(plain)
    add_thumbnail(plain)
    after = entries(plain)
    assert after[chunk] == before[chunk]
    assert (after["notes.txt"], after["shared.png"]) == (b"hello", png(9, 9))
    # The first one was no longer named: another program's for all that is known.
    assert [each["path"] for each in listed(plain)] == ["thumbnail-2.png", "shared.png"]


def test_where_something_else_is_called_so_nothing_is_written(plain: Path) -> None:
    stating(plain, {"thumbnails": {"mine": True}})
    before = plain.read_bytes()
    with pytest.raises(MetadataError, match="something else is stored there"):
        add_thumbnail(plain)
    assert plain.read_bytes() == before


def test_where_nothing_can_be_drawn_nothing_is_written(tmp_path: Path) -> None:
    root = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5"}}}
    path = tmp_path / "empty.ozx"
    path.write_bytes(build_zip({"zarr.json": json.dumps(root).encode()}))
    before = path.read_bytes()
    with pytest.raises((PictureError, MetadataError)):
        add_thumbnail(path)
    assert path.read_bytes() == before


def test_behind_a_link_another_file_must_be_named() -> None:
    with pytest.raises(SaveError, match="name a file"):
        add_thumbnail("https://127.0.0.1:1/cells.ozx")


def test_zarr_v2_is_refused_by_name(tmp_path: Path) -> None:
    builder = HierarchyBuilder(2).group(
        version="0.4", multiscales=[multiscale("yx", [("0", placement([1, 1]))], version="0.4")]
    )
    builder.array("0", ramp((20, 20)))
    path = builder.archive(tmp_path / "old.ozx")
    with pytest.raises(ArchiveError, match="Zarr v2"):
        add_thumbnail(path)


def test_copies_get_one_where_that_is_wanted(plain: Path) -> None:
    folder = unpack(plain, plain.with_name("folder"))
    for made in (
        repack(plain, plain.with_name("a.ozx"), picture=thumbnail_png),
        pack(folder, plain.with_name("b.ozx"), picture=thumbnail_png),
    ):
        assert listed(made)[0]["path"] == "thumbnail.png"
        assert validate(made, deep=True).issues == ()
    assert read_thumbnail(repack(plain, plain.with_name("c.ozx"))) is None


def test_a_copy_says_why_it_has_none(plain: Path) -> None:
    def refuse(image: object) -> bytes:
        raise PictureError("There is too much of it.")

    heard: list[str] = []
    made = repack(
        plain,
        plain.with_name("a.ozx"),
        picture=refuse,
        noted=lambda finding: heard.append(finding.message),
    )
    assert heard == ["No thumbnail was made: There is too much of it."]
    assert listed(made) == []


def test_copies_have_pictures_of_the_whole_at_their_end(plain: Path) -> None:
    others = {"look.png": png(150, 100), "zebra.txt": b"z"}
    stating(plain, listing(thumbnail(150, 100, "look.png")), **others)
    assert list(entries(repack(plain, plain.with_name("a.ozx"))))[-1] == "look.png"


def test_whoever_cancels_while_it_is_drawn_keeps_the_file_that_was_there(plain: Path) -> None:
    before = plain.read_bytes()
    drawn: list[object] = []

    def draw(image: object) -> bytes:
        drawn.append(image)
        return png(256, 192)

    with pytest.raises(SaveCancelledError):
        repack(plain, plain, picture=draw, cancelled=lambda: bool(drawn))
    assert plain.read_bytes() == before


def test_our_own_that_is_damaged_is_made_again(plain: Path) -> None:
    add_thumbnail(plain)
    whole = plain.read_bytes()
    at = whole.index(b"\x89PNG") + 40
    plain.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    add_thumbnail(plain)
    assert plain.read_bytes() == whole


def test_a_picture_that_a_list_names_a_thousand_times_is_looked_at_once(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_thumbnail(plain)
    stating(plain, listing(*listed(plain) * 1000))
    read: list[str] = []
    original = ArchiveStore.read

    def counting(store: ArchiveStore, key: str, byte_range: Any = None) -> Any:
        read.append(key)
        return original(store, key, byte_range)

    monkeypatch.setattr(ArchiveStore, "read", counting)
    add_thumbnail(plain)
    assert read.count("thumbnail.png") == 1
    assert [each["path"] for each in listed(plain)] == ["thumbnail.png"]
