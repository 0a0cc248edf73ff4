"""Images that a vector field bends, against the deformation that the field was made from."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, axes_of
from napari_layers import codes, layers_of
from napari_ome_zip import CompositeImage, open_image, to_layer_data
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.layers.channel_array import layer_placement
from napari_ome_zip.layers.layer_data import METADATA_KEY

PIXEL = 0.5
"""Size of a pixel of the images at level 0."""
STEP = 1.0
"""Distance between the vectors of a field."""

type Deformation = Callable[[np.ndarray], np.ndarray]


def sine(points: np.ndarray) -> np.ndarray:
    y, x = points[..., 0], points[..., 1]
    return points + np.stack([0.8 * np.sin(x / 3), 0.6 * np.cos(y / 4)], -1)


def turned(points: np.ndarray) -> np.ndarray:
    c, s = np.cos(0.4), np.sin(0.4)
    return points @ np.array([[c, -s], [s, c]]).T


def brightness(points: np.ndarray) -> np.ndarray:
    """An image that interpolation follows exactly: a slope."""
    return 100 + 3 * points[..., 0] + 7 * points[..., 1]


def places(shape: tuple[int, ...], step: float, first: float = 0.0) -> np.ndarray:
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) * step + first


def vectors(deformation: Deformation, *, kind: str = "displacements", first: float = -4.0) -> Any:
    """Samples on a grid that reaches beyond the images on all sides."""
    grid = places((24, 28), STEP, first)
    return deformation(grid) - (grid if kind == "displacements" else 0)


def add_field(
    builder: HierarchyBuilder,
    samples: np.ndarray,
    path: str = "field",
    *,
    kind: str = "displacements",
    first: float = -4.0,
    components_first: bool = False,
    as_array: bool = False,
    **options: Any,
) -> HierarchyBuilder:
    component = {"name": "d", "type": kind.removesuffix("s"), "discrete": True}
    axes: list[Any] = [*axes_of("yx"), component]
    scale, shift = [STEP, STEP, 1.0], [first, first, 0.0]
    if components_first:
        samples = np.moveaxis(samples, -1, 0)
        axes, scale, shift = axes[-1:] + axes[:-1], scale[::-1], shift[::-1]
    steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]
    level = {
        "type": "sequence",
        "transformations": steps,
        "input": {"path": "0"},
        "output": {"name": "space"},
    }
    systems = [{"name": "space", "axes": axes}]
    if as_array:
        ome = {"coordinateSystems": systems, "coordinateTransformations": [level]}
        return builder.array(path, samples, attributes={"ome": ome}, **options)
    entry = {
        "coordinateSystems": systems,
        "datasets": [{"path": "0", "coordinateTransformations": [level]}],
    }
    builder.group(path, version="0.6", multiscales=[entry])
    return builder.array(f"{path}/0", samples, **options)


def edge(kind: str = "displacements", *, back: bool = False, **parameters: Any) -> dict[str, Any]:
    ends = [{"path": "img", "name": "physical"}, {"name": "world"}]
    source, target = ends[::-1] if back else ends
    parameters = parameters or {"path": "field", "interpolation": "linear"}
    return {"type": kind, "input": source, "output": target, **parameters}


def pyramid(count: int = 2) -> list[np.ndarray]:
    """Levels of `brightness`, each the mean of 2 × 2 of the one before."""
    full = brightness(places((20, 24), PIXEL))
    levels = [full]
    for _ in range(count - 1):
        rows, columns = (n // 2 for n in levels[-1].shape)
        levels.append(levels[-1].reshape(rows, 2, columns, 2).mean(axis=(1, 3)))
    return levels


def add_image(
    builder: HierarchyBuilder, levels: list[np.ndarray], axes: str = "yx", path: str = "img"
) -> HierarchyBuilder:
    listed = []
    for number, level in enumerate(levels):
        factors = np.array(levels[0].shape) / level.shape
        size = np.where([name in "yx" for name in axes], PIXEL, 1.0)
        scale, shift = (factors * size).tolist(), ((factors - 1) / 2 * size).tolist()
        steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": shift}]
        step = {
            "type": "sequence",
            "transformations": steps,
            "input": {"path": str(number)},
            "output": {"name": "physical"},
        }
        listed.append({"path": str(number), "coordinateTransformations": [step]})
    systems = [{"name": "physical", "axes": axes_of(axes)}]
    entry = {"coordinateSystems": systems, "datasets": listed}
    builder.group(path, version="0.6", multiscales=[entry])
    for number, level in enumerate(levels):
        builder.array(f"{path}/{number}", level)
    return builder


def scene(
    deformation: Deformation,
    step: Mapping[str, Any] | None = None,
    *,
    levels: list[np.ndarray] | None = None,
    **options: Any,
) -> HierarchyBuilder:
    builder = HierarchyBuilder().scene("yx", edge() if step is None else step)
    add_image(builder, pyramid() if levels is None else levels)
    kind = options.get("kind", "displacements")
    return add_field(builder, vectors(deformation, kind=kind), **options)


def world_of(part: PlacedPart, level: int = 0) -> np.ndarray:
    """World coordinates of all voxel centers of a level, as a viewer places them."""
    shape = part.sources[level].shape
    factors = np.array(part.shape) / shape
    return part.to_display.apply(places(shape, 1.0) * factors + (factors - 1) / 2)


def assert_bent(composite: CompositeImage, back: Deformation, tolerance: float) -> None:
    """Every level shows at each place of the world what the image has at its origin."""
    (part,) = composite.parts
    assert len(part.sources) == 2
    for number, level in enumerate(part.levels):
        pixel = PIXEL * 2**number
        origin = back(world_of(part, number))
        first, last = pixel / 2 - PIXEL / 2, np.array([20, 24]) * PIXEL - PIXEL / 2 - pixel / 2
        shown = np.asarray(level)
        inner = ((origin >= first) & (origin <= last)).all(-1)
        assert inner.sum() > 0.6 * part.sources[number].shape[0] * 8
        np.testing.assert_allclose(shown[inner], brightness(origin)[inner], atol=tolerance)
        outer = ((origin < first - 0.55 * pixel) | (origin > last + 0.55 * pixel)).any(-1)
        assert not shown[outer].any()
        # All of the image is there: its corners lie within the grid.
        area = np.prod(np.abs(np.diag(part.to_display.linear))) * 4**number
        assert shown.astype(bool).sum() * area == pytest.approx(20 * 24 * PIXEL**2, rel=0.15)


def inverse_of(deformation: Deformation) -> Deformation:
    def back(points: np.ndarray) -> np.ndarray:
        found = points
        for _ in range(200):
            found = found + points - deformation(found)
        return found

    return back


# Linear interpolation of the sine errs by up to an eighth of its curvature, at 7 a unit.
SINE_TOLERANCE = 10 * (0.8 / 9 + 0.6 / 16) / 8


@pytest.mark.parametrize("kind", ["displacements", "coordinates"])
@pytest.mark.parametrize("components_first", [False, True])
@pytest.mark.parametrize("as_array", [False, True])
def test_an_image_is_bent_as_its_field_says(
    kind: str, components_first: bool, as_array: bool
) -> None:
    builder = scene(
        sine, edge(kind), kind=kind, components_first=components_first, as_array=as_array
    )
    composite = open_image(builder.entries)
    assert not composite.findings
    assert_bent(composite, inverse_of(sine), SINE_TOLERANCE)


def flip_rows(builder: HierarchyBuilder, path: str, rows: list[int]) -> None:
    """Let the first axis of each level run the other way, over the same places."""
    attributes = json.loads(builder.entries[f"{path}/zarr.json"])["attributes"]
    datasets = attributes["ome"]["multiscales"][0]["datasets"]
    for dataset, count in zip(datasets, rows, strict=True):
        scale, shift = dataset["coordinateTransformations"][0]["transformations"]
        shift["translation"][0] += (count - 1) * scale["scale"][0]
        scale["scale"][0] *= -1
    builder.edit(f"{path}/zarr.json", attributes=attributes)


def test_flipped_images_and_flipped_fields_bend_as_others() -> None:
    builder = HierarchyBuilder().scene("yx", edge())
    add_image(builder, [level[::-1] for level in pyramid()])
    add_field(builder, vectors(sine)[::-1])
    flip_rows(builder, "img", [20, 10])
    flip_rows(builder, "field", [24])
    composite = open_image(builder.entries)
    assert not composite.findings
    assert_bent(composite, inverse_of(sine), SINE_TOLERANCE)


def test_a_field_that_leads_from_the_world_to_the_image_is_used_as_it_is() -> None:
    composite = open_image(scene(sine, edge(back=True)).entries)
    assert not composite.findings
    assert_bent(composite, sine, SINE_TOLERANCE)


def test_the_inverse_of_a_bijection_is_used_as_it_is() -> None:
    given = {"type": "displacements", "path": "back"}
    step = edge("bijection", forward={"type": "displacements", "path": "field"}, inverse=given)
    builder = scene(sine, step)
    # Not the inverse, so that it shows which of the two was used.
    add_field(builder, vectors(lambda points: sine(points) - 0.5), "back")
    (part,) = open_image(builder.entries).parts
    origin = sine(world_of(part)) - 0.5
    inner = ((origin >= 0) & (origin <= [9.5, 11.5])).all(-1)
    shown = np.asarray(part.levels[0])
    np.testing.assert_allclose(shown[inner], brightness(origin)[inner], atol=SINE_TOLERANCE)


@pytest.mark.parametrize("back", [False, True])
def test_a_rotation_written_as_a_field_is_the_rotation(back: bool) -> None:
    composite = open_image(scene(turned, edge(back=back)).entries)
    assert not composite.findings
    away = np.linalg.inv(turned(np.eye(2)))
    assert_bent(composite, turned if back else (lambda points: points @ away), 0.05)


def test_a_field_inside_a_sequence_is_applied_in_its_place() -> None:
    parts = [
        {"type": "translation", "translation": [1.0, 2.0]},
        {"type": "displacements", "path": "field"},
        {"type": "scale", "scale": [2.0, 2.0]},
    ]
    composite = open_image(scene(sine, edge("sequence", transformations=parts)).entries)
    (part,) = composite.parts
    origin = inverse_of(sine)(world_of(part) / 2) - [1.0, 2.0]
    inner = ((origin >= 0) & (origin <= [9.5, 11.5])).all(-1)
    shown = np.asarray(part.levels[0])
    np.testing.assert_allclose(shown[inner], brightness(origin)[inner], atol=SINE_TOLERANCE)
    np.testing.assert_allclose(np.diag(part.to_display.linear), 2 * PIXEL, rtol=0.05)


def test_a_field_that_moves_nothing_leaves_every_pixel_as_it_is() -> None:
    (part,) = open_image(scene(lambda points: points).entries).parts
    for level, expected in zip(part.levels, pyramid(), strict=True):
        np.testing.assert_allclose(level, expected)
    np.testing.assert_allclose(part.to_display.matrix, np.eye(2, 3) * PIXEL, atol=1e-12)


def test_whole_numbers_are_rounded() -> None:
    levels = [level.astype(np.uint8) for level in pyramid()]
    composite = open_image(scene(sine, levels=levels).entries)
    assert {part.dtype for part in composite.parts} == {np.dtype(np.uint8)}
    assert_bent(composite, inverse_of(sine), SINE_TOLERANCE + 1)


def test_time_and_channels_pass_through() -> None:
    field = {"type": "displacements", "path": "field"}
    items = [
        {"transformation": field, "input_axes": ["y", "x"], "output_axes": ["y", "x"]},
        {"transformation": {"type": "scale", "scale": [2.0]}, "input_axes": ["t"],
         "output_axes": ["t"]},
        {"transformation": {"type": "identity"}, "input_axes": ["c"], "output_axes": ["c"]},
    ]  # fmt: skip
    single = pyramid(1)[0]
    stack = np.stack([[single, single + 1000], [single + 5000, single + 6000]])
    builder = HierarchyBuilder().scene("tcyx", edge("byDimension", transformations=items))
    add_image(builder, [stack], "tcyx")
    add_field(builder, vectors(sine))
    composite = open_image(builder.entries)
    assert not composite.findings
    (part,) = composite.parts
    assert part.channel_count == 2
    assert part.shape[:2] == (2, 2)
    assert [axis.name for axis in composite.system.axes] == ["t", "y", "x"]
    shown = np.asarray(part.levels[0])
    inside = shown[0, 0] > 0
    for frame, channel, added in [(0, 1, 1000), (1, 0, 5000), (1, 1, 6000)]:
        np.testing.assert_allclose((shown[frame, channel] - shown[0, 0])[inside], added)
    layers = layers_of(composite)
    assert [layer.scale[0] for layer in layers] == [2.0, 2.0]


def test_labels_are_bent_with_their_image_and_no_number_is_invented() -> None:
    builder = scene(sine)
    numbers = np.random.default_rng(0).choice([0, 3, 700, 60000], (20, 24)).astype(np.uint16)
    builder.labels("cells", path="img")
    add_image(builder, [numbers], path="img/labels/cells")
    composite = open_image(builder.entries)
    assert not composite.findings
    image, labels = composite.parts
    np.testing.assert_allclose(labels.to_display.linear, image.to_display.linear)
    apart = (labels.to_display.offset - image.to_display.offset) / PIXEL
    np.testing.assert_allclose(apart, np.rint(apart), atol=0.05)
    shown = np.asarray(labels.levels[0])
    assert set(np.unique(shown)) == {0, 3, 700, 60000}
    origin = inverse_of(sine)(world_of(labels)) / PIXEL
    clear = (abs(origin - np.rint(origin)) < 0.4).all(-1)  # not between two pixels
    index = np.rint(origin).astype(int)
    clear &= ((index >= 0) & (index < [20, 24])).all(-1)
    assert (shown[clear] == numbers[tuple(index[clear].T)]).mean() > 0.99


def test_blocks_are_parts_of_the_whole() -> None:
    (part,) = open_image(scene(sine).entries).parts
    for source in part.sources:
        whole = source[:, :]
        for chunks in (3, 7):
            blocks = da.from_array(source, chunks=chunks, meta=np.empty((0, 0)))
            np.testing.assert_allclose(blocks, whole, atol=1e-3)
        np.testing.assert_allclose(source[2:9:2, 5], whole[2:9:2, 5], atol=1e-3)
        assert source[3:3, :].shape == (0, source.shape[1])


def test_a_region_that_draws_on_much_of_the_image_is_done_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (part,) = open_image(scene(turned).entries).parts
    whole = part.sources[0][:, :]
    monkeypatch.setattr("napari_ome_zip.image.warped_array._MAX_REGION", 20)
    np.testing.assert_allclose(part.sources[0][:, :], whole, atol=1e-3)


def test_a_bent_image_can_be_sent_to_another_process() -> None:
    (part,) = open_image(scene(sine).entries).parts
    whole = part.sources[1][:, :]
    again = pickle.loads(pickle.dumps(part.sources[1]))
    np.testing.assert_array_equal(again[:, :], whole)


def test_opening_reads_no_pixels() -> None:
    builder = scene(sine)
    for name in builder.entries:
        if name.startswith("img/") and "/c/" in name:
            builder.put(name, b"these are no pixels")
    assert not open_image(builder.entries).findings  # warnings are errors in tests


def test_a_bent_image_is_a_layer_like_any_other() -> None:
    (layer,) = layers_of(scene(sine).entries)
    assert layer.multiscale
    assert layer.blending == "additive"  # its corners do not hide what lies below
    assert tuple(layer.axis_labels) == ("y", "x")
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_a_bent_image_is_not_merely_moved_into_another_system() -> None:
    entries = scene(sine).entries
    ((_, keywords, _),) = to_layer_data(open_image(entries))
    straight = open_image(entries, system="img:physical")
    assert not straight.parts[0].nonlinear
    assert layer_placement(straight, keywords["metadata"][METADATA_KEY], 2) is None
    assert layer_placement(open_image(entries), {"path": "img", "multiscale": 0}, 2) is None


def test_bent_images_are_not_fused() -> None:
    builder = HierarchyBuilder()
    steps = [{**edge(), "input": {"path": f"img{n}", "name": "physical"}} for n in range(3)]
    builder.scene("yx", *steps)
    for n in range(3):
        add_image(builder, pyramid(1), path=f"img{n}")
    add_field(builder, vectors(lambda points: points))
    assert len(open_image(builder.entries, fuse_from=2).parts) == 3


class TestUnusableFields:
    """The image is shown where its own system puts it, and the field is named."""

    @staticmethod
    def said(builder: HierarchyBuilder) -> str:
        composite = open_image(builder.entries)
        assert codes(composite) == ["image-unplaced"]
        (part,) = composite.parts
        np.testing.assert_allclose(part.to_display.matrix, np.eye(2, 3) * PIXEL)
        np.testing.assert_array_equal(part.levels[0], pyramid()[0])
        return composite.findings[0].message

    def test_documents_are_missing(self) -> None:
        assert "'field'" in self.said(scene(sine).remove("field/"))
        assert "'field'" in self.said(scene(sine).remove("field/0/"))

    def test_all_chunks_are_missing(self) -> None:
        assert "all of its chunks are missing" in self.said(scene(sine).remove("field/0/c/"))

    def test_a_chunk_is_damaged(self) -> None:
        message = self.said(scene(sine).put("field/0/c/0/0/0", b"these are no vectors"))
        assert "field/0/c/0/0/0" in message

    def test_a_chunk_of_coordinates_is_missing(self) -> None:
        builder = scene(sine, edge("coordinates"), kind="coordinates", chunks=(12, 28, 2))
        assert "1 of 2 of its chunks are missing" in self.said(builder.remove("field/0/c/1/"))

    def test_no_axis_holds_the_components(self) -> None:
        builder = scene(sine, kind="coordinates")  # named displacements by the scene
        assert "axis of type 'displacement'" in self.said(builder)

    def test_an_unknown_interpolation(self) -> None:
        builder = scene(sine, edge(path="field", interpolation="magic"))
        assert "'magic'" in self.said(builder)

    def test_vectors_that_are_no_numbers(self) -> None:
        assert "says nothing" in self.said(scene(lambda points: points * np.nan))

    def test_an_image_spread_beyond_measure(self) -> None:
        def burst(points: np.ndarray) -> np.ndarray:
            return points + 1e5 * (points > 9.2)

        assert "field" in self.said(scene(burst))

    def test_a_field_that_folds_the_image_onto_a_line(self) -> None:
        assert "field" in self.said(scene(lambda points: points * [1.0, 0.0]))


def test_a_part_of_the_field_that_is_missing_is_said_and_moves_nothing() -> None:
    builder = scene(lambda points: points + np.array([3.0, 0.0]), chunks=(24, 14, 2))
    composite = open_image(builder.remove("field/0/c/0/1/").entries)
    assert codes(composite) == ["field-incomplete"]
    assert "1 of 2 chunks" in composite.findings[0].message
    (part,) = composite.parts
    origin = world_of(part)
    shown = np.asarray(part.levels[0])
    right = (origin[..., 1] > 10.2) & (origin[..., 0] > 0) & (origin <= [9.4, 11.4]).all(-1)
    np.testing.assert_allclose(shown[right], brightness(origin)[right], atol=0.01)


def test_where_a_field_folds_nothing_is_shown_and_it_is_said() -> None:
    def folded(points: np.ndarray) -> np.ndarray:
        y, x = points[..., 0], points[..., 1]
        return np.stack([y, x + 1.6 * np.sin(2 * x) * (x > 9)], -1)

    composite = open_image(scene(folded).entries)
    assert codes(composite) == ["field-not-inverted"]
    (part,) = composite.parts
    assert np.isfinite(np.asarray(part.levels[0])).all()
