"""The specification's own documents: what it calls valid, invalid, or against its advice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_ome_zip.validation import Issue, Severity, check_group_attributes
from shared_material import CONFORMANCE


def _documents(folder: str) -> list[object]:
    root = CONFORMANCE / "attributes"
    if not root.is_dir():
        reason = f"the conformance documents are not there: {CONFORMANCE}"
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))]
    files = sorted((root / folder).rglob("*.json"))
    return [pytest.param(file, id=str(file.relative_to(root))) for file in files]


def _judge(file: Path) -> dict[Severity, list[Issue]]:
    issues = check_group_attributes(json.loads(file.read_text(encoding="utf-8")))
    return {severity: [i for i in issues if i.severity is severity] for severity in Severity}


@pytest.mark.parametrize("file", _documents("spec/valid") + _documents("strict/valid"))
def test_what_the_specification_calls_valid_has_no_error(file: Path) -> None:
    assert _judge(file)[Severity.ERROR] == []


@pytest.mark.parametrize("file", _documents("spec/invalid"))
def test_what_the_specification_calls_invalid_has_an_error(file: Path) -> None:
    assert _judge(file)[Severity.ERROR] != []


@pytest.mark.parametrize("file", _documents("strict/invalid"))
def test_what_is_against_its_advice_has_warnings_only(file: Path) -> None:
    issues = _judge(file)
    assert issues[Severity.ERROR] == []
    assert issues[Severity.WARNING] != []


# Many of these documents also refer to levels in the manner of an older draft, which is an error
# of its own. This is the error that each of them is there for.
PURPOSE = {
    "bad_affine_no_affine": "matrix-invalid",
    "bad_affine_no_input_output": "transformation-reference-missing",
    "bad_byDimension_no_input_output_axes": "by-dimension-invalid",
    "bad_byDimension_wrong axes_type": "by-dimension-invalid",
    "bad_mapaxis": "map-axis-invalid",
    "bad_mapaxis2": "map-axis-invalid",
    "bad_mapaxis3": "map-axis-invalid",
    "bad_mapaxis4": "map-axis-invalid",
    "bad_mapaxis5": "map-axis-invalid",
    "bad_rotation": "matrix-invalid",
    "bad_rotation2": "matrix-invalid",
    "bad_rotation3": "rotation-not-square",
    "bad_scale_path_not_allowed": "transformation-parameters",
    "bad_translate_path_not_allowed": "transformation-parameters",
    "multiscales_transform_forbidden": "level-transformation-kind",
    "multiscales_transform_forbidden2": "level-transformation-kind",
    "multiscales_transform_forbidden3": "level-transformation-kind",
    "multiscales_transform_missing_params": "matrix-invalid",
    "multiscales_transform_no_input_output": "transformation-reference-missing",
    "multiscales_transform_no_input_output2": "transformation-reference-missing",
}


@pytest.mark.parametrize(("name", "code"), PURPOSE.items())
def test_an_invalid_document_fails_for_what_it_is_there_for(
    conformance: Path, name: str, code: str
) -> None:
    file = conformance / "attributes/spec/invalid/transforms" / f"{name}.json"
    assert code in {issue.code for issue in _judge(file)[Severity.ERROR]}
