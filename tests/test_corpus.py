"""Every archive of the corpus through the reader that napari calls, judged by how it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from corpus_script import check_script, said_by, through_napari
from napari_layers import fields_of, layers_of, value_in_world
from napari_ome_zip import open_image
from napari_ome_zip.geometry.interpolation import linear
from napari_ome_zip.layers.layer_data import METADATA_KEY
from napari_ome_zip.pixels.damage import DamagedChunkWarning
from shared_material import CORPUS, KNOWN_SINCE, cases_in, corpus_cases, corpus_params

type Case = dict[str, Any]


def is_plate(case: Case) -> bool:
    """Whether fields of view lie on a grid, for which the corpus gives no world coordinates."""
    return case["group"] == "plates" and case["expected"]["world"] is None


def params(wanted: Callable[[Case], bool]) -> list[Any]:
    return [p for p in corpus_params() if p.values[0] is None or wanted(p.values[0])]


def case_of(name: str) -> Case:
    found = [case for case in corpus_cases() if case["id"] == name]
    if not found:
        pytest.skip(f"the corpus is not there: {CORPUS}")
    return found[0]


@pytest.fixture(autouse=True)
def _nothing_left_to_say() -> Iterator[None]:
    """Let notifications that wait for the event loop come now, not within another test."""
    yield
    from qtpy.QtWidgets import QApplication

    if QApplication.instance() is not None:
        QApplication.processEvents()


@pytest.mark.parametrize("case", corpus_params())
def test_archive_opens_or_is_refused_as_it_was_made(case: Case) -> None:
    verdict, why = check_script().judge({**case, "path": case["file"]}, CORPUS, through_napari())
    assert verdict == "ok", why


class TestWithoutNumba:
    """napari does without numba: the same archives, judged where it cannot be imported."""

    def test_archives_open_or_are_refused_as_they_were_made(self, corpus: Path) -> None:
        # The script judges by the manifest as it was written.
        names = [case["id"] for case in cases_in(CORPUS) if case["id"] not in KNOWN_SINCE]
        chosen = [word for name in names for word in ("--case", name)]
        said = said_by(corpus / "check.py", *chosen)
        assert f"\n{len(names)} ok, 0 wrongly silent or wrongly warned, 0 wrong" in said


class TestPlates:
    """Fields of view on a grid in row and column order."""

    @pytest.mark.parametrize("case", params(is_plate))
    def test_every_field_holds_its_pixels(self, case: Case) -> None:
        layers = layers_of(case["file"])
        places = fields_of(layers)
        for element in case["expected"]["elements"]:
            by_channel = places[element["path"]]
            assert len(by_channel) == (element["n_channels"] or 1)
            for sample in element["samples"]:
                offset, axis = by_channel[0][1], element["channel_axis"]
                index = [i + o for i, o in zip(sample["index"], offset, strict=True)]
                data = by_channel[0 if axis is None else index.pop(axis)][0]
                index = [0] * (data.ndim - len(index)) + index
                assert data[tuple(index)] == sample["value"]

    @pytest.mark.parametrize("case", params(is_plate))
    def test_layers_are_as_few_as_channels_and_label_names(self, case: Case) -> None:
        elements = case["expected"]["elements"]
        kinds = {
            (e["path"].rpartition("/labels/")[2] if e["kind"] == "label" else "", number)
            for e in elements
            for number in range(e["n_channels"] or 1)
        }
        rounds = {e.get("acquisition") for e in elements if e["kind"] == "image"}
        assert len(layers_of(case["file"])) <= len(kinds) * len(rounds)

    @pytest.mark.parametrize("case", params(is_plate))
    def test_fields_lie_in_row_and_column_order_and_apart(self, case: Case) -> None:
        boxes = {part.path: _box(part) for part in open_image(case["file"], fuse_from=0).parts}
        images = [e for e in case["expected"]["elements"] if e["kind"] == "image"]
        assert {e["path"] for e in images} <= set(boxes)
        for one, other in combinations(images, 2):
            a, b = boxes[one["path"]], boxes[other["path"]]
            same_well = one["well"] == other["well"]
            if same_well and one.get("acquisition") != other.get("acquisition"):
                np.testing.assert_array_equal(a, b)  # one place, imaged twice
                continue
            assert _apart(a, b), (one["path"], other["path"])
            if same_well:
                continue
            for axis, key in enumerate(("row", "column")):
                first, second = _number(one[key]), _number(other[key])
                if first != second:
                    assert (first < second) == (_middle(a, axis) < _middle(b, axis))

    @pytest.mark.parametrize("case", params(is_plate))
    def test_a_field_and_its_labels_are_moved_together_within_the_plane(self, case: Case) -> None:
        parts = {part.path: part for part in open_image(case["file"], fuse_from=0).parts}
        shifts: dict[str, np.ndarray] = {}
        for element in case["expected"]["elements"]:
            part = parts[element["path"]]
            field = element["path"].partition("/labels/")[0]
            for sample in element["samples"]:
                own = [w for w in sample["world"] if w is not None]
                shift = part.to_display.apply(sample["index"])[-len(own) :] - own
                np.testing.assert_allclose(shift, shifts.setdefault(field, shift), atol=1e-9)
                np.testing.assert_allclose(shift[:-2], 0)

    @pytest.mark.parametrize("case", params(is_plate))
    def test_what_is_missing_is_said_and_nothing_else(self, case: Case) -> None:
        findings = open_image(case["file"]).findings
        missing = {
            "well A/2 is listed but missing": ["'A/2'"],
            "row groups have no metadata": ["row"],
        }
        # What is said of an old version in a ZIP is for the validator to say.
        named = missing.get(case["expected"]["message"], [])
        assert len(findings) == len(named)
        assert all(name in finding.message for name, finding in zip(named, findings, strict=True))


def _box(part: Any) -> np.ndarray:
    """Lowest and highest y and x that the voxels cover."""
    rows = part.to_display.matrix[-2:]
    shape = np.array(part.levels[0].shape)
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in shape])).reshape(len(shape), -1)
    world = rows[:, :-1] @ corners + rows[:, -1:]
    return np.array([world.min(axis=1), world.max(axis=1)])


def _apart(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.any(a[1] <= b[0] + 1e-9) or np.any(b[1] <= a[0] + 1e-9))


def _middle(box: np.ndarray, axis: int) -> float:
    return float(box[:, axis].mean())


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else ord(name)


class TestWhatTheCheckDoesNotAsk:
    """Other levels, and what exactly is lost, bent, unplaced and told."""

    def test_fiji_pyramid_holds_what_another_reader_finds(self) -> None:
        case = case_of("public/fiji_pyramid_v5")
        (layer,) = layers_of(case["file"])
        with zarr.storage.ZipStore(case["file"], mode="r") as store:
            group = zarr.open_group(store, mode="r")
            assert group["0"][0, 0, 0] == 220
            for path, level in zip("012", layer.data, strict=True):
                truth = group[path]
                assert level.shape == truth.shape
                corner = tuple(slice(0, 20) for _ in range(3))
                np.testing.assert_array_equal(level[corner], truth[corner])

    def test_a_translation_of_too_few_numbers_leaves_the_image_in_its_own_system(self) -> None:
        case = case_of("public/rfc5_SCAPE")
        composite = open_image(case["file"])
        assert [f.code for f in composite.findings] == ["image-unplaced"]
        assert "'stack'" in composite.findings[0].message
        (element,) = case["expected"]["elements"]
        (part,) = composite.parts
        assert composite.system.axes[-3].name == "z"
        for sample in element["samples"]:
            np.testing.assert_allclose(part.to_display.apply(sample["index"]), sample["world"])

    @pytest.mark.parametrize(
        "name", ["quirks/corrupt_chunk_payload", "quirks/inflating_chunk_200MB"]
    )
    def test_only_the_damaged_chunk_is_lost_and_it_is_named(self, name: str) -> None:
        case = case_of(name)
        with pytest.warns(DamagedChunkWarning, match=case["bad_chunk"]) as caught:
            shown, truth = _shown_and_truth(case)
        assert len(caught) == 1
        lost = [value for value, (_, is_lost) in zip(shown, truth, strict=True) if is_lost]
        assert lost
        assert set(lost) == {0}
        kept = [(a, b) for a, (b, is_lost) in zip(shown, truth, strict=True) if not is_lost]
        assert kept
        assert all(value == expected for value, expected in kept)

    def test_an_image_is_bent_to_where_its_field_puts_it(self) -> None:
        case = case_of("scenes/displacements_vector_last")
        composite = open_image(case["file"])
        assert not composite.findings
        (part,) = composite.parts
        (element,) = case["expected"]["elements"]
        shown = np.asarray(part.levels[0])
        back = part.to_display.inverse()
        assert back is not None
        for sample in element["samples"]:
            place = back.apply(sample["world"])
            assert ((place > -0.5) & (place < np.array(shown.shape) - 0.5)).all()
            # Rows differ by 20, columns by 1; between pixels of the new grid some of it is lost.
            value = linear(shown, place[np.newaxis])[0]
            np.testing.assert_allclose(value, sample["value"], atol=1.5)

    @pytest.mark.parametrize(
        ("name", "unplaced", "reason"),
        [
            ("scenes/affine_wrong_shape", "t0", "2×2"),
            ("scenes/unknown_transform_type", "t1", "thinPlateSpline"),
        ],
    )
    def test_an_image_that_cannot_be_placed_is_shown_in_its_own_system_and_named(
        self, name: str, unplaced: str, reason: str
    ) -> None:
        case = case_of(name)
        composite = open_image(case["file"])
        (finding,) = [f for f in composite.findings if f.code == "image-unplaced"]
        assert f"'{unplaced}'" in finding.message
        assert reason in finding.message
        layers = {x.metadata[METADATA_KEY]["path"]: x for x in layers_of(composite)}
        np.testing.assert_allclose(layers[unplaced].translate, 0)
        np.testing.assert_allclose(layers[unplaced].scale, 0.5)
        for element in case["expected"]["elements"]:
            for sample in element["samples"] if element["path"] != unplaced else ():
                place = dict(zip("yx", sample["world"], strict=True))
                assert value_in_world(layers[element["path"]], **place) == sample["value"]


def _shown_and_truth(case: Case) -> tuple[list[Any], list[tuple[Any, bool]]]:
    """Values at all samples of an image and its labels; those stored, and whether they are lost."""
    with zarr.storage.ZipStore(case["file"], mode="r") as store:
        chunk = zarr.open_group(store, mode="r")["s0"].chunks
    shown: list[Any] = []
    truth: list[tuple[Any, bool]] = []
    elements = case["expected"]["elements"]
    for layer, element in zip(layers_of(case["file"]), elements, strict=True):
        for sample in element["samples"]:
            place = dict(zip("zyx", sample["world"], strict=True))
            shown.append(value_in_world(layer, **place))
            first = all(i < n for i, n in zip(sample["index"], chunk, strict=True))
            truth.append((sample["value"], first and element["kind"] == "image"))
    return shown, truth
