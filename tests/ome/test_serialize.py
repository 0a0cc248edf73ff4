"""Writing: valid by the specification's own schemas, and read back as the same model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.ome import (
    AffineTransformation,
    Axis,
    ByDimension,
    ByDimensionItem,
    CoordinateSystem,
    Dataset,
    FrozenMapping,
    Identity,
    ImageLabel,
    LabelColor,
    LabelProperties,
    Multiscale,
    OmeGroup,
    Omero,
    OmeroChannel,
    Plate,
    PlateWell,
    Rotation,
    Scale,
    Scene,
    SequenceTransformation,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
    Well,
    WellImage,
    Window,
    parse_group,
    to_attributes,
)
from napari_ome_zip.ome.orientation import Orientation
from ome.documents import conformance_params
from ome.strategies import groups

RELEASED = ["0.5", "0.6"]
DRAFT = "0.9.dev1"
VERSIONS = [*RELEASED, DRAFT]
FOLDERS = {"0.9.dev1": "0.9"}
SCHEMAS = {
    "multiscales": "image",
    "image-label": "label",
    "plate": "plate",
    "well": "well",
    "scene": "scene",
    "bioformats2raw.layout": "bf2raw",
    "series": "ome",
}

many = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@cache
def validators(version: str) -> dict[str, Callable[[Any], None]]:
    """Return a check per object, from the official schemas that ngff-zarr ships."""
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    pytest.importorskip("ngff_zarr")
    folder = Path(str(files("ngff_zarr"))) / "spec" / FOLDERS.get(version, version) / "schemas"
    if not folder.is_dir():
        pytest.skip(f"ngff-zarr ships no schemas for {version}")
    schemas = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.schema")}
    dialect = pytest.importorskip("referencing.jsonschema").DRAFT202012
    registry = referencing.Registry().with_resources(
        (schema["$id"], dialect.create_resource(schema)) for schema in schemas.values()
    )
    return {
        key: jsonschema.Draft202012Validator(schemas[name], registry=registry).validate
        for key, name in SCHEMAS.items()
        if name in schemas
    }


def check(attributes: dict[str, Any], version: str) -> None:
    """Raise where written attributes break the schema of any object in them."""
    json.dumps(attributes, allow_nan=False)
    for key, validate in validators(version).items():
        if key in attributes.get("ome", {}):
            validate(attributes)


def read(attributes: Any, path: str = "") -> OmeGroup:
    parsed = parse_group(attributes, path=path, zarr_format=3)
    assert [finding.message for finding in parsed.findings] == []
    return parsed.group


@pytest.mark.parametrize("version", VERSIONS)
@many
@given(st.data())
def test_what_is_written_is_read_back_as_the_same_model(version: str, data: Any) -> None:
    group = data.draw(groups(version))

    assert read(to_attributes(group, version), group.path) == group


@pytest.mark.parametrize("version", VERSIONS)
@settings(many, max_examples=40)
@given(st.data())
def test_what_is_written_is_valid_by_the_schemas(version: str, data: Any) -> None:
    check(to_attributes(data.draw(groups(version)), version), version)


@settings(many, max_examples=40)
@given(groups("0.5"))
def test_what_05_holds_06_holds_too(group: OmeGroup) -> None:
    written = to_attributes(group, "0.6")

    check(written, "0.6")
    again = read(written, group.path)
    assert again.multiscales == group.multiscales
    assert read(to_attributes(again, "0.5"), group.path) == group


# It states a scale of two numbers for three axes, which a schema cannot see.
CONTRADICTORY = "mismatch_axes_units.json"


@pytest.mark.parametrize("document", conformance_params("*/valid/**/*.json"))
def test_valid_documents_are_read_without_findings_and_written_again(document: Path) -> None:
    attributes = json.loads(document.read_text(encoding="utf-8"))
    parsed = parse_group(attributes, path="", zarr_format=3)
    if document.name == CONTRADICTORY:
        assert [finding.code for finding in parsed.findings] == ["transformation-dimensions"]
        return

    assert parsed.findings == ()
    written = to_attributes(parsed.group, "0.6")
    check(written, "0.6")
    assert read(written) == parsed.group


@pytest.mark.parametrize(
    "document",
    [
        param
        for param in conformance_params("*/valid/**/*.json")
        if CONTRADICTORY not in str(param.id)
    ],
)
def test_nothing_the_model_holds_is_lost_from_a_valid_document(document: Path) -> None:
    attributes = json.loads(document.read_text(encoding="utf-8"))
    written = to_attributes(read(attributes), "0.6")

    assert written["ome"] == _without(attributes["ome"])


# The model holds no descriptive flags of channels, and no foreign keys.
DROPPED = {"family", "coefficient", "@id", "@type"}


def _without(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_without(item) for item in value]
    if not isinstance(value, dict):
        return "0.6" if value == "0.6rc0" else value
    if value.get("discrete") is False:  # which is what an axis is that says nothing
        value = {inner: item for inner, item in value.items() if inner != "discrete"}
    if key == "omero":
        value = {inner: item for inner, item in value.items() if inner not in ("id", "version")}
    return {
        inner: item if inner == "metadata" else _without(item, inner)
        for inner, item in value.items()
        if inner not in DROPPED
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_that_says_nothing_has_no_attributes(version: str) -> None:
    assert to_attributes(OmeGroup(), version) == {}


# --- what a version cannot hold is said

AXES = (Axis("y", "space"), Axis("x", "space"))
WORLD = CoordinateSystem("world", AXES)


def image(transformation: Transformation | None, axes: tuple[Axis, ...] = AXES) -> OmeGroup:
    systems = (CoordinateSystem("physical", axes),)
    level = Dataset("0", transformation)
    return OmeGroup(multiscales=(Multiscale("cells", None, systems, (level,)),))


PLAIN = image(Scale((1.0, 1.0)))
ENDS = {"input": SystemRef(None, "physical"), "output": SystemRef(None, "world")}
SEVERAL = Multiscale(
    "cells",
    None,
    (WORLD, CoordinateSystem("physical", AXES)),
    (Dataset("0", Scale((1.0, 1.0))),),
    (Rotation(((0.0, -1.0), (1.0, 0.0)), **ENDS),),
)


@pytest.mark.parametrize(
    ("group", "says"),
    [
        (OmeGroup(scene=Scene((WORLD,), (Identity(**ENDS),))), "scene"),
        (OmeGroup(multiscales=(SEVERAL,)), "several coordinate systems"),
        (image(Scale((1.0, 1.0)), (Axis("c", "channel"), *AXES)), "scale and translation"),
        (
            image(Scale((1.0, 1.0, 1.0)), (*AXES, Axis("c", "channel"))),
            "order y, x, c",
        ),
    ],
)
def test_what_05_has_no_place_for_is_said(group: OmeGroup, says: str) -> None:
    with pytest.raises(MetadataError, match=says):
        to_attributes(group, "0.5")


def test_06_has_a_place_for_several_systems() -> None:
    check(to_attributes(OmeGroup(multiscales=(SEVERAL,)), "0.6"), "0.6")


@pytest.mark.parametrize("version", RELEASED)
@pytest.mark.parametrize(
    ("axes", "says"),
    [
        (AXES[:1], "1 axis .* wants 2 to 5 axes"),
        ([Axis(name, "space") for name in "abcdef"], "6 axes"),
        ([Axis("t", "time"), Axis("x", "space")], "1 axis of space"),
        ([Axis(name, "space") for name in "wzyx"], "4 axes of space"),
        ([Axis("t", "time"), Axis("u", "time"), *AXES], "2 axes of time"),
        ([Axis("c", "channel"), Axis("p", "phase"), *AXES], "2 axes that are neither"),
        ([*AXES, Axis("t", "time")], "axes in the order"),
        ([AXES[0], Axis("c", "channel"), AXES[1]], "axes in the order"),
    ],
)
def test_axes_that_a_released_version_does_not_hold_are_held_by_a_draft(
    version: str, axes: Any, says: str
) -> None:
    group = image(Scale((1.0,) * len(axes)), tuple(axes))
    with pytest.raises(MetadataError, match=says):
        to_attributes(group, version)
    check(to_attributes(group, DRAFT), DRAFT)


def test_only_a_draft_says_where_axes_of_space_lead_in_a_body() -> None:
    way = Orientation("left-to-right")
    axes = (Axis("c", "channel", orientation=way), AXES[0], replace(AXES[1], orientation=way))
    group = image(Scale((1.0,) * 3), axes)
    for version, said in (("0.6", [None] * 3), (DRAFT, [None, None, way.to_json()])):
        (system,) = to_attributes(group, version)["ome"]["multiscales"][0]["coordinateSystems"]
        assert [axis.get("orientation") for axis in system["axes"]] == said


def test_a_draft_holds_what_is_known_of_a_window() -> None:
    windows = (Window(start=1, end=2), Window(0, 9, 1, 2), Window(min=0, max=9), None)
    group = OmeGroup(omero=Omero(tuple(OmeroChannel(window=each) for each in windows)))
    channels = to_attributes(group, DRAFT)["ome"]["omero"]["channels"]
    assert [channel.get("window") for channel in channels] == [
        {"start": 1, "end": 2},
        {"min": 0, "max": 9, "start": 1, "end": 2},
        None,
        None,
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("group", "says"),
    [
        (image(None), "no scale for level '0'"),
        (image(Scale((0.0, 1.0))), "other than 0"),
        (image(Scale((float("nan"), 1.0))), "finite"),
        (
            image(SequenceTransformation((Scale((1.0, 1.0)), Translation((float("inf"), 0.0))))),
            "finite",
        ),
        (image(Rotation(((0.0, -1.0), (1.0, 0.0)))), "scale and translation"),
        (image(AffineTransformation(path="affine")), "scale and translation"),
        (image(Scale(path="scale")), "scale and translation"),
        (image(Scale((1.0,)), ()), "no axes"),
        (image(Scale((1.0, 1.0)), (Axis("x", "space"),) * 2), "name of its own"),
        (OmeGroup(multiscales=(Multiscale(coordinate_systems=(WORLD,)),)), "no levels"),
        (OmeGroup(plate=Plate()), "no rows"),
        (OmeGroup(plate=Plate(None, ("A a",), ("1",), (PlateWell("A/1", 0, 0),))), "A a"),
        (OmeGroup(plate=Plate(None, ("A",), ("1",), (PlateWell("A1", 0, 0),))), "A1"),
        (OmeGroup(multiscales=PLAIN.multiscales * 2), "the same"),
        (OmeGroup(well=Well((WellImage("0"),) * 2)), "the same"),
        (
            OmeGroup(image_label=ImageLabel((LabelColor(1), LabelColor(1, (0, 0, 0, 0))))),
            "the same",
        ),
        (OmeGroup(well=Well()), "no fields of view"),
        (OmeGroup(well=Well((WellImage("__0"),))), "__0"),
    ],
)
def test_what_no_version_holds_is_said(version: str, group: OmeGroup, says: str) -> None:
    with pytest.raises(MetadataError, match=says):
        to_attributes(group, version)


@pytest.mark.parametrize(
    ("transformation", "says"),
    [
        (Unknown("thinPlateSpline", **ENDS), "thinPlateSpline"),
        (Scale(path="scale", **ENDS), "array"),
        (Rotation(**ENDS), "missing"),
        (Identity(), "no input"),
        (Identity(input=ENDS["input"]), "no output"),
        (Identity(input=ENDS["input"], output=SystemRef("img")), "no output"),
        (Identity(input=SystemRef(None, "cyx", AXES), output=ENDS["output"]), "own axes"),
        (
            ByDimension((ByDimensionItem(Identity(), ("y",), ("x",)),), **ENDS),
            "names its axes",
        ),
    ],
)
def test_transformations_that_06_does_not_hold_are_said(
    transformation: Transformation, says: str
) -> None:
    with pytest.raises(MetadataError, match=says):
        to_attributes(OmeGroup(scene=Scene((), (transformation,))), "0.6")


def test_a_scene_without_transformations_is_said() -> None:
    with pytest.raises(MetadataError, match="no transformations"):
        to_attributes(OmeGroup(scene=Scene((WORLD,))), "0.6")


# --- what is written in another way than it is held


@pytest.mark.parametrize(
    ("held", "scale", "translation"),
    [
        (Identity(), [1, 1], None),
        (Translation((3.0, 4.0)), [1, 1], [3, 4]),
        (
            SequenceTransformation((Translation((10.0, 20.0)), Scale((0.5, 0.25)))),
            [0.5, 0.25],
            [5, 5],
        ),
        (
            SequenceTransformation(
                (
                    SequenceTransformation((Scale((2.0, 2.0)), Translation((1.0, 2.0)))),
                    Identity(),
                    SequenceTransformation((Scale((3.0, 5.0)), Translation((10.0, 20.0)))),
                )
            ),
            [6, 10],
            [13, 30],
        ),
    ],
)
def test_other_orders_are_written_as_the_same_scale_and_translation(
    held: Transformation, scale: list[float], translation: list[float] | None
) -> None:
    expected = [{"type": "scale", "scale": scale}]
    if translation:
        expected.append({"type": "translation", "translation": translation})

    (written,) = to_attributes(image(held), "0.5")["ome"]["multiscales"]
    assert written["datasets"][0]["coordinateTransformations"] == expected

    attributes = to_attributes(image(held), "0.6")
    check(attributes, "0.6")
    if len(expected) == 2:
        (level,) = attributes["ome"]["multiscales"][0]["datasets"]
        assert level["coordinateTransformations"][0]["transformations"] == expected


def test_levels_of_a_model_made_by_hand_get_their_ends() -> None:
    (written,) = to_attributes(PLAIN, "0.6")["ome"]["multiscales"]

    (transformation,) = written["datasets"][0]["coordinateTransformations"]
    assert transformation["input"] == {"path": "0"}
    assert transformation["output"] == {"name": "physical"}


@pytest.mark.parametrize(
    ("window", "written"),
    [
        (Window(start=1, end=9), {"min": 1, "max": 9, "start": 1, "end": 9}),
        (Window(min=0, max=255), {"min": 0, "max": 255, "start": 0, "end": 255}),
        (Window(min=0, end=9), {"min": 0, "max": 9, "start": 0, "end": 9}),
        (Window(start=3), None),
    ],
)
def test_a_window_is_written_with_all_four_limits_or_not_at_all(
    window: Window, written: dict[str, float] | None
) -> None:
    group = OmeGroup(omero=Omero((OmeroChannel(window=window),)))

    (channel,) = to_attributes(group, "0.5")["ome"]["omero"]["channels"]
    assert channel.get("window") == written


def test_an_image_label_with_nothing_in_it_is_still_a_label_image() -> None:
    assert to_attributes(OmeGroup(image_label=ImageLabel()), "0.5") == {
        "ome": {"version": "0.5", "image-label": {}}
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_that_json_does_not_have_are_written_as_null(version: str) -> None:
    free = FrozenMapping({"mean": float("nan"), "range": [0.5, float("-inf")]})
    label = ImageLabel(properties=(LabelProperties(1, free),))
    window = Window(0.0, float("inf"), 0.0, float("nan"))
    omero = Omero((OmeroChannel("a", window=window),))

    written = to_attributes(OmeGroup(image_label=label, omero=omero, display=free), version)

    check(written, version)
    assert written["napari_ome_zip"] == {"mean": None, "range": [0.5, None]}
    assert written["ome"]["image-label"]["properties"] == [
        {"label-value": 1, "mean": None, "range": [0.5, None]}
    ]
    assert written["ome"]["omero"]["channels"] == [{"label": "a"}]
