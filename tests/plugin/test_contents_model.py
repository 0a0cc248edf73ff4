"""What is said to be in a file is what was put into it; without a window."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, axes_of, ramp
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.image.attachments import Attachment, Form, find_attachments
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.plugin.contents.details import facts_of
from napari_ome_zip.plugin.contents.file_state import FileState, FindAttachments, file_names
from napari_ome_zip.plugin.contents.fusing import tile_choice, why_not
from napari_ome_zip.plugin.contents.model import Item, Kind, is_shown, well_item, words_of
from napari_ome_zip.plugin.contents.offer import what_is_in
from napari_ome_zip.plugin.contents.places import tile_boxes
from napari_ome_zip.plugin.contents.plate import Content, row_name
from napari_ome_zip.plugin.contents.reading import MAX_BYTES, MAX_ROWS, read_attachment
from napari_ome_zip.plugin.contents.shown import OpenLayer
from whole_archives import WHOLE_ARCHIVES, whole_archive, whole_plate, whole_scene

PIXELS = ramp((16, 24), np.uint8)


def state_of(path: Path, **options: Any) -> FileState:
    """What is known of a file that is opened as one layer data after the other."""
    data = to_layer_data(open_image(path, **options))
    layers = [
        OpenLayer(number, keywords["name"], kind, layer_note(keywords))
        for number, (_, keywords, kind) in enumerate(data)
    ]
    return FileState(str(path), tuple(layers))


def names(item: Item, *kinds: Kind) -> list[str]:
    """Names of the items in a branch, in order, those of some kinds, or all."""
    found = [item.name] if not kinds or item.kind in kinds else []
    return found + [name for child in item.children for name in names(child, *kinds)]


def branch(state: FileState, kind: Kind) -> Item:
    """The one branch of a kind in the tree."""
    waiting = [state.images]
    while waiting:
        item = waiting.pop()
        if item.kind is kind:
            return item
        waiting += item.children
    raise AssertionError(f"there is no branch of {kind}")


def scan(path: Path, rows: int = 3, columns: int = 4, **image: Any) -> Path:
    """Tiles that lie apart, called by row and column."""
    builder = HierarchyBuilder().group()
    for row in range(rows):
        for column in range(columns):
            place = [row * 16.0, column * 24.0]
            builder.image(PIXELS, "yx", f"tile {row}-{column}", translation=place, **image)
    return builder.archive(path)


def plate(path: Path, fields: Mapping[str, int], listed: str = "") -> Path:
    """A plate with so many fields of view in each well, and with wells that are only listed."""
    wells = [*fields, *listed.split()]
    rows = sorted({well[0] for well in wells})
    columns = sorted({well[1:] for well in wells}, key=int)
    builder = HierarchyBuilder().group(
        plate={
            "name": "screen",
            "version": "0.5",
            "rows": [{"name": row} for row in rows],
            "columns": [{"name": column} for column in columns],
            "wells": [
                {
                    "path": f"{well[0]}/{well[1:]}",
                    "rowIndex": rows.index(well[0]),
                    "columnIndex": columns.index(well[1:]),
                }
                for well in wells
            ],
        }
    )
    for row in rows:
        builder.group(row)
    for well in wells:
        count = fields.get(well, 0)
        path_in_file = f"{well[0]}/{well[1:]}"
        images = [{"path": str(number)} for number in range(count)]
        builder.group(path_in_file, well={"images": images, "version": "0.5"})
        for number in range(count):
            builder.image(PIXELS, "yx", f"{path_in_file}/{number}")
    return builder.archive(path)


# The tree


def test_an_image_is_listed_with_its_channels_and_its_labels(tmp_path: Path) -> None:
    whole_archive(tmp_path / "whole.ome.zip")
    tree = state_of(tmp_path / "whole.ome.zip").images
    assert names(tree) == ["whole.ome.zip", "whole", "DAPI", "GFP", "cells", "tissue"]
    kinds = [Kind.CHANNEL, Kind.CHANNEL, Kind.LABELS, Kind.LABELS]
    (image,) = tree.children
    assert [child.kind for child in image.children] == kinds
    assert [child.layers for child in image.children] == [(0,), (1,), (2,), (3,)]
    assert image.layers == (0, 1, 2, 3)
    assert image.detail == "34 × 21 × 5"


def test_each_image_of_a_scene_is_listed_under_its_own_name(tmp_path: Path) -> None:
    whole_scene(tmp_path / "scene.ozx")
    tree = state_of(tmp_path / "scene.ozx").images
    assert names(tree, Kind.IMAGE) == ["left", "right"]
    assert names(tree, Kind.LABELS) == ["cells"]
    assert tree.detail == "2 images"


def test_a_mosaic_is_listed_with_its_tiles_which_are_made_when_asked_for(tmp_path: Path) -> None:
    state = state_of(scan(tmp_path / "scan.ozx"))
    (mosaic,) = state.images.children
    (tiles,) = mosaic.children
    assert (tiles.kind, tiles.detail, tiles.has_children) == (Kind.TILES, "12", True)
    assert "children" not in vars(tiles)
    expected = [f"tile {row}-{column}" for row in range(3) for column in range(4)]
    assert [tile.name for tile in tiles.children] == expected
    assert not any(tile.alone for tile in tiles.children)  # one layer shows them all


def test_tiles_that_are_layers_of_their_own_are_images(tmp_path: Path) -> None:
    tree = state_of(scan(tmp_path / "scan.ozx"), fuse_from=0).images
    assert len(names(tree, Kind.IMAGE)) == 12
    assert names(tree, Kind.TILE) == []
    assert all(item.alone and len(item.layers) == 1 for item in tree.children)


def test_wells_are_listed_with_their_fields(tmp_path: Path) -> None:
    state = state_of(plate(tmp_path / "plate.ozx", {"A1": 2, "B10": 1, "B2": 3}))
    wells = branch(state, Kind.WELLS)
    assert [(well.name, well.detail) for well in wells.children] == [
        ("A1", "2 fields"),
        ("B2", "3 fields"),
        ("B10", "1 field"),
    ]
    assert names(wells.children[1], Kind.FIELD) == ["field 0", "field 1", "field 2"]
    assert not wells.alone


def test_wells_of_a_plate_that_is_not_fused_hold_the_layers_of_their_fields(
    tmp_path: Path,
) -> None:
    whole_plate(tmp_path / "plate.ozx")
    state = state_of(tmp_path / "plate.ozx", fuse_from=0)
    assert names(state.images, Kind.IMAGE) == []
    first = branch(state, Kind.WELLS).children[0]
    assert first.name == "A1"
    assert first.alone
    shown = {key: state.layers[key].name for key in first.layers}
    assert len(shown) == 5  # two fields of two channels, and the nuclei of the first
    assert names(first, Kind.CHANNEL).count("DAPI") == 2
    assert names(first, Kind.LABELS) == ["nuclei"]


def test_layers_that_show_no_image_are_listed_too(tmp_path: Path) -> None:
    tree = state_of(plate(tmp_path / "plate.ozx", {"A1": 1})).images
    assert names(tree, Kind.LAYER) == ["well names"]


# The filter


def filtered(state: FileState, text: str) -> Item:
    return state.tree((), words_of(text))


def test_a_filter_keeps_what_is_called_so_and_the_branches_that_lead_there(
    tmp_path: Path,
) -> None:
    state = state_of(scan(tmp_path / "scan.ozx"))
    found = filtered(state, "2-3")
    assert names(found) == ["scan.ozx", "scan", "tiles", "tile 2-3"]


def test_what_is_called_so_is_kept_with_all_that_it_holds(tmp_path: Path) -> None:
    state = state_of(plate(tmp_path / "plate.ozx", {"A1": 2, "C5": 3}))
    assert names(filtered(state, "C5"), Kind.WELL, Kind.FIELD) == [
        "C5",
        "field 0",
        "field 1",
        "field 2",
    ]


def test_words_may_be_found_at_several_levels_in_any_case(tmp_path: Path) -> None:
    state = state_of(plate(tmp_path / "plate.ozx", {"A1": 2, "C5": 3}))
    found = filtered(state, "c5 FIELD 2")
    assert names(found, Kind.WELL, Kind.FIELD) == ["C5", "field 2"]


def test_nothing_is_found_by_the_name_of_the_file_and_then_nothing_is_left(
    tmp_path: Path,
) -> None:
    state = state_of(scan(tmp_path / "xyz.ozx"))
    for text in ("xyz.ozx", "zzz"):
        found = filtered(state, text)
        assert (names(found), found.has_children, found.layers) == (["xyz.ozx"], False, ())


def test_a_branch_that_is_filtered_has_the_layers_that_are_left(tmp_path: Path) -> None:
    whole_archive(tmp_path / "whole.ome.zip")
    state = state_of(tmp_path / "whole.ome.zip")
    assert state.images.layers == (0, 1, 2, 3)
    assert filtered(state, "gfp").layers == (1,)


def test_a_branch_is_shown_hidden_or_shown_in_part() -> None:
    assert is_shown([True, True]) is True
    assert is_shown([False, False]) is False
    assert is_shown([True, False]) is None


# The plate


def test_the_grid_says_of_each_well_what_is_there(tmp_path: Path) -> None:
    path = plate(tmp_path / "plate.ozx", {"A1": 2, "C3": 1}, listed="C1")
    (grid,) = state_of(path).grids
    assert (grid.rows, grid.columns) == (("A", "C"), ("1", "3"))
    assert grid.cell(0, 0).summary == "A1: 2 fields of view"
    assert grid.cell(1, 1).summary == "C3: 1 field of view"
    assert grid.cell(1, 0).content is Content.EMPTY
    assert grid.cell(0, 1).content is Content.UNLISTED
    assert grid.cell(0, 1).name == "A3"
    assert grid.most_fields == 2
    assert grid.summary == "screen: 2 wells, 1 more without an image"


def test_the_item_of_a_well_is_found_by_its_row_and_column(tmp_path: Path) -> None:
    state = state_of(plate(tmp_path / "plate.ozx", {"A1": 2, "B2": 1}))
    item = well_item(state.images, "", 1, 1)
    assert item is not None
    assert item.name == "B2"
    assert well_item(state.images, "", 0, 1) is None


def test_rows_without_a_name_are_called_as_on_plates() -> None:
    assert [row_name(index) for index in (0, 25, 26, 31, 51, 52)] == [
        *("A", "Z", "AA", "AF", "AZ", "BA"),
    ]


# Places


def test_boxes_of_tiles_reach_from_border_to_border_along_the_axes_of_the_layer(
    tmp_path: Path,
) -> None:
    builder = HierarchyBuilder().group()
    for number in range(9):
        builder.image(ramp((2, 5, 7)), "cyx", f"{number}", translation=[0, 0, number * 7.0])
    (shown, *_) = state_of(builder.archive(tmp_path / "row.ozx")).shown
    boxes = tile_boxes(shown.fields, shown.part.channel_axis, [1, 0, 2])
    # Last a dimension that was added; y and x exchanged.
    assert boxes[3].tolist() == [[20.5, -0.5, -0.5], [27.5, 4.5, 0.5]]


# Facts


def test_facts_about_an_image_are_those_it_was_made_with(tmp_path: Path) -> None:
    whole_archive(tmp_path / "whole.ome.zip")
    state = state_of(tmp_path / "whole.ome.zip")
    facts = dict(facts_of(state.images.children, state.opened))
    assert facts["Image"] == "whole"
    assert facts["Size"] == "x 34 × y 21 × z 5, 2 channels"
    # Of the level, 0.2 and 0.22 and 1.25, times those of the image, 1.5, 1.65 and 1.25.
    assert facts["Pixel size"] == "x 0.363 µm, y 0.3 µm, z 1.562 µm"
    assert facts["Levels"] == "3 in the file"
    assert facts["Data type"] == "uint16"
    assert facts["Compression"] == "blosc"
    assert facts["Chunks"] == "1 × 2 × 16 × 16 in shards of 1 × 4 × 32 × 32"
    assert facts["OME-Zarr"] == "0.5"
    assert facts["In the file at"] == "the root"


def test_facts_about_a_tile_are_its_own(tmp_path: Path) -> None:
    state = state_of(scan(tmp_path / "scan.ozx"))
    tile = branch(state, Kind.TILES).children[5]
    facts = dict(facts_of([tile], state.opened))
    assert facts["Size"] == "x 24 × y 16"
    assert facts["In the file at"] == "tile 1-1"


def test_facts_about_the_file_and_about_several_items_are_few(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.ozx")
    state = state_of(path)
    facts = dict(facts_of([state.images], state.opened))
    assert facts["Content"] == "12 images"
    assert facts["Folder"] == str(tmp_path)
    tiles = branch(state, Kind.TILES).children
    assert facts_of(tiles[:3], state.opened) == [("Selected", "3")]
    assert facts_of([], state.opened) == []


def oriented(path: Path, **words: str) -> Path:
    """A picture whose axes lead somewhere in a body."""
    axes = [
        {**axis, "orientation": {"type": "anatomical", "value": words[axis["name"]]}}
        for axis in axes_of("".join(words))
    ]
    pixels = ramp((3,) * len(words))
    return HierarchyBuilder().image_of_0_6(pixels, axes).archive(path)


def test_facts_say_where_the_axes_of_an_image_lead(tmp_path: Path) -> None:
    words = {"z": "inferior-to-superior", "y": "anterior-to-posterior", "x": "right-to-left"}
    state = state_of(oriented(tmp_path / "lps.ozx", **words))
    facts = dict(facts_of(state.images.children, state.opened, state.layers))
    expected = "x right → left, y anterior → posterior, z inferior → superior (LPS)"
    assert facts["Orientation"] == expected


def test_facts_say_where_other_layers_say_otherwise(tmp_path: Path) -> None:
    one = state_of(oriented(tmp_path / "a.ozx", y="dorsal-to-ventral", x="left-to-right"))
    other = state_of(oriented(tmp_path / "b.ozx", y="dorsal-to-ventral", x="right-to-left"))
    beside = (*one.layers, *other.layers)
    facts = dict(facts_of(one.images.children, one.opened, beside))
    expected = "x left → right, y dorsal → ventral; other layers contradict x"
    assert facts["Orientation"] == expected


def test_an_image_without_orientation_has_no_such_fact(tmp_path: Path) -> None:
    path = HierarchyBuilder().image(ramp((3, 4)), "yx").archive(tmp_path / "a.ozx")
    state = state_of(path)
    assert "Orientation" not in dict(facts_of(state.images.children, state.opened, state.layers))


# Attachments


def found_in(path: Path) -> tuple[FileState, tuple[Attachment, ...]]:
    state = state_of(path)
    assert state.opened is not None
    parts = tuple(shown.part for shown in state.shown)
    return state, FindAttachments(state.opened, parts).run()


def flat(attachments: tuple[Attachment, ...]) -> dict[str, Attachment]:
    return {each.path: each for one in attachments for each in (one, *flat(one.held).values())}


@pytest.mark.parametrize("make", WHOLE_ARCHIVES.values(), ids=WHOLE_ARCHIVES)
def test_everything_that_belongs_to_no_image_is_listed_once(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    truth = make(tmp_path / "whole.ome.zip")
    _, found = found_in(truth.path)
    unreadable = [name for group in truth.unreadable for name in truth.entries_of(group)]
    expected = {*truth.foreign, *unreadable}
    assert sum(each.size for each in found) == sum(len(truth.entries[name]) for name in expected)
    entries = {path for path, each in flat(found).items() if each.form is Form.ENTRY}
    assert {"OME/METADATA.ome.xml", "ro-crate-metadata.json", "thumbnail.png"} <= entries
    assert entries <= expected
    tables = flat(tuple(each for each in found if each.is_table))
    assert {"tables", "tables/cells", "tables/cells/area"} <= set(tables)
    assert flat(found)["regions"].form is Form.GROUP
    assert flat(found)["regions/mask"].form is Form.ARRAY


def test_attachments_are_found_beside_images_of_which_documents_are_not_read(
    tmp_path: Path,
) -> None:
    builder = HierarchyBuilder().group()
    for number in range(9):
        builder.image(PIXELS, "yx", f"{number}", translation=[0, number * 24.0])
    builder.put("4/protocol.txt", b"fixed in PFA")
    _, found = found_in(builder.archive(tmp_path / "scan.ozx"))
    assert [each.path for each in found] == ["4/protocol.txt"]


def test_levels_that_are_not_shown_are_no_attachments(tmp_path: Path) -> None:
    builder = HierarchyBuilder().group()
    for number in range(9):  # a mosaic has the levels that all its tiles have
        levels = [PIXELS, PIXELS[::2, ::2]][: 1 + (number > 0)]
        builder.image(levels, "yx", f"{number}", translation=[0, number * 24.0])
    path = builder.archive(tmp_path / "scan.ozx")
    composite = open_image(path)
    assert composite.opened is not None
    assert [len(part.sources) for part in composite.parts] == [1]
    assert find_attachments(composite.opened, composite.parts) == ()


def test_points_and_shapes_are_layers_and_no_attachments(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(PIXELS, "yx")
    builder.group("napari", multiscales=None).array("napari/points/data", np.zeros((3, 2)))
    builder.edit("napari/zarr.json", attributes={"napari": {"version": 1, "layers": []}})
    builder.put("napari.txt", b"about napari")
    _, found = found_in(builder.archive(tmp_path / "a.ozx"))
    assert [each.path for each in found] == ["napari.txt"]


def reading(path: Path, name: str) -> Any:
    state, found = found_in(path)
    assert state.opened is not None
    return read_attachment(state.opened, flat(found)[name])


def test_documents_are_read_with_a_line_for_each_thing(tmp_path: Path) -> None:
    path = whole_archive(tmp_path / "whole.ome.zip").path
    xml = reading(path, "OME/METADATA.ome.xml")
    assert xml.text.splitlines()[2:4] == [
        '  <Image ID="Image:0" Name="sample">',
        "    <Description>5 µm sections</Description>",
    ]
    crate = reading(path, "ro-crate-metadata.json")
    assert '    {\n      "@id": "./"\n    }' in crate.text
    assert reading(path, "notes/Übersicht.txt").text == "Schnitt 5 – µm\r\n"
    assert reading(path, "thumbnail.png").picture.startswith(b"\x89PNG")


def test_a_picture_of_the_whole_is_called_so(tmp_path: Path) -> None:
    pixels = np.arange(1200, dtype=np.uint16).reshape(30, 40)
    path = save_image([(pixels, {"name": "cells"}, "image")], tmp_path / "a.ozx")
    _, (one,) = found_in(path)
    assert (one.path, one.title) == ("thumbnail.png", "Thumbnail (thumbnail.png)")
    assert one.is_thumbnail
    assert reading(path, "thumbnail.png").picture.startswith(b"\x89PNG")


def test_a_table_is_read_as_columns(tmp_path: Path) -> None:
    path = whole_archive(tmp_path / "whole.ome.zip").path
    lines = reading(path, "tables/cells").text.splitlines()
    assert lines[:3] == ["area\tindex", "0.5\t0", "2\t1"]
    assert '  "encoding-type": "anndata",' in lines
    values = reading(path, "tables/cells/area").text.splitlines()
    assert values[0] == "7 values of float64"
    assert values[2:4] == ["0.5", "2"]


def test_of_what_is_large_the_beginning_is_read_and_that_is_said(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(PIXELS, "yx")
    builder.put("log.txt", b"x" * (MAX_BYTES + 5))
    builder.group("more").array("more/values", np.arange(MAX_ROWS + 1))
    path = builder.archive(tmp_path / "a.ozx")
    log = reading(path, "log.txt")
    assert len(log.text) == MAX_BYTES
    assert log.note.startswith("The first 1 MiB of 1 MiB")
    values = reading(path, "more/values")
    assert f"\n{MAX_ROWS - 1}\n" in values.text
    assert f"\n{MAX_ROWS}\n" not in values.text
    assert values.note == f"The first {MAX_ROWS} along each axis."


def test_what_is_no_text_or_not_what_its_name_says_is_no_error(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(PIXELS, "yx")
    builder.put("data.bin", b"\0\1\2").put("broken.json", b"{").put("broken.xml", b"<a>")
    # Entities that would make a gigabyte of a few bytes.
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    builder.put("bomb.xml", bomb)
    path = builder.archive(tmp_path / "a.ozx")
    assert reading(path, "data.bin").note == "It is not text: 3 bytes of other data."
    assert reading(path, "broken.json").text == "{"
    assert reading(path, "broken.xml").text == "<a>"
    assert reading(path, "bomb.xml").text == bomb.decode()


def test_damage_is_said_in_place_of_the_text(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(PIXELS, "yx")
    path = builder.put("notes.txt", b"to be harmed").archive(tmp_path / "a.ozx")
    path.write_bytes(path.read_bytes().replace(b"to be harmed", b"to be HARMED"))
    read = reading(path, "notes.txt")
    assert read.text == ""
    assert read.note.startswith("It cannot be read.")


def test_attachments_stand_in_the_tree_behind_the_images(tmp_path: Path) -> None:
    path = whole_archive(tmp_path / "whole.ome.zip").path
    state, found = found_in(path)
    tree = state.tree(found, ())
    assert [child.name for child in tree.children] == ["whole", "tables", "attachments"]
    assert "OME-XML (METADATA.ome.xml)" in names(tree, Kind.ATTACHMENT)
    (item,) = state.tree(found, words_of("crate")).children[0].children
    assert dict(facts_of([item], state.opened))["In the file at"] == "ro-crate-metadata.json"


# Tiles


def test_tiles_can_be_put_together_where_they_belong_on_one_grid(tmp_path: Path) -> None:
    choice = tile_choice(state_of(scan(tmp_path / "few.ozx", 2, 2)).shown)
    assert choice is not None
    assert (choice.is_fused, choice.tiles, choice.separate_layers) == (False, 4, 4)
    choice = tile_choice(state_of(scan(tmp_path / "many.ozx")).shown)
    assert choice is not None
    assert (choice.is_fused, choice.tiles, choice.problem) == (True, 12, "")
    whole_archive(tmp_path / "whole.ome.zip")
    assert tile_choice(state_of(tmp_path / "whole.ome.zip").shown) is None


def test_more_layers_than_a_window_holds_are_refused(tmp_path: Path) -> None:
    state = state_of(scan(tmp_path / "scan.ozx", 23, 23))
    assert state.tiles is not None
    assert state.tiles.problem.startswith("529 layers are too many: 529 tiles can be shown as")


def test_layers_as_they_were_opened_can_be_replaced_and_others_are_named(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.ozx", 2, 2)
    first, *rest = to_layer_data(open_image(path))
    data, keywords, kind = first
    assert why_not([first, *rest]) == ""
    painted = (np.zeros(PIXELS.shape, np.uint8), keywords, kind)
    assert why_not([painted, *rest]).startswith("'tile 0-0' was painted, or has new pixels,")
    moved = (data, {**keywords, "translate": (1.0, 0.0)}, kind)
    assert why_not([*rest, moved]).startswith("'tile 0-0' was moved, which would be lost.")
    assert why_not([first, first]).startswith("'tile 0-0' is a copy,")


def test_labels_of_other_colors_are_named(tmp_path: Path) -> None:
    path = whole_scene(tmp_path / "scene.ozx").path
    data = to_layer_data(open_image(path))
    assert why_not(data) == ""
    (number,) = (n for n, (_, _, kind) in enumerate(data) if kind == "labels")
    pixels, keywords, kind = data[number]
    colors = {**keywords["colormap"], 1: "#00FF00"}
    data[number] = (pixels, {**keywords, "colormap": colors}, kind)
    assert "was given other colors or properties" in why_not(data)


# What is said of a file with much in it


def offered(path: Path) -> str:
    composite = open_image(path)
    return what_is_in(composite, len(to_layer_data(composite)))


def test_of_plates_and_scans_it_is_said_what_is_in_them(tmp_path: Path) -> None:
    text = offered(plate(tmp_path / "plate.ozx", {"A1": 2, "B2": 1, "B3": 1}))
    assert text == "3 wells, 1 channel.\nContents lists them."
    assert offered(scan(tmp_path / "scan.ozx")).startswith("12 tiles, 1 channel.\n")
    whole_plate(tmp_path / "whole.ozx")
    assert offered(tmp_path / "whole.ozx").startswith("3 wells, 2 channels, 1 label image.\n")


def test_of_few_images_nothing_is_said(tmp_path: Path) -> None:
    assert offered(scan(tmp_path / "few.ozx", 2, 2)) == ""
    whole_scene(tmp_path / "scene.ozx")
    assert offered(tmp_path / "scene.ozx") == ""


def test_of_many_images_it_is_said_how_many_they_are(tmp_path: Path) -> None:
    builder = HierarchyBuilder().group()
    for number in range(13):  # all at one place, so that they are no scan
        builder.image(PIXELS, "yx", str(number))
    assert offered(builder.archive(tmp_path / "many.ozx")).startswith("13 images, 1 channel.\n")


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    found = file_names(["/data/a/x.ozx", "/data/b/x.ozx", "/data/b/y.ozx"])
    assert found == ["x.ozx (a)", "x.ozx (b)", "y.ozx"]


def test_keys_of_items_do_not_depend_on_when_the_tree_was_made(tmp_path: Path) -> None:
    path = plate(tmp_path / "plate.ozx", {"A1": 2, "B2": 1})

    def keys(item: Item) -> list[Any]:
        return [item.key, *(key for child in item.children for key in keys(child))]

    first, second = keys(state_of(path).images), keys(state_of(path).images)
    assert first == second
    assert len(set(first)) == len(first)


def test_a_document_that_cannot_be_read_leaves_facts_out(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.ozx", 1, 1)
    state = state_of(path)
    facts = dict(facts_of(state.images.children, None))
    assert "OME-Zarr" not in facts
    assert facts["Levels"] == "1 in the file"
    assert json.dumps(facts)
