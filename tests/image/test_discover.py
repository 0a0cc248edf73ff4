"""Which groups of a hierarchy are parts of the image, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp, to_world
from napari_layers import codes, kind_of, layers_of, world_box
from napari_ome_zip import open_image, validate
from napari_ome_zip.errors import MetadataError


def paths(builder: HierarchyBuilder) -> list[str]:
    return [part.path for part in open_image(builder.entries, fuse_from=0).parts]


def test_a_second_image_beside_a_root_that_is_one_is_told_and_not_shown() -> None:
    builder = HierarchyBuilder().image(ramp((2, 2)), "yx").image(ramp((2, 2)), "yx", "copy")
    composite = open_image(builder.entries)
    assert [part.path for part in composite.parts] == [""]
    assert codes(composite) == ["second-hierarchy"]
    assert "'copy'" in composite.findings[0].message


@pytest.mark.parametrize("extra", ["tables/zarr.json", "notes.txt", "OME/METADATA.ome.xml"])
def test_what_is_no_image_is_passed_over_silently(extra: str) -> None:
    group = b'{"zarr_format": 3, "node_type": "group", "attributes": {"encoding": "anndata"}}'
    builder = HierarchyBuilder().image(ramp((2, 2)), "yx").put(extra, group)
    composite = open_image(builder.entries)
    assert [part.path for part in composite.parts] == [""]
    assert not composite.findings


def test_a_broken_document_beside_the_image_does_no_harm() -> None:
    builder = HierarchyBuilder().image(ramp((2, 2)), "yx").put("tables/zarr.json", b"{")
    assert paths(builder) == [""]


def test_groups_without_metadata_are_looked_into() -> None:
    builder = HierarchyBuilder().group()
    for path in ("images/b", "images/a", "labels/cells", "images/deep/er/c"):
        builder.image(ramp((2, 2), np.uint8), "yx", path)
    builder.array("points/coordinates", ramp((5, 2)))
    assert paths(builder) == ["images/a", "images/b", "images/deep/er/c", "labels/cells"]
    kinds = {layer.name: kind_of(layer) for layer in layers_of(builder.entries)}
    assert kinds["cells"] == "labels"


def test_a_scenes_images_come_in_the_order_it_names_them() -> None:
    steps = [to_world(path, "identity") for path in ("b", "a")]
    builder = HierarchyBuilder().scene("yx", *steps)
    for path in "abc":
        builder.image_of_0_6(ramp((2, 2)), "yx", path)
    assert paths(builder) == ["b", "a", "c"]


def test_labels_that_a_scene_places_by_themselves_come_once_with_their_image() -> None:
    steps = [
        to_world("a/labels/cells", "translation", translation=[0, 5]),
        to_world("a", "identity"),
    ]
    builder = HierarchyBuilder().scene("yx", *steps)
    builder.image_of_0_6(ramp((2, 2)), "yx", "a").group("a/labels", labels=["cells"])
    builder.image_of_0_6(ramp((2, 2), np.uint8), "yx", "a/labels/cells")
    assert paths(builder) == ["a", "a/labels/cells"]
    image, labels = layers_of(builder.entries)
    assert world_box(image)["x"] == (0, 1)
    assert world_box(labels)["x"] == (5, 6)


def test_parameters_of_transformations_are_no_images() -> None:
    step = to_world("a", "affine", path="parameters/matrix")
    builder = HierarchyBuilder().scene("yx", step).image_of_0_6(ramp((2, 2)), "yx", "a")
    builder.array("parameters/matrix", np.array([[1.0, 0, 5], [0, 1, 6]]))
    (layer,) = layers_of(builder.entries)
    assert world_box(layer) == {"y": (5, 6), "x": (6, 7)}


def test_nested_series_scenes_and_plates_are_found() -> None:
    builder = HierarchyBuilder().group().group("set", **{"bioformats2raw.layout": 3})
    builder.image(ramp((2, 2)), "yx", "set/0").image(ramp((2, 2)), "yx", "set/1")
    well = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
    plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well]}
    builder.group("plate", plate=plate).group("plate/A/1", well={"images": [{"path": "0"}]})
    builder.image(ramp((2, 2)), "yx", "plate/A/1/0")
    assert paths(builder) == ["plate/A/1/0", "set/0", "set/1"]


def test_nesting_without_end_is_no_image() -> None:
    deep = "/".join("a" * 3000)
    builder = HierarchyBuilder().group().put(f"{deep}/zarr.json", b"{}")
    with pytest.raises(MetadataError, match="No OME-Zarr image"):
        open_image(builder.entries)


@pytest.mark.parametrize("path", ["../a", "..", "/", ".", "", "A", "missing"])
def test_wells_that_lead_elsewhere_are_said_or_passed_over(path: str) -> None:
    wells = [{"path": p, "rowIndex": 0, "columnIndex": i} for i, p in enumerate(["A/1", path])]
    plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}], "wells": wells}
    builder = HierarchyBuilder().group(plate=plate).group("A/1", well={"images": [{"path": "0"}]})
    builder.image(ramp((2, 2)), "yx", "A/1/0")
    composite = open_image(builder.entries)
    assert [part.path for part in composite.parts] == ["A/1/0"]
    assert composite.findings


def plate_of(*wells: str, **more: Any) -> HierarchyBuilder:
    """A plate of one row, whose wells are listed and not written."""
    listed = [{"path": f"A/{n}", "rowIndex": 0, "columnIndex": int(n) - 1} for n in wells]
    columns = [{"name": n} for n in wells]
    plate = {"rows": [{"name": "A"}], "columns": columns, "wells": listed}
    return HierarchyBuilder().image(ramp((2, 2)), "yx", plate=plate, **more)


class TestSeveralThingsInOneGroup:
    def test_an_image_beside_a_plate_is_shown_as_well(self) -> None:
        builder = plate_of("1").group("A/1", well={"images": [{"path": "0"}]})
        builder.image(ramp((2, 2)), "yx", "A/1/0")
        composite = open_image(builder.entries)
        assert sorted(part.path for part in composite.parts) == ["", "A/1/0"]
        assert not composite.findings
        assert len(layers_of(composite)) == 2

    def test_its_labels_come_with_it(self) -> None:
        builder = plate_of("1").group("A/1", well={"images": [{"path": "0"}]})
        builder.image(ramp((2, 2)), "yx", "A/1/0").labels("cells")
        builder.image(ramp((2, 2), np.uint8), "yx", "labels/cells")
        assert sorted(paths(builder)) == ["", "A/1/0", "labels/cells"]

    def test_it_is_shown_where_no_well_is_there(self) -> None:
        composite = open_image(plate_of("1", "2").entries)
        assert [part.path for part in composite.parts] == [""]
        assert codes(composite) == ["plate-well-not-found"]
        assert "'A/1', 'A/2'" in composite.findings[0].message

    def test_a_plate_without_any_well_says_which_are_missing(self) -> None:
        well = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
        plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well]}
        with pytest.raises(MetadataError, match=r"The well 'A/1' is listed but missing"):
            open_image(HierarchyBuilder().group(plate=plate).entries)

    def test_an_image_beside_a_well_is_shown_as_well(self) -> None:
        builder = HierarchyBuilder().image(ramp((2, 2)), "yx", well={"images": [{"path": "f"}]})
        builder.image(ramp((2, 2)), "yx", "f")
        assert sorted(paths(builder)) == ["", "f"]


class TestScenesThatNameWhatIsMissing:
    def scene(self, *images: str) -> HierarchyBuilder:
        return HierarchyBuilder().scene("yx", *(to_world(path, "identity") for path in images))

    def test_the_rest_opens_and_one_warning_names_it(self) -> None:
        builder = self.scene("a", "gone", "b").image_of_0_6(ramp((2, 2)), "yx", "a")
        builder.image_of_0_6(ramp((2, 2)), "yx", "b").group("other")
        composite = open_image(builder.entries)
        assert [part.path for part in composite.parts] == ["a", "b"]
        assert codes(composite) == ["scene-image-not-found"]
        assert "'gone'" in composite.findings[0].message

    def test_what_is_no_image_is_named_too(self) -> None:
        builder = self.scene("a", "table", "../out").image_of_0_6(ramp((2, 2)), "yx", "a")
        composite = open_image(builder.group("table").entries)
        assert codes(composite) == ["scene-image-not-found"]
        assert "'table', '../out'" in composite.findings[0].message

    def test_where_all_are_missing_the_error_names_them(self) -> None:
        with pytest.raises(MetadataError, match="'a', 'b'"):
            open_image(self.scene("a", "b").entries)

    def test_the_check_gives_it_the_same_name(self, tmp_path: Path) -> None:
        builder = self.scene("a", "gone").image_of_0_6(ramp((2, 2)), "yx", "a")
        report = validate(builder.archive(tmp_path / "a.ozx"))
        assert "scene-image-not-found" in [issue.code for issue in report.issues]
