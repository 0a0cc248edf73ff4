"""The whole check: any kind of path, the specification's documents, and no false alarm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broken_files import entries, root, write
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import save_image, validate
from napari_ome_zip.errors import CheckCancelledError
from shared_material import corpus_params

RNG = np.random.default_rng(7)
IMAGE = RNG.integers(1, 1000, (3, 40, 60)).astype(np.uint16)
LARGE = RNG.integers(1, 1000, (700, 800)).astype(np.uint16)
CELLS = (IMAGE[0] // 300).astype(np.uint8)
COLORS = {None: "transparent", 1: "red", 2: "blue", 3: "green"}


def layer(data: np.ndarray, **keywords: Any) -> tuple[Any, dict[str, Any], str]:
    common = {
        "name": "a",
        "scale": (0.5,) * data.ndim,
        "units": ("micrometer",) * data.ndim,
        "axis_labels": tuple("zyx"[-data.ndim :]),
    }
    return data, {**common, "contrast_limits": (0, 1000), **keywords}, "image"


def labels(data: np.ndarray) -> tuple[Any, dict[str, Any], str]:
    colormap = pytest.importorskip("napari.utils.colormaps")
    data, keywords, _ = layer(data, name="cells")
    del keywords["contrast_limits"]
    keywords["colormap"] = colormap.DirectLabelColormap(color_dict=COLORS)
    return data, keywords, "labels"


OURS = {
    "image": lambda: [layer(IMAGE)],
    "empty": lambda: [layer(np.zeros_like(IMAGE))],
    "large": lambda: [layer(LARGE)],
    "channels": lambda: [layer(IMAGE[0]), layer(IMAGE[1], name="b")],
    "labels": lambda: [layer(IMAGE[0]), labels(CELLS)],
    "labels alone": lambda: [labels(CELLS)],
    "series": lambda: [layer(IMAGE[0]), layer(IMAGE[1], name="b", translate=(0, 100))],
    "scene": lambda: [
        layer(IMAGE[0], rotate=30),
        layer(IMAGE[1], name="b", translate=(0, 100)),
        labels(CELLS),
    ],
}


@pytest.mark.parametrize("kind", OURS)
def test_what_we_write_is_valid_and_has_no_warning(kind: str, tmp_path: Path) -> None:
    report = validate(save_image(OURS[kind](), tmp_path / "cells.ozx"), deep=True)
    assert report.errors == ()
    assert report.warnings == ()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of its own dependencies
def test_what_ngff_zarr_writes_is_valid(tmp_path: Path) -> None:
    nz = pytest.importorskip("ngff_zarr")
    image = nz.to_ngff_image(IMAGE, dims=("z", "y", "x"), scale={"z": 1.0, "y": 0.5, "x": 0.5})
    path = tmp_path / "cells.ozx"
    nz.to_ngff_zarr(str(path), nz.to_multiscales(image, scale_factors=[2]), version="0.5")
    assert validate(path, deep=True).errors == ()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_ome_zarr_writes_is_valid(tmp_path: Path) -> None:
    writer = pytest.importorskip("ome_zarr.writer")
    folder = tmp_path / "cells.zarr"
    writer.write_image(IMAGE, str(folder), axes="zyx")
    report = validate(folder, deep=True)
    assert report.kind == "directory"
    assert report.errors == ()


@pytest.mark.parametrize("case", corpus_params())
def test_every_file_has_a_report_even_in_depth(case: dict[str, Any]) -> None:
    report = validate(case["file"], deep=True)
    assert report.kind == "archive"
    json.loads(report.to_json())
    assert max(map(len, report.to_text(80).split("\n")[1:])) <= 80 or _has_a_long_name(report)
    if case["expected"]["outcome"] == "refuse":
        assert report.errors


def _has_a_long_name(report: Any) -> bool:
    """Whether a name is too long for a line: names are not broken, so that they can be copied."""
    words = report.to_text(80).split()
    return max(map(len, words)) > 60


@pytest.mark.parametrize("name", ["zarr.json", "attributes.json"])
def test_a_document_is_checked_by_itself(name: str, tmp_path: Path) -> None:
    document = root() if name == "zarr.json" else root()["attributes"]
    path = tmp_path / name
    path.write_text(json.dumps(document))
    report = validate(path)
    assert (report.kind, report.version, report.issues) == ("document", "0.5", ())


def test_the_attributes_of_zarr_v2_are_a_document_too(tmp_path: Path) -> None:
    path = tmp_path / ".zattrs"
    path.write_text(json.dumps({"multiscales": [{"version": "0.4", "name": "a", "datasets": []}]}))
    report = validate(path)
    assert (report.kind, report.version) == ("document", "0.4")
    assert not report.valid


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_document_that_is_none_has_a_report(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "zarr.json"
    path.write_bytes(content)
    assert len(validate(path).errors) == 1


def test_a_folder_in_a_folder_is_found_and_told(tmp_path: Path) -> None:
    for name, content in HierarchyBuilder().image(ramp((20, 30)), "yx").entries.items():
        file = tmp_path / "cells.zarr" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert "root-in-folder" in {issue.code for issue in validate(tmp_path).errors}


def test_an_empty_folder_has_a_report(tmp_path: Path) -> None:
    assert [issue.code for issue in validate(tmp_path).issues] == ["no-hierarchy"]


def test_a_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        validate(tmp_path / "none.ozx")
    with pytest.raises(FileNotFoundError):
        validate(tmp_path / "none.json")


def test_progress_counts_documents(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    validate(write(tmp_path, entries()), progress=lambda *numbers: told.append(numbers))
    assert told
    assert all(0 <= done <= total == 2 for done, total in told)


def test_a_check_can_be_cancelled(tmp_path: Path) -> None:
    with pytest.raises(CheckCancelledError):
        validate(write(tmp_path, entries()), cancelled=lambda: True)


def test_documents_that_are_too_many_to_read_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_ome_zip.storage.hierarchy.MAX_ALL_DOCUMENTS", 1000)
    builder = HierarchyBuilder().image(ramp((8, 8)), "yx").labels("cells")
    builder.image(ramp((8, 8)), "yx", "labels/cells")
    report = validate(builder.archive(tmp_path / "a.ozx"))
    assert "document-unreadable" in {issue.code for issue in report.issues}
