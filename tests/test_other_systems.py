"""On Windows there is less to build on: what can be imitated of that here is tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labeled_archive import entries, labeled_archive, levels_in, stored_labels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="imitates Windows on Linux")

TESTS = Path(__file__).parent


def as_on_windows(code: str, folder: Path) -> str:
    """Run code there, and return what it prints."""
    ended = subprocess.run(
        [sys.executable, str(TESTS / "as_on_windows.py"), code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return labeled_archive(tmp_path / "cells.ozx")


def test_every_module_can_be_imported(tmp_path: Path) -> None:
    code = """
import pkgutil, napari_ome_zip
for found in pkgutil.walk_packages(napari_ome_zip.__path__, "napari_ome_zip."):
    if not found.name.startswith(("napari_ome_zip.plugin", "napari_ome_zip.__main__")):
        import_module(found.name)
        print(found.name)
"""
    assert "napari_ome_zip.desktop.limits" in as_on_windows(code, tmp_path).splitlines()


def test_an_image_is_opened_saved_and_opened_again(cells: Path) -> None:
    code = """
from napari_ome_zip import open_image, save_image
save_image(open_image("cells.ozx"), "copy.ozx")
save_image(open_image("copy.ozx"), "copy of the copy.ozx")
"""
    as_on_windows(code, cells.parent)
    (full, *_) = levels_in(cells.with_name("copy of the copy.ozx"))
    np.testing.assert_array_equal(full, stored_labels())


def test_every_command_that_writes_does_so(cells: Path) -> None:
    code = """
from napari_ome_zip.cli.main import main
for line in (
    "unpack cells.ozx cells.zarr", "pack cells.zarr packed.ozx", "repack packed.ozx repacked.ozx",
    "repack --force repacked.ozx repacked.ozx", "thumbnail packed.ozx", "picture packed.ozx a.png",
    "convert packed.ozx converted.ozx",
):
    assert main(line.split()) == 0, line
"""
    as_on_windows(code, cells.parent)
    (full, *_) = levels_in(cells.with_name("repacked.ozx"))
    np.testing.assert_array_equal(full, stored_labels())
    assert "thumbnail.png" in entries(cells.with_name("packed.ozx"))
    assert sorted(path.name for path in cells.parent.iterdir()) == [
        "a.png", "cells.ozx", "cells.zarr", "converted.ozx", "packed.ozx", "repacked.ozx",
    ]  # fmt: skip


def test_a_file_that_is_open_is_replaced_only_when_it_is_closed(cells: Path) -> None:
    code = """
from napari_ome_zip import open_image, save_image
from napari_ome_zip.errors import SaveError
before = Path("cells.ozx").read_bytes()
image = open_image("cells.ozx")
try:
    save_image(image, "cells.ozx")
except SaveError as error:
    print(error)
assert Path("cells.ozx").read_bytes() == before
other = save_image(image, "other.ozx")
del image
save_image(open_image("other.ozx"), "cells.ozx")
assert Path("cells.ozx").read_bytes() != before
"""
    assert "cells.ozx is open, here or in another program" in as_on_windows(code, cells.parent)


def test_a_copy_does_not_replace_what_somebody_else_has_open(cells: Path) -> None:
    code = """
from napari_ome_zip import repack
from napari_ome_zip.errors import SaveError
before = Path("cells.ozx").read_bytes()
with open("cells.ozx", "rb"):
    try:
        repack("cells.ozx", "cells.ozx")
    except SaveError as error:
        print(error)
assert Path("cells.ozx").read_bytes() == before
"""
    assert "cells.ozx is open, here or in another program" in as_on_windows(code, cells.parent)
    assert list(cells.parent.iterdir()) == [cells]
