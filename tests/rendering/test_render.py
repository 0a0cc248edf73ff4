"""Pictures of scenes whose every pixel is known from how they were made."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hierarchy_builder import HierarchyBuilder, ramp, resized
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import PictureCancelledError, PictureError, PictureTooLargeError
from napari_ome_zip.findings import Finding
from napari_ome_zip.rendering import picture_shape, render, thumbnail_png

RED, WHITE, BLACK = (255, 0, 0, 255), (255, 255, 255, 255), (0, 0, 0, 255)
NOTHING = (0, 0, 0, 0)

type LayerTuple = tuple[Any, dict[str, Any], str]


def an_image(pixels: Any, **keywords: Any) -> LayerTuple:
    keywords = {"contrast_limits": (0, 255), "colormap": "gray", **keywords}
    return np.asarray(pixels, np.uint8), keywords, "image"


def labels(pixels: Any, **keywords: Any) -> LayerTuple:
    return np.asarray(pixels, np.int32), {"opacity": 1.0, **keywords}, "labels"


def colors_of(picture: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(color) for color in picture.reshape(-1, 4).tolist()}


class TestPlaces:
    def test_rows_run_down_and_columns_to_the_right(self) -> None:
        picture = render([an_image([[0, 255, 0], [0, 0, 0]])], 3)
        assert picture.shape == (2, 3, 4)
        assert tuple(picture[0, 1]) == WHITE
        assert np.count_nonzero(picture[..., 0]) == 1

    def test_small_images_are_enlarged_pixel_by_pixel(self) -> None:
        picture = render([an_image([[0, 255], [255, 0]])], 8)
        assert picture[..., 0].tolist() == np.kron([[0, 255], [255, 0]], np.ones((4, 4))).tolist()

    def test_large_ones_are_averaged(self) -> None:
        pixels = np.array([[0, 200, 40, 40], [200, 0, 40, 40]])
        assert render([an_image(pixels)], 2)[0, :, 0].tolist() == [100, 40]

    def test_pixels_reach_half_of_their_size_around_their_centers(self) -> None:
        layers = [an_image([[255]]), an_image([[255]], translate=(0, 1), colormap="red")]
        picture = render(layers, 4)
        assert picture.shape == (2, 4, 4)
        assert [tuple(color) for color in picture[0]] == [WHITE, WHITE, RED, RED]

    def test_so_far_from_the_origin_that_pixels_cannot_be_told_apart(self) -> None:
        far = render([an_image(np.full((4, 4), 255), translate=(1e16, 1e16))], 8)
        assert colors_of(far) <= {WHITE, NOTHING}
        assert WHITE in colors_of(far)

    def test_outside_of_all_layers_is_transparent(self) -> None:
        picture = render([an_image([[255]]), an_image([[255]], translate=(1, 1))], 4)
        corners = [tuple(picture[y, x]) for y in (0, -1) for x in (0, -1)]
        assert corners == [WHITE, NOTHING, NOTHING, WHITE]

    def test_an_affine_of_a_quarter_turn(self) -> None:
        turn = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]  # y is x, and x is minus y
        picture = render([an_image([[10, 20], [30, 40]], affine=turn)], 2)
        assert picture[..., 0].tolist() == [[30, 10], [40, 20]]

    def test_coarser_levels_lie_where_the_first_lies(self) -> None:
        fine = np.zeros((64, 64), np.uint8)
        fine[:, 32:] = 255
        coarse = fine[::4, ::4]
        layer = ([fine, coarse], {"contrast_limits": (0, 255)}, "image")
        picture = render([layer, an_image([[255]], translate=(70, 70))], 36)
        # 71.5 units on 36 pixels: the edge at 31.5 lies at the start of pixel 16.
        assert not picture[0, :16, 0].any()
        assert (picture[0, 17:32, 0] == 255).all()

    def test_of_levels_of_odd_sizes_each_pixel_stays_where_it_is(self) -> None:
        fine = np.zeros((101, 101), np.uint8)
        fine[:, 96:] = 255
        levels = [fine, fine[::2, ::2], fine[::4, ::4], fine[::8, ::8]]
        picture = render([(levels, {"contrast_limits": (0, 255)}, "image")], 13)
        # In level 3 pixel 12 is that of columns 96 to 103, of which there are five.
        assert np.flatnonzero(picture[0, :, 0]).tolist() == [12]


class TestLabels:
    def test_numbers_are_never_averaged(self) -> None:
        colors = {1: "red", 3: "#0000FF", None: "white"}
        pixels = np.tile([1, 3, 3, 1, 1], (5, 20))
        assert colors_of(render([labels(pixels, colormap=colors)], 33)) == {RED, (0, 0, 255, 255)}

    def test_background_shows_what_is_below(self) -> None:
        layers = [an_image([[255, 255]]), labels([[0, 1]], colormap={1: "red"})]
        assert [tuple(color) for color in render(layers, 2)[0]] == [WHITE, RED]

    def test_those_without_a_color_are_distinct_and_bright(self) -> None:
        picture = render([labels(np.arange(1, 41).reshape(5, 8))], 8)
        colors = picture[..., :3].reshape(-1, 3).astype(int)
        assert (colors.max(axis=1) > 180).all()
        distances = np.abs(colors[:, None] - colors).sum(axis=2) + 1000 * np.eye(40, dtype=int)
        assert distances.min() >= 15
        # Neighbors are told apart at a glance.
        assert np.abs(np.diff(colors, axis=0)).sum(axis=1).min() >= 100

    def test_every_opening_gives_the_same_colors(self) -> None:
        layer = labels(np.arange(300).reshape(15, 20))
        assert render([layer], 20).tolist() == render([layer], 20).tolist()

    def test_outlines_leave_out_what_is_inside(self) -> None:
        pixels = np.zeros((9, 9), int)
        pixels[2:7, 2:7] = 1
        picture = render([labels(pixels, colormap={1: "red"})], 9, labels="outline")
        ring = pixels.copy()
        ring[3:6, 3:6] = 0
        assert (picture[..., 0] == 255).tolist() == (ring == 1).tolist()

    def test_none_are_drawn_and_the_frame_stays(self) -> None:
        layers = [an_image([[255]]), labels([[1, 1]], translate=(0, 1))]
        picture = render(layers, 3, labels="none")
        assert picture.shape == (1, 3, 4)
        assert colors_of(picture) == {WHITE, NOTHING}

    def test_colors_that_a_viewer_cannot_show_are_those_of_the_file(self) -> None:
        note = {"napari_ome_zip": {"hidden_colors": [[70_000, 0, 255, 0, 255]]}}
        layer = labels([[1, 70_000]], colormap={1: "red", None: "gray"}, metadata=note)
        assert [tuple(color) for color in render([layer], 2)[0]] == [RED, (0, 255, 0, 255)]

    def test_one_label_alone(self) -> None:
        attributes = {"selected_label": 2, "show_selected_label": True}
        layer = labels([[1, 2]], metadata={"napari_ome_zip": {"attributes": attributes}})
        picture = render([layer], 2)
        assert tuple(picture[0, 0]) == BLACK
        assert picture[0, 1, :3].max() > 180

    def test_numbers_below_zero_and_beyond_63_bits(self) -> None:
        for dtype, number in ((np.int64, -5), (np.uint64, 2**64 - 1)):
            pixels = np.array([[0, number]], dtype)
            picture = render([(pixels, {"opacity": 1.0}, "labels")], 2)
            assert tuple(picture[0, 0]) == BLACK
            assert picture[0, 1, :3].max() > 180


class TestContrast:
    def test_limits_that_no_file_states_are_those_that_a_reader_finds(self) -> None:
        pixels = ramp((40, 50)) + 300
        composite = open_image(HierarchyBuilder().image(pixels, "yx").entries)
        ((_, keywords, _),) = to_layer_data(composite)
        assert keywords["contrast_limits"] == (300, 2299)
        picture = render(composite, 50)
        assert picture[0, 0, 0] == 0
        assert picture[-1, -1, 0] == 255

    def test_what_is_infinite_is_brightest_or_darkest(self) -> None:
        pixels = np.array([[-np.inf, 0.5, np.inf, np.nan]], np.float32)
        picture = render([(pixels, {"contrast_limits": (0, 1), "colormap": "red"}, "image")], 4)
        assert picture[0, :, 0].tolist() == [0, 128, 255, 0]

    def test_means_of_what_is_infinite_are_no_error(self) -> None:
        pixels = np.zeros((6, 6), np.float32)
        pixels[0, 0], pixels[5, 5] = np.inf, -np.inf
        layer = (pixels, {"contrast_limits": (0, 1)}, "image")
        picture = render([layer], 4)
        assert picture[0, 0, 0] == 255
        assert np.count_nonzero(picture[..., 0]) == 1

    def test_an_unknown_colormap_is_gray_and_named(self) -> None:
        notes: list[Finding] = []
        picture = render([an_image([[255]], colormap="viridis", name="A")], 1, noted=notes.append)
        assert tuple(picture[0, 0]) == WHITE
        assert [note.code for note in notes] == ["picture-colormap-unknown"]
        assert "'viridis'" in notes[0].message


class TestPlanes:
    STACK = np.arange(5, dtype=np.uint8)[:, None, None] * np.full((1, 2, 2), 50, np.uint8)

    def test_the_middle_is_shown_where_nothing_is_said(self) -> None:
        assert render([an_image(self.STACK)], 2)[0, 0, 0] == 100

    def test_a_step_is_chosen_by_name(self) -> None:
        assert render([an_image(self.STACK)], 2, at={"Z": 4})[0, 0, 0] == 200

    def test_the_brightest_of_all_planes(self) -> None:
        assert render([an_image(self.STACK)], 2, projection="max")[0, 0, 0] == 200

    @pytest.mark.parametrize(("at", "said"), [({"z": 5}, "0 to 4"), ({"q": 0}, "sliders are z")])
    def test_what_is_not_there_is_named(self, at: dict[str, int], said: str) -> None:
        with pytest.raises(PictureError, match=said):
            render([an_image(self.STACK)], 2, at=at)

    def test_what_a_file_asks_for_comes_first(self) -> None:
        omero = {"channels": [{"window": {"start": 0, "end": 255}}], "rdefs": {"defaultZ": 3}}
        composite = open_image(HierarchyBuilder().image(self.STACK, "zyx", omero=omero).entries)
        assert render(composite, 2)[0, 0, 0] == 150

    def test_a_plane_that_stands_upright_is_a_line(self) -> None:
        upright = np.eye(4)[[1, 0, 2, 3]]  # z and y exchanged
        layers = [an_image(self.STACK[0]), an_image(self.STACK, affine=upright)]
        picture = render(layers, 10)
        assert picture.shape == (10, 4, 4)  # it reaches along y as far as its planes do
        assert (picture[:4, :, 3] == 255).all()
        assert not picture[4:, :, 3].any()

    @pytest.mark.parametrize("hidden", [True, False])
    def test_why_there_is_nothing_to_see(self, hidden: bool) -> None:
        notes: list[Finding] = []
        layers = [
            an_image(self.STACK, visible=not hidden),
            an_image(self.STACK, translate=(9, 0, 0), visible=False),
        ]
        picture = render(layers, 4, at={"z": 10}, noted=notes.append)
        assert colors_of(picture) == {NOTHING}
        assert ("hidden" in notes[0].message) == hidden

    def test_levels_that_are_less_deep(self) -> None:
        fine = np.repeat(np.repeat(self.STACK, 8, axis=1), 8, axis=2)[:4]
        coarse = np.ascontiguousarray(fine[::2, ::4, ::4])
        layer = ([fine, coarse], {"contrast_limits": (0, 255)}, "image")
        shown = [int(render([layer], 4, at={"z": z})[0, 0, 0]) for z in range(4)]
        assert shown == [0, 0, 100, 100]


class TestCost:
    def huge(self) -> dict[str, bytes]:
        """An image of 800 MB in one level, of which one chunk is stored."""
        omero = {"channels": [{"window": {"start": 0, "end": 4095}}]}
        options = {"chunks": (64, 64)}
        entries = HierarchyBuilder().image(ramp((64, 64)), "yx", options=options, omero=omero)
        document = resized(entries.entries["0/zarr.json"], (20_000, 20_000), (64, 64))
        return {**entries.entries, "0/zarr.json": document}

    def test_a_shape_is_known_without_a_look_at_pixels(self) -> None:
        def refuse(*_: Any) -> None:
            pytest.fail("a pixel was read")

        class Unreadable:
            shape, dtype, ndim = (30, 40), np.dtype(np.uint16), 2
            __getitem__ = __array__ = refuse

        layer = (Unreadable(), {}, "image")
        assert picture_shape([layer], 256) == (192, 256)

    def test_what_takes_more_than_is_allowed_is_refused(self) -> None:
        composite = open_image(HierarchyBuilder().image(ramp((64, 64)), "yx").entries)
        nbytes = 2 * 64 * 64
        render(composite, 64, budget=2 * nbytes)  # once for the limits of contrast
        with pytest.raises(PictureTooLargeError, match="16 KiB"):
            render(composite, 64, budget=2 * nbytes - 1)

    def test_what_is_not_stored_costs_nothing(self) -> None:
        picture = render(open_image(self.huge()), 1024, budget=1 << 16)
        assert picture.shape == (1024, 1024, 4)
        assert picture[0, 0, 0] > 0
        assert not picture[10:, 10:, 0].any()

    def test_progress_ends_where_all_is_drawn(self) -> None:
        seen: list[tuple[int, int]] = []
        layers = [an_image(np.zeros((20, 30))), labels(np.zeros((20, 30)))]
        render(layers, 30, progress=lambda done, total: seen.append((done, total)))
        assert seen[-1] == (1200, 1200)

    def test_it_can_be_cancelled(self) -> None:
        with pytest.raises(PictureCancelledError):
            render([an_image([[1]])], 4, cancelled=lambda: True)


class TestRefused:
    def test_nothing_to_draw(self) -> None:
        with pytest.raises(PictureError, match="nothing to draw"):
            render([(np.zeros((3, 2)), {}, "points")], 4)

    @pytest.mark.parametrize("size", [0, -1, 100_000])
    def test_sizes_that_no_picture_has(self, size: int) -> None:
        with pytest.raises(PictureError, match="choose 1 to"):
            picture_shape([an_image([[1]])], size)

    @pytest.mark.parametrize("scale", [(0, 1), (np.nan, 1)])
    def test_a_layer_without_a_place(self, scale: tuple[float, float]) -> None:
        with pytest.raises(PictureError, match="cannot be placed"):
            render([an_image([[1]], scale=scale, name="A")], 4)

    def test_other_layers_are_named(self) -> None:
        notes: list[Finding] = []
        points = (np.zeros((3, 2)), {"name": "spots"}, "points")
        render([an_image([[1]]), points], 4, noted=notes.append)
        assert "'spots'" in notes[0].message


def test_thumbnails_are_opaque_and_of_the_shape_that_was_said() -> None:
    layers = [an_image(np.full((30, 40), 255)), an_image([[255]], translate=(50, 60))]
    content = thumbnail_png(layers, 64)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == "RGB"
        assert (picture.height, picture.width) == picture_shape(layers, 64)
        assert picture.getpixel((63, 0)) == (0, 0, 0)


def test_thumbnails_of_noise_are_small_enough() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    layer = (noise, {"rgb": True}, "image")
    assert len(thumbnail_png([layer])) < 200_000


@pytest.mark.parametrize("choice", [{"projection": "mean"}, {"labels": "filled"}])
def test_choices_that_there_are_not_are_refused(choice: dict[str, Any]) -> None:
    layer = (np.zeros((2, 3), np.uint8), {}, "image")
    with pytest.raises(PictureError, match="is not possible: choose one of"):
        render([layer], 32, **choice)
