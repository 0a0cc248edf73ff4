"""A million colors or properties that are written as they should be are read at once, and alike."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.ome import ImageLabel, LabelColor, LabelColors, LabelTable
from napari_ome_zip.ome.at import At, Departures, Document
from napari_ome_zip.ome.images.image_label import parse_image_label

Rows = list[dict[str, Any]]
channels = st.lists(st.integers(0, 255), min_size=4, max_size=4)
labels = st.lists(st.integers(-5, 2**40), unique=True, min_size=1, max_size=9)


def parsed(**value: Any) -> tuple[ImageLabel, list[str]]:
    departures = Departures()
    label = parse_image_label(value, At(Document(""), departures))
    assert label is not None
    return label, [finding.code for finding in departures.findings()]


@given(labels, st.data())
def test_colors_are_those_that_were_written(values: list[int], data: st.DataObject) -> None:
    rows = [{"label-value": value, "rgba": data.draw(channels)} for value in values]
    found, codes = parsed(colors=rows)
    assert codes == []
    expected = tuple(LabelColor(row["label-value"], tuple(row["rgba"])) for row in rows)
    assert isinstance(found.colors, LabelColors)
    assert found.colors == expected
    assert expected == found.colors
    assert hash(found.colors) == hash(expected)
    assert (found.colors[-1], found.colors[1:], len(found.colors)) == (
        expected[-1],
        expected[1:],
        len(expected),
    )
    assert pickle.loads(pickle.dumps(found)) == found
    assert repr(found.colors) == repr(expected)


@pytest.mark.parametrize(
    ("odd", "rgba", "codes"),
    [
        ({"label-value": 2, "rgba": [1, 2, 3, 256]}, None, ["label-rgba-invalid"]),
        ({"label-value": 2, "rgba": [1, 2, 3]}, (1, 2, 3, 255), ["label-rgba-invalid"]),
        ({"label-value": 2, "rgba": [1, 2, 3, True]}, None, ["label-rgba-invalid"]),
        ({"label-value": 2, "rgba": [1, 2, 3, -1]}, None, ["label-rgba-invalid"]),
        ({"label-value": 2}, None, []),
        ({"label-value": 2.0, "rgba": [1, 2, 3, 4]}, (1, 2, 3, 4), []),
    ],
)
def test_one_that_is_written_otherwise_is_judged_by_itself(
    odd: dict[str, Any], rgba: Any, codes: list[str]
) -> None:
    found, said = parsed(colors=[{"label-value": 1, "rgba": [9, 8, 7, 6]}, odd])
    assert found.colors == (LabelColor(1, (9, 8, 7, 6)), LabelColor(2, rgba))
    assert said == codes


def test_a_label_with_two_colors_has_the_first() -> None:
    rows = [{"label-value": 1, "rgba": [n, n, n, n]} for n in (3, 4)]
    found, said = parsed(colors=rows)
    assert found.colors == (LabelColor(1, (3, 3, 3, 3)),)
    assert said == ["label-color-duplicate"]


@given(
    labels,
    st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
    st.data(),
)
def test_properties_are_those_that_were_written(
    values: list[int], names: list[str], data: st.DataObject
) -> None:
    cell = st.none() | st.booleans() | st.integers() | st.text(max_size=2) | st.just([1, [2]])
    rows: Rows = [
        {"label-value": value, **{name: data.draw(cell) for name in names}} for value in values
    ]
    if data.draw(st.booleans()) and names:
        del rows[-1][names[0]]
    found, codes = parsed(properties=rows)
    assert codes == []
    assert isinstance(found.properties, LabelTable)
    assert found.properties.values == tuple(values)
    written = [{"label-value": row.value, **row.mapping.to_json()} for row in found.properties]
    assert written == rows
