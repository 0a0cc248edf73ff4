"""What a viewer shows empty is never saved as if it were: the save stops and changes nothing."""

from __future__ import annotations

import errno
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.cache import Cache

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveError, UnreadableChunkError
from napari_ome_zip.files.local_file import LocalFile
from napari_ome_zip.image.mosaic_array import MosaicArray, Tile
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.damage import DamagedChunkWarning
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.source import ChannelView
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.storage import open_store
from napari_ome_zip.storage.hierarchy import Hierarchy

# What viewers are told of damage is tested where arrays are.
pytestmark = pytest.mark.filterwarnings("ignore::napari_ome_zip.pixels.damage.DamagedChunkWarning")

PIXELS = np.random.default_rng(0).integers(1, 60_000, (2, 64, 64), np.uint16)
OPTIONS = SaveOptions(chunk=32, shard=0, levels=2)


def archive(folder: Path, **options: Any) -> Path:
    builder = HierarchyBuilder().image([PIXELS], "zyx", options={"chunks": (1, 32, 32), **options})
    return builder.archive(folder / "cells.ome.zip")


def place_of(path: Path, chunk: str) -> tuple[int, int]:
    """Return where the bytes of a chunk begin in the file, and how many there are."""
    with zipfile.ZipFile(path) as file:
        entry = next(e for e in file.infolist() if e.filename.endswith(chunk))
    with path.open("rb") as raw:
        raw.seek(entry.header_offset + 26)
        names = int.from_bytes(raw.read(2), "little") + int.from_bytes(raw.read(2), "little")
    return entry.header_offset + 30 + names, entry.compress_size


def flip(path: Path, chunk: str, position: float = 0.5) -> None:
    """Change one byte of a chunk, so that its checksum is wrong."""
    start, size = place_of(path, chunk)
    content = bytearray(path.read_bytes())
    content[start + int(position * (size - 1))] ^= 0x55
    path.write_bytes(content)


def viewed(layers: list[Any]) -> None:
    """Compute all pixels as a viewer does, which lives with damage."""
    for data, _, _ in layers:
        for level in data if isinstance(data, list) else [data]:
            assert level.compute().shape == level.shape


def refused(layers: Any, target: Path, match: str) -> SaveError:
    """Save, which must fail, and leave what is there as it is."""
    before = target.read_bytes() if target.exists() else None
    beside = sorted(target.parent.iterdir())
    with pytest.raises(SaveError, match=match) as caught:
        save_image(layers, target, OPTIONS)
    assert "Nothing was saved" in str(caught.value)
    assert (target.read_bytes() if target.exists() else None) == before
    assert sorted(target.parent.iterdir()) == beside
    return caught.value


def raw(folder: Path) -> Path:
    """Return an archive whose damaged chunk would decode to other pixels."""
    path = archive(folder, compressors=[])
    flip(path, "c/1/0/1")
    return path


def compressed(folder: Path) -> Path:
    """Return an archive whose damaged chunk does not decode."""
    path = archive(folder)
    flip(path, "c/1/0/1", 0.0)
    return path


def undecodable(folder: Path) -> Path:
    """Return an archive with a chunk of right checksum and wrong content."""
    path = archive(folder)
    builder_entries = {}
    with zipfile.ZipFile(path) as file:
        builder_entries = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in builder_entries.items():
            file.writestr(name, b"nonsense" if name.endswith("c/1/0/1") else content)
    return path


def sharded(folder: Path) -> Path:
    """Return an archive with one wrong byte in an uncompressed shard that is read in parts."""
    path = archive(folder, compressors=[], shards=(2, 64, 64))
    flip(path, "c/0/0/0", 0.4)
    return path


DAMAGES = [raw, compressed, undecodable, sharded]


@pytest.mark.parametrize("seen", [False, True], ids=["unseen", "seen before"])
@pytest.mark.parametrize("damaged", DAMAGES)
class TestADamagedChunk:
    def test_stops_a_save_to_another_file(
        self, tmp_path: Path, damaged: Callable[[Path], Path], seen: bool
    ) -> None:
        layers = to_layer_data(open_image(damaged(tmp_path)))
        if seen:
            viewed(layers)
        (tmp_path / "out").mkdir()
        refused(layers, tmp_path / "out" / "new.ozx", r"Chunk 0/c/\d/0/\d of 'cells.ome.zip'")

    def test_stops_a_save_over_the_source(
        self, tmp_path: Path, damaged: Callable[[Path], Path], seen: bool
    ) -> None:
        path = damaged(tmp_path)
        layers = to_layer_data(open_image(path))
        if seen:
            viewed(layers)
        refused(layers, path, "is damaged")


def test_a_file_that_became_shorter_stops_a_save(tmp_path: Path) -> None:
    path = archive(tmp_path, compressors=[])
    layers = to_layer_data(open_image(path))
    start, _ = place_of(path, "c/1/0/1")
    with path.open("rb+") as file:
        file.truncate(start + 100)
    viewed(layers)
    (tmp_path / "out").mkdir()
    refused(layers, tmp_path / "out" / "new.ozx", "is damaged")


@pytest.mark.parametrize("options", [{}, {"shards": (2, 64, 64)}], ids=["chunks", "shards"])
def test_a_disk_that_fails_stops_a_save_and_is_not_called_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    path = archive(tmp_path, **options)
    layers = to_layer_data(open_image(path))

    def fail(self: LocalFile, offset: int, length: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(LocalFile, "_read", fail)
        with pytest.warns(DamagedChunkWarning, match="Unreadable chunk"):
            np.testing.assert_array_equal(layers[0][0].compute(), 0)
        error = refused(layers, path, "cannot be read: .*Input/output error")
        assert error.errno == errno.EIO
    np.testing.assert_array_equal(layers[0][0].compute(), PIXELS)
    save_image(layers, path, OPTIONS)
    np.testing.assert_array_equal(np.asarray(open_image(path).parts[0].levels[0]), PIXELS)


def test_a_folder_that_is_gone_stops_a_save(tmp_path: Path) -> None:
    path = archive(tmp_path)
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "cells.zarr")
    layers = to_layer_data(open_image(tmp_path / "cells.zarr"))
    (tmp_path / "cells.zarr").rename(tmp_path / "elsewhere")
    (tmp_path / "out").mkdir()
    refused(layers, tmp_path / "out" / "new.ozx", "cannot be read: .*No such file")


def test_blocks_that_a_viewer_keeps_are_not_saved(tmp_path: Path) -> None:
    pytest.importorskip("cachey")
    path = compressed(tmp_path)
    layers = to_layer_data(open_image(path))
    with Cache(1e9, 0):
        viewed(layers)
        viewed(layers)
        refused(layers, path, "is damaged")


def test_damaged_labels_stop_a_save(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image([PIXELS], "zyx", options={"chunks": (1, 32, 32)})
    labels = [((PIXELS > 30_000).astype(np.uint16), {"name": "nuclei"}, "labels")]
    path = builder.archive(tmp_path / "cells.ome.zip")
    both = tmp_path / "both.ozx"
    save_image(to_layer_data(open_image(path)) + labels, both, OPTIONS)
    flip(both, "labels/nuclei/0/c/1/0/1", 0.0)
    layers = to_layer_data(open_image(both))
    viewed(layers)
    refused(layers, both, "Chunk labels/nuclei/0/c/1/0/1 of 'both.ozx' is damaged")


def damaged_array(folder: Path) -> ChunkedArray:
    hierarchy = Hierarchy(open_store(compressed(folder)))
    node = hierarchy.node("0")
    assert node is not None
    return ChunkedArray(hierarchy.store, node)


def test_tiles_and_channels_are_strict_too(tmp_path: Path) -> None:
    array = damaged_array(tmp_path)
    mosaic = MosaicArray("", (Tile(array, (0, 0, 0)),), (2, 70, 70), array.dtype)
    for source in (mosaic, ChannelView(array, 0, 1)):
        pixels = lazy(source)
        viewed([(pixels, {}, "image")])
        refused([(pixels, {"contrast_limits": (0, 9)}, "image")], tmp_path / "a.ozx", "is damaged")


def test_an_array_stays_strict_where_it_was_sent(tmp_path: Path) -> None:
    array = damaged_array(tmp_path)
    with strict_reading():
        sent = pickle.dumps(array)
    for copy in (pickle.loads(sent), pickle.loads(pickle.dumps(pickle.loads(sent)))):
        with pytest.raises(UnreadableChunkError, match="Chunk 0/c/1/0/1"):
            copy[:]
    viewed([(lazy(pickle.loads(pickle.dumps(array))), {}, "image")])


def test_the_error_can_be_sent(tmp_path: Path) -> None:
    with strict_reading(), pytest.raises(UnreadableChunkError) as caught:
        damaged_array(tmp_path)[:]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.errno) == (str(caught.value), caught.value.errno)


def test_pixels_of_another_type_than_promised_are_refused(tmp_path: Path) -> None:
    lying = da.ones((64, 64), np.uint16, chunks=32).map_blocks(
        lambda block: block + 0.5, meta=np.empty((0, 0), np.uint16)
    )
    with pytest.raises(SaveError, match="uint16, but they are float64"):
        save_image([(lying, {"contrast_limits": (0, 9)}, "image")], tmp_path / "a.ozx", OPTIONS)
    assert not list(tmp_path.iterdir())


def test_nothing_is_encoded_that_does_not_fit_its_array(tmp_path: Path) -> None:
    array = damaged_array(tmp_path)
    assert array.encode((0, 0, 0), PIXELS[:1, :32, :32])
    assert array.encode((0, 0, 0), PIXELS[:1, :32, :32].astype(">u2")) == array.encode(
        (0, 0, 0), PIXELS[:1, :32, :32]
    )
    with pytest.raises(TypeError, match="float32 for 0/c/0/0/0, expected uint16"):
        array.encode((0, 0, 0), PIXELS[:1, :32, :32].astype(np.float32))
    with pytest.raises(ValueError, match=r"\(1, 32, 31\) for 0/c/0/0/0"):
        array.encode((0, 0, 0), PIXELS[:1, :32, :31])


def test_a_cluster_reads_strictly_and_is_not_asked_for_what_was_replaced(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    path = compressed(tmp_path)
    whole = tmp_path / "whole.ozx"
    save_image([(PIXELS, {"contrast_limits": (0, 9)}, "image")], whole, OPTIONS)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster),
    ):
        layers = to_layer_data(open_image(path))
        viewed(layers)
        refused(layers, path, "Chunk 0/c/1/0/1 of 'cells.ome.zip' is damaged")
        layers = to_layer_data(open_image(whole))
        for _ in range(2):  # the second time its archive lies no longer at the path
            save_image(layers, whole, OPTIONS)
            found = open_image(whole).parts[0].levels[0].compute(scheduler="synchronous")
            np.testing.assert_array_equal(found, PIXELS)
