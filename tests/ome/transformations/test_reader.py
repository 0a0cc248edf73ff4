"""Coordinate transformations: each kind as written, as drafts wrote it, and damaged."""

from __future__ import annotations

from typing import Any

import pytest

from napari_ome_zip.ome import (
    AffineTransformation,
    Bijection,
    ByDimension,
    ByDimensionItem,
    Coordinates,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Scene,
    SequenceTransformation,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
    parse_group,
)

ENDS = {"input": {"path": "img", "name": "physical"}, "output": {"name": "world"}}
REFS = {"input": SystemRef("img", "physical"), "output": SystemRef(None, "world")}


def read_scene(*listed: Any, version: str = "0.6", **more: Any) -> tuple[Scene, list[str]]:
    scene = {"coordinateTransformations": list(listed)} | more
    parsed = parse_group({"ome": {"version": version, "scene": scene}}, path="", zarr_format=3)
    assert parsed.group.scene is not None
    return parsed.group.scene, [finding.code for finding in parsed.findings]


def read(written: dict[str, Any]) -> tuple[Transformation, list[str]]:
    scene, found = read_scene(written | ENDS)
    (transformation,) = scene.transformations
    return transformation, found


SCALE = {"type": "scale", "scale": [2, 3]}
READ_SCALE = Scale((2, 3))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"type": "identity"}, Identity(**REFS)),
        ({"type": "mapAxis", "mapAxis": [1, 2, 0]}, MapAxis((1, 2, 0), **REFS)),
        ({"type": "projectAxis", "droppedInputs": [0]}, ProjectAxis((0,), (), **REFS)),
        ({"type": "projectAxis", "createdOutputs": [0, 2]}, ProjectAxis((), (0, 2), **REFS)),
        ({"type": "translation", "translation": [1, -2]}, Translation((1, -2), **REFS)),
        ({"type": "scale", "scale": [2, 0.5]}, Scale((2, 0.5), **REFS)),
        ({"type": "scale", "scale": [-1, 1]}, Scale((-1, 1), **REFS)),
        ({"type": "scale", "path": "s"}, Scale(None, "s", **REFS)),
        (
            {"type": "affine", "affine": [[1, 2, 3], [4, 5, 6]]},
            AffineTransformation(((1, 2, 3), (4, 5, 6)), **REFS),
        ),
        ({"type": "affine", "path": "aff"}, AffineTransformation(None, "aff", **REFS)),
        ({"type": "rotation", "rotation": [[0, -1], [1, 0]]}, Rotation(((0, -1), (1, 0)), **REFS)),
        ({"type": "rotation", "path": "rot"}, Rotation(None, "rot", **REFS)),
        ({"type": "sequence", "transformations": []}, SequenceTransformation((), **REFS)),
        (
            {"type": "sequence", "transformations": [SCALE, {"type": "identity"}]},
            SequenceTransformation((READ_SCALE, Identity()), **REFS),
        ),
        (
            {
                "type": "byDimension",
                "transformations": [
                    {"transformation": SCALE, "inputAxes": [1, 0], "outputAxes": [0, 1]}
                ],
            },
            ByDimension((ByDimensionItem(READ_SCALE, (1, 0), (0, 1)),), **REFS),
        ),
        (
            {"type": "bijection", "forward": SCALE, "inverse": {"type": "identity"}},
            Bijection(READ_SCALE, Identity(), **REFS),
        ),
        (
            {"type": "displacements", "path": "field", "interpolation": "linear"},
            Displacements("field", "linear", **REFS),
        ),
        ({"type": "coordinates", "path": "field"}, Coordinates("field", None, **REFS)),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
def test_every_kind_is_read_as_written(written: dict[str, Any], expected: Transformation) -> None:
    assert read(written) == (expected, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"type": "mapAxis"}, "map-axis-invalid"),
        ({"type": "mapAxis", "mapAxis": [0, 0]}, "map-axis-invalid"),
        ({"type": "mapAxis", "mapAxis": [0, 5]}, "map-axis-invalid"),
        ({"type": "mapAxis", "mapAxis": [True, 0]}, "map-axis-invalid"),
        ({"type": "projectAxis"}, "project-axis-invalid"),
        ({"type": "projectAxis", "droppedInputs": [0, 0]}, "project-axis-invalid"),
        ({"type": "projectAxis", "droppedInputs": ["z"]}, "project-axis-invalid"),
        ({"type": "scale"}, "transformation-parameters"),
        ({"type": "scale", "scale": [1, 0]}, "scale-zero"),
        ({"type": "scale", "scale": [1, None]}, "transformation-parameters"),
        ({"type": "translation", "translation": ["a"]}, "transformation-parameters"),
        ({"type": "affine"}, "matrix-invalid"),
        ({"type": "affine", "affine": [[1, 0, 0], [0, 1]]}, "matrix-invalid"),
        ({"type": "affine", "affine": [1, 0, 0]}, "matrix-invalid"),
        ({"type": "affine", "affine": []}, "matrix-invalid"),
        ({"type": "affine", "affine": [[1, float("nan")]]}, "matrix-invalid"),
        ({"type": "rotation", "rotation": [[1, 0, 0], [0, 1, 0]]}, "rotation-not-square"),
        ({"type": "sequence"}, "sequence-empty"),
        ({"type": "byDimension"}, "by-dimension-invalid"),
        ({"type": "byDimension", "transformations": [SCALE]}, "by-dimension-invalid"),
        ({"type": "byDimension", "transformations": [3]}, "wrong-type"),
        ({"type": "bijection", "forward": SCALE}, "bijection-incomplete"),
        ({"type": "displacements"}, "vector-field-path-missing"),
        ({"type": "coordinates", "path": 3}, "vector-field-path-missing"),
    ],
    ids=str,
)
def test_illegal_parameters_make_a_known_kind_unusable(written: dict[str, Any], code: str) -> None:
    transformation, found = read(written)

    assert isinstance(transformation, Unknown)
    assert transformation.kind == written["type"]
    assert transformation.problem
    assert found == [code]


def test_an_unknown_kind_keeps_its_name_and_its_ends() -> None:
    transformation, found = read({"type": "thinPlateSpline", "landmarks": []})

    assert transformation == Unknown("thinPlateSpline", **REFS)
    assert found == ["transformation-kind-unknown"]


def test_one_unusable_part_is_found_inside_its_whole() -> None:
    whole, found = read({"type": "sequence", "transformations": [SCALE, {"type": "spline"}]})

    assert [part.kind for part in whole.walk()] == ["sequence", "scale", "spline"]
    assert found == ["transformation-kind-unknown"]


@pytest.mark.parametrize(
    "axes",
    [
        {"input_axes": ["y"], "output_axes": ["x"], "transformation": SCALE},
        {"inputAxes": ["y"], "outputAxes": ["x"], "transformation": SCALE},
        SCALE | {"input": ["y"], "output": ["x"]},
    ],
)
def test_drafts_name_the_axes_of_by_dimension(axes: dict[str, Any]) -> None:
    whole, found = read({"type": "byDimension", "transformations": [axes]})

    assert isinstance(whole, ByDimension)
    assert whole.items == (ByDimensionItem(READ_SCALE, ("y",), ("x",)),)
    assert found == []


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        ("world", SystemRef(None, "world")),
        ("img/physical", SystemRef("img", "physical")),
        ("a/b/physical", SystemRef("a/b", "physical")),
        ("own/name", SystemRef(None, "own/name")),
        ({"name": "world"}, SystemRef(None, "world")),
        ({"path": None, "name": "world"}, SystemRef(None, "world")),
        ({"path": "", "name": "world"}, SystemRef(None, "world")),
        ({"path": ".", "name": "world"}, SystemRef(None, "world")),
        ({"path": "img"}, SystemRef("img", None)),
    ],
)
def test_references_are_objects_or_strings_in_drafts(written: Any, ref: SystemRef) -> None:
    systems = [{"name": "own/name", "axes": []}]
    scene, found = read_scene(SCALE | ENDS | {"input": written}, coordinateSystems=systems)

    assert scene.transformations[0].input == ref
    assert found == []


@pytest.mark.parametrize("end", ["input", "output"])
@pytest.mark.parametrize("nothing", [None, {}, "", 3, {"path": None}])
def test_a_transformation_of_a_scene_without_an_end_is_left_out(end: str, nothing: Any) -> None:
    scene, found = read_scene(SCALE | ENDS | {end: nothing})

    assert scene.transformations == ()
    assert found == ["transformation-reference-invalid"]


def test_the_first_drafts_had_the_scene_in_the_key_ome_itself() -> None:
    document = {
        "version": "0.6.dev1",
        "coordinateTransformations": [SCALE | {"input": "img/physical", "output": "world"}],
        "coordinateSystems": [{"name": "world", "axes": [{"name": "y"}, {"name": "x"}]}],
    }

    parsed = parse_group({"ome": document}, path="", zarr_format=3)

    assert parsed.findings == ()
    assert parsed.group.scene is not None
    assert parsed.group.scene.transformations == (Scale((2, 3), **REFS),)
    assert [system.name for system in parsed.group.scene.coordinate_systems] == ["world"]


def test_two_systems_of_one_name_leave_the_first() -> None:
    systems = [
        {"name": "world", "axes": [{"name": "y"}]},
        {"name": "world", "axes": [{"name": "x"}]},
        "world",
        {"axes": []},
    ]
    scene, found = read_scene(SCALE | ENDS, coordinateSystems=systems)

    assert [system.name for system in scene.coordinate_systems] == ["world", "system_3"]
    assert scene.coordinate_systems[0].axes[0].name == "y"
    assert found == [
        "coordinate-system-name-duplicate",
        "wrong-type",
        "coordinate-system-name-missing",
    ]


@pytest.mark.parametrize("scene", [3, [], "scene"])
def test_a_scene_that_is_no_object_is_told(scene: Any) -> None:
    parsed = parse_group({"ome": {"version": "0.6", "scene": scene}}, path="", zarr_format=3)

    assert parsed.group.scene is None
    assert [finding.code for finding in parsed.findings] == ["wrong-type"]
