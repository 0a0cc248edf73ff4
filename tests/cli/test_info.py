"""What ``ome-zip info`` says of files, as a person or a script asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import collection_builder as nodes
from broken_files import array, entries, entry, root, write
from command import run
from documented_files import write_documented_files
from hierarchy_builder import HierarchyBuilder, axes_of, ramp
from labeled_tables import FEATURES, NGIO, about, labeled, put_anndata, put_csv
from napari_ome_zip import SaveOptions, save_image
from napari_ome_zip.cli.main import main
from shared_material import corpus_params


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.ozx"
    path.write_bytes(b"")
    return path


def test_info_says_what_is_inside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keywords = {
        "name": "cells",
        "scale": (2, 0.5, 0.5),
        "units": ("micrometer",) * 3,
        "axis_labels": ("z", "y", "x"),
    }
    path = save_image([(ramp((3, 40, 50)) + 1, keywords, "image")], tmp_path / "cells.ome.zip")
    assert run("info", path) == 0
    text = capsys.readouterr().out
    for part in (
        "OME-Zarr 0.5",
        "'cells'",
        "z 3, y 40, x 50",
        "uint16",
        "zstd",
        "z -1 to 5, y -0.25",
    ):
        assert part in text
    assert run("info", "--json", path) == 0
    (described,) = json.loads(capsys.readouterr().out)["files"]
    (part,) = described["parts"]
    assert (part["shape"], part["dtype"]) == ([3, 40, 50], "uint16")
    assert part["extent"] == [[-1, 5], [-0.25, 19.75], [-0.25, 24.75]]
    assert part["levels"][0]["codecs"] == ["zstd"]


def test_info_says_where_axes_lead_in_a_body(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"y": "dorsal-to-ventral", "x": "left-to-right"}
    axes = [
        {**axis, "orientation": {"type": "anatomical", "value": words[axis["name"]]}}
        for axis in axes_of("yx")
    ]
    path = HierarchyBuilder().image_of_0_6(ramp((3, 4)), axes).archive(tmp_path / "a.ozx")
    assert run("info", path) == 0
    assert "orientation   x left → right, y dorsal → ventral\n" in capsys.readouterr().out
    assert run("info", "--json", path) == 0
    (described,) = json.loads(capsys.readouterr().out)["files"]
    assert [a["orientation"] for a in described["display_system"]["axes"]] == list(words.values())


def test_info_describes_the_images_of_a_collection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written_out = nodes.image("inner", nodes.level("./in/0", (0.5, 0.5), "in0"))
    root_node = nodes.collection("r", nodes.entry("far", "./deep/far"), written_out)
    builder = nodes.CollectionBuilder().node(root_node).image_node("deep/far", ramp((6, 8)))
    path = builder.array("in/0", ramp((3, 4))).archive(tmp_path / "a.ozx")
    assert run("info", "--json", path) == 0
    (described,) = json.loads(capsys.readouterr().out)["files"]
    assert described["version"] == "0.9.dev3"
    found = [(part["name"], part["path"], part["shape"]) for part in described["parts"]]
    assert found == [("far", "deep/far", [6, 8]), ("inner", "in", [3, 4])]
    assert [len(part["levels"]) for part in described["parts"]] == [1, 1]
    assert run("info", path) == 0
    text = capsys.readouterr().out
    assert "OME-Zarr 0.9.dev3" in text
    assert "a draft" in text


def test_info_lists_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = labeled("cells")
    said = NGIO | about("cells") | {"backend": "anndata"}
    put_anndata(builder, "tables/cells", said, FEATURES)
    conditions = {"type": "condition_table", "table_version": "1"}
    put_csv(builder, "tables/drugs", conditions, FEATURES)
    path = builder.archive(tmp_path / "a.ozx")
    assert main(["info", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "Tables",
        "  tables/cells: feature table (ngio), 5 rows and 5 columns, about labels/cells",
        "  tables/drugs: condition table (ngio)",
    ]
    assert main(["info", "--json", str(path)]) == 0
    tables = json.loads(capsys.readouterr().out)["files"][0]["tables"]
    assert [(each["path"], each["rows"], each["labels"]) for each in tables] == [
        ("tables/cells", 5, ["labels/cells"]),
        ("tables/drugs", None, []),
    ]


def test_info_of_what_cannot_be_opened_says_why(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("info", bad) == 2
    assert "The file is empty" in capsys.readouterr().err


def test_several_files_are_described_one_after_the_other(
    tmp_path: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (write(tmp_path, entries(), name=f"{name}.ozx") for name in "ab")
    assert run("info", first, second) == 0
    assert run("info", first, bad, second) == 2
    said = capsys.readouterr()
    one, two, *again = [line for line in said.out.splitlines() if line.startswith(str(tmp_path))]
    assert [one, two] == again == [str(first), str(second)]
    assert "The file is empty" in said.err


def test_a_file_that_cannot_be_opened_has_its_place_in_json(
    tmp_path: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path, entries(), name="a.ozx")
    assert run("info", "--json", bad, good, tmp_path / "none.ozx") == 2
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == 1
    failed, described, missing = found["files"]
    assert (failed["path"], missing["failure"]["code"]) == (str(bad), "not-found")
    assert "The file is empty" in failed["failure"]["message"]
    assert described["parts"][0]["shape"] == [40, 50]


class TestAPlate:
    @pytest.fixture
    def plate(self, tmp_path: Path) -> Path:
        write_documented_files(tmp_path)
        return tmp_path / "plate.ozx"

    def test_it_is_told_with_its_wells_its_mosaic_and_one_field_apart(
        self, plate: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run("info", plate) == 0
        text = capsys.readouterr().out
        assert (
            "Plate 'screen'\n"
            "  wells         5 on 2 rows × 3 columns\n"
            "  fields        10 fields of view, 2 in each well\n"
        ) in text
        assert "  mosaic        10 fields of view of c 1, y 64, x 64\n" in text
        assert text.count("Image '") == 1

    def test_programs_get_the_same(self, plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("info", "--json", plate) == 0
        (described,) = json.loads(capsys.readouterr().out)["files"]
        assert described["plates"] == [
            {
                "name": "screen",
                "path": "",
                "rows": ["A", "B"],
                "columns": ["1", "2", "3"],
                "wells": 5,
                "fields": 10,
                "most_fields": 2,
                "acquisitions": [],
            }
        ]
        (part,) = described["parts"]
        field = {"fields": 10, "field_shape": [1, 64, 64], "fields_differ": False}
        assert part["mosaic"] == field
        assert part["shape"] > [1, 2 * 64, 3 * 64]


def test_of_very_many_images_the_first_are_described_and_the_others_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [
        (np.full((4 + number, 5), number, np.uint8), {"name": f"field {number}"}, "image")
        for number in range(12)
    ]
    path = save_image(layers, tmp_path / "many.ozx")
    assert run("info", path) == 0
    text = capsys.readouterr().out
    assert "12 images, shown in" in text
    assert text.count("\nImage '") == 8
    assert "\nand 4 images more (--json lists all)\n" in text
    assert run("info", "--json", path) == 0
    assert len(json.loads(capsys.readouterr().out)["files"][0]["parts"]) == 12


def test_what_lies_beside_the_images_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = HierarchyBuilder().image(ramp((8, 9)), "yx", options={"dimension_names": "yx"})
    path = builder.put("docs/protocol.txt", b"wash twice").archive(tmp_path / "a.ozx")
    assert run("info", path) == 0
    assert "Beside the images\n  docs/protocol.txt, 10 bytes\n" in capsys.readouterr().out


def test_layers_that_are_no_images_and_the_thumbnail_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [
        (ramp((64, 64)), {"name": "cells"}, "image"),
        (np.array([[10.0, 20.0]]), {"name": "spots"}, "points"),
    ]
    path = save_image(layers, tmp_path / "spots.ozx", SaveOptions(thumbnail=True))
    assert run("info", path) == 0
    text = capsys.readouterr().out
    assert "Kept for napari\n  points 'spots'\n" in text
    assert "Beside the images\n  Thumbnail (thumbnail.png), " in text
    assert run("info", "--json", path) == 0
    (described,) = json.loads(capsys.readouterr().out)["files"]
    assert described["layers"] == [{"name": "spots", "kind": "points"}]
    assert [each["is_thumbnail"] for each in described["attachments"]] == [True]


@pytest.mark.parametrize("case", corpus_params())
def test_info_fits_the_terminal_or_says_why_not(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    status = run("info", case["file"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if status == 0:
        first, *lines = said.out.split("\n")
        assert first == str(case["file"])
        assert all(len(line) <= 80 or max(map(len, line.split())) > 60 for line in lines)
    else:
        assert case["expected"]["outcome"] != "open"
        assert said.err.startswith("ome-zip: ")


@pytest.mark.parametrize("value", [40, [40], "40", None, [40, "50"], {"y": 40}, [[40], [50]]])
@pytest.mark.parametrize("place", ["chunk_grid", "sharding", "shape", "codecs", "node_type"])
def test_info_says_of_a_level_that_cannot_be_read_what_it_is(
    value: Any, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = root()
    image["attributes"]["ome"]["multiscales"][0]["datasets"].append(
        {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}
    )
    settings = {"chunk_shape": value, "codecs": [{"name": "bytes"}], "index_codecs": []}
    changes = {
        "chunk_grid": {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": value}}},
        "sharding": {"codecs": [{"name": "sharding_indexed", "configuration": settings}]},
        "shape": {"shape": value},
        "codecs": {"codecs": value},
        "node_type": {"node_type": value},
    }
    level = array((20, 25), shape=[20, 25]) | changes[place]
    path = write(tmp_path, [entry("zarr.json", image), entry("1/zarr.json", level), *entries()[1:]])
    assert run("info", path) == 0
    assert "level 0       40 × 50, chunks 40 × 50" in capsys.readouterr().out
    assert run("info", "--json", path) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["parts"][0]["shape"] == [40, 50]
