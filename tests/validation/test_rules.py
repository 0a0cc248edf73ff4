"""Every rule is broken once: a valid document changed in one way breaks that rule, no other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from collection_faults import RULES_OF_COLLECTIONS
from napari_ome_zip.validation import (
    RULES,
    Issue,
    Severity,
    check_group_attributes,
    check_hierarchy_documents,
)
from validation_documents import (
    DRAFTS,
    Documents,
    array,
    axes,
    axis,
    content,
    first_image,
    free,
    group,
    image,
    image_label,
    labelled,
    lone,
    mapped,
    mapped_draft,
    oriented,
    plate,
    scene,
    series,
    step,
    warped,
)

Attributes = dict[str, Any]

Broken = tuple[str, Callable[[], tuple[Issue, ...]]]
_CASES: list[Broken] = []
DRAFT = "version-prerelease"

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
VALID = {
    **{f"image {v}": image(v) for v in VERSIONS},
    **{f"labelled {v}": labelled(v) for v in VERSIONS},
    **{f"plate {v}": plate(v) for v in VERSIONS},
    **{f"series {v}": series(v) for v in ("0.4", "0.5", "0.6")},
    "scene": scene(),
    "warped": warped(),
    "affine": mapped({"type": "affine", "affine": [[1, 0.5, 3], [0, 1, 2]]}),
    "rotation": mapped({"type": "rotation", "rotation": [[0.8, -0.6], [0.6, 0.8]]}),
    "rounded rotation": mapped({"type": "rotation", "rotation": [[0.707, -0.707], [0.707, 0.707]]}),
    "mapAxis": mapped({"type": "mapAxis", "mapAxis": [1, 0]}),
    "projectAxis": mapped({"type": "projectAxis", "droppedInputs": [0]}, names="cyx"),
    "projectAxis up": mapped({"type": "projectAxis", "createdOutputs": [0]}, target="zyx"),
    "byDimension": mapped(
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "scale", "scale": [2]},
                    "inputAxes": [0],
                    "outputAxes": [1],
                },
                {"transformation": {"type": "identity"}, "inputAxes": [1], "outputAxes": [0]},
            ],
        }
    ),
    "sequence": mapped(
        {
            "type": "sequence",
            "transformations": [
                {"type": "projectAxis", "createdOutputs": [0]},
                {"type": "translation", "translation": [4, 0, 0]},
            ],
        },
        target="zyx",
    ),
}


FREE = {
    "no space": "tc",
    "one axis": "x",
    "six axes": "tcuzyx",
    "channel last": "yxc",
    "x first": "xyz",
    "space amid others": "ctzayx",
    "four of space": [axis("dy"), axis("dx"), axis("y"), axis("x")],
    "three of channels": [axis(name, "channel") for name in ("excitation", "c", "detector")],
    "two of time": [axis("u", "time"), axis("t"), axis("x")],
    "Fourier": "wvu",
    "frequencies": [axis("f", "frequency"), axis("y"), axis("x")],
}
"""Axes that 0.9.dev1 has nothing against."""


VALID_DRAFTS = {
    **{f"image {v}": image(v) for v in DRAFTS},
    **{f"labelled {v}": labelled(v) for v in DRAFTS},
    **{f"plate {v}": plate(v) for v in DRAFTS},
    **{f"series {v}": series(v) for v in DRAFTS},
    **{f"axes {name}": free(listed) for name, listed in FREE.items()},
    "0.5+rfc3": image("0.5+rfc3", "yxc"),
    "oriented": oriented(),
    "mapAxis of six": mapped_draft({"type": "mapAxis", "mapAxis": [5, 4, 3, 2, 1, 0]}, "tcuzyx"),
    "projectAxis of six": mapped_draft(
        {"type": "projectAxis", "droppedInputs": [0, 1, 2, 3]}, "tcuzyx", "yx"
    ),
    "channels without settings": image("0.9.dev1", omero={"channels": [{}, {"color": "FF0000"}]}),
}


@pytest.mark.parametrize("documents", VALID_DRAFTS.values(), ids=VALID_DRAFTS)
def test_of_a_valid_draft_it_is_said_that_it_is_one(documents: Documents) -> None:
    issues = check_hierarchy_documents(documents)
    assert {(issue.code, issue.severity) for issue in issues} == {(DRAFT, Severity.INFO)}


@pytest.mark.parametrize("version", ["1.0", "0.9.dev7", "0.7dev0"])
@pytest.mark.parametrize("documents", VALID_DRAFTS.values(), ids=VALID_DRAFTS)
def test_an_unknown_version_is_not_judged_by_the_limits_of_others(
    documents: Documents, version: str
) -> None:
    changed = copy.deepcopy(documents)
    for document in changed.values():
        if "ome" in document.get("attributes", {}):
            document["attributes"]["ome"]["version"] = version
    assert {issue.code for issue in check_hierarchy_documents(changed)} == {"version-unknown"}


@pytest.mark.parametrize("documents", VALID.values(), ids=VALID)
def test_a_valid_hierarchy_has_no_issue(documents: Documents) -> None:
    assert check_hierarchy_documents(documents) == ()


def breaks(code: str) -> Callable[[Callable[[], Documents]], Callable[[], Documents]]:
    """Register a function that returns a hierarchy which breaks this rule."""

    def register(make: Callable[[], Documents]) -> Callable[[], Documents]:
        _CASES.append((code, lambda: check_hierarchy_documents(make())))
        return make

    return register


def breaks_alone(code: str) -> Callable[[Callable[[], Attributes]], Callable[[], Attributes]]:
    """Register a function that returns the attributes of a group which break this rule."""

    def register(make: Callable[[], Attributes]) -> Callable[[], Attributes]:
        _CASES.append((code, lambda: check_group_attributes(make())))
        return make

    return register


# --- groups and versions ---------------------------------------------------------------------


@breaks("wrong-type")
def name_is_a_number() -> Documents:
    d = image("0.5")
    first_image(d)["name"] = 7
    return d


@breaks("ome-key-missing")
def metadata_beside_the_key() -> Documents:
    d = image("0.5")
    held = content(d)
    del held["version"]
    held["multiscales"][0]["version"] = "0.5"
    d[""]["attributes"] = held
    return d


@breaks("ome-content-missing")
def nothing_described() -> Documents:
    return {"": group("0.5", note="nothing")}


@breaks("version-missing")
def no_version() -> Documents:
    d = image("0.5")
    del content(d)["version"]
    return d


@breaks("version-unstated")
def no_version_in_04() -> Documents:
    d = image("0.4")
    del first_image(d)["version"]
    return d


@breaks("version-unstated")
def no_version_of_the_labels_list() -> Documents:
    d = labelled("0.5")
    del content(d, "labels")["version"]
    return d


@breaks("version-not-text")
def version_is_a_number() -> Documents:
    d = image("0.5")
    content(d)["version"] = 0.5
    return d


@breaks("version-unknown")
def version_from_the_future() -> Documents:
    d = image("0.6")
    content(d)["version"] = "1.0"
    return d


@breaks("version-prerelease")
def release_candidate() -> Documents:
    d = image("0.6")
    content(d)["version"] = "0.6rc0"
    return d


@breaks("zarr-format-mismatch")
def version_05_in_zarr_v2() -> Documents:
    d = image("0.4")
    d[""][".zattrs"] = image("0.5")[""]["attributes"]
    for level in "01":
        d[level] = image("0.5")[level]
    return d


@breaks("version-inconsistent")
def two_versions() -> Documents:
    return labelled("0.5") | image(
        "0.6", "yx", at="labels/nuclei", **{"image__label": {"colors": [{"label-value": 1}]}}
    )


# --- axes ------------------------------------------------------------------------------------


@breaks("axis-name-missing")
def axis_without_name() -> Documents:
    d = image("0.5")
    del first_image(d)["axes"][0]["name"]
    return d


@breaks_alone("axis-name-duplicate")
def two_axes_of_one_name() -> Attributes:
    return lone("0.5", axes("xx"))


@breaks("axis-name-unknown")
def free_name_in_03() -> Documents:
    d = image("0.3")
    first_image(d)["axes"][0] = "angle"
    return d


@breaks("axis-type-missing")
def axis_without_type() -> Documents:
    d = image("0.5")
    del first_image(d)["axes"][0]["type"]
    return d


@breaks("axis-type-unknown")
def custom_axis() -> Documents:
    d = image("0.5")
    first_image(d)["axes"][0]["type"] = "wavelength"
    return d


@breaks("axis-unit-missing")
def axis_without_unit() -> Documents:
    d = image("0.5")
    del first_image(d)["axes"][1]["unit"]
    return d


@breaks("axis-unit-unknown")
def unit_of_another_spelling() -> Documents:
    d = image("0.5")
    first_image(d)["axes"][1]["unit"] = "micron"
    return d


@breaks("axis-unit-unknown")
def unit_of_space_on_time() -> Documents:
    d = image("0.5", "tyx")
    first_image(d)["axes"][0]["unit"] = "micrometer"
    return d


@breaks("axis-space-names")
def space_of_another_name() -> Documents:
    return free("ab")


@breaks("axis-space-names")
def three_axes_of_space_without_z() -> Documents:
    return free("wyx")


@breaks("axis-time-name")
def time_of_another_name() -> Documents:
    return free([axis("time", "time"), axis("y"), axis("x")])


@breaks("axis-name-case")
def names_that_differ_by_capitals() -> Documents:
    return free([axis("C", "channel"), axis("c"), axis("y"), axis("x")])


@breaks("axis-name-duplicate")
def two_axes_of_one_name_in_the_draft() -> Documents:
    d = free([axis("t"), axis("y"), axis("y", "channel"), axis("x")])
    for level in "01":
        d[level]["dimension_names"] = None
    return d


@breaks("dataset-dimensions")
def more_axes_than_dimensions() -> Documents:
    d = free("tzyx")
    for level in "01":
        d[level]["shape"], d[level]["dimension_names"] = [8, 8, 8], None
    return d


@breaks("orientation-incomplete")
def orientation_without_type() -> Documents:
    return reoriented({"value": "proximal-to-distal"})


@breaks("orientation-incomplete")
def orientation_without_value() -> Documents:
    return reoriented({"type": "anatomical"})


@breaks("wrong-type")
def orientation_that_is_a_word() -> Documents:
    return reoriented("left-to-right")


@breaks("orientation-unknown")
def orientation_of_another_word() -> Documents:
    return reoriented({"type": "anatomical", "value": "port-to-starboard"})


@breaks("orientation-unknown")
def orientation_of_another_type() -> Documents:
    return reoriented({"type": "geographical", "value": "north-to-south"})


@breaks("orientation-not-spatial")
def orientation_of_time() -> Documents:
    return reoriented({"type": "anatomical", "value": "proximal-to-distal"}, "tyx")


@breaks("orientation-not-spatial")
def orientation_without_a_type_of_axis() -> Documents:
    d = oriented()
    first_image(d)["coordinateSystems"][0]["axes"][0]["type"] = "array"
    return d


@breaks("orientation-repeated")
def both_ways_of_one_pair() -> Documents:
    return reoriented({"type": "anatomical", "value": "posterior-to-anterior"})


@breaks("orientation-repeated")
def one_way_twice() -> Documents:
    return reoriented({"type": "anatomical", "value": "anterior-to-posterior"})


@breaks("orientation-null")
def orientation_of_null() -> Documents:
    return reoriented(None)


@breaks("orientation-unofficial")
def orientation_in_05() -> Documents:
    return oriented("0.5")


@breaks("orientation-unofficial")
def orientation_in_06_that_09_would_refuse() -> Documents:
    d = oriented("0.6")
    first_image(d)["coordinateSystems"][0]["axes"][0]["orientation"] = {"value": "up"}
    return d


def reoriented(orientation: Any, names: str = "zyx") -> Documents:
    """Return an oriented volume whose first axis has another orientation."""
    d = oriented()
    listed = first_image(d)["coordinateSystems"][0]["axes"]
    for each, name in zip(listed, names, strict=True):
        each |= axis(name)
    for level in "01":
        d[level]["dimension_names"] = [*names]
    listed[0]["orientation"] = orientation
    return d


@breaks("rotation-not-square")
def rotation_of_six_axes_in_the_draft() -> Documents:
    rows = [[float(i == j) for i in range(6)] for j in range(6)]
    return mapped_draft({"type": "rotation", "rotation": rows}, "tcuzyx")


@breaks("project-axis-invalid")
def projection_that_names_an_axis_twice_in_the_draft() -> Documents:
    return mapped_draft({"type": "projectAxis", "droppedInputs": [5, 5]}, "tcuzyx")


@breaks_alone("axis-count")
def six_axes() -> Attributes:
    return lone("0.6", [axis(f"dim_{i}", "array") for i in range(6)])


@breaks_alone("axis-space-count")
def one_axis_of_space() -> Attributes:
    return lone("0.5", axes("tcx"))


@breaks_alone("axis-space-count")
def four_axes_of_space() -> Attributes:
    return lone("0.5", axes("wzyx"))


@breaks_alone("axis-time-count")
def two_axes_of_time() -> Attributes:
    return lone("0.5", [axis("t"), axis("delay", "time"), *axes("yx")])


@breaks_alone("axis-channel-count")
def two_axes_of_channels() -> Attributes:
    return lone("0.5", [axis("c"), axis("dye", "channel"), *axes("yx")])


@breaks_alone("axis-order")
def channels_last() -> Attributes:
    return lone("0.5", axes("yxc"))


@breaks_alone("axis-space-order")
def depth_last() -> Attributes:
    return lone("0.6", axes("xyz"))


# --- coordinate systems ----------------------------------------------------------------------


@breaks("coordinate-system-name-missing")
def system_without_name() -> Documents:
    d = scene()
    content(d)["scene"]["coordinateSystems"].append({"axes": axes("yx")})
    return d


@breaks("coordinate-system-name-duplicate")
def two_systems_of_one_name() -> Documents:
    d = scene()
    content(d)["scene"]["coordinateSystems"] *= 2
    return d


@breaks("coordinate-system-axes-missing")
def system_without_axes() -> Documents:
    d = scene()
    del content(d)["scene"]["coordinateSystems"][0]["axes"]
    content(d)["scene"]["coordinateTransformations"][0]["type"] = "identity"
    return d


# --- images ----------------------------------------------------------------------------------


@breaks("multiscales-empty")
def no_images() -> Documents:
    return {"": group("0.5", multiscales=[])}


@breaks("multiscale-axes-missing")
def image_without_axes() -> Documents:
    d = image("0.5")
    del first_image(d)["axes"]
    return d


@breaks_alone("multiscale-systems-missing")
def image_without_systems() -> Attributes:
    held = lone("0.6", axes("yx"))
    image_ = held["ome"]["multiscales"][0]
    image_["coordinateSystems"] = []
    for dataset in image_["datasets"]:
        dataset["coordinateTransformations"][0]["output"] = {"name": "physical"}
    return held


@breaks("multiscale-datasets-missing")
def image_without_levels() -> Documents:
    d = image("0.5")
    first_image(d)["datasets"] = []
    return d


@breaks("dataset-path-missing")
def level_without_path() -> Documents:
    d = image("0.5")
    first_image(d)["datasets"][0]["path"] = 0
    return d


@breaks("multiscale-name-missing")
def image_without_name() -> Documents:
    d = image("0.5")
    del first_image(d)["name"]
    return d


@breaks("multiscale-type-missing")
def downsampling_unnamed() -> Documents:
    d = image("0.5")
    del first_image(d)["type"]
    return d


@breaks("multiscale-metadata-missing")
def downsampling_undescribed() -> Documents:
    d = image("0.5")
    del first_image(d)["metadata"]
    return d


@breaks("metadata-too-deep")
def details_nested_without_end() -> Documents:
    d = image("0.5")
    nested: dict[str, Any] = {}
    for _ in range(5000):
        nested = {"inside": nested}
    first_image(d)["metadata"] = nested
    return d


@breaks("level-transformation-count")
def two_transformations_of_a_level() -> Documents:
    d = image("0.6")
    first_image(d)["datasets"][0]["coordinateTransformations"] *= 2
    return d


@breaks("level-transformation-kind")
def level_placed_by_translation() -> Documents:
    d = image("0.6")
    item = first_image(d)["datasets"][0]["coordinateTransformations"][0]
    del item["scale"]
    item |= {"type": "translation", "translation": [0, 0, 0]}
    return d


# --- transformations until 0.5 ---------------------------------------------------------------


def _of_level(d: Documents, level: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = first_image(d)["datasets"][level]["coordinateTransformations"]
    return found


@breaks("transformations-missing")
def level_without_transformations() -> Documents:
    d = image("0.5")
    del first_image(d)["datasets"][0]["coordinateTransformations"]
    return d


@breaks("transformation-kind")
def rotation_in_05() -> Documents:
    d = image("0.5")
    _of_level(d).append({"type": "rotation", "rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]})
    return d


@breaks("transformation-scale-count")
def two_scales() -> Documents:
    d = image("0.5")
    _of_level(d, 1).append({"type": "scale", "scale": [1, 1, 1]})
    return d


@breaks("transformation-translation-count")
def two_translations() -> Documents:
    d = image("0.5")
    _of_level(d).extend([{"type": "translation", "translation": [0, 0, 0]}] * 2)
    return d


@breaks("transformation-order")
def translation_first() -> Documents:
    d = image("0.5")
    _of_level(d).insert(0, {"type": "translation", "translation": [0, 0, 0]})
    return d


@breaks("transformation-parameters")
def scale_of_texts() -> Documents:
    d = image("0.5")
    _of_level(d)[0]["scale"] = ["1", 1, 1]
    return d


@breaks("transformation-length")
def scale_too_short() -> Documents:
    d = image("0.5")
    _of_level(d)[0]["scale"] = [1, 1]
    return d


@breaks("scale-zero")
def scale_of_zero() -> Documents:
    d = image("0.5")
    _of_level(d)[0]["scale"] = [0, 0.5, 0.5]
    return d


# --- transformations of 0.6 ------------------------------------------------------------------


@breaks("transformation-kind-unknown")
def unknown_transformation() -> Documents:
    return mapped({"type": "thinPlateSpline"})


@breaks("map-axis-invalid")
def axis_mapped_twice() -> Documents:
    return mapped({"type": "mapAxis", "mapAxis": [0, 0]})


@breaks("project-axis-invalid")
def projection_of_nothing() -> Documents:
    return mapped({"type": "projectAxis"})


@breaks("matrix-invalid")
def matrix_of_ragged_rows() -> Documents:
    return mapped({"type": "affine", "affine": [[1, 0, 0], [0, 1]]})


@breaks("matrix-invalid")
def matrix_given_twice() -> Documents:
    d = mapped({"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]], "path": "matrix"})
    return d | {"matrix": array("0.6", [2, 3], "rc")}


@breaks("rotation-not-square")
def rotation_with_offset() -> Documents:
    return mapped({"type": "rotation", "rotation": [[1, 0, 0], [0, 1, 0]]})


@breaks("rotation-not-orthonormal")
def rotation_that_shears() -> Documents:
    return mapped({"type": "rotation", "rotation": [[1, 0.5], [0, 1]]})


@breaks("rotation-not-orthonormal")
def rotation_that_mirrors() -> Documents:
    return mapped({"type": "rotation", "rotation": [[0, 1], [1, 0]]})


@breaks("sequence-empty")
def sequence_of_nothing() -> Documents:
    return mapped({"type": "sequence", "transformations": []})


@breaks("by-dimension-invalid")
def axes_by_name() -> Documents:
    part = {"transformation": {"type": "identity"}, "inputAxes": ["y", "x"], "outputAxes": [0, 1]}
    return mapped({"type": "byDimension", "transformations": [part]})


@breaks("bijection-incomplete")
def bijection_of_one_direction() -> Documents:
    return mapped({"type": "bijection", "forward": {"type": "identity"}})


@breaks("bijection-needless")
def bijection_of_translations() -> Documents:
    there, back = ({"type": "translation", "translation": [n, n]} for n in (5, -5))
    return mapped({"type": "bijection", "forward": there, "inverse": back})


@breaks("vector-field-path-missing")
def field_without_path() -> Documents:
    return mapped({"type": "displacements"})


@breaks("interpolation-unknown")
def field_with_a_new_interpolation() -> Documents:
    d = warped()
    first_image(d)["coordinateTransformations"][0]["interpolation"] = "sinc"
    return d


@breaks("transformation-reference-missing")
def transformation_from_nowhere() -> Documents:
    d = scene()
    content(d)["scene"]["coordinateTransformations"].append(
        {"type": "identity", "output": {"name": "world"}}
    )
    return d


@breaks("transformation-reference-invalid")
def bare_text_as_reference() -> Documents:
    d = image("0.6")
    _of_level(d)[0]["input"] = "0"
    return d


@breaks("transformation-reference-surplus")
def level_with_a_name() -> Documents:
    d = image("0.6")
    _of_level(d)[0]["input"]["name"] = "pixels"
    return d


@breaks("transformation-dimensions")
def scale_of_other_length() -> Documents:
    d = image("0.6")
    _of_level(d)[0]["scale"] = [1, 1]
    return d


@breaks("transformation-dimensions")
def affine_of_other_size() -> Documents:
    return mapped({"type": "affine", "affine": [[1, 0], [0, 1]]})


@breaks("transformation-dimensions")
def projection_to_too_few() -> Documents:
    return mapped({"type": "projectAxis", "createdOutputs": [0]})


@breaks("transformation-dimensions")
def identity_between_unequal_systems() -> Documents:
    return mapped({"type": "identity"}, target="zyx")


@breaks("transformation-dimensions")
def last_of_a_sequence_does_not_fit() -> Documents:
    steps = [
        {"type": "projectAxis", "createdOutputs": [0]},
        {"type": "translation", "translation": [1, 2]},
    ]
    return mapped({"type": "sequence", "transformations": steps}, target="zyx")


@breaks("by-dimension-output-axes")
def output_axis_made_twice() -> Documents:
    part = {"transformation": {"type": "identity"}, "inputAxes": [0], "outputAxes": [0]}
    both = {"transformation": {"type": "identity"}, "inputAxes": [0, 1], "outputAxes": [0, 1]}
    return mapped({"type": "byDimension", "transformations": [both, part]})


@breaks("coordinate-system-unknown")
def scene_of_an_unknown_system() -> Documents:
    d = scene()
    content(d)["scene"]["coordinateTransformations"].append(
        step("translation", "stage", "world", translation=[0, 0])
    )
    return d


@breaks("coordinate-system-unknown")
def system_the_image_does_not_have() -> Documents:
    d = scene()
    content(d)["scene"]["coordinateTransformations"].append(
        step("identity", ("tile_0", "stage"), "world")
    )
    return d


@breaks("level-input-mismatch")
def level_takes_another_level() -> Documents:
    d = image("0.6")
    _of_level(d)[0]["input"]["path"] = "1"
    return d


@breaks("level-output-differs")
def levels_in_two_systems() -> Documents:
    d = mapped({"type": "identity"})
    _of_level(d, 1)[0]["output"]["name"] = "other"
    return d


@breaks("multiscale-transformation-detached")
def transformation_beside_the_levels() -> Documents:
    d = mapped({"type": "identity"})
    described = first_image(d)
    described["coordinateSystems"].append({"name": "third", "axes": axes("yx")})
    described["coordinateTransformations"].append(step("identity", "other", "third"))
    return d


@breaks("label-transformation-kind")
def labels_rotated() -> Documents:
    d = image("0.6", "yx") | {
        "labels": group("0.6", labels=["nuclei"]),
        **image("0.6", "yx", at="labels/nuclei", **{"image__label": {"colors": [_RED]}}),
    }
    first_image(d)["coordinateTransformations"] = [
        step("mapAxis", "physical", ("labels/nuclei", "physical"), mapAxis=[1, 0])
    ]
    return d


_RED = {"label-value": 1, "rgba": [255, 0, 0, 255]}


# --- channels --------------------------------------------------------------------------------


@breaks("omero-channels-missing")
def no_channels() -> Documents:
    d = labelled("0.5")
    content(d)["omero"] = {}
    return d


@breaks("omero-color-missing")
def channel_without_color() -> Documents:
    d = labelled("0.5")
    del content(d)["omero"]["channels"][0]["color"]
    return d


@breaks("omero-color-invalid")
def color_with_a_hash() -> Documents:
    d = labelled("0.5")
    content(d)["omero"]["channels"][0]["color"] = "#00FF00"
    return d


@breaks("omero-window-missing")
def channel_without_window() -> Documents:
    d = labelled("0.5")
    del content(d)["omero"]["channels"][0]["window"]
    return d


@breaks("omero-window-incomplete")
def window_without_end() -> Documents:
    d = labelled("0.5")
    del content(d)["omero"]["channels"][0]["window"]["end"]
    return d


@breaks("omero-window-order")
def window_of_no_width() -> Documents:
    d = labelled("0.5")
    content(d)["omero"]["channels"][0]["window"]["end"] = 10
    return d


@breaks("omero-channel-count")
def more_settings_than_channels() -> Documents:
    d = labelled("0.5")
    content(d)["omero"]["channels"] *= 2
    return d


@breaks("omero-channel-count")
def an_empty_list_of_settings() -> Documents:
    d = labelled("0.5")
    content(d)["omero"]["channels"] = []
    return d


# --- labels ----------------------------------------------------------------------------------


def _label(d: Documents) -> dict[str, Any]:
    found: dict[str, Any] = content(d, "labels/nuclei")["image-label"]
    return found


@breaks("label-colors-missing")
def labels_without_colors() -> Documents:
    d = labelled("0.5")
    del _label(d)["colors"]
    return d


@breaks("label-colors-empty")
def no_colors_listed() -> Documents:
    d = labelled("0.5")
    _label(d)["colors"] = []
    return d


@breaks("label-properties-empty")
def no_properties_listed() -> Documents:
    d = labelled("0.5")
    _label(d)["properties"] = []
    return d


@breaks("label-value-missing")
def color_of_no_label() -> Documents:
    d = labelled("0.5")
    del _label(d)["colors"][0]["label-value"]
    return d


@breaks("label-color-duplicate")
def two_colors_of_a_label() -> Documents:
    d = labelled("0.5")
    _label(d)["colors"] *= 2
    return d


@breaks("label-properties-duplicate")
def two_sets_of_properties_of_a_label() -> Documents:
    d = labelled("0.5")
    _label(d)["properties"] = [{"label-value": 1, "class": name} for name in ("a", "b")]
    return d


@breaks("label-properties-many")
def labels_with_properties_of_their_own() -> Documents:
    d = labelled("0.5")
    _label(d)["properties"] = [{"label-value": n, f"only {n}": 0} for n in range(5000)]
    return d


@breaks("label-rgba-invalid")
def color_without_opacity() -> Documents:
    d = labelled("0.5")
    _label(d)["colors"][0]["rgba"] = [255, 0, 0]
    return d


@breaks("display-illegal")
def display_state_that_is_a_number() -> Documents:
    d = image("0.5")
    d[""]["attributes"]["napari_ome_zip"] = 3
    return d


@breaks("label-version-missing")
def label_without_version() -> Documents:
    d = labelled("0.4")
    del _label(d)["version"]
    return d


@breaks("label-not-found")
def listed_label_missing() -> Documents:
    d = labelled("0.5")
    content(d, "labels")["labels"].append("membranes")
    return d


@breaks("label-not-listed")
def present_label_unlisted() -> Documents:
    d = labelled("0.5")
    content(d, "labels")["labels"] = []
    return d


@breaks("labels-list-missing")
def labels_group_without_list() -> Documents:
    d = labelled("0.5")
    d["labels"]["attributes"] = {}
    return d


@breaks("label-not-image")
def label_without_multiscales() -> Documents:
    d = labelled("0.5")
    del content(d, "labels/nuclei")["multiscales"]
    return d


@breaks("image-label-missing")
def label_like_any_image() -> Documents:
    d = labelled("0.5")
    del content(d, "labels/nuclei")["image-label"]
    return d


@breaks("label-dtype")
def labels_of_floats() -> Documents:
    d = labelled("0.5")
    for level in "01":
        d[f"labels/nuclei/{level}"]["data_type"] = "float32"
    return d


@breaks("label-level-count")
def labels_of_fewer_levels() -> Documents:
    d = labelled("0.5")
    first_image(d, "labels/nuclei")["datasets"].pop()
    return d


@breaks("label-shape-differs")
def labels_of_lower_resolution() -> Documents:
    d = labelled("0.5")
    label = first_image(d, "labels/nuclei")
    for level, size in enumerate((4, 2)):
        d[f"labels/nuclei/{level}"]["shape"] = [size, size]
        label["datasets"][level]["coordinateTransformations"][0]["scale"] = [8 / size] * 2
    return d


@breaks("label-folder-metadata")
def folder_of_labels_with_metadata() -> Documents:
    d = labelled("0.5")
    nested = {
        path.replace("labels/", "labels/2024/"): d.pop(path)
        for path in [*d]
        if path.startswith("labels/")
    }
    content(d, "labels")["labels"] = ["2024/nuclei"]
    _label_of = nested["labels/2024/nuclei"]["attributes"]["ome"]["image-label"]
    _label_of["source"]["image"] = "../../.."
    return d | nested | {"labels/2024": group("0.5", omero={"channels": []})}


@breaks("label-source-not-found")
def source_leads_astray() -> Documents:
    d = labelled("0.5")
    _label(d)["source"]["image"] = "../image"
    return d


@breaks("label-source-elsewhere")
def source_behind_a_link() -> Documents:
    d = labelled("0.5")
    _label(d)["source"]["image"] = "https://example.org/cells.ozx"
    return d


@breaks("label-source-elsewhere")
def labels_alone_of_a_file_beside_them() -> Documents:
    label = image("0.5", "yx", image__label=image_label("0.5"))
    content(label)["image-label"]["source"]["image"] = "../cells.ozx"
    return label


# --- plates, wells, series -------------------------------------------------------------------


def _plate(d: Documents) -> dict[str, Any]:
    found: dict[str, Any] = content(d)["plate"]
    return found


@breaks_alone("plate-rows-missing")
def plate_without_rows() -> Attributes:
    d = plate("0.5")
    _plate(d).update(rows=[], wells=[{"path": "A/1", "rowIndex": 0, "columnIndex": 0}])
    return _without_agreement(d)


@breaks_alone("plate-columns-missing")
def plate_without_columns() -> Attributes:
    d = plate("0.5")
    _plate(d)["columns"] = []
    return _without_agreement(d)


def _without_agreement(d: Documents) -> Attributes:
    """Return the attributes of a 0.1 plate, where wells have no indices to disagree."""
    held: Attributes = plate("0.1")[""][".zattrs"]
    held["plate"]["rows"] = _plate(d)["rows"]
    held["plate"]["columns"] = _plate(d)["columns"]
    return held


@breaks("plate-wells-missing")
def plate_without_wells() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"] = []
    return d


@breaks("plate-name-missing")
def plate_without_name() -> Documents:
    d = plate("0.5")
    del _plate(d)["name"]
    return d


@breaks("plate-field-count-missing")
def plate_without_field_count() -> Documents:
    d = plate("0.5")
    del _plate(d)["field_count"]
    return d


@breaks("plate-count-invalid")
def plate_of_zero_fields() -> Documents:
    d = plate("0.5")
    _plate(d)["field_count"] = 0
    return d


@breaks("plate-line-name-missing")
def row_without_name() -> Documents:
    d = plate("0.5")
    _plate(d)["rows"][1] = {}
    return d


@breaks("plate-line-name-invalid")
def column_with_a_dash() -> Documents:
    d = plate("0.5")
    _plate(d)["columns"][1]["name"] = "1-2"
    return d


@breaks("plate-line-name-duplicate")
def two_rows_of_one_name() -> Documents:
    d = plate("0.5")
    _plate(d)["rows"][1]["name"] = "A"
    return d


@breaks("plate-line-name-case")
def rows_that_differ_in_case() -> Documents:
    d = plate("0.5")
    _plate(d)["rows"][1]["name"] = "a"
    return d


@breaks("plate-well-path-missing")
def well_without_path() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"].append({"rowIndex": 0, "columnIndex": 1})
    return d


@breaks_alone("plate-well-path-invalid")
def well_in_a_folder() -> Attributes:
    d = plate("0.5")
    _plate(d)["wells"][0]["path"] = "plate/A/1"
    held: Attributes = d[""]["attributes"]
    return held


@breaks("plate-well-index-missing")
def well_without_index() -> Documents:
    d = plate("0.5")
    del _plate(d)["wells"][0]["rowIndex"]
    return d


@breaks("plate-well-duplicate")
def well_listed_twice() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"] *= 2
    return d


@breaks("plate-well-mismatch")
def well_with_swapped_indices() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"][0]["columnIndex"] = 1
    return d


@breaks("plate-well-mismatch")
def well_outside_the_plate() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"][0]["columnIndex"] = 7
    return d


@breaks("acquisition-id-invalid")
def acquisition_without_id() -> Documents:
    d = plate("0.5")
    _plate(d)["acquisitions"].append({"name": "third", "maximumfieldcount": 1})
    return d


@breaks("acquisition-id-duplicate")
def two_acquisitions_of_one_id() -> Documents:
    d = plate("0.5")
    _plate(d)["acquisitions"][1]["id"] = 0
    return d


@breaks("acquisition-time-invalid")
def time_as_text() -> Documents:
    d = plate("0.5")
    _plate(d)["acquisitions"][0]["starttime"] = "2022-05-13T13:48:06+00:00"
    return d


@breaks("acquisition-name-missing")
def acquisition_without_name() -> Documents:
    d = plate("0.5")
    del _plate(d)["acquisitions"][0]["name"]
    return d


@breaks("acquisition-field-count-missing")
def acquisition_without_count() -> Documents:
    d = plate("0.5")
    del _plate(d)["acquisitions"][0]["maximumfieldcount"]
    return d


@breaks("plate-well-not-found")
def listed_well_missing() -> Documents:
    d = plate("0.5")
    _plate(d)["wells"].append({"path": "B/2", "rowIndex": 1, "columnIndex": 1})
    return d


@breaks("plate-row-not-group")
def row_is_a_bare_folder() -> Documents:
    d = plate("0.5")
    del d["A"]
    return d


def _fields(d: Documents) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(d, "A/1")["well"]["images"]
    return found


@breaks("well-images-missing")
def well_without_fields() -> Documents:
    d = plate("0.5")
    _fields(d).clear()
    return d


@breaks("well-path-missing")
def field_without_a_path() -> Documents:
    d = plate("0.5")
    _fields(d).append({"acquisition": 0})
    return d


@breaks("well-path-invalid")
def field_with_a_dash_in_05() -> Documents:
    d = plate("0.5") | image("0.5", at="A/1/0-1")
    _fields(d)[0]["path"] = "0-1"
    return d


@breaks("well-path-duplicate")
def field_listed_twice() -> Documents:
    d = plate("0.5")
    _fields(d).append(dict(_fields(d)[0]))
    return d


@breaks("well-acquisition-invalid")
def acquisition_by_name() -> Documents:
    d = plate("0.5")
    _fields(d)[0]["acquisition"] = "first"
    return d


@breaks("well-field-not-found")
def listed_field_missing() -> Documents:
    d = plate("0.5")
    _fields(d).append({"path": "1", "acquisition": 0})
    return d


@breaks("well-acquisition-missing")
def field_of_no_acquisition() -> Documents:
    d = plate("0.5")
    del _fields(d)[0]["acquisition"]
    return d


@breaks("well-acquisition-unknown")
def field_of_an_unknown_acquisition() -> Documents:
    d = plate("0.5")
    _fields(d)[0]["acquisition"] = 9
    return d


@breaks("bioformats2raw-layout")
def older_layout() -> Documents:
    d = series("0.5")
    content(d)["bioformats2raw.layout"] = 2
    return d


@breaks("series-not-found")
def listed_series_missing() -> Documents:
    d = series("0.5")
    content(d, "OME")["series"].append("2")
    return d


@breaks("series-not-consecutive")
def gap_in_the_numbers() -> Documents:
    d = series("0.5")
    del d["OME"]
    return {path.replace("1", "2", 1) if path[:1] == "1" else path: v for path, v in d.items()}


# --- scenes and graphs -----------------------------------------------------------------------


@breaks_alone("scene-transformations-missing")
def scene_of_systems_only() -> Attributes:
    held: Attributes = scene()[""]["attributes"]
    del held["ome"]["scene"]["coordinateTransformations"]
    return held


@breaks("scene-image-not-found")
def scene_of_a_missing_image() -> Documents:
    d = scene()
    placed = step("translation", ("tile_9", "physical"), "world", translation=[4, 4])
    content(d)["scene"]["coordinateTransformations"].append(placed)
    return d


@breaks("graph-not-connected")
def image_the_scene_forgot() -> Documents:
    return scene() | image("0.6", "yx", at="tile_2")


@breaks("graph-not-connected")
def system_that_nothing_links() -> Documents:
    d = image("0.6")
    first_image(d)["coordinateSystems"].append({"name": "stage", "axes": axes("cyx")})
    return d


# --- arrays ----------------------------------------------------------------------------------


@breaks("dataset-not-found")
def level_missing() -> Documents:
    d = image("0.5")
    del d["1"]
    return d


@breaks("dataset-not-array")
def level_is_a_group() -> Documents:
    d = image("0.5")
    d["1"] = group("0.5")
    return d


@breaks("dataset-dimensions")
def array_of_fewer_dimensions() -> Documents:
    d = image("0.5")
    d["1"] = array("0.5", [4, 4], "yx")
    return d


@breaks("dataset-dimensions")
def fewer_than_five_dimensions_in_02() -> Documents:
    d = image("0.2")
    for level, size in (("0", 8), ("1", 4)):
        d[level] = array("0.2", [size, size])
    return d


@breaks("dataset-dtype-differs")
def levels_of_two_types() -> Documents:
    d = image("0.6")
    d["1"]["data_type"] = "uint8"
    return d


@breaks("dataset-dtype-unlike")
def levels_of_two_types_in_05() -> Documents:
    d = image("0.5")
    d["1"]["data_type"] = "uint8"
    return d


@breaks("dataset-order")
def smallest_level_first() -> Documents:
    d = image("0.5")
    first_image(d)["datasets"].reverse()
    return d


@breaks("dimension-names-missing")
def unnamed_dimensions_in_05() -> Documents:
    d = image("0.5")
    del d["0"]["dimension_names"]
    return d


@breaks("dimension-names-mismatch")
def other_names_in_05() -> Documents:
    d = image("0.5")
    d["0"]["dimension_names"] = ["c", "x", "y"]
    return d


@breaks("dimension-names-unlike-axes")
def other_names_in_06() -> Documents:
    d = image("0.6")
    d["0"]["dimension_names"] = ["c", "x", "y"]
    return d


@breaks("level-misaligned")
def level_of_wrong_pixel_size() -> Documents:
    d = image("0.5")
    _of_level(d, 1)[0]["scale"] = [1, 0.5, 0.5]
    return d


@breaks("chunks-not-nested")
def chunks_side_by_side() -> Documents:
    d = image("0.4")
    for level in "01":
        d[level][".zarray"]["dimension_separator"] = "."
    return d


@breaks("matrix-array-not-found")
def matrix_missing() -> Documents:
    return mapped({"type": "affine", "path": "matrix"})


@breaks("vector-field-not-found")
def field_missing() -> Documents:
    d = warped()
    first_image(d)["coordinateTransformations"][0]["path"] = "nowhere"
    return d


@breaks("vector-field-axis")
def components_not_discrete() -> Documents:
    d = warped()
    field = first_image(d, "coordinateTransformations/field")
    del field["coordinateSystems"][0]["axes"][0]["discrete"]
    return d


@breaks("vector-field-dimensions")
def three_components_in_a_plane() -> Documents:
    d = warped()
    d["coordinateTransformations/field/0"]["shape"] = [3, 8, 8]
    return d


# --- the table -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "judge"), _CASES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(_CASES)]
)
def test_one_change_breaks_one_rule(code: str, judge: Callable[[], tuple[Issue, ...]]) -> None:
    # Of a draft it is said that it is one.
    broken = [issue for issue in judge() if issue.code == code or issue.code != DRAFT]
    assert {issue.code for issue in broken} == {code}
    assert {issue.remedy for issue in broken} == {RULES[code].remedy}
    # What an unknown version says is not known.
    version = "" if code == "version-unknown" else " 0."
    assert all(issue.message and issue.rule.startswith(f"OME-Zarr{version}") for issue in broken)


def test_every_rule_is_broken_by_a_case() -> None:
    assert {code for code, _ in _CASES} | RULES_OF_COLLECTIONS == set(RULES)


def test_codes_are_unique_and_in_kebab_case() -> None:
    for code, rule in RULES.items():
        assert rule.code == code
        assert code.replace("-", "").isalnum()
        assert code == code.lower()
        assert rule.says.endswith(".")
        assert rule.remedy


def test_a_document_by_itself_does_not_fail_for_parts_that_do_not_fit() -> None:
    d = image("0.6")
    _of_level(d)[0]["scale"] = [1, 1]
    together, alone = check_hierarchy_documents(d), check_group_attributes(d[""]["attributes"])
    assert [i.severity for i in together] == [Severity.ERROR]
    assert [i.severity for i in alone] == [Severity.WARNING]
    assert [i.code for i in alone] == ["transformation-dimensions"]
