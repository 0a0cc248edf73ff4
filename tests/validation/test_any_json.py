"""Whatever a document holds, checks return issues: they never raise, and never change it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip.validation import (
    RULES,
    Report,
    check_group_attributes,
    check_hierarchy_documents,
)
from validation_documents import labelled, mapped, plate, scene, series, warped

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["scale", "affine", "sequence", "0", "physical", "0.6.dev3", "0.4", "../.."])
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
_WHOLE = [
    *(labelled(version) for version in ("0.1", "0.3", "0.4", "0.5", "0.6")),
    *(plate(version) for version in ("0.1", "0.4", "0.6")),
    series("0.5"),
    scene(),
    warped(),
    mapped(
        {
            "type": "byDimension",
            "transformations": [
                {"transformation": {"type": "identity"}, "inputAxes": [0, 1], "outputAxes": [0, 1]}
            ],
        }
    ),
    mapped({"type": "rotation", "rotation": [[0, -1], [1, 0]]}),
    mapped({"type": "bijection", "forward": {"type": "identity"}, "inverse": {"type": "scale"}}),
    mapped({"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [1]}),
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inside = enumerate(value)
    return [path, *(place for key, item in inside for place in _places(item, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Return a valid hierarchy in which a few values are replaced or removed."""
    documents = copy.deepcopy(draw(st.sampled_from(_WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(documents) if len(place) > 1]
        *parents, last = draw(st.sampled_from(places))
        holder: Any = documents
        for key in parents:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(JSON)
        else:
            del holder[last]
    return documents


@pytest.mark.parametrize("documents", _WHOLE, ids=range(len(_WHOLE)))
def test_an_odd_value_anywhere_gets_issues_and_no_exception(documents: dict[str, Any]) -> None:
    for place in _places(documents):
        if len(place) < 2:
            continue
        for odd in (None, True, -1, 0.5, "x", [], {}, [[1]], [{}]):
            changed = copy.deepcopy(documents)
            holder: Any = changed
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = odd
            check_hierarchy_documents(changed)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_hierarchy_gets_issues_and_no_exception(documents: dict[str, Any]) -> None:
    before = repr(documents)
    issues = check_hierarchy_documents(documents)
    assert repr(documents) == before
    assert {issue.code for issue in issues} <= set(RULES)
    Report.of("x", "directory", None, issues).to_json()
    for path, document in documents.items():
        attributes = document.get("attributes", document.get(".zattrs"))
        if isinstance(attributes, dict):
            check_group_attributes(attributes, path=path)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["ome", "multiscales", "plate", "well", "labels"]), JSON))
def test_any_attributes_get_issues_and_no_exception(attributes: dict[str, Any]) -> None:
    for zarr_format in (None, 2, 3):
        check_group_attributes(attributes, zarr_format=zarr_format)
