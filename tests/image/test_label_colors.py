"""Colors of labels above 65,535, which napari shows only where numba is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.image import label_colors
from napari_ome_zip.layers import incomplete_layers
from napari_ome_zip.layers.to_layers import layer_findings

COLORS = {
    3: [255, 0, 0, 255],
    65_535: [0, 255, 0, 255],
    65_536: [0, 0, 255, 255],
    2**31: [9, 8, 7, 6],
}

SCRIPT = """
import sys
if sys.argv[2] == "without":
    sys.modules["numba"] = None
import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from napari_ome_zip import open_image, to_layer_data

viewer = ViewerModel()
for item in to_layer_data(open_image(sys.argv[1])):
    viewer.add_layer(Layer.create(*item))
labels = viewer.layers[1]
print([labels.get_color(value).round().astype(int).tolist() for value in (3, 65_535, 2**31)])
"""


def labelled(colors: dict[int, list[int]]) -> HierarchyBuilder:
    """Return an image with labels of the given colors."""
    builder = HierarchyBuilder().image(np.zeros((4, 4), np.uint8), "yx").labels("cells")
    pixels = np.zeros((4, 4), np.int64)
    pixels.flat[: len(colors)] = list(colors)
    listed = [{"label-value": value, "rgba": rgba} for value, rgba in colors.items()]
    return builder.image(pixels, "yx", "labels/cells", **{"image-label": {"colors": listed}})


@pytest.mark.parametrize("numba", ["with", "without"])
def test_labels_of_large_numbers_are_shown(tmp_path: Path, numba: str) -> None:
    if numba == "with":
        pytest.importorskip("numba")
    path = labelled({3: COLORS[3], 65_535: COLORS[65_535], 2**31: [0, 0, 255, 255]})
    archive = path.archive(tmp_path / "a.ome.zip")
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(archive), numba],
        env={**os.environ, "NAPARI_CONFIG": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    shown = json.loads(found.stdout)
    assert shown[:2] == [[1, 0, 0, 1], [0, 1, 0, 1]]
    assert (shown[2] == [0, 0, 1, 1]) == (numba == "with")
    assert shown[2][3] == 1  # not invisible


class TestWithoutNumba:
    @pytest.fixture(autouse=True)
    def without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(label_colors, "has_numba", lambda: False)

    def test_what_is_not_shown_is_said_once(self) -> None:
        image = open_image(labelled(COLORS).entries)
        (finding,) = layer_findings(image, to_layer_data(image))
        assert finding.code == "label-colors-hidden"
        assert "2 colors of 'cells'" in finding.message
        assert "label 65,536" in finding.message

    @pytest.mark.parametrize("colors", [COLORS, {2**40: [1, 2, 3, 4]}])
    def test_all_colors_are_in_the_file_that_is_saved(
        self, tmp_path: Path, colors: dict[int, list[int]]
    ) -> None:
        layers = to_layer_data(open_image(labelled(colors).entries))
        assert not incomplete_layers(layers)
        assert self._saved(layers, tmp_path) == colors

    def test_a_color_that_was_chosen_since_wins(self, tmp_path: Path) -> None:
        layers = to_layer_data(open_image(labelled(COLORS).entries))
        keywords = layers[1][1]
        white = np.array([1.0, 1.0, 1.0, 1.0])
        keywords["colormap"] = {**keywords["colormap"], 2**31: white}
        assert self._saved(layers, tmp_path) == COLORS | {2**31: [255, 255, 255, 255]}

    @staticmethod
    def _saved(layers: Any, folder: Path) -> dict[int, list[int]]:
        with zipfile.ZipFile(save_image(layers, folder / "b.ome.zip")) as archive:
            document = json.loads(archive.read("labels/cells/zarr.json"))
        listed = document["attributes"]["ome"]["image-label"]["colors"]
        return {color["label-value"]: color["rgba"] for color in listed}


@pytest.mark.parametrize(
    "forged", [None, 3, "no", [3], [[1, 2, 3]], [[1, 2, 3, 4, 256]], [["1", 2, 3, 4, 5]]]
)
def test_a_note_of_no_colors_is_passed_over(forged: Any) -> None:
    assert label_colors.noted_colors({label_colors.HIDDEN_COLORS: forged}) == ()


def test_negative_numbers_make_the_array_of_napari_twice_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(label_colors, "has_numba", lambda: False)
    image = open_image(labelled({-1: COLORS[3], 40_000: COLORS[3]}).entries)
    _, (_, keywords, _) = to_layer_data(image)
    assert set(keywords["colormap"]) == {0, -1, None}
