"""What other programs read of our archives: the same pixels, and sound ZIP files."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, unpack, validate
from range_server import RangeServer

PLACE = {
    "axis_labels": ("z", "y", "x"),
    "scale": (2.0, 0.5, 0.25),
    "translate": (1.0, 2.0, 3.0),
    "units": ("micrometer",) * 3,
}
SHAPE = (3, 150, 170)


def pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 999, SHAPE, np.uint16)


def layers() -> list[Any]:
    channels = [
        (pixels(n), {"name": f"channel {n}", "contrast_limits": (0, 999), **PLACE}, "image")
        for n in (0, 1)
    ]
    return [*channels, (pixels(2) % 7, {"name": "nuclei", **PLACE}, "labels")]


@pytest.fixture(params=["0.5", "0.6", "0.9.dev1"])
def version(request: pytest.FixtureRequest) -> str:
    """Return each version that is written."""
    return str(request.param)


def saved(tmp_path: Path, version: str = "auto", **choices: Any) -> Path:
    options = SaveOptions(version=version, **{"chunk": 64, "shard": 128, "levels": 3, **choices})
    return save_image(layers(), tmp_path / "cells.ozx", options)


def found_beside_draft(path: Path, version: str) -> list[str]:
    """Return what our own check finds, but for the remark that a draft is one."""
    found = [issue.code for issue in validate(path, deep=True).issues]
    is_draft = version not in ("0.5", "0.6")
    assert found.count("version-prerelease") == is_draft
    return [code for code in found if code != "version-prerelease"]


def expected() -> np.ndarray:
    return np.stack([pixels(0), pixels(1)])


@pytest.mark.parametrize("codec", ["zstd", "blosc", "gzip", "none"])
def test_our_own_validator_finds_nothing_but_that_a_draft_is_one(
    tmp_path: Path, version: str, codec: str
) -> None:
    level = 0 if codec == "none" else 1
    assert found_beside_draft(saved(tmp_path, version, codec=codec, level=level), version) == []


def test_without_shards_the_validator_says_that_and_nothing_else(tmp_path: Path) -> None:
    issues = validate(saved(tmp_path, shard=0), deep=True).issues
    assert [issue.code for issue in issues] == ["arrays-unsharded"]


def test_an_end_record_that_leaves_all_to_zip64_is_as_good(tmp_path: Path, version: str) -> None:
    path = saved(tmp_path, version)
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    left_to_zip64 = data[: end + 8] + b"\xff" * 12 + data[end + 20 :]
    assert left_to_zip64 != data
    other = tmp_path / "other.ozx"
    other.write_bytes(left_to_zip64)
    assert found_beside_draft(other, version) == []
    first, second = (open_image(each).images[0].levels[0].compute() for each in (path, other))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(second, expected())


def test_zarr_itself_reads_every_level(tmp_path: Path, version: str) -> None:
    import zarr

    with zarr.storage.ZipStore(saved(tmp_path, version), mode="r") as store:
        root = zarr.open_group(store, mode="r")
        np.testing.assert_array_equal(root["0"][:], expected())
        np.testing.assert_array_equal(root["labels/nuclei/0"][:], pixels(2) % 7)
        # y is twice as coarse as x at first, so x alone is halved first.
        shapes = [(2, 3, 150, 170), (2, 3, 150, 85), (2, 3, 75, 43)]
        assert [root[str(n)].shape for n in range(3)] == shapes


def test_ngff_zarr_reads_the_same_pixels_at_the_same_place(tmp_path: Path) -> None:
    ngff_zarr = pytest.importorskip("ngff_zarr")
    image = ngff_zarr.from_ngff_zarr(str(saved(tmp_path, "0.5"))).images[0]
    np.testing.assert_array_equal(np.asarray(image.data), expected())
    assert (image.scale["z"], image.scale["y"], image.scale["x"]) == PLACE["scale"]
    assert tuple(image.translation[axis] for axis in "zyx") == PLACE["translate"]


def test_ome_zarr_reads_the_same_pixels_and_labels(tmp_path: Path) -> None:
    pytest.importorskip("ome_zarr")
    import zarr
    from ome_zarr.io import ZarrLocation
    from ome_zarr.reader import Reader

    with zarr.storage.ZipStore(saved(tmp_path, "0.5"), mode="r") as store:
        nodes = list(Reader(ZarrLocation(store))())
        np.testing.assert_array_equal(np.asarray(nodes[0].data[0]), expected())


def test_bioio_reads_the_same_pixels(tmp_path: Path) -> None:
    bioio_ome_zarr = pytest.importorskip("bioio_ome_zarr")
    image = bioio_ome_zarr.Reader(str(saved(tmp_path, "0.5")))
    found = np.asarray(image.get_image_dask_data("CZYX"))
    np.testing.assert_array_equal(found, expected())
    assert image.channel_names == ["channel 0", "channel 1"]


def test_tensorstore_reads_the_same_pixels(tmp_path: Path, version: str) -> None:
    tensorstore = pytest.importorskip("tensorstore")
    path = saved(tmp_path, version)
    for name, wanted in (("0", expected()), ("labels/nuclei/0", pixels(2) % 7)):
        inside = {"driver": "zip", "base": f"file://{path}", "path": f"{name}/"}
        array = tensorstore.open({"driver": "zarr3", "kvstore": inside}).result()
        np.testing.assert_array_equal(array.read().result(), wanted)


def run(*command: str | Path) -> str:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"'{command[0]}' is not installed")
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_unzip_finds_no_errors(tmp_path: Path) -> None:
    assert "No errors detected" in run("unzip", "-t", saved(tmp_path))


def test_7_zip_finds_no_errors(tmp_path: Path) -> None:
    name = next((name for name in ("7z", "7zz") if shutil.which(name)), "7z")
    assert "Everything is Ok" in run(name, "t", saved(tmp_path))


def test_java_reads_every_entry(tmp_path: Path) -> None:
    path = saved(tmp_path)
    program = tmp_path / "Read.java"
    program.write_text(
        """
        import java.util.*;
        import java.util.zip.*;
        public class Read {
            public static void main(String[] a) throws Exception {
                try (ZipFile file = new ZipFile(a[0])) {
                    for (ZipEntry entry : Collections.list(file.entries())) {
                        CRC32 crc = new CRC32();
                        crc.update(file.getInputStream(entry).readAllBytes());
                        if (crc.getValue() != entry.getCrc()) throw new Exception(entry.getName());
                        System.out.println(entry.getName());
                    }
                }
            }
        }
        """
    )
    with zipfile.ZipFile(path) as archive:
        assert run("java", program, path).split("\n")[:-1] == archive.namelist()


def test_the_archive_is_as_rfc_9_wants_it(tmp_path: Path, version: str) -> None:
    with zipfile.ZipFile(saved(tmp_path, version)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        documents = [name for name in names if name.endswith("zarr.json")]
        assert names[0] == "zarr.json"
        assert names[: len(documents)] == documents
        assert [name.count("/") for name in documents] == sorted(n.count("/") for n in documents)
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        comment = json.loads(archive.comment)
        assert comment["ome"]["version"] == version
        assert comment["ome"]["zipFile"]["centralDirectory"]["jsonFirst"] is True


def test_a_lazy_image_is_saved_as_it_is_computed(tmp_path: Path) -> None:
    lazy = da.from_array(pixels(3), chunks=(2, 33, 50)) + np.uint16(1)
    path = save_image([(lazy, {"contrast_limits": (0, 9)}, "image")], tmp_path / "a.ozx")
    import zarr

    with zarr.storage.ZipStore(path, mode="r") as store:
        found = zarr.open_array(store, path="0", mode="r")[:]
    np.testing.assert_array_equal(found, pixels(3) + 1)


def test_others_read_labels_that_name_their_image_by_a_link(tmp_path: Path) -> None:
    """Nothing of it is fetched: the server is gone."""
    ngff_zarr = pytest.importorskip("ngff_zarr")
    reader = pytest.importorskip("ome_zarr.reader")
    locations = pytest.importorskip("ome_zarr.io")
    bioio = pytest.importorskip("bioio_ome_zarr")
    source = save_image(layers()[:2], tmp_path / "cells.ozx")
    with RangeServer({"cells.ozx": source.read_bytes()}) as server:
        opened = to_layer_data(open_image(server.url("cells.ozx")))
        options = SaveOptions(labels_alone=True)
        alone = save_image([*opened, layers()[2]], tmp_path / "labels.ozx", options)
    assert b'"source": {' in alone.read_bytes()
    found = pixels(2) % 7
    images = ngff_zarr.from_ngff_zarr(str(alone)).images
    np.testing.assert_array_equal(np.asarray(images[0].data), found)
    assert images[0].scale == {"z": 2.0, "y": 0.5, "x": 0.25}
    folder = unpack(alone, tmp_path / "labels.ome.zarr")
    (node, *_) = reader.Reader(locations.ZarrLocation(str(folder)))()
    np.testing.assert_array_equal(np.asarray(node.data[0]), found)
    np.testing.assert_array_equal(bioio.Reader(alone).data.squeeze(), found)
