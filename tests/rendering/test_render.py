"""Pictures of scenes whose every pixel is known from how they were made."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from napari_ome_zip.rendering import picture_shape, render, thumbnail_png

RED, GREEN, WHITE, BLACK = (255, 0, 0, 255), (0, 255, 0, 255), (255, 255, 255, 255), (0, 0, 0, 255)
NOTHING = (0, 0, 0, 0)


def an_image(pixels, **keywords):
    keywords = {"contrast_limits": (0, 255), "colormap": "gray", **keywords}
    return np.asarray(pixels, np.uint8), keywords, "image"


def test_rows_run_down_and_columns_to_the_right():
    picture = render([an_image([[0, 255, 0], [0, 0, 0]])], 3)
    assert picture.shape == (2, 3, 4)
    assert tuple(picture[0, 1]) == WHITE
    assert (picture[..., 0] > 0).sum() == 1


def test_small_images_are_enlarged_pixel_by_pixel():
    picture = render([an_image([[0, 255], [255, 0]])], 8)
    assert picture.shape == (8, 8, 4)
    assert np.unique(picture[:4, :4, 0]).tolist() == [0]
    assert np.unique(picture[:4, 4:, 0]).tolist() == [255]


def test_outside_of_all_layers_is_transparent():
    layers = [an_image([[255]], translate=(0, 0)), an_image([[255]], translate=(1, 1))]
    picture = render(layers, 4)
    assert tuple(picture[0, 3]) == NOTHING
    assert tuple(picture[3, 0]) == NOTHING
    assert tuple(picture[0, 0]) == WHITE
    assert tuple(picture[3, 3]) == WHITE


def test_thumbnails_are_opaque_and_of_the_shape_that_was_said():
    layers = [an_image(np.full((30, 40), 255)), an_image([[255]], translate=(50, 60))]
    with Image.open(io.BytesIO(thumbnail_png(layers, 64))) as picture:
        assert picture.mode == "RGB"
        assert (picture.height, picture.width) == picture_shape(layers, 64)
        assert picture.getpixel((63, 0)) == (0, 0, 0)
