"""Files that other libraries write in this very run, read back pixel for pixel."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import ramp, write_archive
from napari_layers import layers_of
from napari_ome_zip import open_image

SCALE = {"z": 2.0, "y": 0.5, "x": 0.25}
CHANNELS = ("DAPI", "GFP")
PIXELS = ramp((2, 6, 32, 48))


@pytest.fixture(autouse=True)
def _what_writers_say() -> Iterator[None]:
    """Let the other libraries warn about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def zipped(folder: Path) -> Path:
    """Put a folder into an archive by stdlib alone, stored, documents first."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    entries = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return write_archive(folder.with_suffix(".ome.zip"), entries)


def assert_shown(
    path: Path,
    levels: Sequence[np.ndarray],
    *,
    names: Sequence[str] | None = CHANNELS,
    unit: str = "micrometer",
) -> None:
    """Every level of every channel is what was written, with its scale, unit and name."""
    assert len(levels) > 1
    composite = open_image(path)
    assert not composite.findings
    layers = layers_of(composite)
    assert len(layers) == levels[0].shape[0]
    for number, layer in enumerate(layers):
        if names is not None:
            assert layer.name == names[number]
        assert layer.axis_labels == tuple(SCALE)
        np.testing.assert_allclose(layer.scale, list(SCALE.values()))
        np.testing.assert_allclose(layer.translate, 0)
        assert [str(found) for found in layer.units] == [unit] * 3
        assert len(layer.data) == len(levels)
        for found, written in zip(layer.data, levels, strict=True):
            assert found.dtype == written.dtype
            np.testing.assert_array_equal(found, written[number])


class TestNgffZarr:
    def multiscales(self) -> Any:
        ngff_zarr = pytest.importorskip("ngff_zarr")

        units = dict.fromkeys(SCALE, "micrometer")
        image = ngff_zarr.to_ngff_image(
            PIXELS, dims=("c", *SCALE), scale={"c": 1.0, **SCALE}, axes_units=units, name="cells"
        )
        return ngff_zarr.to_multiscales(image, scale_factors=[2], chunks=16)

    @pytest.mark.parametrize("version", ["0.5", "0.6"])
    @pytest.mark.parametrize("shards", [None, 2])
    def test_an_archive_of_its_own(self, tmp_path: Path, version: str, shards: int | None) -> None:
        ngff_zarr = pytest.importorskip("ngff_zarr")

        multiscales = self.multiscales()
        levels = [np.asarray(image.data) for image in multiscales.images]
        options = {} if shards is None else {"chunks_per_shard": shards}
        path = tmp_path / "a.ozx"
        ngff_zarr.to_ngff_zarr(str(path), multiscales, version=version, **options)
        assert_shown(path, levels, names=None)

    def test_a_folder_of_0_4_in_an_archive(self, tmp_path: Path) -> None:
        ngff_zarr = pytest.importorskip("ngff_zarr")

        multiscales = self.multiscales()
        levels = [np.asarray(image.data) for image in multiscales.images]
        ngff_zarr.to_ngff_zarr(str(tmp_path / "a.zarr"), multiscales, version="0.4")
        assert_shown(zipped(tmp_path / "a.zarr"), levels, names=None)


class TestOmeZarr:
    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_images_and_labels_in_an_archive(self, tmp_path: Path, version: str) -> None:
        pytest.importorskip("ome_zarr")
        import zarr
        from ome_zarr.format import FormatV04, FormatV05
        from ome_zarr.writer import write_multiscale, write_multiscale_labels

        written = FormatV04() if version == "0.4" else FormatV05()
        levels = [PIXELS, PIXELS[..., ::2, ::2]]
        cells = (PIXELS[0] % 7).astype(np.int32)
        units = dict.fromkeys(SCALE, "micrometer")
        steps = [
            [{"type": "scale", "scale": [1.0, 2.0, 0.5 * factor, 0.25 * factor]}]
            for factor in (1, 2)
        ]
        folder = tmp_path / "a.zarr"
        root = zarr.open_group(str(folder), mode="w", zarr_format=2 if version == "0.4" else 3)
        write_multiscale(
            levels,
            root,
            axes="czyx",
            axes_units=units,
            coordinate_transformations=steps,
            fmt=written,
        )
        channels = [
            {"label": name, "color": color, "active": True, "window": window}
            for name, color, window in zip(
                CHANNELS,
                ("FF00FF", "00FF00"),
                [{"min": 0, "max": 65535, "start": 1, "end": 900}] * 2,
                strict=True,
            )
        ]
        if version == "0.4":
            root.attrs["omero"] = {"channels": channels}
        else:
            root.attrs["ome"] = {**root.attrs["ome"], "omero": {"channels": channels}}
        write_multiscale_labels(
            [cells],
            root,
            name="cells",
            axes="zyx",
            axes_units=units,
            coordinate_transformations=[[{"type": "scale", "scale": list(SCALE.values())}]],
            fmt=written,
        )
        first, second, labels = layers_of(zipped(folder))
        for number, layer in enumerate((first, second)):
            assert layer.name == CHANNELS[number]
            assert layer.contrast_limits == [1, 900]
            np.testing.assert_allclose(layer.scale, list(SCALE.values()))
            assert {str(unit) for unit in layer.units} == {"micrometer"}
            for found, expected in zip(layer.data, levels, strict=True):
                np.testing.assert_array_equal(found, expected[number])
        assert labels.name == "cells"
        np.testing.assert_array_equal(labels.data, cells)
        np.testing.assert_allclose(labels.scale, list(SCALE.values()))


class TestBioio:
    def test_a_sharded_image_in_an_archive(self, tmp_path: Path) -> None:
        pytest.importorskip("bioio_ome_zarr")
        from bioio_ome_zarr.writers import Channel, OMEZarrWriter

        levels = [PIXELS, np.ascontiguousarray(PIXELS[..., ::2, ::2])]
        folder = tmp_path / "a.zarr"
        writer = OMEZarrWriter(
            store=str(folder),
            level_shapes=[level.shape for level in levels],
            dtype=PIXELS.dtype,
            chunk_shape=(1, 2, 16, 16),
            shard_shape=(1, 4, 32, 32),
            zarr_format=3,
            axes_names=["c", *SCALE],
            axes_types=["channel", "space", "space", "space"],
            axes_units=[None, "micrometer", "micrometer", "micrometer"],
            physical_pixel_size=[1.0, *SCALE.values()],
            channels=[Channel(label=name, color="FF00FF") for name in CHANNELS],
            image_name="cells",
        )
        writer.write_full_volume(PIXELS)
        import zarr

        stored = [np.asarray(zarr.open_group(str(folder))[str(i)]) for i in range(2)]
        np.testing.assert_array_equal(stored[0], PIXELS)
        assert_shown(zipped(folder), stored)
