"""No false alarm: what other libraries write in this very run breaks no MUST."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_ome_zip.validation import Severity, check_hierarchy_documents

_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_PIXELS = np.arange(2 * 64 * 48, dtype=np.uint16).reshape(2, 64, 48)
# Deprecations inside the peers are theirs.
pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def _documents(root: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(root.rglob("*")):
        if file.name in _DOCUMENTS:
            path = file.parent.relative_to(root).as_posix().removeprefix(".")
            document = json.loads(file.read_text(encoding="utf-8"))
            if file.name == "zarr.json":
                found[path] = document
            else:
                found.setdefault(path, {})[file.name] = document
    return found


def _errors(root: Path) -> list[str]:
    issues = check_hierarchy_documents(_documents(root))
    return [f"{i.location}: {i.message}" for i in issues if i.severity is Severity.ERROR]


def _ome_zarr(version: str, root: Path) -> None:
    from ome_zarr.format import format_from_version
    from ome_zarr.writer import write_image, write_labels

    fmt = format_from_version(version)
    group = zarr.open_group(root, mode="w", zarr_format=fmt.zarr_format)
    axes = ["c", "y", "x"]
    write_image(_PIXELS, group, fmt=fmt, axes=axes)
    write_labels(_PIXELS[0] % 5, group, name="cells", fmt=fmt, axes=["y", "x"])


def _ngff_zarr(version: str, root: Path) -> None:
    import ngff_zarr

    image = ngff_zarr.to_ngff_image(
        _PIXELS,
        dims=["c", "y", "x"],
        scale={"c": 1.0, "y": 0.5, "x": 0.5},
        translation={"c": 0.0, "y": 3.0, "x": 4.0},
        axes_units={"y": "micrometer", "x": "micrometer"},
    )
    levels = ngff_zarr.to_multiscales(image, scale_factors=[2])
    ngff_zarr.to_ngff_zarr(root, levels, version=version)


def _bioio(version: str, root: Path) -> None:
    from bioio_ome_zarr.writers import OMEZarrWriter

    writer = OMEZarrWriter(
        store=str(root),
        level_shapes=[(2, 64, 48), (2, 32, 24)],
        dtype=np.uint16,
        zarr_format=3 if version == "0.5" else 2,
        axes_names=["c", "y", "x"],
        axes_types=["channel", "space", "space"],
        axes_units=[None, "micrometer", "micrometer"],
        physical_pixel_size=[1.0, 0.5, 0.5],
    )
    writer.write_full_volume(_PIXELS)


WRITERS = [
    *((_ome_zarr, version) for version in ("0.4", "0.5", "0.6")),
    *((_ngff_zarr, version) for version in ("0.4", "0.5", "0.6")),
    *((_bioio, version) for version in ("0.4", "0.5")),
]


@pytest.mark.parametrize(
    ("write", "version"), WRITERS, ids=[f"{w.__name__[1:]} {v}" for w, v in WRITERS]
)
def test_other_writers_break_no_must(
    write: Callable[[str, Path], None], version: str, tmp_path: Path
) -> None:
    root = tmp_path / "image.ome.zarr"
    write(version, root)
    assert _documents(root), "nothing was written"
    assert _errors(root) == []
