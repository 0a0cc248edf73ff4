"""JSON that cannot change: equal, hashable, picklable, and thawed as it was."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.ome.frozen_json import MAX_DEPTH, TooDeepError
from ome.strategies import plain_json_values

objects = st.dictionaries(st.text(max_size=5), plain_json_values, max_size=4)


@given(objects)
def test_thawing_gives_the_object_back(value: dict[str, Any]) -> None:
    assert FrozenMapping(value).to_json() == value


@given(objects)
def test_equal_objects_are_equal_hash_equally_and_survive_copying(value: dict[str, Any]) -> None:
    frozen = FrozenMapping(value)

    assert frozen == FrozenMapping(copy.deepcopy(value))
    assert hash(frozen) == hash(FrozenMapping(dict(reversed(value.items()))))
    assert pickle.loads(pickle.dumps(frozen)) == frozen
    assert copy.deepcopy(frozen) == frozen
    assert FrozenMapping(frozen) == frozen


def test_nothing_in_it_can_be_changed() -> None:
    source = {"list": [1, {"a": 1}]}
    frozen = FrozenMapping(source)
    source["list"].append(2)

    assert frozen["list"] == (1, FrozenMapping({"a": 1}))
    with pytest.raises(AttributeError):
        frozen._items = {}
    frozen.to_json()["list"].append(3)
    assert len(frozen["list"]) == 2


def test_it_reads_like_any_mapping() -> None:
    frozen = FrozenMapping({"b": 1, "a": [2]})

    assert list(frozen) == ["b", "a"]
    assert len(frozen) == 2
    assert "a" in frozen
    assert frozen.get("c") is None
    assert frozen != {"b": 1}
    assert repr(frozen) == "FrozenMapping({'b': 1, 'a': (2,)})"


def test_nesting_has_a_limit() -> None:
    nested: Any = 1
    for _ in range(MAX_DEPTH):
        nested = [nested]
    FrozenMapping({"a": nested[0]})
    with pytest.raises(TooDeepError, match=str(MAX_DEPTH)):
        FrozenMapping({"a": [nested]})
