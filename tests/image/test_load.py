"""Opening an image: from wherever it lies, and without reading a single chunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp, to_world
from napari_layers import layers_of, pixels
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.storage import MappingStore
from recording import CountingArchive, RecordingStore
from zipbuilder import Entry, build_zip, group, ome_comment

WINDOW = {"min": 0, "max": 65535, "start": 0, "end": 500}


def composite() -> HierarchyBuilder:
    """A scene of two sharded images of two levels and two channels with limits, and labels."""
    steps = [to_world(name, "translation", translation=[0, 0, n]) for n, name in enumerate("ab")]
    builder = HierarchyBuilder().scene("zyx", *steps)
    omero = {"channels": [{"label": label, "color": "FF0000", "window": WINDOW} for label in "rg"]}
    shards = {"chunks": (1, 1, 16, 16), "shards": (2, 4, 32, 32)}
    for path in "ab":
        levels = [ramp((2, 4, 64, 64)), ramp((2, 4, 32, 32))]
        builder.image(levels, "czyx", path, omero=omero, options=shards)
        builder.labels("cells", path=path)
        labels = (ramp((4, 64, 64)) % 5).astype(np.uint8)
        builder.image(labels, "zyx", f"{path}/labels/cells", **{"image-label": {}})
    return builder


def test_opening_and_making_layers_reads_no_chunk() -> None:
    store = RecordingStore.of(composite().entries)
    layers = to_layer_data(open_image(store))
    assert len(layers) == 6
    assert not store.chunks_read


def test_opening_an_archive_reads_its_directory_and_documents_alone(tmp_path: Path) -> None:
    builder = composite()
    path = builder.archive(tmp_path / "a.ome.zip")
    store = CountingArchive.of(path)
    to_layer_data(open_image(store))
    documents = sum(len(c) for name, c in builder.entries.items() if name.endswith(".json"))
    chunks = path.stat().st_size - documents
    count = sum(name.endswith(".json") for name in builder.entries)
    assert store.bytes_read < documents + 200 * count < chunks / 4


def test_a_plane_of_a_layer_reads_at_most_twice_the_bytes_of_its_chunks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 2**16, (2, 8, 128, 128), dtype=np.uint16)
    omero = {"channels": [{"window": WINDOW}] * 2}
    options = {"chunks": (1, 1, 32, 32), "shards": (2, 8, 128, 128), "compressors": []}
    builder = HierarchyBuilder().image(data, "czyx", omero=omero, options=options)
    store = CountingArchive.of(builder.archive(tmp_path / "a.ozx"))
    layers = to_layer_data(open_image(store))
    store.bytes_read = 0
    plane = layers[1][0][3].compute(scheduler="synchronous")
    np.testing.assert_array_equal(plane, data[1, 3])
    assert plane.nbytes <= store.bytes_read <= 2 * plane.nbytes


class TestSources:
    BUILDER = HierarchyBuilder().image(ramp((4, 6)), "yx")

    def test_an_archive_a_folder_a_mapping_and_a_store_show_the_same(self, tmp_path: Path) -> None:
        entries = self.BUILDER.entries
        archive = self.BUILDER.archive(tmp_path / "my cells.ome.zip")
        folder = tmp_path / "my cells.ome.zarr"
        for name, content in entries.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        sources: list[Any] = [archive, str(archive), folder, entries, MappingStore(entries)]
        for source in sources:
            image = open_image(source)
            (layer,) = layers_of(image)
            np.testing.assert_array_equal(pixels(layer), ramp((4, 6)))
            on_disk = isinstance(source, str | Path)
            assert image.name == ("my cells" if on_disk else "memory")
            assert image.source == (str(source) if on_disk else None)

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="no such file"):
            open_image(tmp_path / "gone.ozx")

    def test_what_is_no_archive(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ozx"
        path.write_bytes(b"not a zip at all" * 100)
        with pytest.raises(ArchiveError):
            open_image(path)

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ({}, "hold no OME-Zarr metadata"),
            ({"multiscales": []}, "'multiscales' is empty"),
            ({"multiscales": 5}, "'multiscales'"),
            ({"multiscales": [{"datasets": []}]}, "lists no resolution level"),
            ({"plate": {"wells": [], "rows": [], "columns": []}}, "No"),
            ({"bioformats2raw.layout": 3}, "No"),
        ],
    )
    def test_what_holds_no_image(self, attributes: dict[str, Any], said: str) -> None:
        with pytest.raises(MetadataError, match=said):
            open_image(HierarchyBuilder().group(**attributes).entries)


def test_documents_that_cannot_be_read_leave_the_others() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for series in "012":
        builder.image(ramp((4, 6)), "yx", series)
    composite = open_image(builder.put("1/zarr.json", b"{").entries)
    assert [part.path for part in composite.parts] == ["0", "2"]
    assert any("1/zarr.json is not valid JSON" in f.message for f in composite.findings)


def test_a_repeated_root_document_that_hides_the_image_is_refused(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp((4, 6)), "yx").labels("cells")
    builder.image(ramp((4, 6), np.uint8), "yx", "labels/cells")
    entries = [Entry(name, content) for name, content in builder.entries.items()]
    path = tmp_path / "a.ozx"
    path.write_bytes(
        build_zip([*entries, Entry("zarr.json", group())], comment=ome_comment(json_first=True))
    )
    with pytest.raises(MetadataError, match="more than once"):
        open_image(path)
