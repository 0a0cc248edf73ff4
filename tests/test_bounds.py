"""Files that claim much: what they ask for is bounded, and what is left out is said."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import (
    HierarchyBuilder,
    axes_of,
    multiscale,
    placement,
    ramp,
    resized,
    to_world,
    write_archive,
)
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.image.channels import MAX_CHANNELS
from napari_ome_zip.layers.to_layers import MAX_LAYERS, layer_findings
from napari_ome_zip.pixels.damage import DamagedChunkWarning
from napari_ome_zip.validation.validate import validate


class TestManyLayers:
    def test_of_very_many_images_the_first_become_layers(self) -> None:
        entry = multiscale("yx", [("0", placement([1.0, 1.0]))])
        builder = HierarchyBuilder().group(multiscales=[entry] * 1600).array("0", ramp((4, 4)))
        image = open_image(builder.entries)
        layers = to_layer_data(image)
        assert len(layers) == MAX_LAYERS
        (finding,) = layer_findings(image, layers)
        assert finding.code == "layers-many"
        assert "1,600" in finding.message
        assert str(MAX_LAYERS) in finding.message

    def test_as_many_as_are_shown_are_nothing_to_speak_of(self) -> None:
        image = open_image(HierarchyBuilder().image(ramp((MAX_LAYERS, 2, 2)), "cyx").entries)
        layers = to_layer_data(image)
        assert len(layers) == MAX_LAYERS
        assert layer_findings(image, layers) == ()

    @pytest.mark.parametrize("count", [MAX_CHANNELS + 1, 2**62])
    def test_more_channels_are_looked_at_along_a_slider(self, count: int) -> None:
        builder = HierarchyBuilder().image(ramp((1, 8, 8)), "cyx")
        document = resized(builder.entries["0/zarr.json"], (count, 8, 8), (1, 8, 8))
        image = open_image({**builder.entries, "0/zarr.json": document})
        ((data, keywords, _),) = to_layer_data(image)
        assert data.shape == (count, 8, 8)
        assert keywords["axis_labels"] == ("c", "y", "x")
        np.testing.assert_array_equal(np.asarray(data[0]), ramp((1, 8, 8))[0])
        assert [f"{count:,}" in f.message for f in image.findings if f.code == "channels-many"]


class TestTextCodecs:
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_codecs_of_texts_are_refused_for_numbers(self, zarr_format: Any) -> None:
        builder = HierarchyBuilder(zarr_format).image(ramp((8, 8)), "yx")
        name = "0/.zarray" if zarr_format == 2 else "0/zarr.json"
        document = json.loads(builder.entries[name])
        if zarr_format == 2:
            document["filters"] = [{"id": "vlen-bytes"}]
        else:
            document["codecs"] = [{"name": "vlen-bytes", "configuration": {}}]
        with pytest.raises(MetadataError, match="vlen-bytes"):
            open_image({**builder.entries, name: json.dumps(document).encode()})


class TestUnreadableChunks:
    """Archives whose documents can be read and whose chunks cannot."""

    @pytest.mark.parametrize(("flag", "method"), [(1, 0), (0, 99), (0, 98)])
    def test_no_chunk_that_can_be_read_is_refused_by_name(
        self, tmp_path: Path, flag: int, method: int
    ) -> None:
        path = self._archive(tmp_path, lambda name: name.startswith("0/c/"), flag, method)
        with pytest.raises(ArchiveError, match="0/c/0/0"):
            open_image(path)

    def test_files_beside_the_image_make_no_difference(self, tmp_path: Path) -> None:
        path = self._archive(tmp_path, lambda name: name.startswith("0/c/"), 1, 0, "README.txt")
        with pytest.raises(ArchiveError, match="encrypted"):
            open_image(path)

    def test_where_some_can_be_read_these_are_shown_and_the_others_named(
        self, tmp_path: Path
    ) -> None:
        path = self._archive(tmp_path, lambda name: name == "0/c/1/1", 1, 0)
        (part,) = open_image(path).parts
        with pytest.warns(DamagedChunkWarning, match=r"0/c/1/1.*encrypted"):
            shown = np.asarray(part.levels[0])
        np.testing.assert_array_equal(shown[:4], ramp((8, 8))[:4])
        assert not shown[4:, 4:].any()

    @staticmethod
    def _archive(folder: Path, chosen: Any, flag: int, method: int, *others: str) -> Path:
        options = {"chunks": (4, 4), "compressors": None}
        builder = HierarchyBuilder().image(ramp((8, 8)), "yx", options=options)
        for name in others:
            builder.put(name, b"read me")
        path = builder.archive(folder / "a.ome.zip")
        raw = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if chosen(info.filename)]
        at = raw.index(b"PK\x01\x02")
        while raw[at : at + 4] == b"PK\x01\x02":
            length = int.from_bytes(raw[at + 28 : at + 30], "little")
            if raw[at + 46 : at + 46 + length].decode() in names:
                raw[at + 8] |= flag
                raw[at + 10 : at + 12] = method.to_bytes(2, "little")
            at += 46 + sum(int.from_bytes(raw[at + n : at + n + 2], "little") for n in (28, 30, 32))
        path.write_bytes(raw)
        return path


@pytest.mark.parametrize("depth", [40, 450])
def test_transformations_nested_deeply_are_checked_to_the_last(tmp_path: Path, depth: int) -> None:
    builder = HierarchyBuilder().image_of_0_6(ramp((4, 4)), "yx")
    document = json.loads(builder.entries["zarr.json"])
    innermost: dict[str, Any] = {"type": "scale", "scale": [1, "two"]}
    nested = innermost
    for _ in range(depth):
        nested = {"type": "sequence", "transformations": [nested]}
    nested |= {"input": {"name": "physical"}, "output": {"name": "other"}}
    entry = document["attributes"]["ome"]["multiscales"][0]
    axes = entry["coordinateSystems"][0]["axes"]
    entry["coordinateSystems"].append({"name": "other", "axes": axes})
    entry["coordinateTransformations"] = [nested]
    builder.put("zarr.json", json.dumps(document).encode())
    report = validate(builder.archive(tmp_path / "a.ozx"))
    location = ".transformations[0]" * depth
    assert [issue for issue in report.issues if location in str(issue.location)]


def test_properties_with_a_name_of_their_own_for_each_label_are_bounded() -> None:
    rows = [{"label-value": n, f"only {n}": n} for n in range(1, 10_001)]
    builder = HierarchyBuilder().image(ramp((4, 4)), "yx").labels("cells")
    builder.image(ramp((4, 4)), "yx", "labels/cells", **{"image-label": {"properties": rows}})
    image = open_image(builder.entries)
    features = to_layer_data(image)[1][1]["features"]
    assert len(features) * len(features["index"]) <= 2**25
    (finding,) = (f for f in image.findings if f.code == "label-properties-many")
    assert "10,000 different properties" in finding.message


def linked_systems(count: int) -> dict[str, bytes]:
    """Return a scene whose world is linked to very many systems."""
    links = [
        {"type": "identity", "input": {"name": f"s{n}"}, "output": {"name": "world"}}
        for n in range(count)
    ]
    builder = HierarchyBuilder().scene("yx", to_world("a", "identity"), *links)
    builder.image_of_0_6(ramp((4, 4)), "yx", "a")
    document = json.loads(builder.entries["zarr.json"])
    scene = document["attributes"]["ome"]["scene"]
    scene["coordinateSystems"] += [{"name": f"s{n}", "axes": axes_of("yx")} for n in range(count)]
    return builder.put("zarr.json", json.dumps(document).encode()).entries


def test_the_work_of_checking_grows_as_the_number_of_coordinate_systems(tmp_path: Path) -> None:
    steps = []
    for count in (250, 1000):
        path = write_archive(tmp_path / f"{count}.ozx", linked_systems(count))
        steps.append(lines_run(lambda path=path: validate(path)))
    assert steps[1] < 6 * steps[0]


def lines_run(work: Callable[[], object]) -> int:
    """Return how many lines of Python a call runs, which no other program can change."""
    count = 0

    def trace(*_: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
