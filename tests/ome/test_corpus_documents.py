"""The documents of the corpus: silent where nothing is wrong, told where something is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from napari_ome_zip.ome import (
    Bijection,
    ByDimension,
    Identity,
    ParsedGroup,
    Scale,
    SequenceTransformation,
    SystemRef,
    Translation,
    parse_group,
)
from ome.documents import documents_of
from shared_material import corpus_cases, corpus_params

# What the manifest expects to be said, and who says it here; the rest needs pixels or the archive.
TOLD = {
    "meta/axes_duplicate_names": "axis-name-duplicate",
    "meta/channel_last_yxc": "axis-order",
    "meta/datasets_empty": "multiscale-datasets-missing",
    "meta/missing_transforms": "transformations-missing",
    "meta/multiscales_empty": "multiscales-empty",
    "meta/one_dim": "axis-count",
    "meta/scale_nan_string": "transformation-parameters",
    "meta/scale_too_short": "transformation-length",
    "meta/six_dims": "axis-count",
    "meta/translation_before_scale": "transformation-order",
    "meta/version_future_1_0": "version-unknown",
    "meta/version_number": "version-not-text",
    "omero/no_color": "omero-color-missing",
    "scenes/unknown_transform_type": "transformation-kind-unknown",
}

# Opened rightly, silently or not: an older draft of collections.
REMARKED = {"rfc8/public_basic_collection": {"collections-draft-older", "node-older-form"}}

PLAIN = {
    *("versions", "dims", "dtypes", "labels", "bf2raw", "scenes", "omero"),
    *("axes", "orientation", "omero09", "tables", "thumbnails", "foreign"),
}


def parsed_groups(case: dict[str, Any]) -> dict[str, ParsedGroup]:
    return {
        document.path: parse_group(
            document.attributes, path=document.path, zarr_format=document.zarr_format
        )
        for document in documents_of(case["file"])
    }


def the_case(name: str) -> dict[str, ParsedGroup]:
    for case in corpus_cases():
        if case["id"] == name:
            return parsed_groups(case)
    pytest.skip("the corpus is not there")


def is_right(case: dict[str, Any]) -> bool:
    return case["expected"]["outcome"] == "open"


def lists_images(case: dict[str, Any]) -> bool:
    plain = case["group"] in PLAIN
    has_axes = case["ome_version"] not in ("0.1", "0.2")
    return plain and has_axes and bool(case["expected"].get("elements"))


def params(wanted: Callable[[dict[str, Any]], bool]) -> list[Any]:
    return [p for p in corpus_params() if p.values[0] is None or wanted(p.values[0])]


@pytest.mark.parametrize("case", params(lambda case: is_right(case) or case["id"] in TOLD))
def test_what_is_right_is_read_silently_and_what_is_not_is_told(case: dict[str, Any]) -> None:
    found = {finding.code for parsed in parsed_groups(case).values() for finding in parsed.findings}
    silent = REMARKED.get(case["id"], set())
    assert found == (silent if is_right(case) else {TOLD[case["id"]]})


@pytest.mark.parametrize("case", params(lists_images))
def test_names_axes_and_units_are_those_the_images_were_made_with(case: dict[str, Any]) -> None:
    groups = parsed_groups(case)
    for element in case["expected"]["elements"]:
        multiscale = groups[element["path"]].group.multiscales[0]
        assert [axis.name.lower() for axis in multiscale.axes] == [
            name.lower() for name in element["axes"]
        ]
        for axis, kind in zip(multiscale.axes, element["axis_types"], strict=True):
            is_open = kind is None and axis.name == "c"  # whether it is one of channels
            assert axis.role == kind or (is_open and axis.type is None)


def test_axes_without_type_and_of_custom_type_have_their_role() -> None:
    untyped = the_case("meta/axis_c_without_type")[""].group.multiscales[0]
    custom = the_case("meta/custom_axis_type")[""].group.multiscales[0]

    assert [axis.role for axis in untyped.axes] == ["channel", "space", "space"]
    assert [axis.role for axis in custom.axes] == ["wavelength", "space", "space"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("identity", Identity()),
        ("scale", Scale((4, 3, 2))),
        ("translation", Translation((30, 20, 10))),
        (
            "sequenceScaleTranslation",
            SequenceTransformation((Scale((4, 3, 2)), Translation((32, 21, 10)))),
        ),
    ],
)
def test_the_early_drafts_of_neuroglancer_are_read(kind: str, expected: Any) -> None:
    multiscale = the_case(f"public/neuroglancer_06_{kind}")[""].group.multiscales[0]

    (level,) = multiscale.datasets
    assert level.transformation is not None
    assert type(level.transformation) is type(expected)
    assert level.transformation.input == SystemRef(path="array")
    assert level.transformation.output == SystemRef(name="physical")
    assert [axis.name for axis in multiscale.axes] == ["z", "y", "x"]
    for field in ("scale", "translation"):
        if hasattr(expected, field):
            assert getattr(level.transformation, field) == getattr(expected, field)


def test_spatialdatas_targets_are_alternatives_from_the_images_own_system() -> None:
    multiscale = the_case("spatialdata/v08_single_image_two_targets")[""].group.multiscales[0]

    to_global, aligned = multiscale.transformations
    assert isinstance(to_global, Identity)
    assert isinstance(aligned, Scale)
    assert aligned.scale == (1, 2, 3)
    for transformation, name in ((to_global, "global"), (aligned, "aligned")):
        assert transformation.input is not None
        assert transformation.input.name == multiscale.intrinsic.name
        assert transformation.output is not None
        assert transformation.output.name == name
        assert [axis.name for axis in transformation.output.axes or ()] == ["c", "y", "x"]


def test_a_draft_in_snake_case_is_read() -> None:
    multiscale = the_case("public/rfc5_2d_axis_dependent_byDimension")[""].group.multiscales[0]

    (to_physical,) = multiscale.transformations
    assert isinstance(to_physical, ByDimension)
    assert [item.input_axes for item in to_physical.items] == [(1,), (0,)]
    assert multiscale.intrinsic.name == "array_coordinates"


def test_a_bijection_keeps_both_directions() -> None:
    scene = the_case("scenes/bijection_reversed_edge")[""].group.scene

    assert scene is not None
    (edge,) = scene.transformations
    assert isinstance(edge, Bijection)
    assert (edge.forward.kind, edge.inverse.kind) == ("displacements", "affine")
    assert edge.output == SystemRef("img", "physical")


def test_wells_of_old_plates_have_their_places() -> None:
    for version in ("01", "03", "04"):
        plate = the_case(f"plates/old_v{version}_missing_well")[""].group.plate
        assert plate is not None
        places = {well.path: (well.row_index, well.column_index) for well in plate.wells}
        assert places == {"A/1": (0, 0), "A/2": (0, 1), "B/1": (1, 0)}
