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


def _ome_zarr_classes(version: str, root: Path) -> None:
    _ome_zarr_image(labels=True).to_ome_zarr(str(root), version=version)


def _ome_zarr_image(*, labels: bool, name: str = "image") -> Any:
    from ome_zarr.classes import OMEZarrImage, OMEZarrLabels, OMEZarrMultiscale

    def plane(data: np.ndarray, axes: str) -> Any:
        spacing = {"c": 1.0, "y": 0.5, "x": 0.5}
        units = {"y": "micrometer", "x": "micrometer"}
        return OMEZarrImage(
            data=data,
            axes=axes,
            scale={a: spacing[a] for a in axes},
            axes_units={a: units.get(a) for a in axes},
            name=name,
        )

    cells = OMEZarrLabels(image=plane(_PIXELS[0] % 5, "yx"), scale_factors=[2])
    return OMEZarrMultiscale(
        image=plane(_PIXELS, "cyx"),
        scale_factors=[2],
        labels={"cells": cells} if labels else None,
        channel_names=["a", "b"],
        channel_colors=["FF0000", "00FF00"],
        contrast_limits=[(0, 100), (0, 200)],
    )


def _ome_zarr_scene(version: str, root: Path) -> None:
    from ome_zarr.classes import OMEZarrScene
    from ome_zarr_models.v06.coordinate_transforms import CoordinateSystem

    images = {name: _ome_zarr_image(labels=False, name=name) for name in ("left", "right")}
    world = CoordinateSystem.model_validate(
        {
            "name": "world",
            "axes": [
                {"name": "c", "type": "channel", "discrete": True},
                {"name": "y", "type": "space", "unit": "micrometer"},
                {"name": "x", "type": "space", "unit": "micrometer"},
            ],
        }
    )
    placed = [
        {
            "type": "translation",
            "translation": [0.0, 0.0, 24.0 * i],
            "input": {"path": name, "name": "physical"},
            "output": {"name": "world"},
        }
        for i, name in enumerate(images)
    ]
    OMEZarrScene(images, placed, [world]).to_ome_zarr(str(root))


def _ome_zarr_plate(version: str, root: Path) -> None:
    from ome_zarr.format import format_from_version
    from ome_zarr.writer import write_image, write_plate_metadata, write_well_metadata

    fmt = format_from_version(version)
    group = zarr.open_group(root, mode="w", zarr_format=fmt.zarr_format)
    wells = ["A/1", "B/2"]
    write_plate_metadata(group, ["A", "B"], ["1", "2"], wells, fmt=fmt, field_count=1, name="p")
    for path in wells:
        well = group.require_group(path)
        write_well_metadata(well, ["0"], fmt=fmt)
        write_image(_PIXELS, well.require_group("0"), fmt=fmt, axes=["c", "y", "x"])


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
    *(("ome_zarr", _ome_zarr, version) for version in ("0.4", "0.5")),
    *(("ome_zarr", _ome_zarr_classes, version) for version in ("0.4", "0.5", "0.6")),
    *(("ome_zarr", _ome_zarr_plate, version) for version in ("0.4", "0.5")),
    ("ome_zarr", _ome_zarr_scene, "0.6"),
    *(("ngff_zarr", _ngff_zarr, version) for version in ("0.4", "0.5", "0.6")),
    *(("bioio_ome_zarr", _bioio, version) for version in ("0.4", "0.5")),
]


@pytest.mark.parametrize(
    ("module", "write", "version"),
    WRITERS,
    ids=[f"{write.__name__[1:]} {version}" for _, write, version in WRITERS],
)
def test_other_writers_break_no_must(
    module: str, write: Callable[[str, Path], None], version: str, tmp_path: Path
) -> None:
    pytest.importorskip(module)
    root = tmp_path / "image.ome.zarr"
    write(version, root)
    assert _documents(root), "nothing was written"
    assert _errors(root) == []
