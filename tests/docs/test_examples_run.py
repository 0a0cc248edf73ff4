"""The examples run as they stand, and leave what they say they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import napari_ome_zip
from markdown_pages import ROOT, Page
from napari_ome_zip import open_image, to_layer_data, validate

EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py"))
NOTEBOOK = EXAMPLES / "tour.ipynb"
SOURCE = Path(napari_ome_zip.__file__).parent.parent


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", EXAMPLES / f"{script}.py", folder],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    assert Image.open(folder / f"{script}.png").getextrema()[0][1] == 255
    for archive in folder.glob("*.ozx"):
        assert validate(archive, deep=True).valid, archive
    return done.stdout


def test_there_is_a_test_for_each() -> None:
    assert SCRIPTS == ["composite_from_scratch", "many_to_one", "measure_on_a_cluster"]
    assert [path.name for path in EXAMPLES.glob("*.ipynb")] == [NOTEBOOK.name]


@pytest.mark.parametrize("name", [*(f"{script}.py" for script in SCRIPTS), NOTEBOOK.name])
def test_the_page_leads_to_each(name: str) -> None:
    assert name in set(Page("examples/README.md").links)


def test_a_composite_is_made_from_scratch(tmp_path: Path) -> None:
    said = run("composite_from_scratch", tmp_path)
    assert "tissue.ozx\n  Valid OME-Zarr 0.6: 1 warning\n  no-zip64\n" in said
    before, after = (open_image(tmp_path / f"{n}.ozx") for n in ("tissue", "tissue-labeled"))
    assert [image.name for image in after.images] == ["overview", "detail"]
    detail = after.images[1]
    # The middle of the detail is where the script says, and the labels lie over it.
    middle = (0, 199.5, 199.5)
    np.testing.assert_allclose(detail.to_display.apply(middle), (150, 170), atol=1e-6)
    np.testing.assert_allclose(after.labels[0].to_display.apply(middle[1:]), (150, 170), atol=1e-6)
    np.testing.assert_array_equal(before.images[1].levels[0], detail.levels[0])


def test_many_files_become_one_image(tmp_path: Path) -> None:
    run("many_to_one", tmp_path)
    composite = open_image(tmp_path / "slide.ozx")
    (slide,) = composite.images
    assert slide.shape == (2, 2 * 230 + 256, 3 * 230 + 256)
    assert [channel.name for channel in slide.channels] == ["nuclei", "fibers"]
    assert len(list((tmp_path / "fields").glob("*.tif"))) == 12


def test_a_cluster_measures_what_the_movie_shows(tmp_path: Path) -> None:
    run("measure_on_a_cluster", tmp_path)
    features = to_layer_data(open_image(tmp_path / "movie-measured.ozx"))[-1][1]["features"]
    label, reporter = np.asarray(features["index"]), np.asarray(features["reporter"])
    time, number = label // 100, label % 100
    brighter = number % 2 == 1
    np.testing.assert_allclose(reporter[~brighter], 300, atol=25)
    np.testing.assert_allclose(reporter[brighter], 300 + 80 * time[brighter], atol=25)


def test_the_notebook_runs_and_says_what_it_said() -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    book = nbformat.read(NOTEBOOK, as_version=4)
    kept = texts(book)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *filter(None, sys.path)])}
    nbclient.NotebookClient(book, timeout=250).execute(env=env)
    assert texts(book) == kept


def texts(book: Any) -> list[str]:
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            found.append(
                "a picture" if "image/png" in data else output.get("text") or data["text/plain"]
            )
    return found


def test_the_notebook_holds_no_more_than_it_shows() -> None:
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert NOTEBOOK.stat().st_size < 300_000
    assert not any(cell.get("metadata") for cell in book["cells"])
    assert {cell["cell_type"] for cell in book["cells"]} == {"code", "markdown"}
