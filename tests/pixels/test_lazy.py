"""A dask array that is read directly: the same pixels, and dask's in every other respect."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.pixel_array import SLOTS, PixelArray, is_supported
from napari_ome_zip.pixels.source import ChannelView
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy

PIXELS = ramp((4, 6, 10), "u2")


def source() -> ChunkedArray:
    store = MappingStore(HierarchyBuilder().array("a", PIXELS, chunks=(1, 3, 5)).entries)
    node = Hierarchy(store).node("a")
    assert node is not None
    return ChunkedArray(store, node)


@pytest.fixture
def array() -> da.Array:
    return lazy(source())


@pytest.fixture
def no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where dask is asked to compute."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a task graph was computed")

    monkeypatch.setattr(da.Array, "compute", refuse)


def indices(size: int) -> st.SearchStrategy[Any]:
    bound = st.one_of(st.none(), st.integers(-size - 2, size + 2))
    plain = st.builds(slice, bound, bound, st.sampled_from([None, 1]))
    stepped = st.builds(slice, bound, bound, st.sampled_from([2, -1]))
    picked = st.lists(st.integers(0, size - 1), min_size=1, max_size=3)
    number = st.integers(-size, size - 1)
    return st.one_of(plain, plain, number, number.map(np.int64), stepped, picked)


@st.composite
def index_pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two indices, one after the other; at most one list each, as dask allows."""
    first = tuple(draw(indices(n)) for n in PIXELS.shape[: draw(st.integers(0, 3))])
    if sum(isinstance(part, list) for part in first) > 1:
        first = tuple(slice(None) if isinstance(part, list) else part for part in first)
    if draw(st.booleans()):
        first = (*first, ...)
    shape = PIXELS[first].shape
    second = tuple(draw(indices(n)) for n in shape if n)[:1]
    if 0 in shape:
        second = ()
    return first, second


@given(index_pairs())
def test_any_index_gives_what_numpy_and_dask_give(pair: tuple[Any, Any]) -> None:
    first, second = pair
    expected = PIXELS[first][second]

    found = lazy(source())[first][second]

    assert isinstance(found, da.Array)
    assert (found.shape, found.dtype, found.ndim) == (expected.shape, PIXELS.dtype, expected.ndim)
    np.testing.assert_array_equal(np.asarray(found), expected)
    np.testing.assert_array_equal(found.compute(scheduler="synchronous"), expected)
    assert np.asarray(found).shape == expected.shape


@pytest.mark.usefixtures("no_graph")
@pytest.mark.parametrize(
    "index", [(), 2, (1, slice(2, 4)), (slice(None), 3, -1), (0, 0, 0), (np.int64(3), slice(5, 2))]
)
def test_planes_regions_and_pixels_are_read_without_a_graph(array: da.Array, index: Any) -> None:
    np.testing.assert_array_equal(np.asarray(array[index]), PIXELS[index])


@pytest.mark.usefixtures("no_graph")
def test_reading_makes_no_graph_either(array: da.Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(da, "from_array", lambda *_, **__: pytest.fail("a graph was made"))
    plane = array[1]
    assert (plane.shape, plane.ndim, plane.dtype, plane.nbytes) == ((6, 10), 2, PIXELS.dtype, 120)
    assert np.asarray(plane, dtype=float).dtype == np.float64


def test_a_channel_is_read_so_too(no_graph: None) -> None:
    channel = lazy(ChannelView(source(), 0, 2))
    np.testing.assert_array_equal(np.asarray(channel[1:3]), PIXELS[2, 1:3])


def test_dask_works_with_it_as_with_any_array(array: da.Array) -> None:
    both = da.stack([array[0], array[1] + 1])
    np.testing.assert_array_equal(both.compute(), np.stack([PIXELS[0], PIXELS[1] + 1]))
    np.testing.assert_array_equal(array.mean(axis=0).compute(), PIXELS.mean(axis=0))
    np.testing.assert_array_equal(array[array > 200].compute(), PIXELS[PIXELS > 200])
    np.testing.assert_array_equal(np.asarray(array.rechunk((2, 2, 2))), PIXELS)
    np.testing.assert_array_equal(np.add(array, 1).compute(), PIXELS + 1)
    found = dask.compute(array[0], array[1])
    np.testing.assert_array_equal(found, PIXELS[:2])


def test_the_same_region_has_the_same_name(array: da.Array) -> None:
    assert array[1].name == array[1].name
    assert array[1].name != array[2].name
    assert set(array[1].dask.layers) & set(array[2].dask.layers)


def test_a_pickled_copy_holds_the_same(array: da.Array) -> None:
    copy = pickle.loads(pickle.dumps(array[1:3]))
    np.testing.assert_array_equal(copy.compute(), PIXELS[1:3])


def test_assigned_pixels_are_seen(array: da.Array) -> None:
    np.asarray(array)
    array[1, 2] = 9
    expected = PIXELS.copy()
    expected[1, 2] = 9
    np.testing.assert_array_equal(np.asarray(array), expected)
    np.testing.assert_array_equal(np.asarray(array[1]), expected[1])


def test_a_result_put_in_its_place_is_seen(array: da.Array) -> None:
    np.add(array, 1, out=array)
    np.testing.assert_array_equal(np.asarray(array), PIXELS + 1)
    np.testing.assert_array_equal(np.asarray(array[1]), PIXELS[1] + 1)


def test_whole_numbers_written_as_floats_are_indices_as_ever(array: da.Array) -> None:
    np.testing.assert_array_equal(np.asarray(array[: array.shape[0] / 2]), PIXELS[:2])


def test_many_threads_may_ask_for_the_graph_at_once(array: da.Array) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: array.sum().compute(scheduler="synchronous"), range(32)))
    assert found == [PIXELS.sum()] * 32


def test_a_chosen_scheduler_is_used(array: da.Array) -> None:
    asked = []

    def scheduler(graph: Any, keys: Any, **options: Any) -> Any:
        asked.append(keys)
        return dask.get(graph, keys, **options)

    with dask.config.set(scheduler=scheduler):
        np.testing.assert_array_equal(np.asarray(array[1]), PIXELS[1])
    assert asked


def test_an_index_out_of_bounds_is_refused_as_ever(array: da.Array) -> None:
    with pytest.raises(IndexError):
        array[4]
    with pytest.raises(IndexError):
        array[0, 0, 0, 0]


def test_what_it_does_not_have_is_said(array: da.Array) -> None:
    with pytest.raises(AttributeError, match="PixelArray"):
        _ = array.no_such_thing
    assert isinstance(array, PixelArray)


@pytest.mark.parametrize("changed", [False, True])
def test_it_is_copied_unless_that_is_forbidden(array: da.Array, changed: bool) -> None:
    if changed:
        array[0, 0, 0] = PIXELS[0, 0, 0]
    for copy in (None, True):
        np.testing.assert_array_equal(np.array(array, copy=copy), PIXELS)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.array(array, copy=False)


def test_dask_is_what_is_assumed_of_it() -> None:
    """Each assumption of `pixel_array`; where one fails, layers become slower, not wrong."""
    assert not getattr(da, "ARRAY_EXPR_ENABLED", False), "dask arrays are expressions now"
    missing = [slot for slot in SLOTS if not hasattr(da.Array, slot)]
    assert not missing, f"dask arrays keep no {missing} in slots any more"
    assert is_supported()
    bare: Any = object.__new__(da.Array)
    early = [slot for slot in SLOTS if hasattr(bare, slot)]
    assert not early, f"dask arrays have {early} before their constructor sets it"
    ordinary = da.zeros(3)
    before = ordinary.dask
    ordinary[0] = 1
    assert ordinary.dask is not before, "an assignment leaves no other graph in the slot 'dask'"


def test_another_dask_gets_ordinary_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(da, "ARRAY_EXPR_ENABLED", True)
    array = lazy(source())
    assert type(array) is da.Array
    np.testing.assert_array_equal(np.asarray(array[1, 2:4]), PIXELS[1, 2:4])


EXPRESSIONS = """
import numpy as np
from napari_ome_zip import open_image, to_layer_data
from hierarchy_builder import HierarchyBuilder, ramp
import dask.array as da

pixels = ramp((3, 40, 50), "u2")
image = HierarchyBuilder().group().image(pixels, "cyx", "a")
composite = open_image(image.entries)
assert "expr" in type(da.ones(1)).__module__
for number, (level, _, _) in enumerate(to_layer_data(composite)):
    np.testing.assert_array_equal(level.compute(), pixels[number])
    np.testing.assert_array_equal(level[3:7, 5].compute(), pixels[number, 3:7, 5])
"""


def test_layers_are_right_with_arrays_of_expressions() -> None:
    """Such arrays have no `__array__` yet (dask 2026.8): napari cannot show them, scripts can."""
    if not hasattr(da, "ARRAY_EXPR_ENABLED"):
        pytest.skip("this dask has no arrays of expressions")
    paths = os.pathsep.join(path for path in sys.path if path)
    settings = {"DASK_ARRAY__QUERY_PLANNING": "True", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", EXPRESSIONS],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
