"""Versions: which one a document is judged by, and how development versions are laid out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from napari_ome_zip.ome.versions import (
    SPECS,
    is_early_06,
    is_prerelease,
    known_spec,
)
from napari_ome_zip.validation import Severity, check_group_attributes, check_hierarchy_documents
from validation_documents import content, first_image, image, mapped


@pytest.mark.parametrize(
    ("stated", "judged_by"),
    [
        *((version, version) for version in SPECS),
        *((f"0.6.dev{n}", "0.6") for n in range(1, 5)),
        ("0.6dev1", "0.6"),
        ("0.6rc0", "0.6"),
        ("0.6rc02", "0.6"),
        ("0.4-dev-spatialdata", "0.4"),
        ("0.7", None),
        ("0.9.dev7", None),
        ("1.0", None),
        ("", None),
        ("0.5\n", None),
        ("zero", None),
    ],
)
def test_a_version_is_judged_by_its_release(stated: str, judged_by: str | None) -> None:
    spec = known_spec(stated)
    assert (spec.version if spec else None) == judged_by


def test_development_versions_of_06_are_laid_out_otherwise_and_its_candidates_are_not() -> None:
    assert is_early_06("0.6.dev3")
    assert not is_early_06("0.6rc0")
    assert not is_early_06("0.6")
    assert is_prerelease("0.6rc0")
    assert not is_prerelease("1.0")


def as_draft(documents: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Write a hierarchy of 0.6 in the manner of its drafts: bare texts as references."""
    draft = copy.deepcopy(documents)
    content(draft)["version"] = "0.6.dev1"
    described = first_image(draft)
    for dataset in described["datasets"]:
        for item in dataset["coordinateTransformations"]:
            item |= {"input": item["input"]["path"], "output": item["output"]["name"]}
    for item in described.get("coordinateTransformations", ()):
        item |= {"input": item["input"]["name"], "output": item["output"]["name"]}
    return draft


def test_a_draft_may_refer_by_bare_text() -> None:
    draft = as_draft(mapped({"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]]}))
    assert {issue.code for issue in check_hierarchy_documents(draft)} == {"version-prerelease"}


def test_a_draft_may_name_axes_in_by_dimension() -> None:
    parts = [
        {"type": "scale", "scale": [2], "input_axes": ["y"], "output_axes": ["x"]},
        {"transformation": {"type": "identity"}, "input_axes": ["x"], "output_axes": ["y"]},
    ]
    draft = as_draft(mapped({"type": "byDimension", "transformations": parts}))
    assert {issue.code for issue in check_hierarchy_documents(draft)} == {"version-prerelease"}


def test_a_draft_is_still_judged() -> None:
    draft = as_draft(mapped({"type": "affine", "affine": [[1, 0], [0, 1]]}))
    errors = {i.code for i in check_hierarchy_documents(draft) if i.severity is Severity.ERROR}
    assert errors == {"transformation-dimensions"}


@pytest.mark.parametrize("version", [*SPECS])
def test_a_document_of_a_future_version_is_judged_by_its_layout(version: str) -> None:
    if version < "0.5":
        pytest.skip("older versions are stated inside each object")
    documents = image(version)
    content(documents)["version"] = "1.0"
    assert {i.code for i in check_hierarchy_documents(documents)} == {"version-unknown"}


def test_the_version_may_be_given_for_a_document_that_states_none() -> None:
    attributes = image("0.6")[""]["attributes"]
    del attributes["ome"]["version"]
    codes = {i.code for i in check_group_attributes(attributes, version="0.5")}
    assert "multiscale-axes-missing" in codes
    assert {i.code for i in check_group_attributes(attributes)} == {"version-missing"}
