"""Reading a group's document: any JSON is read, every version gives one model, repairs are told."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip.findings import Finding
from napari_ome_zip.ome import (
    OmeGroup,
    ParsedGroup,
    Scale,
    SequenceTransformation,
    SystemRef,
    Translation,
)
from napari_ome_zip.ome.parse import parse_group
from ome.documents import ATTRIBUTES
from ome.strategies import damaged, json_values

KEYS = [
    "multiscales",
    "omero",
    "image-label",
    "plate",
    "well",
    "scene",
    "labels",
    "series",
    "bioformats2raw.layout",
    "version",
    "coordinateTransformations",
    "coordinateSystems",
]


def read(attributes: Any, *, path: str = "", zarr_format: int = 3) -> ParsedGroup:
    return parse_group(attributes, path=path, zarr_format=zarr_format)


def codes(parsed: ParsedGroup) -> list[str]:
    return [finding.code for finding in parsed.findings]


def image(version: Any = "0.5", **changes: Any) -> dict[str, Any]:
    """Return the document of a simple image of two levels, with changes to its multiscale."""
    multiscale = {
        "axes": [
            {"name": "c", "type": "channel"},
            {"name": "y", "type": "space", "unit": "micrometer"},
            {"name": "x", "type": "space", "unit": "micrometer"},
        ],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [{"type": "scale", "scale": [1, 0.5, 0.25]}],
            },
            {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.5]}]},
        ],
    }
    return {"ome": {"version": version, "multiscales": [multiscale | changes]}}


# --- any JSON


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(json_values, st.sampled_from([2, 3]))
def test_any_json_value_is_read(value: Any, zarr_format: int) -> None:
    assert isinstance(read(value, zarr_format=zarr_format).group, OmeGroup)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), json_values), st.sampled_from([2, 3]))
def test_any_json_value_is_read_in_the_place_of_every_object(
    value: dict[str, Any], zarr_format: int
) -> None:
    for attributes in (value, {"ome": value}):
        group = read(attributes, zarr_format=zarr_format).group
        assert isinstance(hash(group), int)
        assert isinstance(pickle.loads(pickle.dumps(group)), OmeGroup)


VALID = [json.loads(path.read_text()) for path in sorted(ATTRIBUTES.glob("*/valid/**/*.json"))]


_AXES = [
    {"name": "h", "type": "phase", "unit": "degree"},
    {"name": "t", "type": "time", "unit": "second"},
    *(
        {"name": name, "type": "space", "orientation": {"type": "anatomical", "value": value}}
        for name, value in (("y", "anterior-to-posterior"), ("x", "right-to-left"))
    ),
]
DRAFT = image("0.9.dev1")["ome"] | {
    "multiscales": [
        {
            "coordinateSystems": [{"name": "physical", "axes": _AXES}],
            "datasets": [{"path": "0"}],
            "coordinateTransformations": [
                {"type": "mapAxis", "mapAxis": [3, 2, 1, 0]},
                {"type": "projectAxis", "droppedInputs": [3], "createdOutputs": [0]},
            ],
        }
    ],
    "omero": {"channels": [{}, {"inverted": True, "window": {"start": 1, "end": 2}}]},
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(["0.5+rfc3", "0.6", "0.9.dev1", "0.9.dev7", "2"]), st.booleans())
def test_any_damage_to_a_draft_is_read_and_judged(
    data: st.DataObject, version: str, judging: bool
) -> None:
    document = data.draw(damaged({"ome": DRAFT | {"version": version}}))

    parsed = parse_group(document, path="", zarr_format=3, judging=judging)

    assert isinstance(hash(parsed.group), int)
    for finding in parsed.findings:
        assert len(finding.message) < 400
    for departure in parsed.departures.all():
        assert len(departure.found) < 400


@pytest.mark.skipif(not VALID, reason=f"the conformance documents are not there: {ATTRIBUTES}")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_to_a_valid_document_is_read(data: st.DataObject) -> None:
    document = data.draw(damaged(data.draw(st.sampled_from(VALID))))

    parsed = read(document)

    again = read(document)
    assert parsed.group == again.group or "nan" in repr(parsed.group)
    assert parsed.findings == again.findings
    for finding in parsed.findings:
        assert isinstance(finding, Finding)
        assert finding.message.endswith(".")
        assert len(finding.message) < 400


def test_transformations_nested_without_end_are_not_followed() -> None:
    nested: dict[str, Any] = {"type": "identity"}
    for _ in range(5000):
        nested = {"type": "sequence", "transformations": [nested]}
    levels = [{"path": "0", "coordinateTransformations": [nested]}]

    parsed = read(image(datasets=levels))

    assert parsed.group.multiscales[0].datasets[0].transformation is None
    assert codes(parsed) == ["metadata-too-deep"]


def test_metadata_nested_without_end_are_left_out() -> None:
    nested: dict[str, Any] = {}
    for _ in range(5000):
        nested = {"inside": nested}

    parsed = read({**image(metadata=nested), "napari_ome_zip": nested})

    assert parsed.group.multiscales[0].metadata is None
    assert parsed.group.display is None
    assert codes(parsed) == ["metadata-too-deep"] * 2


@pytest.mark.parametrize(
    "document",
    [
        {"ome": {"labels": ["cells"] * 200_000}},
        image(axes=["x"] * 200_000),
        image(datasets=[{"path": "0"}] * 200_000),
        image(
            "0.6",
            coordinateSystems=[
                {"name": str(number), "axes": [{"name": "y"}, {"name": "x"}]}
                for number in range(30_000)
            ],
        ),
    ],
    ids=["labels", "axes", "levels", "systems"],
)
@pytest.mark.timeout(60)
def test_a_long_list_is_read_in_linear_time_with_few_findings(
    document: dict[str, Any],
) -> None:
    assert len(read(document).findings) < 6


@pytest.mark.parametrize("nothing", [{}, None, {"_ARRAY_DIMENSIONS": ["y", "x"]}, {"ome": {}}])
def test_a_document_without_ome_zarr_is_an_empty_group_without_findings(nothing: Any) -> None:
    parsed = read(nothing, path="somewhere")

    assert parsed.group == OmeGroup("somewhere")
    assert parsed.findings == ()


@pytest.mark.skipif(not VALID, reason=f"the conformance documents are not there: {ATTRIBUTES}")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_judging_changes_nothing_about_what_is_read(data: st.DataObject) -> None:
    document = data.draw(damaged(data.draw(st.sampled_from(VALID))))

    opened = read(document)
    judged = parse_group(document, path="", zarr_format=3, judging=True)

    assert judged.group == opened.group or "nan" in repr(opened.group)
    assert judged.findings == opened.findings


# --- versions


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0.5", "0.5"),
        ("0.6", "0.6"),
        ("0.6rc0", "0.6"),
        ("0.6.dev1", "0.6"),
        ("0.6.dev4", "0.6"),
        ("0.6dev1", "0.6"),
        ("0.5-dev-spatialdata", "0.5"),
        ("0.4-dev-spatialdata", "0.4"),
    ],
)
def test_known_versions_and_their_variants_are_read_without_complaint(
    written: str, number: str
) -> None:
    parsed = read(image(written))

    assert parsed.group.version == number
    assert parsed.group.multiscales[0].version == number
    assert parsed.findings == ()


@pytest.mark.parametrize("written", ["1.0", "0.7", "0.9.dev2", "0.9.dev7", "0.9", "0.60"])
def test_a_newer_version_is_read_as_it_is_laid_out_and_told(written: str) -> None:
    parsed = read(image(written))

    assert parsed.group.version == written
    assert codes(parsed) == ["version-unknown"]
    kind = "draft of OME-Zarr" if "dev" in written else "OME-Zarr"
    message = parsed.findings[0].message
    assert message.startswith(f"Written for a newer {kind}, {written}, which is not known (")
    assert message.endswith(" are); what is understood of it is shown.")
    # What the document says is read all the same.
    assert parsed.group.multiscales == read(image("0.5")).group.multiscales


@pytest.mark.parametrize("written", ["newest", "", "0.0", "v1", "1." * 99, "0.7 " + "x" * 5000])
def test_what_is_no_version_is_told_and_not_called_newer(written: str) -> None:
    parsed = read(image(written))

    assert parsed.group.version == ("0.0" if written == "0.0" else "unknown")
    assert codes(parsed) == ["version-unknown"]
    assert parsed.findings[0].message.startswith('Version "')
    assert len(parsed.findings[0].message) < 150
    assert parsed.group.multiscales == read(image("0.5")).group.multiscales


@pytest.mark.parametrize("written", ["0.5+rfc3", "0.9.dev1", "0.9.dev3"])
def test_a_draft_that_is_known_is_read_without_a_word(written: str) -> None:
    parsed = read(image(written))

    assert parsed.group.version == written
    assert codes(parsed) == []
    # What the document says is read all the same.
    assert parsed.group.multiscales == read(image("0.5")).group.multiscales


def test_a_version_that_is_a_number_is_told() -> None:
    parsed = read(image(0.5))

    assert parsed.group == read(image("0.5")).group
    assert parsed.findings == (
        Finding(
            "version-not-text",
            "version",
            "Version is not a string but the number 0.5; read as 0.5.",
        ),
    )


@pytest.mark.parametrize(
    "written", [True, ["0.5"], {"version": "0.5"}, pytest.param(10**5000, id="huge")]
)
def test_a_version_that_is_nothing_sensible_is_guessed(written: Any) -> None:
    parsed = read(image(written))

    assert parsed.group.version == "0.5"
    assert codes(parsed) == ["version-not-text"]


def test_a_missing_version_is_guessed_from_the_structure() -> None:
    by_axes = image()
    del by_axes["ome"]["version"]
    by_systems = {
        "ome": {"multiscales": [{"coordinateSystems": [], "datasets": [{"path": "0"}]}]},
    }

    assert read(by_axes).group.version == "0.5"
    assert codes(read(by_axes)) == ["version-missing"]
    assert read(by_systems).group.version == "0.6"


@pytest.mark.parametrize(
    ("axes", "number"),
    [(["y", "x"], "0.3"), ([{"name": "y"}, {"name": "x"}], "0.4"), (None, "0.2")],
)
def test_a_missing_version_of_an_old_document_is_guessed_silently(axes: Any, number: str) -> None:
    scale = [{"type": "scale", "scale": [2, 2]}]
    levels = [{"path": "0"} | ({"coordinateTransformations": scale} if number == "0.4" else {})]
    document = {"multiscales": [{"axes": axes, "datasets": levels}]}

    parsed = read(document, zarr_format=2)

    assert parsed.group.version == number
    assert parsed.findings == ()


def test_lists_of_labels_need_neither_a_version_nor_the_key_ome() -> None:
    assert read({"ome": {"labels": ["cells"]}}).findings == ()
    parsed = read({"labels": ["cells"]})
    assert parsed.group.labels == ("cells",)
    assert parsed.findings == ()


def test_an_image_beside_the_key_ome_is_read_and_told() -> None:
    parsed = read(image()["ome"])

    assert parsed.group == read(image()).group
    assert codes(parsed) == ["ome-key-missing"]


def test_the_version_of_an_old_document_lies_in_its_objects() -> None:
    old = {"multiscales": [{"version": "0.1", "datasets": [{"path": "0"}]}], "version": "0.4"}

    assert read(old, zarr_format=2).group.version == "0.1"
    assert read({"well": {"images": [], "version": "0.3"}}, zarr_format=2).group.version == "0.3"


# --- one model for all versions


def test_scale_and_translation_of_every_version_give_the_same_model() -> None:
    axes = image()["ome"]["multiscales"][0]["axes"]
    steps = [
        {"type": "scale", "scale": [1, 0.5, 0.25]},
        {"type": "translation", "translation": [0, 10, -20]},
    ]
    listed = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": steps}]}
    level = {"type": "sequence", "input": {"path": "0"}, "output": {"name": "physical"}}
    graph = {
        "coordinateSystems": [{"name": "physical", "axes": axes}],
        "datasets": [
            {"path": "0", "coordinateTransformations": [level | {"transformations": steps}]}
        ],
    }
    draft_level = level | {"transformations": steps, "input": "0", "output": "physical"}
    draft = graph | {"datasets": [{"path": "0", "coordinateTransformations": [draft_level]}]}

    images = [
        read({"multiscales": [listed | {"version": "0.4"}]}, zarr_format=2),
        read({"ome": {"version": "0.5", "multiscales": [listed]}}),
        read({"ome": {"version": "0.6", "multiscales": [graph]}}),
        read({"ome": {"version": "0.6.dev1", "multiscales": [draft]}}),
    ]

    assert all(parsed.findings == () for parsed in images)
    assert len({parsed.group.multiscales for parsed in images}) == 1
    transformation = images[0].group.multiscales[0].datasets[0].transformation
    assert transformation == SequenceTransformation(
        (Scale((1, 0.5, 0.25)), Translation((0, 10, -20))),
        input=SystemRef(path="0"),
        output=SystemRef(name="physical"),
    )


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_the_first_versions_have_no_axes_and_no_transformations(version: str) -> None:
    old = {"multiscales": [{"version": version, "datasets": [{"path": "0"}, {"path": "1"}]}]}

    parsed = read(old, zarr_format=2)

    multiscale = parsed.group.multiscales[0]
    assert multiscale.axes == ()
    assert [each.name for each in multiscale.coordinate_systems] == ["physical"]
    assert [dataset.transformation for dataset in multiscale.datasets] == [None, None]
    assert parsed.findings == ()


def test_axes_of_version_03_are_names_whose_types_are_known() -> None:
    old = {
        "multiscales": [
            {"version": "0.3", "axes": ["t", "c", "z", "y", "x"], "datasets": [{"path": "0"}]}
        ]
    }

    parsed = read(old, zarr_format=2)

    types = [axis.type for axis in parsed.group.multiscales[0].axes]
    assert types == ["time", "channel", "space", "space", "space"]
    assert parsed.findings == ()


# --- lists of paths, layout, display


@pytest.mark.parametrize("key", ["labels", "series"])
def test_paths_that_are_no_strings_are_repaired_and_told_once(key: str) -> None:
    parsed = read({"ome": {"version": "0.5", key: ["a", 1, None, "", "a", {}]}})

    assert getattr(parsed.group, key) == ("a", "1")
    assert codes(parsed) == ["wrong-type"]
    assert "3 more" in parsed.findings[0].message


@pytest.mark.parametrize("key", ["labels", "series"])
def test_paths_are_found_again_in_the_document_where_some_were_left_out(key: str) -> None:
    attributes = {"ome": {"version": "0.5", key: [None, "a", "", "a", "b"]}}

    parsed = parse_group(attributes, path="", zarr_format=3, judging=True)

    paths = getattr(parsed.group, key)
    assert paths == ("a", "b")
    places = [str(parsed.departures.place_of_entry(paths, number)) for number in (0, 1)]
    assert places == [f"{key}[1]", f"{key}[4]"]


def test_labels_that_are_no_list_are_told() -> None:
    assert read({"ome": {"labels": "cells"}}).group.labels == ("cells",)
    assert read({"ome": {"labels": {"labels": ["cells"]}}}).group.labels is None
    assert codes(read({"ome": {"labels": {}}})) == ["wrong-type"]


def test_the_layout_of_bioformats2raw_is_read_where_each_version_has_it() -> None:
    key = "bioformats2raw.layout"
    assert read({"ome": {"version": "0.5", key: 3}}).group.bioformats2raw_layout == 3
    assert read({key: 3}, zarr_format=2).group.bioformats2raw_layout == 3
    assert codes(read({"ome": {"version": "0.5", key: "three"}})) == ["bioformats2raw-layout"]


def test_our_own_attribute_is_kept_as_it_is() -> None:
    own = {"gamma": 0.5, "nested": {"list": [1, None, "a"]}}

    display = read({**image(), "napari_ome_zip": own}).group.display

    assert display is not None
    assert display.to_json() == own
    assert codes(read({"napari_ome_zip": "own"})) == ["display-illegal"]


# --- where


def test_findings_say_the_group_and_the_place_in_its_document() -> None:
    broken = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0, 1]}]}]

    (below,) = read(image(datasets=broken), path="labels/cells").findings
    (at_root,) = read(image(datasets=broken)).findings

    assert at_root.where == "multiscales[0].datasets[0].coordinateTransformations[0].scale"
    assert below.where == f"labels/cells: {at_root.where}"


def test_one_repair_in_many_levels_is_one_finding_per_image() -> None:
    broken = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [1, 0, 1]}]}
        for level in range(5)
    ]
    document = image(datasets=broken)
    document["ome"]["multiscales"] *= 2

    parsed = read(document)

    assert codes(parsed) == ["scale-zero", "scale-zero"]
    assert all("4 more" in finding.message for finding in parsed.findings)
