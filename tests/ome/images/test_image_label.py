"""Label metadata: colors and properties per label value."""

from __future__ import annotations

from typing import Any

import pytest

from napari_ome_zip.ome import FrozenMapping, ImageLabel, LabelColor, LabelProperties, parse_group


def read(label: Any) -> tuple[ImageLabel | None, list[str]]:
    parsed = parse_group({"ome": {"version": "0.5", "image-label": label}}, path="", zarr_format=3)
    return parsed.group.image_label, [finding.code for finding in parsed.findings]


def read_color(rgba: Any) -> tuple[Any, list[str]]:
    label, found = read({"colors": [{"label-value": 1, "rgba": rgba}]})
    assert label is not None
    return label.colors[0].rgba, found


def test_colors_properties_and_source_are_read_as_written() -> None:
    label, found = read(
        {
            "colors": [{"label-value": 1, "rgba": [255, 0, 0, 128]}, {"label-value": 2}],
            "properties": [{"label-value": 1, "class": "nucleus", "at": [1, {"z": None}]}],
            "source": {"image": "../../../"},
        }
    )

    assert label == ImageLabel(
        (LabelColor(1, (255, 0, 0, 128)), LabelColor(2)),
        (LabelProperties(1, FrozenMapping({"class": "nucleus", "at": [1, {"z": None}]})),),
        "../../../",
    )
    assert found == []


@pytest.mark.parametrize("label", [{}, {"version": "0.5"}, {"source": {}}, {"colors": []}])
def test_a_label_image_needs_to_say_nothing(label: Any) -> None:
    assert read(label) == (ImageLabel(), [])


@pytest.mark.parametrize(
    ("written", "value"),
    [(1.0, 1), (True, 1), (-3, -3), (2**64 - 1, 2**64 - 1), (9007199254740993, 9007199254740993)],
)
def test_label_values_are_exact_integers(written: Any, value: int) -> None:
    label, found = read({"colors": [{"label-value": written, "rgba": [0, 0, 0, 0]}]})

    assert label is not None
    assert label.colors[0].value == value
    assert type(label.colors[0].value) is int
    assert found == []


@pytest.mark.parametrize("key", ["colors", "properties"])
@pytest.mark.parametrize("entry", [{}, {"label-value": 1.5}, {"label-value": "1"}, 3, None])
def test_entries_without_a_value_are_left_out_and_told_once(key: str, entry: Any) -> None:
    label, found = read({key: [entry, {"label-value": 7}, entry]})

    assert label is not None
    assert [each.value for each in getattr(label, key)] == [7]
    assert found == ["label-value-missing" if isinstance(entry, dict) else "wrong-type"]


def test_the_first_of_two_entries_for_one_value_is_used() -> None:
    colors = [{"label-value": 1, "rgba": [n, 0, 0, 255]} for n in (10, 20)]

    label, found = read({"colors": colors})

    assert label == ImageLabel((LabelColor(1, (10, 0, 0, 255)),))
    assert found == ["label-color-duplicate"]


@pytest.mark.parametrize(
    ("written", "rgba"),
    [
        ([1, 2, 3], (1, 2, 3, 255)),
        ([0.5, 0, 0, 1], (128, 0, 0, 255)),
        ([1.0, 0.0, 0.0, 1.0], (255, 0, 0, 255)),
        ([1.0, 0.0, 0.2], (255, 0, 51, 255)),
    ],
)
def test_colors_written_otherwise_are_converted_and_told(written: Any, rgba: Any) -> None:
    assert read_color(written) == (rgba, ["label-rgba-invalid"])


def test_whole_numbers_with_a_decimal_point_are_integers() -> None:
    assert read_color([255.0, 0.0, 10.0, 255.0]) == ((255, 0, 10, 255), [])
    assert read_color([0, 0, 0, 1]) == ((0, 0, 0, 1), [])


@pytest.mark.parametrize(
    "written",
    [[1, 2], [1, 2, 3, 4, 5], [256, 0, 0, 0], [-1, 0, 0, 0], [1.5, 0, 2, 0], "red", ["a"] * 4],
)
def test_other_colors_are_left_to_the_default_and_told(written: Any) -> None:
    assert read_color(written) == (None, ["label-rgba-invalid"])


@pytest.mark.parametrize("label", [3, "cells", []])
def test_label_metadata_that_are_no_object_are_told(label: Any) -> None:
    assert read(label) == (None, ["wrong-type"])
