"""Forked processes read what their parent opened, whatever threads the parent had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")

SCRIPT = """
import os, sys, warnings
import numpy as np
from napari_ome_zip import open_image, to_layer_data

warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

def limits(layers):
    return [keywords["contrast_limits"] for _, keywords, _ in layers]

def means(layers):
    # Sums are ordinary dask arrays, computed by dask's own threads.
    return [float(data.mean().compute(scheduler="threads")) for data, _, _ in layers]

def pixels(layers):
    return [np.asarray(data.transpose()[::2]).tolist() for data, _, _ in layers]

layers = to_layer_data(open_image(sys.argv[1]))
before = limits(layers), means(layers), pixels(layers)
child = os.fork()
if not child:
    try:
        again = to_layer_data(open_image(sys.argv[1]))
        alike = before == (limits(again), means(again), pixels(again))
        alike = alike and before[1:] == (means(layers), pixels(layers))
        os._exit(0 if alike else 3)
    finally:
        os._exit(4)
assert before == (limits(layers), means(layers), pixels(layers))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("dtype", [np.uint16, np.complex64, np.float32])
def test_a_forked_process_reads_after_its_parent_used_threads(tmp_path: Path, dtype: type) -> None:
    pixels = ramp((2, 96, 96), dtype)
    builder = HierarchyBuilder().image(pixels, "cyx", options={"chunks": (1, 16, 16)})
    path = builder.archive(tmp_path / "a.ome.zip")
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], timeout=120, capture_output=True, check=False
    )
    assert (found.returncode, found.stderr.decode()) == (0, "")


MULTIPROCESSING = """
import multiprocessing, sys, warnings
import numpy as np
from napari_ome_zip import open_image, to_layer_data

warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
layers = to_layer_data(open_image(sys.argv[1]))

def total(number):
    data = layers[number][0]
    return int(np.asarray(data.sum()))

if __name__ == "__main__":
    expected = [total(0), total(1)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(total, [0, 1, 0, 1]) == 2 * expected
"""


def test_a_pool_of_forked_processes_reads(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(ramp((2, 96, 96)), "cyx", options={"chunks": (1, 16, 16)})
    path = builder.archive(tmp_path / "a.ome.zip")
    script = tmp_path / "script.py"
    script.write_text(MULTIPROCESSING)
    found = subprocess.run(
        [sys.executable, str(script), str(path)], timeout=120, capture_output=True, check=False
    )
    assert (found.returncode, found.stderr.decode()) == (0, "")
