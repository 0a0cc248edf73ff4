"""The archives with everything in them are what their truth says, by zarr-python and zipfile."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from whole_archives import WHOLE_ARCHIVES, whole_archive
from whole_hierarchy import Truth

Make = Callable[[Path], Truth]
every_kind = pytest.mark.parametrize("make", WHOLE_ARCHIVES.values(), ids=list(WHOLE_ARCHIVES))


@every_kind
def test_the_entries_are_the_bytes_in_the_file_in_their_order(make: Make, tmp_path: Path) -> None:
    truth = make(tmp_path / "whole.ozx")
    with zipfile.ZipFile(truth.path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    assert list(held) == list(truth.entries)
    assert held == dict(truth.entries)


@every_kind
def test_zarr_reads_every_array_of_the_truth(make: Make, tmp_path: Path) -> None:
    truth = make(tmp_path / "whole.ozx")
    with ZipStore(truth.path, mode="r") as store:
        for path, expected in truth.arrays.items():
            found = zarr.open_array(store, path=path, mode="r")
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found[...], expected)


@every_kind
def test_an_entry_has_one_owner_or_leads_to_images_or_is_foreign(
    make: Make, tmp_path: Path
) -> None:
    truth = make(tmp_path / "whole.ozx")
    of_images = {
        name
        for group in (*truth.images, *truth.labels, *truth.unreadable)
        for name in truth.entries_of(group)
    }
    assert of_images | truth.listing | truth.foreign == set(truth.entries)
    assert len(of_images) + len(truth.listing) + len(truth.foreign) == len(truth.entries)
    assert {"thumbnail.png", "OME/METADATA.ome.xml"} <= truth.foreign


@every_kind
def test_levels_lie_where_their_documents_put_them(make: Make, tmp_path: Path) -> None:
    truth = make(tmp_path / "whole.ozx")
    for group in (*truth.images, *truth.labels):
        held = truth.attributes(group)
        [image] = held.get("ome", held)["multiscales"]
        axes = image.get("axes") or image["coordinateSystems"][0]["axes"]
        for dataset in image["datasets"]:
            level = f"{group}/{dataset['path']}".lstrip("/")
            scale, shift = truth.places[level]
            assert len(scale) == len(shift) == len(axes) == truth.arrays[level].ndim
            if truth.version == "0.6":
                continue  # the scene follows, and each level is a sequence
            ones = np.ones(len(axes)), np.zeros(len(axes))
            for step in [
                *dataset["coordinateTransformations"],
                *image.get("coordinateTransformations", []),
            ]:
                factor = np.array(step.get("scale", 1))
                ones = ones[0] * factor, ones[1] * factor + np.array(step.get("translation", 0))
            np.testing.assert_allclose(ones, (scale, shift))


def test_nothing_is_stored_as_this_project_would(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx", time=True)
    sharded, dotted, swapped = (
        json.loads(truth.entries[f"s{number}/zarr.json"]) for number in range(3)
    )
    [sharding] = sharded["codecs"]
    assert sharding["configuration"]["codecs"][1]["configuration"]["cname"] == "lz4"
    assert sharded["attributes"]["acme"] == {"exposure ms": [10, 20.5]}
    assert dotted["chunk_key_encoding"]["configuration"]["separator"] == "."
    assert "s1/c.0.0.0.0.0" not in truth.entries  # all fill value
    assert swapped["codecs"][0]["configuration"]["endian"] == "big"
    assert swapped["acme:extra"]["must_understand"] is False
    with zipfile.ZipFile(truth.path) as archive:
        assert json.loads(archive.comment)["ome"]["version"] == "0.5"
