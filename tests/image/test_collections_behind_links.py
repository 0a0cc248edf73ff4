"""Collections behind links: the same images, and documents that come together."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from collection_builder import CollectionBuilder, collection, entry, image, level, path_to
from hierarchy_builder import ramp, write_archive
from napari_ome_zip import open_image
from napari_ome_zip.files import Expectation
from napari_ome_zip.storage import ArchiveStore
from napari_ome_zip.storage.base import Wanted
from range_server import RangeServer

DOCUMENTS = 40


def archive(path: Path) -> Path:
    """Write a collection of images in JSON documents, each behind pixels that lie between them."""
    nodes = [entry(f"im{n}", f"./{n}/im.json") for n in range(DOCUMENTS)]
    builder = CollectionBuilder().node(collection("r", *nodes))
    noise = np.random.default_rng(0).integers(0, 2**16, (256, 256), np.uint16)
    for n in range(DOCUMENTS):
        builder.array(f"{n}/s0", noise + n, compressors=None)
        builder.json(f"{n}/im.json", image(f"im{n}", level("./s0", (n + 1, 1))))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in builder.entries.items():
            archive.writestr(name, content)
    return path


def test_a_collection_behind_a_link_is_the_same_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[list[object]] = []
    expect = ArchiveStore.expect

    def noted(store: ArchiveStore, wanted: Sequence[Wanted], *, ahead: bool = False) -> Expectation:
        together.append([*wanted])
        return expect(store, wanted, ahead=ahead)

    monkeypatch.setattr(ArchiveStore, "expect", noted)
    path = archive(tmp_path / "a.ozx")
    here = open_image(path, fuse_from=0)
    with RangeServer({"a.ozx": path.read_bytes()}) as server:
        there = open_image(server.url("a.ozx"), fuse_from=0)
        assert [part.name for part in there.parts] == [part.name for part in here.parts]
        for one, other in zip(there.parts, here.parts, strict=True):
            assert one.to_display.matrix.tolist() == other.to_display.matrix.tolist()
        last = there.parts[-1]
        assert np.array_equal(np.asarray(last.levels[0]), np.asarray(here.parts[-1].levels[0]))
    assert [f"{n}/im.json" for n in range(DOCUMENTS)] in together


def test_a_link_in_a_collection_behind_a_link_is_not_followed(tmp_path: Path) -> None:
    with RangeServer({"secret.zarr/zarr.json": b"{}"}) as server:
        far = {"type": "multiscale", "name": "far", "path": path_to(server.url("secret.zarr"))}
        builder = CollectionBuilder().node(collection("r", far, entry("a")))
        path = write_archive(tmp_path / "a.ozx", builder.image_node("a", ramp((3, 4))).entries)
        composite = open_image(path)
        assert [part.path for part in composite.parts] == ["a"]
        assert server.requests == []
