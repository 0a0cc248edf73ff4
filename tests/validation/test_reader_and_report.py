"""What the reader repairs, a report says as well, by the same name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from file_rules import FILE_RULES
from napari_ome_zip import open_image, validate
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.findings import HEADLINES, MAX_HEADLINE, UNSEEN
from napari_ome_zip.ome import parse_group
from napari_ome_zip.validation import RULES, check_group_attributes
from shared_material import corpus_params

READER_ONLY = {
    "channels-many": "how many channels become layers is a limit of this reader's",
    "field-incomplete": "chunks left out are legal (chunks-missing); of vectors they leave a hole",
    "field-not-inverted": "how well vectors can be inverted is a matter of this reader's method",
    "field-properties-left-out": "what napari cannot hold of a layer is no fault of the file",
    "group-unusable": "of a document that cannot be read a report says which document-… it is",
    "image-unplaced": "what is wrong with a transformation has a code of its own in a report",
    "image-unusable": "sums up the faults of all levels, each of which a report names by itself",
    "level-channels-differ": "the specification says of no axis how long it is at each level",
    "level-unusable": "Zarr allows what napari cannot show: texts, no pixels, no axis",
    "napari-layer-unusable": "what only napari shows is no part of OME-Zarr, which a report judges",
    "napari-settings-unusable": "what only napari shows is no part of OME-Zarr",
    "table-large": "how much is read while a file is opened is a limit of this reader's",
    "table-library-missing": "what is installed is no matter of the file",
    "table-region-not-found": "tables are no part of OME-Zarr, which a report judges",
    "table-rows-left-out": "tables are no part of OME-Zarr",
    "table-unreadable": "tables are no part of OME-Zarr",
    "table-wide": "how many columns become features is a limit of this reader's",
    "tables-many": "how many tables are looked at is a limit of this reader's",
    "tiles-rounded": "fusing images into one layer is a choice of this reader, no fault of files",
}
"""Codes of the reader that no rule has, and why."""

CHECKED = {*RULES, *FILE_RULES}


def test_every_code_of_which_it_is_decided_whether_it_is_seen_exists() -> None:
    assert {*HEADLINES, *UNSEEN} <= {*CHECKED, *READER_ONLY}
    assert not set(HEADLINES) & UNSEEN


def test_what_changes_what_is_seen_is_said_within_what_a_notification_shows() -> None:
    assert [text for text in HEADLINES.values() if len(text) > MAX_HEADLINE] == []


def test_what_is_accounted_for_is_not_also_a_rule() -> None:
    assert not set(READER_ONLY) & CHECKED


@pytest.mark.parametrize("case", corpus_params())
def test_what_the_reader_says_of_a_file_the_report_says_as_well(case: Mapping[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damage met while reading is no finding
        try:
            found = {finding.code for finding in open_image(case["file"]).findings}
        except (OmeZipError, OSError):
            assert case["expected"]["outcome"] in ("refuse", "choice")
            return
    assert found <= {*HEADLINES, *UNSEEN}
    reported = {issue.code for issue in validate(case["file"]).issues} if found else set()
    assert found - set(READER_ONLY) <= reported


AXES = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
SCALE = {"type": "scale", "scale": [1, 1]}
TO_PHYSICAL = {"input": {"path": "0"}, "output": {"name": "physical"}}


def image(version: str = "0.5", **changes: Any) -> dict[str, Any]:
    """The attributes of an image of one level, with members replaced."""
    own: dict[str, Any] = {"axes": AXES}
    level = SCALE
    if version == "0.6":
        own = {"coordinateSystems": [{"name": "physical", "axes": AXES}]}
        level = SCALE | TO_PHYSICAL
    datasets = [{"path": "0", "coordinateTransformations": [level]}]
    multiscale = {"name": "cells", "datasets": datasets} | own | changes
    return {"ome": {"version": version, "multiscales": [multiscale]}}


def levels(*transformations: Any, version: str = "0.5") -> dict[str, Any]:
    datasets = [{"path": "0", "coordinateTransformations": list(transformations)}]
    return image(version, datasets=datasets)


def beside(**members: Any) -> dict[str, Any]:
    """An image with further objects beside it."""
    whole = image()
    return {"ome": whole["ome"] | members}


def mapped(**transformation: Any) -> dict[str, Any]:
    ends = {"input": {"name": "physical"}, "output": {"name": "world"}}
    systems = [{"name": name, "axes": AXES} for name in ("world", "physical")]
    listed = [ends | transformation]
    return image("0.6", coordinateSystems=systems, coordinateTransformations=listed)


def channels(*listed: Any) -> dict[str, Any]:
    return beside(omero={"channels": list(listed)})


def plate(**changes: Any) -> dict[str, Any]:
    whole = {
        "rows": [{"name": "A"}],
        "columns": [{"name": "1"}],
        "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}],
    }
    return {"ome": {"version": "0.5", "plate": whole | changes}}


def label(**members: Any) -> dict[str, Any]:
    return beside(**{"image-label": members})


FAULTS: dict[str, list[dict[str, Any]]] = {
    "wrong-type": [
        {"ome": 3},
        {"ome": {"version": "0.5", "multiscales": 3}},
        {"ome": {"version": "0.5", "multiscales": [3]}},
        {"ome": {"version": "0.5", "plate": []}},
        {"ome": {"version": "0.5", "well": "A"}},
        {"ome": {"version": "0.5", "labels": "cells"}},
        {"ome": {"version": "0.5", "series": ["a", 7]}},
        {"ome": {"version": "0.6", "scene": []}},
        image(axes="yx"),
        image(axes=["y", "x"]),
        image(axes=[AXES[0] | {"unit": 1}, AXES[1]]),
        image(axes=[AXES[0] | {"type": 1}, AXES[1]]),
        image("0.3", axes=["y", "x"], datasets=["0"]),
        image(datasets=[{"path": "0", "coordinateTransformations": SCALE}]),
        image("0.6", coordinateSystems={"name": "physical"}),
        levels("scale"),
        mapped(type="bijection", forward=3, inverse=3),
        beside(omero=3),
        channels(3),
        channels({"color": "FF0000", "window": 3}),
        label(colors=3),
        label(colors=[3]),
        plate(acquisitions=3),
        plate(wells=[3]),
    ],
    "ome-key-missing": [image()["ome"]],
    "version-missing": [{"ome": {"multiscales": image()["ome"]["multiscales"]}}],
    "version-unstated": [{"multiscales": image()["ome"]["multiscales"]}],
    "version-not-text": [{"ome": image()["ome"] | {"version": 0.5}}],
    "version-unknown": [{"ome": image()["ome"] | {"version": "7"}}],
    "axis-name-missing": [image(axes=[{"type": "space"}, AXES[1]])],
    "axis-name-duplicate": [image(axes=[AXES[0], AXES[0]])],
    "axis-count": [image(axes=[{"name": name, "type": "space"} for name in "abcdef"])],
    "axis-order": [image(axes=[AXES[0], {"name": "t", "type": "time"}])],
    "coordinate-system-name-missing": [
        image("0.6", coordinateSystems=[{"name": "physical", "axes": AXES}, {"axes": AXES}])
    ],
    "coordinate-system-name-duplicate": [
        image("0.6", coordinateSystems=[{"name": "physical", "axes": AXES}] * 2)
    ],
    "coordinate-system-axes-missing": [image("0.6", coordinateSystems=[{"name": "physical"}])],
    "coordinate-system-unknown": [
        levels(SCALE | TO_PHYSICAL | {"output": {"name": "lost"}}, version="0.6")
    ],
    "multiscales-empty": [{"ome": {"version": "0.5", "multiscales": []}}],
    "multiscale-axes-missing": [image(axes=None)],
    "multiscale-systems-missing": [image("0.6", coordinateSystems=[])],
    "multiscale-datasets-missing": [image(datasets=found) for found in (None, [], 3, {})],
    "dataset-path-missing": [image(datasets=[{}]), image(datasets=[{"path": 3}])],
    "transformations-missing": [
        image(datasets=[{"path": "0"}]),
        levels(),
        image("0.6", datasets=[{"path": "0"}]),
    ],
    "level-transformation-count": [
        levels(version="0.6"),
        levels(*[SCALE | TO_PHYSICAL] * 2, version="0.6"),
    ],
    "transformation-scale-count": [
        levels({"type": "translation", "translation": [1, 1]}),
        levels(SCALE, SCALE),
    ],
    "transformation-translation-count": [
        levels(SCALE, *[{"type": "translation", "translation": [1, 1]}] * 2)
    ],
    "transformation-order": [levels({"type": "translation", "translation": [1, 1]}, SCALE)],
    "transformation-length": [levels({"type": "scale", "scale": [1]})],
    "transformation-dimensions": [
        levels({"type": "scale", "scale": [1], **TO_PHYSICAL}, version="0.6")
    ],
    "transformation-parameters": [
        levels({"type": "scale", "scale": ["1", 1]}),
        levels({"type": "scale"}),
        levels(SCALE, {"type": "translation", "translation": [None, 1]}),
        mapped(type="scale", scale=["1", 1]),
    ],
    "scale-zero": [
        levels({"type": "scale", "scale": [0, 1]}),
        mapped(type="scale", scale=[0, 1]),
    ],
    "transformation-kind": [levels({"type": "spline"}), levels({"scale": [1, 1]})],
    "transformation-kind-unknown": [mapped(type="spline"), mapped()],
    "map-axis-invalid": [mapped(type="mapAxis", mapAxis=[0, 0])],
    "project-axis-invalid": [mapped(type="projectAxis")],
    "matrix-invalid": [mapped(type="affine"), mapped(type="rotation", rotation=[[1], [1, 2]])],
    "rotation-not-square": [mapped(type="rotation", rotation=[[1, 0, 0], [0, 1, 0]])],
    "sequence-empty": [mapped(type="sequence")],
    "by-dimension-invalid": [mapped(type="byDimension")],
    "bijection-incomplete": [mapped(type="bijection", forward=SCALE)],
    "vector-field-path-missing": [mapped(type="displacements"), mapped(type="coordinates")],
    "transformation-reference-missing": [
        image("0.6", coordinateTransformations=[SCALE]),
        levels(SCALE | {"input": {"path": "0"}}, version="0.6"),
    ],
    "transformation-reference-invalid": [mapped(**SCALE, output=3)],
    "transformation-reference-surplus": [
        levels(SCALE | TO_PHYSICAL | {"output": {"path": "1", "name": "physical"}}, version="0.6")
    ],
    "scene-transformations-missing": [
        {"ome": {"version": "0.6", "scene": {"coordinateTransformations": 3}}}
    ],
    "omero-color-missing": [channels({"window": {"start": 0, "end": 1, "min": 0, "max": 1}})],
    "omero-color-invalid": [channels({"color": "green"}), channels({"color": None, "window": {}})],
    "omero-window-incomplete": [channels({"color": "FF0000", "window": {"start": "low"}})],
    "label-value-missing": [label(colors=[{"rgba": [1, 2, 3, 4]}])],
    "label-color-duplicate": [label(colors=[{"label-value": 1}] * 2)],
    "label-rgba-invalid": [
        label(colors=[{"label-value": 1, "rgba": rgba}]) for rgba in ([1, 2], [1, 2, 3], "red")
    ],
    "bioformats2raw-layout": [{"ome": {"version": "0.5", "bioformats2raw.layout": "three"}}],
    "plate-rows-missing": [plate(rows=3), plate(rows=[])],
    "plate-columns-missing": [plate(columns=3), plate(columns=None)],
    "plate-wells-missing": [plate(wells=3)],
    "plate-well-mismatch": [plate(wells=[{"path": "B/1", "rowIndex": 1, "columnIndex": 0}])],
    "plate-well-path-missing": [plate(wells=[{"rowIndex": 0, "columnIndex": 0}])],
    "plate-line-name-missing": [plate(rows=[{}])],
    "plate-count-invalid": [plate(field_count=0)],
    "acquisition-id-invalid": [plate(acquisitions=[{"id": -1}])],
    "acquisition-time-invalid": [plate(acquisitions=[{"id": 0, "starttime": -1}])],
    "well-images-missing": [{"ome": {"version": "0.5", "well": {"images": 3}}}],
    "well-path-missing": [{"ome": {"version": "0.5", "well": {"images": [{}]}}}],
}
"""Attributes of a group with one fault each, by the name of the fault."""


@pytest.mark.parametrize(
    ("code", "attributes"),
    [
        pytest.param(code, attributes, id=f"{code}-{number}")
        for code, documents in FAULTS.items()
        for number, attributes in enumerate(documents)
    ],
)
def test_one_fault_in_a_document_has_one_name(code: str, attributes: dict[str, Any]) -> None:
    read = {f.code for f in parse_group(attributes, path="", zarr_format=3).findings}
    reported = {issue.code for issue in check_group_attributes(attributes, zarr_format=3)}
    assert code in read
    assert read <= {*HEADLINES, *UNSEEN}
    assert read <= reported
