"""The attributes that name thumbnails are written as the convention wants, and nothing else."""

from __future__ import annotations

import pytest

from napari_ome_zip.thumbnails.convention import (
    entry_of,
    stated_thumbnails,
    with_entries,
)
from pictures import THUMBNAILS_UUID, listing, thumbnail

OTHER = {"uuid": "00000000-0000-0000-0000-000000000000", "name": "other"}
OURS = entry_of(256, 200, "thumbnail.png")


def test_the_convention_is_named_once_beside_others() -> None:
    once = with_entries({"ome": {}, "zarr_conventions": [OTHER]}, [OURS])
    assert once["ome"] == {}
    assert once["thumbnails"] == [OURS]
    other, own = once["zarr_conventions"]
    assert other == OTHER
    assert (own["uuid"], own["name"]) == (THUMBNAILS_UUID, "thumbnails")
    assert with_entries(once, [OURS]) == once


@pytest.mark.parametrize("key", ["uuid", "schema_url", "spec_url"])
def test_one_name_of_the_convention_suffices(key: str) -> None:
    own = with_entries({}, [OURS])["zarr_conventions"][0]
    named = {"zarr_conventions": [{key: own[key]}], "thumbnails": [OURS]}
    heard: list[str] = []
    assert len(stated_thumbnails(named, lambda rule, parts, found: heard.append(rule.code))) == 1
    assert heard == []
    assert with_entries(named, [OURS]) == named


def test_without_thumbnails_nothing_is_left_of_them() -> None:
    assert with_entries({"a": 1, **listing(thumbnail(9, 9, "x"))}, []) == {"a": 1}
    beside = {"zarr_conventions": [OTHER, *listing()["zarr_conventions"]], "thumbnails": []}
    assert with_entries(beside, []) == {"zarr_conventions": [OTHER]}
    assert with_entries({"zarr_conventions": "odd"}, []) == {"zarr_conventions": "odd"}


def test_attributes_that_are_given_stay_as_they_are() -> None:
    given = listing(thumbnail(9, 9, "x"))
    with_entries(given, [OURS])
    with_entries(given, [])
    assert given == listing(thumbnail(9, 9, "x"))


def test_ours_are_known_by_what_they_say() -> None:
    ours, other = stated_thumbnails(listing(OURS, thumbnail(9, 9, "x")))
    assert ours.is_ours
    assert not other.is_ours
