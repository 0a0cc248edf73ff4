"""What covers what, of layers in a list: by where they lie, and which of them are visible."""

from __future__ import annotations

from hierarchy_builder import HierarchyBuilder, ramp
from napari_layers import layers_of
from napari_ome_zip.layers.overlaying import ADDS, COVERS, Overlaid, blendings


def layer(image: str, scan: str | None, left: float, *, visible: bool = True) -> Overlaid:
    """A layer that is 10 wide and begins at ``left``."""
    return Overlaid(image, scan, visible=visible, low=(0, left), high=(10, left + 10))


def test_the_first_visible_layer_of_a_field_covers_and_its_others_add() -> None:
    layers = [
        layer("1", "scan", 0),
        layer("1", "scan", 0),
        layer("2", "scan", 8, visible=False),
        layer("2", "scan", 8),
        layer("2", "scan", 8),
    ]
    assert blendings(layers) == [COVERS, ADDS, ADDS, COVERS, ADDS]


def test_a_field_over_another_image_adds_and_one_beside_it_covers() -> None:
    layers = [layer("other", None, 0), layer("1", "scan", 5), layer("2", "scan", 12)]
    assert blendings(layers) == [None, ADDS, COVERS]


def test_what_is_hidden_can_be_covered() -> None:
    layers = [layer("other", None, 0, visible=False), layer("1", "scan", 5)]
    assert blendings(layers) == [None, COVERS]


def test_images_that_only_touch_do_not_lie_over_one_another() -> None:
    layers = [layer("other", None, 0), layer("1", "scan", 10)]
    assert blendings(layers) == [None, COVERS]


def test_volumes_add_up() -> None:
    layers = [layer("1", "scan", 0), layer("2", "scan", 8)]
    assert blendings(layers, flat=False) == [ADDS, ADDS]


def test_of_an_empty_list_nothing_is_said() -> None:
    assert blendings([]) == []


def two_images(first: str | None, second: str | None, *, apart: bool = False) -> list[str]:
    """Blending of two images of one channel, of different pixel sizes, over one another."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number, color in enumerate((first, second)):
        omero = {} if color is None else {"omero": {"channels": [{"color": color}]}}
        place = [0, 100] if apart and number else [0, 0]
        scale = [1.0 + number] * 2
        builder.image(ramp((8, 8)), "yx", str(number), scale=scale, translation=place, **omero)
    return [str(layer.blending) for layer in layers_of(builder.entries)]


def test_images_of_one_color_each_add_up_where_they_lie_over_one_another() -> None:
    assert two_images("0000FF", "00FF00") == [ADDS, ADDS]
    assert two_images(None, "00FF00") == [ADDS, ADDS]
    assert two_images("0000FF", None) == [ADDS, ADDS]


def test_of_images_in_gray_the_upper_one_is_seen() -> None:
    assert two_images(None, None) == [COVERS, COVERS]


def test_images_beside_each_other_have_nothing_to_add() -> None:
    assert two_images("0000FF", "00FF00", apart=True) == [COVERS, COVERS]


def test_a_mosaic_does_not_hide_what_lies_in_its_gap() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(10):
        # The fifth is of another channel, and so an image of its own where the mosaic has a gap.
        other = {"omero": {"channels": [{"label": "other"}]}} if number == 4 else {}
        builder.image(ramp((8, 8)), "yx", str(number), translation=[0, 8 * number], **other)
    layers = layers_of(builder.entries)
    assert [layer.extent.data[1].tolist() for layer in layers] == [[7, 79], [7, 7]]
    assert [str(layer.blending) for layer in layers] == [ADDS, COVERS]
