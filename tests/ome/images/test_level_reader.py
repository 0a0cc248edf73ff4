"""Levels of an image: what their transformations mean, and what becomes of illegal ones."""

from __future__ import annotations

from typing import Any

import pytest

from napari_ome_zip.ome import (
    AffineTransformation,
    Dataset,
    Multiscale,
    ParsedGroup,
    Scale,
    SequenceTransformation,
    SystemRef,
    Translation,
    parse_group,
)

AXES = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
REFS = {"input": SystemRef(path="0"), "output": SystemRef(name="physical")}


def scale(*factors: Any) -> dict[str, Any]:
    return {"type": "scale", "scale": list(factors)}


def translation(*offsets: Any) -> dict[str, Any]:
    return {"type": "translation", "translation": list(offsets)}


def read(*levels: Any, version: str = "0.5", **more: Any) -> ParsedGroup:
    """Read an image whose levels have these lists of transformations."""
    datasets = [
        {"path": str(index), "coordinateTransformations": level}
        for index, level in enumerate(levels)
    ]
    multiscale = {"axes": AXES, "datasets": datasets} | more
    return parse_group(
        {"ome": {"version": version, "multiscales": [multiscale]}}, path="", zarr_format=3
    )


def the_image(parsed: ParsedGroup) -> Multiscale:
    (found,) = parsed.group.multiscales
    return found


def codes(parsed: ParsedGroup) -> list[str]:
    return [finding.code for finding in parsed.findings]


@pytest.mark.parametrize(
    "bad", [0, -0.0, None, "0.5", float("nan"), float("inf"), [1], True, 10**400]
)
def test_an_illegal_factor_becomes_1_and_the_others_stay(bad: Any) -> None:
    parsed = read([scale(bad, 0.5)])

    assert the_image(parsed).datasets == (Dataset("0", Scale((1, 0.5), **REFS)),)
    zero = isinstance(bad, int | float) and bad == 0
    assert codes(parsed) == ["scale-zero" if zero else "transformation-parameters"]


@pytest.mark.parametrize("bad", [None, "3", float("nan"), {}])
def test_an_illegal_offset_becomes_0_and_the_others_stay(bad: Any) -> None:
    parsed = read([scale(2, 2), translation(bad, -7)])

    expected = SequenceTransformation((Scale((2, 2)), Translation((0, -7))), **REFS)
    assert the_image(parsed).datasets[0].transformation == expected
    assert codes(parsed) == ["transformation-parameters"]


@pytest.mark.parametrize("level", [[scale(2)], [scale(1, 2, 3)], [scale(1, 1), translation(1)]])
def test_numbers_that_do_not_match_the_axes_are_not_applied(level: list[Any]) -> None:
    parsed = read(level)

    assert the_image(parsed).datasets == (Dataset("0", None),)
    assert codes(parsed) == ["transformation-length"]


@pytest.mark.parametrize(
    "level",
    [
        [{"type": "scale"}],
        [{"type": "scale", "scale": 2}],
        [{"type": "thinPlateSpline"}],
        ["scale"],
        [{"scale": [1, 1]}],
    ],
)
def test_a_level_whose_transformation_is_unusable_has_none(level: list[Any]) -> None:
    parsed = read(level)

    assert the_image(parsed).datasets == (Dataset("0", None),)
    assert len(parsed.findings) == 1


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("nothing", [None, []])
def test_missing_transformations_are_told_once_from_04_on(version: str, nothing: Any) -> None:
    parsed = read(nothing, nothing, nothing, version=version)

    assert [each.transformation for each in the_image(parsed).datasets] == [None] * 3
    assert codes(parsed) == ["transformations-missing"]
    assert "2 more" in parsed.findings[0].message


def test_a_translation_before_the_scale_is_applied_as_written_and_told() -> None:
    parsed = read([translation(10, 20), scale(0.5, 0.25)])

    expected = SequenceTransformation((Translation((10, 20)), Scale((0.5, 0.25))), **REFS)
    assert the_image(parsed).datasets[0].transformation == expected
    assert codes(parsed) == ["transformation-order"]


def test_a_translation_without_a_scale_is_told() -> None:
    assert codes(read([translation(10, 20)])) == ["transformation-scale-count"]


def test_two_scales_in_a_level_are_both_applied_and_told() -> None:
    parsed = read([scale(2, 2), scale(3, 3)])

    expected = SequenceTransformation((Scale((2, 2)), Scale((3, 3))), **REFS)
    assert the_image(parsed).datasets[0].transformation == expected
    assert codes(parsed) == ["transformation-scale-count"]


def test_transformations_of_the_multiscale_come_after_those_of_every_level() -> None:
    parsed = read(
        [scale(0.5, 0.5)],
        [scale(1, 1), translation(0.25, 0.25)],
        coordinateTransformations=[scale(2, 2), translation(10, -20)],
    )

    first, second = the_image(parsed).datasets
    shared = (Scale((2, 2)), Translation((10, -20)))
    assert first.transformation == SequenceTransformation((Scale((0.5, 0.5)), *shared), **REFS)
    assert second.transformation == SequenceTransformation(
        (Scale((1, 1)), Translation((0.25, 0.25)), *shared),
        input=SystemRef(path="1"),
        output=SystemRef(name="physical"),
    )
    assert the_image(parsed).transformations == ()
    assert parsed.findings == ()


def test_a_multiscale_translation_alone_is_legal_practice() -> None:
    parsed = read([scale(2, 2)], coordinateTransformations=[translation(1, 2)])

    expected = SequenceTransformation((Scale((2, 2)), Translation((1, 2))), **REFS)
    assert the_image(parsed).datasets[0].transformation == expected
    assert parsed.findings == ()


def test_named_targets_in_05_are_alternatives_as_spatialdata_writes_them() -> None:
    def space(name: str) -> dict[str, Any]:
        return {"name": name, "axes": [{"name": "x", "type": "space"}, {"name": "y"}]}

    affine = {
        "type": "affine",
        "affine": [[1, 2, 3], [4, 5, 6]],
        "input": space("xy"),
        "output": space("global"),
    }
    parsed = read([scale(2, 2)], version="0.5-dev-spatialdata", coordinateTransformations=[affine])

    multiscale = the_image(parsed)
    assert multiscale.datasets[0].transformation == Scale((2, 2), **REFS)
    (alternative,) = multiscale.transformations
    assert isinstance(alternative, AffineTransformation)
    assert alternative.affine == ((1, 2, 3), (4, 5, 6))
    # It starts at the image's own system, and counts axes in the order it states: x, y.
    assert alternative.input is not None
    assert alternative.input.name == multiscale.intrinsic.name
    assert [axis.name for axis in alternative.input.axes or ()] == ["x", "y"]
    assert alternative.output is not None
    assert alternative.output.name == "global"
    assert parsed.findings == ()


# --- version 0.6


def graph(*levels: dict[str, Any], systems: Any = ("physical",), **more: Any) -> ParsedGroup:
    multiscale = {
        "coordinateSystems": [{"name": name, "axes": AXES} for name in systems],
        "datasets": [
            {"path": str(index), "coordinateTransformations": [level]}
            for index, level in enumerate(levels)
        ],
    } | more
    return parse_group(
        {"ome": {"version": "0.6", "multiscales": [multiscale]}}, path="", zarr_format=3
    )


def to(name: str | None, level: int = 0) -> dict[str, Any]:
    return {"input": {"path": str(level)}, "output": {"name": name}}


@pytest.mark.parametrize("systems", [("physical", "other"), ("other", "physical")])
def test_the_intrinsic_system_is_the_one_the_levels_lead_to(systems: tuple[str, ...]) -> None:
    parsed = graph(scale(1, 1) | to("physical"), systems=systems)

    assert the_image(parsed).intrinsic.name == "physical"
    assert parsed.findings == ()


def test_levels_that_lead_nowhere_lead_to_the_last_system() -> None:
    parsed = graph(scale(1, 1) | to("lost"), scale(2, 2) | to("lost", 1), systems=("first", "last"))

    outputs = [
        each.transformation.output for each in the_image(parsed).datasets if each.transformation
    ]
    assert outputs == [SystemRef(name="last")] * 2
    assert codes(parsed) == ["coordinate-system-unknown"]


def test_a_level_that_leads_elsewhere_is_placed_by_its_size() -> None:
    parsed = graph(
        scale(1, 1) | to("physical"), scale(2, 2) | to("other", 1), systems=("other", "physical")
    )

    assert the_image(parsed).datasets[1] == Dataset("1", None)
    assert codes(parsed) == ["level-output-differs"]


def test_a_transformation_without_ends_is_left_out_of_the_graph() -> None:
    parsed = graph(scale(1, 1) | to("physical"), coordinateTransformations=[scale(2, 2)])

    assert the_image(parsed).transformations == ()
    assert codes(parsed) == ["transformation-reference-missing"]


def test_no_system_at_all_leaves_the_axes_to_the_array() -> None:
    parsed = graph(scale(1, 1) | to("physical"), systems=())

    assert the_image(parsed).axes == ()
    assert codes(parsed) == ["multiscale-systems-missing"]


# --- lists of levels and of images


@pytest.mark.parametrize(
    ("datasets", "paths", "code"),
    [
        ([], (), "multiscale-datasets-missing"),
        (None, (), "multiscale-datasets-missing"),
        ([{}], (), "dataset-path-missing"),
        ([{"path": 0}], ("0",), "dataset-path-missing"),
        (["s0"], ("s0",), "wrong-type"),
        ("s0", (), "multiscale-datasets-missing"),
    ],
)
def test_levels_without_a_path_are_left_out_and_told(
    datasets: Any, paths: tuple[str, ...], code: str
) -> None:
    parsed = read(datasets=datasets)

    assert tuple(each.path for each in the_image(parsed).datasets) == paths
    assert code in codes(parsed)


@pytest.mark.parametrize(
    ("multiscales", "count", "code"),
    [
        ([], 0, "multiscales-empty"),
        (None, 0, "wrong-type"),
        ("image", 0, "wrong-type"),
        ([3], 0, "wrong-type"),
        ({"axes": AXES, "datasets": [{"path": "0"}]}, 1, "wrong-type"),
    ],
)
def test_multiscales_that_are_no_list_of_objects_are_told(
    multiscales: Any, count: int, code: str
) -> None:
    parsed = parse_group(
        {"ome": {"version": "0.5", "multiscales": multiscales}}, path="", zarr_format=3
    )

    assert len(parsed.group.multiscales) == count
    assert codes(parsed)[0] == code
