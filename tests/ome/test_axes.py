"""Axes: names, types and units, as found and as repaired."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.ome import Axis, parse_group


def read(axes: Any, version: str = "0.5") -> tuple[tuple[Axis, ...], list[str]]:
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": []}]}
    parsed = parse_group(
        {"ome": {"version": version, "multiscales": [multiscale]}}, path="", zarr_format=3
    )
    found = [each.code for each in parsed.findings if each.code != "transformations-missing"]
    return parsed.group.multiscales[0].axes, found


def objects(text: str) -> list[dict[str, str]]:
    types = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
    return [{"name": name, "type": types.get(name, "custom")} for name in text]


@pytest.mark.parametrize("names", ["yx", "zyx", "cyx", "tyx", "tcyx", "tczyx", "pyx", "tpzyx"])
def test_allowed_orders_are_read_without_complaint(names: str) -> None:
    axes, found = read(objects(names))

    assert "".join(axis.name for axis in axes) == names
    assert found == []


@pytest.mark.parametrize("names", ["yxc", "ctyx", "zytx", "ycx"])
def test_other_orders_are_kept_and_told(names: str) -> None:
    axes, found = read(objects(names))

    assert "".join(axis.name for axis in axes) == names
    assert found == ["axis-order"]


def test_a_version_of_the_future_may_order_axes_as_it_likes() -> None:
    assert read(objects("yxcapq"), "0.9.dev7")[1] == ["version-unknown"]


@pytest.mark.parametrize("names", ["x", "tcpzyx"])
def test_too_few_and_too_many_axes_are_told(names: str) -> None:
    assert read(objects(names))[1] == ["axis-count"]


def test_equal_names_are_made_different_in_place() -> None:
    axes, found = read(objects("xxyx"))

    assert [axis.name for axis in axes] == ["x", "x2", "y", "x3"]
    assert found == ["axis-name-duplicate"]


@given(st.lists(st.sampled_from(["x", "x2", "x3", "y", "x22"]), min_size=1, max_size=8))
def test_names_are_unique_and_the_first_of_each_stays(names: list[str]) -> None:
    axes, _ = read([{"name": name} for name in names])

    read_names = [axis.name for axis in axes]
    assert len(set(read_names)) == len(names)
    for name in set(names):
        assert read_names[names.index(name)] == name


@pytest.mark.parametrize("unit", [None, ""])
def test_no_unit_is_said_in_several_ways(unit: Any) -> None:
    axes, found = read([{"name": "y", "unit": unit}, {"name": "x", "unit": "pixel"}])

    assert [axis.unit for axis in axes] == [None, "pixel"]
    assert found == []


@pytest.mark.parametrize(
    ("axes", "names", "code"),
    [
        ("yx", [], "wrong-type"),
        ([1, None], ["dim_0", "dim_1"], "wrong-type"),
        ([{"type": "space"}, {"name": 7}], ["dim_0", "7"], "axis-name-missing"),
        (["y", "x"], ["y", "x"], "wrong-type"),
        ([{"name": "y", "unit": 1}, {"name": "x"}], ["y", "x"], "wrong-type"),
        ([{"name": "y", "type": []}, {"name": "x"}], ["y", "x"], "wrong-type"),
    ],
)
def test_illegal_axes_are_repaired_and_told(axes: Any, names: list[str], code: str) -> None:
    read_axes, found = read(axes)

    assert [axis.name for axis in read_axes] == names
    assert code in found


@pytest.mark.parametrize(
    ("axis", "role"),
    [
        (Axis("c"), "channel"),
        (Axis("T"), "time"),
        (Axis("x", "Space"), "space"),
        (Axis("c", "wavelength"), "wavelength"),
        (Axis("angle"), None),
    ],
)
def test_the_role_of_an_axis_is_its_type_or_else_what_its_name_says(
    axis: Axis, role: str | None
) -> None:
    assert axis.role == role


def judged(axes: Any, version: str = "0.5") -> list[str]:
    """The codes of all that a check says of these axes."""
    scale = {"type": "scale", "scale": [1] * len(axes)}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    multiscale = {"name": "cells", "axes": axes, "datasets": datasets}
    parsed = parse_group(
        {"ome": {"version": version, "multiscales": [multiscale]}},
        path="",
        zarr_format=3,
        judging=True,
    )
    return [each.rule.code for each in parsed.departures.all()]


def test_what_follows_from_a_guess_is_not_judged() -> None:
    space = {"type": "space", "unit": "micrometer"}

    assert judged([3, {"name": "y", **space}]) == ["wrong-type"]
    assert judged([{"name": "y"}, {"name": "x", **space}]) == [
        "axis-type-missing",
        "axis-space-count",
    ]


def test_each_name_that_several_axes_have_is_reported_once() -> None:
    axes = [{"name": name, "type": "space", "unit": "meter"} for name in "xxx"]

    assert judged(axes) == ["axis-name-duplicate"]


def test_axes_that_a_reference_states_are_read_and_not_judged() -> None:
    ends = {
        side: {"name": name, "axes": [{"name": "x"}, {"name": "y"}]}
        for side, name in (("input", "xy"), ("output", "global"))
    }
    multiscale = {
        "name": "cells",
        "axes": [{"name": name, "type": "space", "unit": "meter"} for name in "yx"],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}
        ],
        "coordinateTransformations": [{"type": "scale", "scale": [2, 2], **ends}],
    }
    parsed = parse_group(
        {"ome": {"version": "0.5", "multiscales": [multiscale]}},
        path="",
        zarr_format=3,
        judging=True,
    )

    assert parsed.departures.all() == ()
    output = parsed.group.multiscales[0].transformations[0].output
    assert output is not None
    assert [axis.name for axis in output.axes or ()] == ["x", "y"]


@pytest.mark.parametrize(("written", "discrete"), [(True, True), (False, False), ("yes", False)])
def test_whether_an_axis_is_discrete_is_read_since_06(written: Any, discrete: bool) -> None:
    system = {"name": "physical", "axes": [{"name": "c", "discrete": written}]}
    multiscale = {"coordinateSystems": [system], "datasets": [{"path": "0"}]}
    for version, expected in (("0.6", discrete), ("0.5", False)):
        document = {"ome": {"version": version, "multiscales": [multiscale]}}
        (axis,) = parse_group(document, path="", zarr_format=3).group.multiscales[0].axes
        assert axis.discrete is expected


@pytest.mark.parametrize(
    ("kind", "unit", "fits"),
    [
        ("space", "1/micrometer", True),
        ("space", "degree", True),
        ("time", "hertz", True),
        ("space", "second", False),
        ("time", "micrometer", False),
        ("space", "furlong", False),
        ("space", "x" * 10**6, False),
    ],
)
def test_where_axes_are_free_a_unit_may_be_made_of_others(kind: str, unit: str, fits: bool) -> None:
    name = {"space": "y", "time": "t"}[kind]
    axes = [{"name": name, "type": kind, "unit": unit}]

    assert ("axis-unit-unknown" in judged(axes, "0.5+rfc3")) is not fits
    assert "axis-unit-unknown" in judged(axes, "0.5")
