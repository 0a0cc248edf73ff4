"""Fields of a plate with equal documents are worked out once; those unlike them keep their own."""

from __future__ import annotations

import itertools
import json
import pickle
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy

COLUMNS, FIELDS, SIDE = 3, 2, 4
PLACES = list(itertools.product(range(1, COLUMNS + 1), range(FIELDS)))


def plate() -> HierarchyBuilder:
    """One row of wells; documents of all fields are equal, pixels are the number of the field."""
    columns = [str(number + 1) for number in range(COLUMNS)]
    wells = [{"path": f"A/{c}", "rowIndex": 0, "columnIndex": i} for i, c in enumerate(columns)]
    sides = {"rows": [{"name": "A"}], "columns": [{"name": c} for c in columns]}
    builder = HierarchyBuilder().group(plate={**sides, "wells": wells}).group("A")
    for column in columns:
        builder.group(f"A/{column}", well={"images": [{"path": str(n)} for n in range(FIELDS)]})
    for number, (column, field) in enumerate(PLACES, 1):
        full = np.full((SIDE, SIDE), number, np.uint16)
        builder.image([full, full[::2, ::2]], "yx", f"A/{column}/{field}", scale=(0.5, 0.5))
    return builder


def edited(builder: HierarchyBuilder, path: str, **changes: Any) -> HierarchyBuilder:
    """Change keys of the first multiscale of an image."""
    ome = json.loads(builder.entries[f"{path}/zarr.json"])["attributes"]["ome"]
    ome["multiscales"][0] |= changes
    return builder.attribute(path, "ome", ome)


def test_each_field_has_its_own_pixels_and_place() -> None:
    parts = open_image(plate().entries, fuse_from=0).images
    assert [part.path for part in parts] == [f"A/{column}/{field}" for column, field in PLACES]
    for number, part in enumerate(parts, 1):
        for level, side in zip(part.levels, (SIDE, SIDE // 2), strict=True):
            np.testing.assert_array_equal(level, np.full((side, side), number))
    assert len({tuple(part.to_display.offset) for part in parts}) == len(parts)
    (mosaic,) = open_image(plate().entries).images
    shown, counts = np.unique(np.asarray(mosaic.levels[0]), return_counts=True)
    assert shown.tolist() == list(range(len(PLACES) + 1))
    assert counts[1:].tolist() == [SIDE * SIDE] * len(PLACES)


@pytest.mark.parametrize(("column", "field"), [PLACES[0], PLACES[3]])
def test_a_field_of_another_size_of_pixels_keeps_it(column: int, field: int) -> None:
    path = f"A/{column}/{field}"
    scale = [{"type": "scale", "scale": [2.0, 3.0]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    parts = open_image(edited(plate(), path, datasets=datasets).entries, fuse_from=0).images
    for part in parts:
        expected = [2.0, 3.0] if part.path == path else [0.5, 0.5]
        assert part.to_display.linear.diagonal().tolist() == expected
        assert len(part.levels) == (1 if part.path == path else 2)


def test_a_level_that_one_field_lacks_is_missing_there_alone() -> None:
    builder = plate().remove("A/2/1/1/")
    composite = open_image(builder.entries, fuse_from=0)
    found = [(finding.code, finding.where) for finding in composite.findings]
    assert found == [("dataset-not-found", "A/2/1: multiscales.datasets")]
    assert [len(part.levels) for part in composite.images] == [2, 2, 2, 1, 2, 2]


def test_what_was_repaired_in_equal_documents_is_reported_of_each() -> None:
    builder = plate()
    for column, field in PLACES:
        axes = [{"name": "y", "type": "space"}, {"name": "y", "type": "space"}]
        edited(builder, f"A/{column}/{field}", axes=axes)
    findings = open_image(builder.entries, fuse_from=0).findings
    renamed = [finding for finding in findings if finding.code == "axis-name-duplicate"]
    assert len(renamed) == len(PLACES)
    for finding, (column, field) in zip(renamed, PLACES, strict=True):
        assert finding.where.startswith(f"A/{column}/{field}: multiscales[0]")


def test_settings_that_do_not_fit_are_reported_of_each() -> None:
    builder = plate()
    settings = {"channels": [{"color": "FF0000"}, {"color": "00FF00"}]}
    for column, field in PLACES:
        path = f"A/{column}/{field}"
        ome = json.loads(builder.entries[f"{path}/zarr.json"])["attributes"]["ome"]
        builder.attribute(path, "ome", {**ome, "omero": settings})
    composite = open_image(builder.entries, fuse_from=0)
    where = [finding.where.partition(":")[0] for finding in composite.findings]
    assert where == [f"A/{column}/{field}" for column, field in PLACES]
    assert {part.channels[0].color for part in composite.images} == {"#FF0000"}


def test_what_is_known_of_a_document_stays_in_the_process() -> None:
    builder = HierarchyBuilder().array("a", ramp((2, 2))).array("b", ramp((2, 2)))
    hierarchy = Hierarchy(MappingStore(builder.entries))
    first, second = hierarchy.node("a"), hierarchy.node("b")
    assert first is not None
    assert second is not None
    assert array_facts(first) is array_facts(second)
    copied = pickle.loads(pickle.dumps(first))
    assert type(copied.document) is dict
    assert copied == first
