"""Open, save, open: a person sees the same."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels, Layer
from napari.utils import Colormap

from layer_comparison import (
    assert_same_layers,
    assert_same_pixels,
    assert_same_place,
    open_layers,
)
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.errors import OmeZipError, SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.ome.versions import DRAFT
from napari_ome_zip.saving.plan import plan_save
from shared_material import ASKED_FOR_A_DRAFT, corpus_params

type Case = dict[str, Any]

LARGE = ("virtual_huge", "n5ij", "human_organ_atlas", "SCAPE", "registration_3d")
"""Cases whose arrays are too large to write in a test: planned only."""


def refused(case: Case | None) -> bool:
    """Whether a case is a file that must not open."""
    return case is not None and case["expected"]["outcome"] == "refuse"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let files say what was repaired, and napari that it shows approximations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def saved(layers: list[Layer], path: Path, options: SaveOptions | None = None) -> Path:
    return save_image([layer.as_layer_data_tuple() for layer in layers], path, options)


def documents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("zarr.json")]
        return {name: archive.read(name) for name in names}


NEWLY_STORED = SaveOptions(chunk=256, shard=0)
"""Pixels are encoded again, not copied."""

DAMAGED = ("quirks/corrupt_chunk_payload", "quirks/inflating_chunk_200MB", "quirks/bad_crc_chunk")
"""A viewer shows what is left of them; saved, the rest would be lost for good."""


@pytest.mark.parametrize("case", [p for p in corpus_params() if not refused(p.values[0])])
def test_what_was_opened_is_saved_as_it_is(case: Case, tmp_path: Path) -> None:
    if any(name in case["id"] for name in LARGE):
        assert_planned(case["file"])
        return
    try:
        layers = open_layers(case["file"])
    except OmeZipError as error:
        if case["expected"]["outcome"] != "choice":
            raise
        pytest.skip(f"a reader may refuse it, ours does: {error}")
    layer_data = [layer.as_layer_data_tuple() for layer in layers]
    path = tmp_path / "again.ozx"
    if case["id"] in DAMAGED:
        with pytest.raises(SaveError, match=r"\S+ of .* is damaged"):
            save_image(layer_data, path, NEWLY_STORED)
        assert not list(tmp_path.iterdir())
        return
    options = SaveOptions(version=DRAFT) if case["id"] in ASKED_FOR_A_DRAFT else None
    save_image(layer_data, path, options)
    assert faults(path) <= faults(case["file"])
    assert_same_layers(layers, open_layers(path))
    save_image(layer_data, tmp_path / "twice.ozx", options)
    assert documents(path) == documents(tmp_path / "twice.ozx")


def faults(file: Path) -> set[tuple[str, str]]:
    """What is repaired when a file is opened: saving adds nothing to it."""
    return {(finding.code, finding.where) for finding in open_image(file).findings}


def assert_planned(file: Path) -> None:
    """Check that every pixel of every layer has a place in what would be written."""
    layer_data = to_layer_data(open_image(file))
    full = [data[0] if isinstance(data, list) else data for data, _, _ in layer_data]
    plan = plan_save(from_layer_data(layer_data))
    if plan.layout == "kept":
        with zipfile.ZipFile(file) as archive:
            stored = {name: archive.getinfo(name).file_size for name in archive.namelist()}
        copied = {copy.name: copy.nbytes for copy in plan.copies}
        documents = {name for name in stored if name.rpartition("/")[2] == "zarr.json"}
        assert copied == {n: size for n, size in stored.items() if n not in documents}
        assert documents == set(plan.documents)
        return
    assert plan.nbytes >= sum(array.nbytes for array in full)


def test_saving_what_was_saved_changes_no_pixel_and_no_setting(tmp_path: Path) -> None:
    path = saved(own_layers(), tmp_path / "a.ozx")
    first = open_layers(path)
    second = open_layers(saved(first, tmp_path / "b.ozx"))
    third = open_layers(saved(second, tmp_path / "c.ozx"))
    assert_same_layers(first, second)
    assert_same_layers(second, third)
    assert documents(tmp_path / "b.ozx") == documents(tmp_path / "c.ozx")


def own_layers() -> list[Layer]:
    random = np.random.default_rng(4)
    place = {"scale": (2.0, 0.5, 0.25), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    pixels = random.integers(0, 60_000, (3, 40, 50), np.uint16)
    return [
        Image(pixels, name="red", colormap="red", gamma=0.7, blending="additive", **place),
        Image(pixels[::-1], name="map", colormap="viridis", contrast_limits=(5, 77), **place),
        Labels(random.integers(0, 9, (3, 40, 50)), name="nuclei", opacity=0.3, **place),
        Image(random.random((3, 40, 50)), name="float", visible=False, rendering="iso", **place),
    ]


def test_layers_of_a_person_come_back(tmp_path: Path) -> None:
    layers = own_layers()
    assert_same_layers(layers, open_layers(saved(layers, tmp_path / "a.ozx")))


DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
          "float16", "float32", "float64")  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_pixel_comes_back(dtype: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 2, (20, 30)).astype(dtype)
    layers = [Image(pixels, name="cells", contrast_limits=(0, 1))]
    assert_same_layers(layers, open_layers(saved(layers, tmp_path / "a.ozx")))


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.startswith(("u", "i"))])
def test_labels_of_every_integer_type_come_back(dtype: str, tmp_path: Path) -> None:
    pixels = np.zeros((20, 30), dtype)
    pixels[5:9, 5:9] = np.iinfo(dtype).max
    layers = [Labels(pixels, name="nuclei")]
    assert_same_layers(layers, open_layers(saved(layers, tmp_path / "a.ozx")))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colour_pictures_come_back_without_transparency(
    channels: int, dtype: str, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(1).integers(0, 2, (20, 30, channels)).astype(dtype)
    (again,) = open_layers(saved([Image(pixels, name="he", rgb=True)], tmp_path / "a.ozx"))
    assert again.rgb
    np.testing.assert_array_equal(np.asarray(again.data), pixels[..., :3])


def test_colours_features_and_transparency_of_labels_come_back(tmp_path: Path) -> None:
    colors = {0: "transparent", 1: "#00FF00", 300: (1.0, 0.0, 0.0, 0.5), None: "transparent"}
    features = {"index": [1, 300], "area": [1.5, 2.5], "kind": ["a", "b"]}
    pixels = np.random.default_rng(1).choice(np.array([0, 1, 300], np.uint16), (20, 30))
    layers = [Labels(pixels, name="n", colormap=colors, features=features)]
    assert_same_layers(layers, open_layers(saved(layers, tmp_path / "a.ozx")))


def test_a_colormap_of_ones_own_comes_back(tmp_path: Path) -> None:
    own = Colormap([[0, 0, 0, 1], [1, 0, 0.5, 1], [1, 1, 1, 0.5]], controls=[0, 0.3, 1], name="own")
    layers = [Image(np.ones((20, 30)), name="cells", colormap=own, contrast_limits=(0, 3))]
    assert_same_layers(layers, open_layers(saved(layers, tmp_path / "a.ozx")))


def test_images_of_several_sizes_types_and_places_come_back(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    units = ("um",) * 3
    shown = {"units": units, "axis_labels": ("z", "y", "x")}
    layers: list[Layer] = [
        Image(random.integers(0, 9, (4, 50, 60), np.uint8), name="a", **shown),
        Image(random.integers(0, 9, (4, 50, 60), np.uint8), name="b", translate=(0, 9, 9), **shown),
        Image(random.random((2, 20, 30)), name="c", scale=(4, 2, 2), **shown),
        Labels(random.integers(0, 9, (2, 20, 30)), name="of c", scale=(4, 2, 2), **shown),
        Labels(random.integers(0, 9, (4, 50, 60)), name="of b", translate=(0, 9, 9), **shown),
    ]
    path = saved(layers, tmp_path / "a.ozx")
    owners = {labels.name: labels.image_path for labels in open_image(path).labels}
    paths = {image.name: image.path for image in open_image(path).images}
    assert owners == {"of c": paths["c"], "of b": paths["b"]}
    again = {layer.name.rpartition(": ")[2]: layer for layer in open_layers(path)}
    assert_same_place_and_pixels(layers, again)


def assert_same_place_and_pixels(layers: list[Layer], again: dict[str, Layer]) -> None:
    for layer in layers:
        assert_same_place(layer, again[layer.name])
        assert_same_pixels(layer, again[layer.name])


def test_flat_layers_beside_stacks_lie_where_napari_shows_them(tmp_path: Path) -> None:
    stack = Image(np.ones((5, 20, 30), np.uint8), name="stack", scale=(2, 1, 1))
    flat = Labels(np.eye(20, 30, dtype=np.uint8), name="flat", translate=(3, 4))
    again = {a.name.rpartition(": ")[2]: a for a in open_layers(
        saved([stack, flat], tmp_path / "a.ozx"))}  # fmt: skip
    for index in ((0, 0), (7, 9)):
        place = again["flat"].data_to_world((0, *index))
        np.testing.assert_allclose(place[-2:], flat.data_to_world(index))


numbers = st.floats(-50, 50, allow_nan=False)
sizes = st.floats(0.01, 50) | st.floats(-50, -0.01)


@st.composite
def placements(draw: st.DrawFn) -> dict[str, Any]:
    placed: dict[str, Any] = {"scale": draw(st.tuples(sizes, sizes, sizes))}
    placed["translate"] = draw(st.tuples(numbers, numbers, numbers))
    if draw(st.booleans()):
        placed["rotate"] = draw(st.tuples(*[st.floats(-180, 180)] * 3))
    if draw(st.booleans()):
        placed["shear"] = draw(st.tuples(*[st.floats(-2, 2)] * 3))
    if draw(st.booleans()):
        affine = np.eye(4)
        affine[:3] += np.reshape(draw(st.tuples(*[st.floats(-0.3, 0.3)] * 12)), (3, 4))
        placed["affine"] = affine
    return placed


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(placements(), min_size=1, max_size=3), lazy=st.booleans())
def test_any_affine_place_is_exact(
    tmp_path: Path, places: list[dict[str, Any]], lazy: bool
) -> None:
    layers: list[Layer] = []
    for number, placed in enumerate(places):
        pixels = np.random.default_rng(number).integers(0, 99, (2, 5 + number, 7), np.uint8)
        data = da.from_array(pixels, chunks=(1, 3, 3)) if lazy else pixels
        kind = (Image, Labels)[number % 2]
        layers.append(kind(data, name=str(number), units=("um",) * 3, **placed))
    path = saved(layers, tmp_path / "a.ozx")
    again = {layer.name.rpartition(": ")[2]: layer for layer in open_layers(path)}
    for layer in layers:
        # Array axes may have been put in another order, so places are compared by value.
        other = again[layer.name]
        pixels, found = np.asarray(layer.data), np.asarray(other.data)
        for index in np.ndindex(*pixels.shape):
            place = layer.data_to_world(index)
            again_at = np.rint(other.world_to_data(place)).astype(int)
            np.testing.assert_allclose(other.data_to_world(again_at), place, rtol=1e-6, atol=1e-6)
            assert found[tuple(again_at)] == pixels[index]


def test_a_composite_is_saved_as_it_was_opened(tmp_path: Path) -> None:
    path = saved(own_layers(), tmp_path / "a.ozx")
    save_image(open_image(path), tmp_path / "b.ozx")
    assert_same_layers(open_layers(path), open_layers(tmp_path / "b.ozx"))
