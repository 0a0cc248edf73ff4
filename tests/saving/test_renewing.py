"""A file of an older version that becomes one of a newer version with the same chunks."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr

from folders import folder_of
from hierarchy_builder import HierarchyBuilder, axes_of, multiscale, placement, ramp
from napari_ome_zip import SaveOptions, open_image, save_image, validate
from napari_ome_zip.saving.plan import plan_save

PIXELS = ramp((2, 3, 40, 50))
CHUNKS = {"chunks": (1, 1, 32, 32), "chunk_key_encoding": {"name": "v2", "separator": "/"}}


def image_of_0_4(pixels: np.ndarray = PIXELS, **options: Any) -> HierarchyBuilder:
    levels = [pixels, pixels[..., ::2, ::2]]
    written = HierarchyBuilder(2)
    return written.image(
        levels, "czyx", scale=(1.0, 2.0, 0.5, 0.25), options=CHUNKS | options, name="cells"
    )


def plate_of_0_4() -> HierarchyBuilder:
    """Two wells of two fields of view, each with a label image."""
    written = HierarchyBuilder(2)
    wells = [
        {"path": path, "rowIndex": 0, "columnIndex": column}
        for column, path in enumerate(("A/1", "A/2"))
    ]
    lines: dict[str, Any] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    acquisitions = [{"id": 3, "name": "before the drug"}]
    plate = {**lines, "wells": wells, "name": "screen", "acquisitions": acquisitions}
    written.group("", plate={**plate, "version": "0.4", "vendor": "a name that others read"})
    written.group("A")
    for number, well in enumerate(wells):
        path = str(well["path"])
        images = [{"path": field, "acquisition": 3} for field in ("0", "1")]
        written.group(path, well={"images": images, "version": "0.4"})
        for field in range(2):
            pixels = np.full((8, 9), 10 * number + field + 1, np.uint16)
            image = f"{path}/{field}"
            written.image(pixels, "yx", image, scale=(0.5, 0.5), omero=omero())
            written.labels("cells", path=image)
            cells = (pixels % 3).astype(np.uint8)
            about = {"version": "0.4", "source": {"image": "../../"}}
            written.image(cells, "yx", f"{image}/labels/cells", **{"image-label": about})
    return written


def omero() -> dict[str, Any]:
    window = {"min": 0, "max": 65535, "start": 0, "end": 100}
    return {"channels": [{"label": "DAPI", "color": "0000FF", "window": window, "exposure": 7}]}


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pixels_of(path: Path, array: str) -> np.ndarray:
    """What zarr alone reads."""
    store = zarr.storage.ZipStore(path, mode="r")
    try:
        return np.asarray(zarr.open_array(store, path=array, mode="r", zarr_format=3)[...])
    finally:
        store.close()


def is_chunk(name: str) -> bool:
    return not name.rpartition("/")[2].startswith((".z", "zarr.json"))


class TestAnImageOf04:
    def test_its_chunks_are_the_same_bytes_under_the_names_of_zarr_v3(self, tmp_path: Path) -> None:
        before = image_of_0_4()
        source = folder_of(before, tmp_path / "cells.zarr")
        after = entries(save_image(open_image(source), tmp_path / "cells.ozx"))
        chunks = {name: content for name, content in before.entries.items() if is_chunk(name)}
        assert len(chunks) == 24 + 6
        for name, content in chunks.items():
            array, _, chunk = name.partition("/")
            assert after[f"{array}/c/{chunk}"] == content
        assert not [name for name in after if name.rpartition("/")[2].startswith(".z")]

    def test_zarr_reads_the_same_pixels_along_named_dimensions(self, tmp_path: Path) -> None:
        source = folder_of(image_of_0_4(), tmp_path / "cells.zarr")
        path = save_image(open_image(source), tmp_path / "cells.ozx")
        np.testing.assert_array_equal(pixels_of(path, "0"), PIXELS)
        np.testing.assert_array_equal(pixels_of(path, "1"), PIXELS[..., ::2, ::2])
        assert json.loads(entries(path)["0/zarr.json"])["dimension_names"] == ["c", "z", "y", "x"]
        assert validate(path, deep=True).valid

    def test_its_documents_say_the_same_in_the_new_version(self, tmp_path: Path) -> None:
        source = folder_of(image_of_0_4(), tmp_path / "cells.zarr")
        path = save_image(open_image(source), tmp_path / "cells.ozx", SaveOptions(thumbnail=False))
        ome = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        assert ome["version"] == "0.5"
        levels = [("0", placement((1, 2, 0.5, 0.25))), ("1", placement((1, 2, 1, 0.5)))]
        assert ome["multiscales"] == [multiscale("czyx", levels, name="cells")]

    def test_a_person_is_told_that_the_version_changes(self, tmp_path: Path) -> None:
        source = folder_of(image_of_0_4(), tmp_path / "cells.zarr")
        lost = plan_save(open_image(source)).lost
        assert [finding.message for finding in lost] == [
            "The file becomes OME-Zarr 0.5; cells is 0.4."
        ]

    def test_attributes_of_others_stay(self, tmp_path: Path) -> None:
        before = image_of_0_4().edit(".zattrs", lab={"room": 4}).edit("0/.zattrs", seen="by us")
        source = folder_of(before, tmp_path / "cells.zarr")
        after = entries(save_image(open_image(source), tmp_path / "cells.ozx"))
        assert json.loads(after["zarr.json"])["attributes"]["lab"] == {"room": 4}
        assert json.loads(after["0/zarr.json"])["attributes"] == {"seen": "by us"}

    def test_it_becomes_0_6_where_that_is_chosen(self, tmp_path: Path) -> None:
        source = folder_of(image_of_0_4(), tmp_path / "cells.zarr")
        options = SaveOptions(version="0.6", thumbnail=False)
        path = save_image(open_image(source), tmp_path / "cells.ozx", options)
        ome = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        assert ome["version"] == "0.6"
        assert ome["multiscales"][0]["coordinateSystems"] == [
            {"name": "physical", "axes": axes_of("czyx")}
        ]
        np.testing.assert_array_equal(pixels_of(path, "0"), PIXELS)
        assert validate(path, deep=True).valid

    def test_its_archive_may_take_its_own_place(self, tmp_path: Path) -> None:
        path = image_of_0_4().archive(tmp_path / "cells.ozx")
        save_image(open_image(path), path)
        np.testing.assert_array_equal(pixels_of(path, "0"), PIXELS)

    def test_pixels_are_encoded_where_a_person_wants_that(self, tmp_path: Path) -> None:
        source = folder_of(image_of_0_4(), tmp_path / "cells.zarr")
        path = save_image(open_image(source), tmp_path / "cells.ozx", SaveOptions(shard=512))
        assert len([name for name in entries(path) if "/c/" in name]) == 2 + 2
        np.testing.assert_array_equal(pixels_of(path, "0"), PIXELS)


@pytest.mark.parametrize(
    ("options", "is_copied"),
    [
        ({"compressors": [numcodecs.Blosc("lz4", 3, numcodecs.Blosc.BITSHUFFLE)]}, True),
        ({"compressors": [numcodecs.Blosc("zstd", 3, numcodecs.Blosc.AUTOSHUFFLE)]}, True),
        ({"compressors": [numcodecs.GZip(3)]}, True),
        ({"compressors": [numcodecs.Zstd(3)]}, True),
        ({"compressors": None}, True),
        ({"order": "F"}, True),
        ({"chunk_key_encoding": {"name": "v2", "separator": "."}}, True),
        ({"fill_value": 7}, True),
        ({"compressors": [numcodecs.Zlib(3)]}, False),
        ({"compressors": [numcodecs.LZ4()]}, False),
        ({"filters": [numcodecs.Delta(dtype="<u2")]}, False),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:The `order` keyword argument")
def test_chunks_are_copied_where_zarr_v3_has_their_codec_and_encoded_where_not(
    options: Mapping[str, Any], is_copied: bool, tmp_path: Path
) -> None:
    pixels = PIXELS.copy()
    pixels[0] = options.get("fill_value", 0)
    source = folder_of(image_of_0_4(pixels, **options), tmp_path / "cells.zarr")
    image = open_image(source)
    assert bool(plan_save(image).arrays) is not is_copied
    path = save_image(image, tmp_path / "cells.ozx")
    np.testing.assert_array_equal(pixels_of(path, "0"), pixels)
    np.testing.assert_array_equal(pixels_of(path, "1"), pixels[..., ::2, ::2])
    assert validate(path, deep=True).valid


@pytest.mark.parametrize("dtype", [">u2", "<f4", "|u1", "<c8", "|b1", "<i8"])
def test_pixels_of_every_type_stay_as_they_are(dtype: str, tmp_path: Path) -> None:
    pixels = (PIXELS % 251).astype(dtype)
    source = folder_of(image_of_0_4(pixels), tmp_path / "cells.zarr")
    image = open_image(source)
    assert not plan_save(image).arrays
    path = save_image(image, tmp_path / "cells.ozx", SaveOptions(thumbnail=False))
    np.testing.assert_array_equal(pixels_of(path, "0"), pixels)


@pytest.mark.parametrize("dtype", [">u2", "<f4", "|b1", "<c8"])
def test_chunks_that_are_not_there_are_zeros_where_no_fill_value_is_stated(
    dtype: str, tmp_path: Path
) -> None:
    pixels = np.ones((4, 6), dtype)
    before = HierarchyBuilder(2).image(pixels, "yx", options={"chunks": (4, 3), "fill_value": None})
    before.remove("0/0.1")
    source = folder_of(before, tmp_path / "cells.zarr")
    path = save_image(open_image(source), tmp_path / "cells.ozx", SaveOptions(thumbnail=False))
    pixels[:, 3:] = 0
    np.testing.assert_array_equal(pixels_of(path, "0"), pixels)


@pytest.mark.parametrize("is_there", [True, False], ids=["beside a chunk", "without one"])
def test_a_stray_file_is_never_taken_for_a_chunk_because_of_its_name(
    is_there: bool, tmp_path: Path
) -> None:
    pixels = ramp((4, 6))
    before = HierarchyBuilder(2).image(
        pixels, "yx", options={"chunks": (4, 3), "compressors": None}
    )
    chunk = before.entries["0/0.1"]
    before.put("0/c/0/1", b"x" * len(chunk))
    if not is_there:
        before.remove("0/0.1")
        pixels[:, 3:] = 0
    source = folder_of(before, tmp_path / "cells.zarr")
    path = save_image(open_image(source), tmp_path / "cells.ozx", SaveOptions(thumbnail=False))
    np.testing.assert_array_equal(pixels_of(path, "0"), pixels)


class TestAPlateOf04:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return folder_of(plate_of_0_4(), tmp_path / "screen.zarr")

    @pytest.mark.parametrize("version", ["auto", "0.6"])
    def test_it_stays_a_plate_with_wells_and_labels(
        self, source: Path, tmp_path: Path, version: Any
    ) -> None:
        path = save_image(open_image(source), tmp_path / "new.ozx", SaveOptions(version=version))
        assert validate(path, deep=True).valid
        found = open_image(path)
        assert [well.name for well in found.wells] == ["A1", "A2"]
        for number, column in enumerate("12"):
            for field in range(2):
                stored = pixels_of(path, f"A/{column}/{field}/0")
                assert (stored == 10 * number + field + 1).all()
                cells = pixels_of(path, f"A/{column}/{field}/labels/cells/0")
                np.testing.assert_array_equal(cells, stored % 3)

    def test_what_is_said_of_it_stays(self, source: Path, tmp_path: Path) -> None:
        found = entries(save_image(open_image(source), tmp_path / "new.ozx"))
        plate = json.loads(found["zarr.json"])["attributes"]["ome"]["plate"]
        assert plate["name"] == "screen"
        assert plate["acquisitions"] == [{"id": 3, "name": "before the drug"}]
        assert plate["vendor"] == "a name that others read"
        assert "version" not in plate
        well = json.loads(found["A/1/zarr.json"])["attributes"]["ome"]["well"]
        assert well == {"images": [{"path": f, "acquisition": 3} for f in ("0", "1")]}
        image = json.loads(found["A/1/0/zarr.json"])["attributes"]["ome"]
        assert image["omero"]["channels"][0]["exposure"] == 7

    @pytest.mark.parametrize("version", ["0.5", "0.6"])
    def test_a_field_of_view_without_its_pixels_changes_nothing_about_the_others(
        self, tmp_path: Path, version: Any
    ) -> None:
        before = plate_of_0_4().remove("A/2/1/0/")
        source = folder_of(before, tmp_path / "screen.zarr")
        path = save_image(open_image(source), tmp_path / "new.ozx", SaveOptions(version=version))
        assert "plate" in json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        np.testing.assert_array_equal(pixels_of(path, "A/2/0/0"), np.full((8, 9), 11, np.uint16))

    def test_a_well_that_the_plate_does_not_list_is_renewed_with_it(self, tmp_path: Path) -> None:
        before = plate_of_0_4()
        plate = json.loads(before.entries[".zattrs"])["plate"]
        before.edit(".zattrs", plate={**plate, "wells": plate["wells"][:1]})
        source = folder_of(before, tmp_path / "screen.zarr")
        path = save_image(open_image(source), tmp_path / "new.ozx")
        assert "plate" in json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        np.testing.assert_array_equal(pixels_of(path, "A/1/1/0"), np.full((8, 9), 2, np.uint16))
        np.testing.assert_array_equal(pixels_of(path, "A/2/1/0"), np.full((8, 9), 12, np.uint16))

    def test_labels_that_nothing_lists_are_listed(self, tmp_path: Path) -> None:
        written = plate_of_0_4().remove("A/1/0/labels/.zattrs")
        source = folder_of(written, tmp_path / "screen.zarr")
        path = save_image(open_image(source), tmp_path / "new.ozx")
        group = json.loads(entries(path)["A/1/0/labels/zarr.json"])
        assert group["attributes"]["ome"] == {"version": "0.5", "labels": ["cells"]}
        assert validate(path).valid

    def test_a_row_without_a_group_gets_one(self, tmp_path: Path) -> None:
        written = plate_of_0_4().remove("A/.zgroup", "A/.zattrs")
        source = folder_of(written, tmp_path / "screen.zarr")
        path = save_image(open_image(source), tmp_path / "new.ozx")
        assert validate(path).valid


def test_a_plate_of_0_5_stays_a_plate_of_0_6_with_its_shards(tmp_path: Path) -> None:
    written = HierarchyBuilder()
    well = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
    lines: dict[str, Any] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}]}
    written.group("", plate={**lines, "wells": [well]}).group("A")
    written.group("A/1", well={"images": [{"path": "0"}]})
    shards = {"chunks": (8, 8), "shards": (16, 16), "dimension_names": ["y", "x"]}
    written.image(ramp((32, 32)), "yx", "A/1/0", options=shards)
    source = written.archive(tmp_path / "old.ozx")
    path = save_image(open_image(source), tmp_path / "new.ozx", SaveOptions(version="0.6"))
    found = entries(path)
    for name, content in written.entries.items():
        if "/c/" in name:
            assert found[name] == content
    assert json.loads(found["zarr.json"])["attributes"]["ome"]["version"] == "0.6"
    assert validate(path, deep=True).valid


@pytest.mark.parametrize("version", ["0.1", "0.3"])
def test_an_image_whose_levels_have_no_scale_gets_the_ratio_of_their_sizes(
    version: str, tmp_path: Path
) -> None:
    written = HierarchyBuilder(2)
    listed = {"datasets": [{"path": "0"}, {"path": "1"}], "version": version}
    axes = {"axes": list("tczyx")} if version == "0.3" else {}
    written.group("", multiscales=[listed | axes])
    pixels = ramp((1, 1, 1, 8, 8))
    written.array("0", pixels).array("1", pixels[..., ::2, ::2])
    path = save_image(open_image(folder_of(written, tmp_path / "old.zarr")), tmp_path / "new.ozx")
    np.testing.assert_array_equal(pixels_of(path, "0"), pixels)
    said = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]["multiscales"][0]
    assert [axis["name"] for axis in said["axes"]] == list("tczyx")
    steps = [level["coordinateTransformations"] for level in said["datasets"]]
    assert steps == [placement([1.0] * 5), placement([1, 1, 1, 2, 2], [0, 0, 0, 0.5, 0.5])]
    assert validate(path, deep=True).valid


def test_a_plate_of_0_5_in_zarr_v2_stays_a_plate(tmp_path: Path) -> None:
    written = plate_of_0_4()
    for name, content in written.entries.items():
        if name.endswith(".zattrs") and (said := json.loads(content)):
            written.put(name, json.dumps({"ome": {**said, "version": "0.5"}}).encode())
    source = folder_of(written, tmp_path / "screen.zarr")
    path = save_image(open_image(source), tmp_path / "new.ozx")
    assert [well.name for well in open_image(path).wells] == ["A1", "A2"]
    assert validate(path, deep=True).valid


def stated(written: HierarchyBuilder, path: str, name: str) -> Any:
    """Return an attribute of a group of Zarr v2, as it is written so far."""
    return json.loads(written.entries[f"{path}/.zattrs".lstrip("/")])[name]


def ome_in(path: Path, group: str) -> Any:
    """Return what OME-Zarr says of a group of Zarr v3."""
    document = entries(path)[f"{group}/zarr.json".lstrip("/")]
    return json.loads(document)["attributes"]["ome"]


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_fields_that_are_not_understood_stay_in_lists_of_plates_too(
    tmp_path: Path, version: str
) -> None:
    plate = plate_of_0_4()
    of_plate = stated(plate, "", "plate")
    for name in ("rows", "columns", "wells", "acquisitions"):
        of_plate[name][-1]["acme:note"] = f"one of {name}"
    well = stated(plate, "A/2", "well")
    well["images"][1]["acme:note"] = "out of focus"
    label = stated(plate, "A/2/1/labels/cells", "image-label")
    label["source"]["acme:note"] = "traced by hand"
    plate.edit(".zattrs", plate=of_plate).edit("A/2/.zattrs", well=well)
    plate.edit("A/2/1/labels/cells/.zattrs", **{"image-label": label})
    new = save_image(
        open_image(plate.archive(tmp_path / "old.zarr.zip")),
        tmp_path / "new.ozx",
        SaveOptions(version=version),
    )
    after = ome_in(new, "")["plate"]
    for name in ("rows", "columns", "wells", "acquisitions"):
        assert after[name][-1]["acme:note"] == f"one of {name}"
        assert all("acme:note" not in entry for entry in after[name][:-1])
    images = ome_in(new, "A/2")["well"]["images"]
    assert [image.get("acme:note") for image in images] == [None, "out of focus"]
    label = ome_in(new, "A/2/1/labels/cells")["image-label"]
    assert label["source"]["acme:note"] == "traced by hand"


def test_a_damaged_document_beside_a_plate_does_not_cost_the_plate(tmp_path: Path) -> None:
    old = plate_of_0_4().put("extra/.zgroup", b"{").archive(tmp_path / "old.zarr.zip")
    image = open_image(old)
    plan = plan_save(image, SaveOptions(version="0.5"))
    assert "mosaic-flattened" not in {finding.code for finding in plan.lost}
    new = save_image(image, tmp_path / "new.ozx", SaveOptions(version="0.5"))
    assert len(ome_in(new, "")["plate"]["wells"]) == 2
    assert entries(new)["extra/.zgroup"] == b"{"
