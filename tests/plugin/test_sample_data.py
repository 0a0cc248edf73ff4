"""The sample archive is what it says, and its fields lie where the section was cut."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr
from napari.layers import Layer

from napari_layers import value_in_world
from napari_ome_zip import validate
from napari_ome_zip.plugin.sample_archive import (
    FIELD_SIZE,
    FIELD_STEP,
    FIELDS,
    PIXEL_SIZE,
    segmented_nuclei,
    stained_section,
    write_sample_archive,
)
from napari_ome_zip.plugin.sample_data import open_overlapping_fields

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "sample.ome.zip"
    write_sample_archive(path)
    return path


@pytest.fixture(scope="module")
def section() -> np.ndarray:
    return stained_section()


@pytest.fixture(scope="module")
def layers() -> list[Layer]:
    return [Layer.create(*layer_data) for layer_data in open_overlapping_fields()]


def test_documents_come_first_breadth_first_and_nothing_is_compressed(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        entries = opened.infolist()
        comment = json.loads(opened.comment)
    documents = [name for name in names if name.endswith("zarr.json")]
    assert names[0] == "zarr.json"
    assert names[: len(documents)] == documents
    depths = [name.count("/") for name in documents]
    assert depths == sorted(depths)
    assert len(set(names)) == len(names)
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert [entry.header_offset for entry in entries] == sorted(e.header_offset for e in entries)
    assert comment["ome"]["version"] == "0.6"
    assert comment["ome"]["zipFile"]["centralDirectory"]["jsonFirst"] is True


def test_the_check_finds_no_fault_but_the_name_that_this_project_is_named_after(
    archive: Path,
) -> None:
    assert {issue.code for issue in validate(archive).issues} == {"name-ome-zip"}


def test_the_same_archive_is_written_every_time(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.ome.zip"
    write_sample_archive(again)
    assert again.read_bytes() == archive.read_bytes()


def test_zarr_reads_the_pixels_that_were_cut(archive: Path, section: np.ndarray) -> None:
    root = zarr.open_group(zarr.storage.ZipStore(archive, read_only=True), mode="r")
    upper_right = section[:, :FIELD_SIZE, FIELD_STEP : FIELD_STEP + FIELD_SIZE]
    np.testing.assert_array_equal(root["upper-right/s0"][...], upper_right)
    lower_right = section[:, FIELD_STEP:, FIELD_STEP:]
    np.testing.assert_array_equal(root["lower-right/s0"][...], np.rot90(lower_right, axes=(1, 2)))
    shapes = [root[f"upper-left/s{level}"].shape for level in range(3)]
    assert shapes == [(2, 272, 272), (2, 136, 136), (2, 68, 68)]


def test_the_fields_cover_the_section_and_overlap_by_about_a_tenth(section: np.ndarray) -> None:
    cover = np.zeros(section.shape[1:], dtype=int)
    for field in FIELDS:
        cover[field.row : field.row + FIELD_SIZE, field.column : field.column + FIELD_SIZE] += 1
    assert cover.min() == 1
    assert cover.max() == 4
    assert 0.1 < 1 - FIELD_STEP / FIELD_SIZE < 0.15


def test_there_are_two_image_layers_and_one_labels_layer_per_field(layers: list[Layer]) -> None:
    kinds = [type(layer).__name__ for layer in layers]
    assert (kinds.count("Image"), kinds.count("Labels")) == (8, 4)
    assert len({layer.name for layer in layers}) == len(layers)


def test_every_layer_has_the_sections_value_wherever_it_reaches(
    layers: list[Layer], section: np.ndarray
) -> None:
    pictures = {
        "haematoxylin": section[0],
        "DAB": section[1],
        "nuclei": segmented_nuclei(section),
    }
    random = np.random.default_rng(0)
    places = random.integers(0, section.shape[-1], size=(60, 2))
    found = dict.fromkeys(pictures, 0)
    for layer in layers:
        (name,) = (name for name in pictures if name in layer.name)
        for row, column in places:
            value = value_in_world(layer, y=row * PIXEL_SIZE, x=column * PIXEL_SIZE)
            if value is not None:
                assert value == pictures[name][row, column], (layer.name, row, column)
                found[name] += 1
    # Each pixel lies in at least one field, for each channel and for the nuclei.
    assert all(count >= len(places) for count in found.values()), found


def test_layers_read_their_pixels_after_the_call_is_over(layers: list[Layer]) -> None:
    assert all(hasattr(layer.data[0], "dask") for layer in layers)
    assert np.asarray(layers[0].data[-1]).any()
