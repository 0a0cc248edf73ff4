"""Pixels and levels in files as they are found: every value right, nothing of it read early."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from zarr.codecs import BytesCodec, GzipCodec

from hierarchy_builder import HierarchyBuilder, multiscale, placement, ramp
from napari_layers import codes, layers_of, pixels, value_in_world, world_box
from napari_ome_zip import open_image
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.pixels.damage import DamagedChunkWarning


class TestDataTypes:
    @pytest.mark.parametrize("stored", [">u2", ">i4", ">u8", ">f4", ">f8", "<u2"])
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_byte_order_becomes_native_and_the_type_is_kept(
        self, stored: str, zarr_format: int
    ) -> None:
        data = ramp((3, 4, 5), stored)
        options = {} if zarr_format == 2 else {"serializer": BytesCodec(endian="big")}
        builder = HierarchyBuilder(zarr_format).image(data, "zyx", options=options)
        (layer,) = layers_of(builder.entries)
        assert layer.data.dtype == data.dtype.newbyteorder("=")
        assert pixels(layer).dtype.isnative
        np.testing.assert_array_equal(pixels(layer), data)

    @pytest.mark.parametrize(
        "dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "?"]
    )
    def test_real_types_are_shown_as_they_are(self, dtype: str) -> None:
        data = ramp((4, 6), dtype)
        (layer,) = layers_of(HierarchyBuilder().image(data, "yx").entries)
        assert layer.data.dtype == data.dtype
        np.testing.assert_array_equal(pixels(layer), data)
        low, high = layer.contrast_limits
        assert low < high

    @pytest.mark.parametrize("dtype", ["c8", "c16"])
    def test_complex_numbers_are_shown_by_their_magnitude_and_the_name_says_so(
        self, dtype: str
    ) -> None:
        data = (ramp((4, 6), "f8") + 2j * ramp((4, 6), "f8")).astype(dtype)
        builder = HierarchyBuilder().image([data, data[::2, ::2]], "yx", name="wave")
        (layer,) = layers_of(builder.entries)
        assert layer.name == "wave (magnitude)"
        np.testing.assert_allclose(pixels(layer), np.abs(data))
        assert layer.data[1].dtype.kind == "f"
        np.testing.assert_allclose(layer.contrast_limits, [0, np.abs(data[::2, ::2]).max()])

    @pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
    def test_pixels_that_are_no_numbers_do_not_spoil_the_limits(self, odd: float) -> None:
        data = ramp((4, 6), np.float32)
        data[1, 1] = odd
        (layer,) = layers_of(HierarchyBuilder().image(data, "yx").entries)
        assert layer.contrast_limits == [0, 23]
        np.testing.assert_array_equal(pixels(layer), data)

    @pytest.mark.parametrize(
        "data",
        [
            np.full((4, 6), np.nan, np.float32),
            np.full((4, 6), 7, np.uint16),
            np.zeros((4, 6), np.uint16),
            np.full((4, 6), -5, np.int16),
            np.array([[-1.7e308, 1.7e308]] * 2),
            np.full((4, 6), 65504, np.float16),
            np.full((4, 6), 2**64 - 1, np.uint64),
        ],
    )
    def test_pixels_without_contrast_can_be_shown(self, data: np.ndarray) -> None:
        (layer,) = layers_of(HierarchyBuilder().image(data, "yx").entries)
        low, high = layer.contrast_limits
        assert low < high
        np.testing.assert_array_equal(pixels(layer), data)

    @pytest.mark.filterwarnings("ignore:The data type:zarr.errors.UnstableSpecificationWarning")
    def test_text_is_no_image(self) -> None:
        entries = HierarchyBuilder().image(np.array([["a", "b"]] * 2), "yx").entries
        with pytest.raises(MetadataError, match="expected numbers"):
            open_image(entries)


class TestLevels:
    LEVELS = (ramp((8, 8)), ramp((4, 4)) + 100, ramp((2, 2)) + 200)

    def source(self, *order: str) -> HierarchyBuilder:
        scales = {"0": [1, 1], "1": [2, 2], "2": [4, 4]}
        listed = [(path, placement(scales.get(path, [8, 8]))) for path in order]
        builder = HierarchyBuilder().group(multiscales=[multiscale("yx", listed)])
        for path, level in zip("012", self.LEVELS, strict=True):
            builder.array(path, level)
        return builder

    @pytest.mark.parametrize("order", ["210", "102", "120", "201"])
    def test_levels_out_of_order_are_put_in_order_with_a_warning(self, order: str) -> None:
        composite = open_image(self.source(*order).entries)
        assert codes(composite) == ["dataset-order"]
        (layer,) = layers_of(composite)
        for level, expected in zip(layer.data, self.LEVELS, strict=True):
            np.testing.assert_array_equal(level, expected)
        assert world_box(layer) == {"y": (0, 7), "x": (0, 7)}

    def test_a_level_that_is_not_there_is_left_out_with_a_warning(self) -> None:
        composite = open_image(self.source("0", "1", "9", "2").entries)
        assert codes(composite) == ["dataset-not-found"]
        assert "'9'" in composite.findings[0].message
        (layer,) = layers_of(composite)
        assert [level.shape for level in layer.data] == [(8, 8), (4, 4), (2, 2)]

    def test_where_the_largest_is_missing_the_next_shows_the_right_place(self) -> None:
        builder = self.source("0", "1", "2").remove("0/")
        (layer,) = layers_of(builder.entries)
        assert world_box(layer) == {"y": (0, 6), "x": (0, 6)}
        assert value_in_world(layer, y=2, x=4) == self.LEVELS[1][1, 2]

    @pytest.mark.parametrize(
        ("odd", "said", "code"),
        [
            (ramp((4, 4), np.float32), "float32", "dataset-dtype-unlike"),
            (ramp((1, 4, 4)), "3 dimensions", "dataset-dimensions"),
        ],
    )
    def test_a_level_of_another_kind_is_left_out_with_a_warning(
        self, odd: np.ndarray, said: str, code: str
    ) -> None:
        builder = self.source("0", "1", "2").remove("1/").array("1", odd)
        composite = open_image(builder.entries)
        assert codes(composite) == [code]
        assert said in composite.findings[0].message
        (layer,) = layers_of(composite)
        assert [level.shape for level in layer.data] == [(8, 8), (2, 2)]

    def test_a_level_that_repeats_the_size_before_it_is_not_shown(self) -> None:
        builder = HierarchyBuilder()
        listed = [(path, placement([1, 1])) for path in "01"]
        builder.group(multiscales=[multiscale("yx", listed)])
        builder.array("0", ramp((4, 4))).array("1", ramp((4, 4)) + 1)
        (layer,) = layers_of(builder.entries)
        np.testing.assert_array_equal(pixels(layer), ramp((4, 4)))

    def test_an_image_without_any_usable_level_is_skipped_by_name(self) -> None:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        for series in "012":
            builder.image(ramp((4, 6)), "yx", series)
        builder.remove("1/0/zarr.json")
        composite = open_image(builder.entries)
        assert [part.path for part in composite.parts] == ["0", "2"]
        assert codes(composite) == ["image-unusable"]
        assert "Image '1'" in composite.findings[0].message

    def test_an_only_image_without_any_usable_level_is_an_error_that_names_it(self) -> None:
        builder = self.source("0", "1").remove("0/", "1/")
        with pytest.raises(MetadataError, match=r"Resolution level '0' is missing"):
            open_image(builder.entries)

    @pytest.mark.parametrize("shape", [(0, 5), (0,), ()])
    def test_levels_that_no_viewer_can_show_are_refused(self, shape: tuple[int, ...]) -> None:
        builder = HierarchyBuilder().group(multiscales=[multiscale("yx", [("0", None)])])
        builder.array("0", np.zeros(shape, np.uint8), chunks=tuple(max(1, n) for n in shape))
        with pytest.raises(MetadataError, match="Resolution level '0'"):
            open_image(builder.entries)

    def test_level_translations_of_binned_levels_leave_level_0_where_it_is(self) -> None:
        listed = [
            ("0", placement([0.5, 0.5], [10, 20])),
            ("1", placement([1, 1], [10.25, 20.25])),
            ("2", placement([2, 2], [10.75, 20.75])),
        ]
        builder = HierarchyBuilder().group(multiscales=[multiscale("yx", listed)])
        for path, level in zip("012", self.LEVELS, strict=True):
            builder.array(path, level)
        composite = open_image(builder.entries)
        assert not composite.findings
        (layer,) = layers_of(composite)
        assert world_box(layer) == {"y": (10, 13.5), "x": (20, 23.5)}
        assert value_in_world(layer, y=11, x=20.5) == self.LEVELS[0][2, 1]


class TestChunks:
    def test_missing_chunks_are_the_fill_value(self) -> None:
        data = ramp((4, 6))
        options = {"chunks": (2, 3), "fill_value": 777}
        builder = HierarchyBuilder().image(data, "yx", options=options).remove("0/c/0/1", "0/c/1/0")
        composite = open_image(builder.entries)
        assert not composite.findings
        (layer,) = layers_of(composite)
        expected = data.copy()
        expected[:2, 3:] = expected[2:, :3] = 777
        np.testing.assert_array_equal(pixels(layer), expected)

    def test_a_damaged_chunk_is_said_once_and_the_rest_is_shown(self) -> None:
        data = ramp((4, 6))
        options = {"chunks": (2, 3), "compressors": GzipCodec()}
        builder = HierarchyBuilder().image(data, "yx", options=options).put("0/c/0/1", b"nonsense")
        with pytest.warns(DamagedChunkWarning, match=re.escape("0/c/0/1")) as caught:
            shown = [pixels(layer) for layer in layers_of(builder.entries) for _ in range(3)]
        assert len(caught) == 1
        expected = data.copy()
        expected[:2, 3:] = 0
        for found in shown:
            np.testing.assert_array_equal(found, expected)


class TestTransformations:
    def source(self, steps: Any) -> HierarchyBuilder:
        builder = HierarchyBuilder().group(multiscales=[multiscale("yx", [("0", steps)])])
        return builder.array("0", ramp((4, 6)))

    def test_none_means_pixels(self) -> None:
        composite = open_image(self.source(None).entries)
        (layer,) = layers_of(composite)
        np.testing.assert_array_equal(layer.scale, [1, 1])
        assert len(set(codes(composite))) <= 1

    @pytest.mark.parametrize("bad", [0, -0.0, "NaN", "abc", None, 1e400, True])
    def test_an_illegal_scale_becomes_1_with_one_warning(self, bad: Any) -> None:
        composite = open_image(self.source(placement([bad, 0.25])).entries)
        assert len(composite.findings) == 1
        (layer,) = layers_of(composite)
        assert layer.scale[0] == 1
        assert np.isfinite(layer.scale).all()
        assert value_in_world(layer, y=2, x=layer.scale[1] * 3) == ramp((4, 6))[2, 3]

    @pytest.mark.parametrize("bad", ["NaN", None, "abc"])
    def test_an_illegal_translation_is_left_out_with_one_warning(self, bad: Any) -> None:
        composite = open_image(self.source(placement([0.5, 0.25], [bad, 3])).entries)
        assert len(composite.findings) == 1
        (layer,) = layers_of(composite)
        assert np.isfinite(layer.translate).all()
        assert layer.translate[0] == 0

    def test_versions_without_transformations_take_the_ratio_of_levels(self) -> None:
        builder = HierarchyBuilder(2)
        datasets = [{"path": "0"}, {"path": "1"}]
        builder.group(multiscales=[{"version": "0.1", "datasets": datasets}])
        levels = [ramp((1, 1, 1, 8, 8)), ramp((1, 1, 1, 4, 4))]
        for path, level in zip("01", levels, strict=True):
            builder.array(path, level)
        composite = open_image(builder.entries)
        assert not composite.findings
        (layer,) = layers_of(composite)
        assert layer.axis_labels == ("t", "z", "y", "x")
        np.testing.assert_array_equal(layer.scale, [1, 1, 1, 1])
        # Without the largest level the next is shown over the same extent.
        (half,) = layers_of(builder.remove("0/").entries)
        assert half.data.shape == (1, 1, 4, 4)

    def test_versions_without_transformations_and_without_the_largest_level(self) -> None:
        builder = HierarchyBuilder(2).group(
            multiscales=[{"version": "0.3", "axes": ["y", "x"], "datasets": [{"path": "0"}]}]
        )
        (layer,) = layers_of(builder.array("0", ramp((4, 6))).entries)
        assert layer.axis_labels == ("y", "x")
        np.testing.assert_array_equal(pixels(layer), ramp((4, 6)))
