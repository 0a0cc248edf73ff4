"""Names of archives and of entries."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.names import (
    breadth_first,
    complete_name,
    file_name,
    is_archive_name,
    is_document,
    is_junk,
    is_safe,
    plain_name,
    stem,
    without_junk,
)


@pytest.mark.parametrize(
    "name", ["a.ozx", "A.OZX", "b.ome.zip", "Name.Ome.Zip", "c.ome.zarr.zip", "d.zarr.zip"]
)
def test_published_names_are_recognised_in_any_case(name: str) -> None:
    assert is_archive_name(name)
    assert is_archive_name(Path("/some/folder") / name)


@pytest.mark.parametrize("name", ["a.zip", "a.ome.zarr", "ozx", ".ozx", "a.ozx.txt", "a.tif"])
def test_other_names_are_left_to_others(name: str) -> None:
    assert not is_archive_name(name)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://example.org/data/my%20cells.ozx", "my cells.ozx"),
        ("https://example.org/my cells.ozx?signature=a/b.zip", "my cells.ozx"),
        ("https://example.org/cells.ozx#1a2b3c4d", "cells.ozx"),
        ("https://example.org/cells.ozx|zip:|zarr3:", "cells.ozx"),
        ("https://example.org/cells.ozx%7Czip:%7Czarr3:", "cells.ozx"),
        ("s3://bucket/cells.ozx", "cells.ozx"),
    ],
)
def test_of_a_link_the_name_is_that_of_its_file(link: str, expected: str) -> None:
    assert file_name(link) == expected
    assert is_archive_name(link)


def test_a_plain_name_is_that_of_one_file() -> None:
    assert plain_name("../a/b: c\n.ozx ") == ".. a b  c .ozx"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("My cells.OME.ZIP", "My cells"),
        ("/data/v1.0..final.ozx", "v1.0..final"),
        ("x.ome.zarr.zip", "x"),
        ("x.zarr.zip", "x"),
        ("x.zip", "x"),
        ("x.ome.zarr/", "x"),
        ("picture.tif", "picture.tif"),
        (".ozx", ".ozx"),
    ],
)
def test_stem_is_the_name_without_its_archive_suffix(path: str, expected: str) -> None:
    assert stem(path) == expected


def test_only_whole_base_names_are_documents() -> None:
    assert is_document("zarr.json")
    assert is_document("a/b/.zattrs")
    assert not is_document("foozarr.json")
    assert not is_document("a/foozarr.json")
    assert not is_document("zarr.json/0")
    assert not is_document("__MACOSX/zarr.json")


def test_what_file_managers_leave_is_junk() -> None:
    for name in ("__MACOSX/a/._zarr.json", "a/.DS_Store", "Thumbs.db", "a/desktop.ini", "._x"):
        assert is_junk(name)
    for name in (".zattrs", "zarr.json", "a/.zgroup", "macosx/0"):
        assert not is_junk(name)


def test_names_that_leave_the_archive_are_unsafe() -> None:
    for name in ("", "/a", "../a", "a/../../b", "a/..", "C:/a", "c:a", "a//b", "./a", "a\0b", "a/"):
        assert not is_safe(name)
    for name in ("a", "a/b", "..a/b..", "a..b", "v1:2", "Zellkerne µ/0"):
        assert is_safe(name)


@pytest.mark.parametrize(
    ("typed", "as_ome_zip", "as_ozx"),
    [
        ("a", "a.ome.zip", "a.ozx"),
        ("a.ome.zip", "a.ome.zip", "a.ome.zip"),
        ("a.ozx", "a.ozx", "a.ozx"),
        ("A.OZX", "A.ozx", "A.ozx"),
        ("A.Ome.Zip", "A.ome.zip", "A.ome.zip"),
        ("a.zip", "a.ome.zip", "a.ozx"),
        ("a.ome", "a.ome.zip", "a.ozx"),
        ("a.ome.zip.zip", "a.ome.zip", "a.ozx"),
        ("a.ome.zip.ome.zip", "a.ome.zip", "a.ome.zip"),
        ("a.ome.ozx", "a.ozx", "a.ozx"),
        ("a.tif", "a.ome.zip", "a.ozx"),
        ("a.ome.tif", "a.ome.zip", "a.ozx"),
        ("a.tif.ozx", "a.tif.ozx", "a.tif.ozx"),
        ("a.zarr", "a.ome.zip", "a.ozx"),
        ("a.ome.zarr", "a.ome.zip", "a.ozx"),
        ("a.ome.zarr.zip", "a.ome.zip", "a.ozx"),
        ("a.zarr.ozx", "a.ozx", "a.ozx"),
        ("a.zarr.b", "a-zarr.b.ome.zip", "a-zarr.b.ozx"),
        ("v1.5 final", "v1.5 final.ome.zip", "v1.5 final.ozx"),
        ("a.", "a.ome.zip", "a.ozx"),
        (".ozx", "image.ozx", "image.ozx"),
        (".zip", "image.ome.zip", "image.ozx"),
        ("Zellkerne µ", "Zellkerne µ.ome.zip", "Zellkerne µ.ozx"),
    ],
)
def test_a_typed_name_is_completed_sensibly(typed: str, as_ome_zip: str, as_ozx: str) -> None:
    for suffix, expected in ((".ome.zip", as_ome_zip), (".ozx", as_ozx)):
        found = complete_name(Path("/some.zarr") / typed, suffix)
        assert found == Path("/some.zarr") / expected
        assert complete_name(found, ".ozx") == found, "a complete name is left alone"
        assert is_archive_name(found)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "a.b", "a-b", "ab"]), max_size=3), max_size=9))
def test_breadth_first_compares_parts_and_not_characters(paths: list[list[str]]) -> None:
    written = sorted(map("/".join, paths), key=breadth_first)
    assert [path.split("/") if path else [] for path in written] == sorted(
        paths, key=lambda parts: (len(parts), parts)
    )


@pytest.mark.parametrize("junk", ["__MACOSX/zarr.json", "a/._zarr.json", "a/.DS_Store", "Icon\r"])
def test_junk_among_names_is_left_out_and_nothing_else(junk: str) -> None:
    names = ["zarr.json", "a/zarr.json", "a._b/zarr.json", "icon"]
    assert list(without_junk(names)) == names
    assert list(without_junk([*names[:2], junk, *names[2:]])) == names
