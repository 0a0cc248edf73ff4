"""Thumbnails in saved files: made last, kept while they are true, gone when they would lie."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hierarchy_builder import ramp
from napari_ome_zip import SaveOptions, open_image, read_thumbnail, save_image, validate
from napari_ome_zip.errors import PictureError, SaveCancelledError, SaveWarning
from napari_ome_zip.layers import from_layer_data, to_layer_data
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.save import save_composite
from pictures import THUMBNAILS_UUID, listing, pixels_of, png, thumbnail
from zipbuilder import build_zip

OURS = "made by napari-ome-zip"
SPACE = {"units": ("micrometer",) * 2, "scale": (0.5, 0.5)}
OFF = SaveOptions(thumbnail=False)
PLACED = {**SPACE, "contrast_limits": (0, 255)}

type Layers = list[Any]


def halves() -> Layers:
    """A picture that is dark on the left and bright on the right, and a square of labels."""
    pixels = np.zeros((300, 400), np.uint8)
    pixels[:, 200:] = 255
    values = np.zeros((300, 400), np.uint8)
    values[:150, :100] = 1
    colors = {0: "transparent", 1: "#ff0000", None: "transparent"}
    return [
        (pixels, {"name": "cells", **PLACED}, "image"),
        (values, {"name": "spots", "colormap": colors, "opacity": 1.0, **SPACE}, "labels"),
    ]


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def attributes(path: Path, group: str = "") -> dict[str, Any]:
    name = f"{group}/zarr.json" if group else "zarr.json"
    return dict(json.loads(entries(path)[name])["attributes"])


def listed(path: Path, group: str = "") -> list[dict[str, Any]]:
    return list(attributes(path, group).get("thumbnails", []))


def add(
    path: Path, stated: Mapping[str, Mapping[str, Any]], others: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Let a file state more attributes, by group, and hold more entries; return the latter."""
    found = entries(path)
    for group, more in stated.items():
        name = f"{group}/zarr.json" if group else "zarr.json"
        document = json.loads(found[name])
        document["attributes"] = {**document.get("attributes", {}), **more}
        found[name] = json.dumps(document).encode()
    path.write_bytes(build_zip({**found, **others}))
    return dict(others)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Return a file without thumbnails."""
    return save_image(halves(), tmp_path / "plain.ozx", OFF)


@pytest.fixture
def foreign(plain: Path) -> Path:
    """Return a file with thumbnails that another program made, one of them elsewhere."""
    stated = listing(
        thumbnail(64, 48, "thumbs/small.png"),
        thumbnail(200, 150, "thumbs/large.png", attributes={"z": 3}),
        {"width": 900, "height": 700, "media_type": "image/png", "url": "https://127.0.0.1:1/a"},
    )
    add(plain, {"": stated}, {"thumbs/small.png": png(64, 48), "thumbs/large.png": png(200, 150)})
    return plain


def pictures(path: Path) -> dict[str, bytes]:
    """Return the entries of a file that are PNG pictures."""
    found = entries(path).items()
    return {name: data for name, data in found if data.startswith(b"\x89PNG")}


class TestWritten:
    """A new file has one, which shows what a reader of the file sees."""

    def test_it_is_stated_as_it_is(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        (stated,) = listed(path)
        picture = entries(path)["thumbnail.png"]
        with Image.open(io.BytesIO(picture)) as opened:
            assert (opened.format, opened.mode) == ("PNG", "RGB")
            assert opened.size == (256, 192)
        assert (stated["width"], stated["height"]) == (256, 192)
        assert (stated["media_type"], stated["path"]) == ("image/png", "thumbnail.png")
        assert THUMBNAILS_UUID in {each["uuid"] for each in attributes(path)["zarr_conventions"]}
        assert len(picture) < 200_000
        assert validate(path, deep=True).issues == ()

    def test_it_shows_the_image_with_its_labels(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        shown = pixels_of(entries(path)["thumbnail.png"])
        assert shown[150, 20].tolist() == [0, 0, 0]
        assert shown[150, 200].tolist() == [255, 255, 255]
        assert shown[20, 20].tolist() == [255, 0, 0]

    def test_it_lies_beside_the_directory(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            last = archive.infolist()[-1]
            header = archive.start_dir - last.header_offset - last.file_size
        assert names[0] == "zarr.json"
        assert last.filename == "thumbnail.png"
        assert 30 < header < 100
        documents = [name for name in names if name.endswith("zarr.json")]
        assert names[: len(documents)] == documents

    def test_noise_that_nothing_compresses_stays_below_200_kb(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
        path = save_image([(noise, {"name": "noise", "rgb": True}, "image")], tmp_path / "a.ozx")
        picture = entries(path)["thumbnail.png"]
        assert 190_000 < len(picture) < 200_000
        np.testing.assert_array_equal(pixels_of(picture), noise)

    def test_two_saves_of_one_image_are_equal(self, tmp_path: Path) -> None:
        saved = [save_image(halves(), tmp_path / name).read_bytes() for name in ("a.ozx", "b.ozx")]
        assert saved[0] == saved[1]

    def test_without_it_nothing_is_said_of_it(self, plain: Path) -> None:
        assert not {"thumbnails", "zarr_conventions"} & set(attributes(plain))
        assert pictures(plain) == {}

    def test_a_file_of_several_images_has_one_of_all(self, tmp_path: Path) -> None:
        beside = (np.full((300, 400), 255, np.uint8), {"translate": (0, 200), **PLACED}, "image")
        path = save_image([halves()[0], beside], tmp_path / "a.ozx")
        (stated,) = listed(path)
        assert (stated["width"], stated["height"]) == (256, 96)
        assert pixels_of(entries(path)["thumbnail.png"])[48, 230].tolist() == [255, 255, 255]

    def test_what_is_shown_is_what_was_saved_of_a_part(self, tmp_path: Path) -> None:
        labels = [halves()[1]]
        path = save_image(labels, tmp_path / "a.ozx", SaveOptions(labels_alone=True))
        shown = pixels_of(entries(path)["thumbnail.png"])
        assert (shown[20, 20].tolist(), shown[150, 200].tolist()) == ([255, 0, 0], [0, 0, 0])

    def test_where_nothing_can_be_drawn_the_file_is_complete_without(self, tmp_path: Path) -> None:
        def refuse(image: object) -> bytes:
            raise PictureError("There is too much of it.")

        image = from_layer_data(halves())
        with pytest.warns(SaveWarning, match="No thumbnail was made: There is too much of it."):
            path = save_composite(image, tmp_path / "a.ozx", picture=refuse)
        assert not {"thumbnails", "zarr_conventions"} & set(attributes(path))
        assert validate(path, deep=True).issues == ()
        heard: list[Any] = []
        save_composite(image, tmp_path / "b.ozx", picture=refuse, noted=heard.append)
        assert [finding.code for finding in heard] == ["thumbnail-not-made"]

    def test_whoever_cancels_while_it_is_drawn_keeps_the_file_that_was_there(
        self, plain: Path
    ) -> None:
        before = plain.read_bytes()
        drawn: list[object] = []

        def draw(image: object) -> bytes:
            drawn.append(image)
            return png(256, 192)

        with pytest.raises(SaveCancelledError):
            save_composite(
                from_layer_data(halves()), plain, picture=draw, cancelled=lambda: bool(drawn)
            )
        assert plain.read_bytes() == before
        assert [each.name for each in plain.parent.iterdir()] == [plain.name]

    def test_there_is_room_for_it_in_documents_of_any_length(self, plain: Path) -> None:
        def saved(letters: int) -> bytes:
            add(plain, {"": {"note": "y" * letters}}, {})
            new = save_image(open_image(plain), plain.with_name("new.ozx"))
            assert [each["path"] for each in listed(new)] == ["thumbnail.png"]
            assert len(attributes(new)["note"]) == letters
            return entries(new)["zarr.json"]

        # Larger documents have no line for each value, so that they are shorter with more digits.
        length = len(json.dumps(json.loads(saved(0))))
        lines = [saved(2**16 - length + more).count(b"\n") for more in range(-9, 10)]
        assert lines[0] > 50
        assert lines[-1] == 0

    def test_a_damaged_chunk_that_is_copied_is_drawn_empty(self, plain: Path) -> None:
        found = entries(plain)
        chunk = next(name for name in found if name.startswith("0/c/"))
        plain.write_bytes(build_zip({**found, chunk: found[chunk][:-20] + b"\xff" * 20}))
        path = save_image(open_image(plain), plain.with_name("new.ozx"))
        (stated,) = listed(path)
        assert stated["path"] == "thumbnail.png"


class TestKept:
    """What shows the image as it is stays byte for byte, whoever made it."""

    def test_what_others_made_stays_byte_for_byte(self, foreign: Path) -> None:
        before, stated = pictures(foreign), attributes(foreign)
        for source in (open_image(foreign), to_layer_data(open_image(foreign))):
            path = save_image(source, foreign.with_name("new.ozx"))
            assert pictures(path) == before
            after = attributes(path)
            assert after["thumbnails"] == stated["thumbnails"]
            assert after["zarr_conventions"] == stated["zarr_conventions"]
            assert list(entries(path))[-2:] == ["thumbs/small.png", "thumbs/large.png"]

    def test_our_own_stays_byte_for_byte(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        before = entries(path)
        save_image(open_image(path), path)
        assert entries(path) == before

    @pytest.mark.parametrize("version", ["0.5", "0.6"])
    def test_another_version_shows_the_same(self, foreign: Path, version: Any) -> None:
        before = pictures(foreign)
        path = save_image(
            open_image(foreign), foreign.with_name("new.ozx"), SaveOptions(version=version)
        )
        assert pictures(path) == before
        assert len(listed(path)) == 3

    @pytest.mark.parametrize("limits", [(0, 255), (0, 510)], ids=["unchanged", "changed"])
    def test_our_own_that_is_damaged_is_made_again(
        self, tmp_path: Path, limits: tuple[int, int]
    ) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        before = pictures(path)
        raw = path.read_bytes()
        at = raw.index(b"\x89PNG") + 40
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 255]) + raw[at + 1 :])
        layers = to_layer_data(open_image(path))
        layers[0][1]["contrast_limits"] = limits
        save_image(layers, path)
        assert (pictures(path) == before) == (limits == (0, 255))
        assert [each["path"] for each in listed(path)] == ["thumbnail.png"]
        assert validate(path, deep=True).issues == ()

    def test_a_name_is_not_seen(self, foreign: Path) -> None:
        layers = to_layer_data(open_image(foreign))
        layers[0][1]["name"] = "renamed"
        before = pictures(foreign)
        save_image(layers, foreign)
        assert pictures(foreign) == before

    def test_stored_in_another_way_it_is_the_same(self, foreign: Path) -> None:
        before = pictures(foreign)
        save_image(open_image(foreign), foreign, SaveOptions(chunk=64, shard=128, codec="gzip"))
        assert pictures(foreign) == before

    def test_a_file_without_one_gets_one(self, plain: Path) -> None:
        others = [name for name in entries(plain) if name != "zarr.json"]
        before = entries(plain)
        save_image(open_image(plain), plain)
        after = entries(plain)
        assert all(after[name] == before[name] for name in others)
        assert [each["path"] for each in listed(plain)] == ["thumbnail.png"]

    def test_one_that_is_only_elsewhere_is_listed_behind_ours(self, plain: Path) -> None:
        elsewhere = {"width": 200, "height": 150, "media_type": "image/png", "url": "https://a.b/c"}
        add(plain, {"": listing(elsewhere)}, {})
        save_image(open_image(plain), plain)
        ours, other = listed(plain)
        assert (ours["path"], other) == ("thumbnail.png", elsewhere)

    def test_a_picture_that_nothing_names_is_left_alone(self, plain: Path) -> None:
        add(plain, {}, {"thumbnail.png": png(9, 9), "Thumbnail-2.png": png(8, 8)})
        save_image(open_image(plain), plain)
        found = entries(plain)
        assert (found["thumbnail.png"], found["Thumbnail-2.png"]) == (png(9, 9), png(8, 8))
        assert [each["path"] for each in listed(plain)] == ["thumbnail-3.png"]

    @pytest.mark.parametrize("place", ["zarr.json", "0/c/0/0", "notes.txt"])
    def test_what_is_listed_and_is_no_picture_is_no_picture_of_the_whole(
        self, plain: Path, place: str
    ) -> None:
        stated = thumbnail(256, 192, place)
        add(plain, {"": listing(stated)}, {"notes.txt": b"hello"})
        before = entries(plain)
        save_image(open_image(plain), plain)
        ours, other = listed(plain)
        assert (ours["path"], other) == ("thumbnail.png", stated)
        found = read_thumbnail(plain)
        assert found is not None
        assert found.path == "thumbnail.png"
        after = entries(plain)
        assert all(after[name] == before[name] for name in before if name != "zarr.json")

    def test_what_is_added_up_may_be_added_in_another_order(self, foreign: Path) -> None:
        other = (np.full((300, 400), 90, np.uint8), {"name": "more", **PLACED}, "image")
        layers = [halves()[0], other]
        for layer in layers:
            layer[1]["blending"] = "additive"
        path = save_image(layers, foreign.with_name("two.ozx"), OFF)
        add(path, {"": listing(thumbnail(200, 150, "look.png"))}, {"look.png": png(200, 150)})
        save_image(to_layer_data(open_image(path))[::-1], path)
        assert set(pictures(path)) == {"look.png"}

    def test_half_of_a_character_in_an_attribute_stays(self, plain: Path) -> None:
        add(plain, {"": {"note": "\ud800"}}, {})
        save_image(open_image(plain), plain)
        assert attributes(plain)["note"] == "\ud800"
        assert [each["path"] for each in listed(plain)] == ["thumbnail.png"]

    def test_thumbnails_of_an_array_stay_with_it(self, plain: Path) -> None:
        stated = listing(thumbnail(130, 100, "look.png"))
        added = add(plain, {"0": stated}, {"0/look.png": png(130, 100)})
        save_image(open_image(plain), plain)
        assert added.items() <= entries(plain).items()
        assert listed(plain, "0") == stated["thumbnails"]


def repaint(layers: Layers) -> None:
    data, keywords, kind = layers[0]
    layers[0] = (np.asarray(data[0] if isinstance(data, list) else data) // 2, keywords, kind)


def move(layers: Layers) -> None:
    layers[0][1]["translate"] = (40, 0)
    layers[1][1]["translate"] = (40, 0)


def relabel(layers: Layers) -> None:
    values = np.zeros((300, 400), np.uint8)
    values[200:, 300:] = 1
    layers[1] = (values, layers[1][1], "labels")


def remove_labels(layers: Layers) -> None:
    del layers[1]


def new_labels(layers: Layers) -> None:
    values = np.full((300, 400), 3, np.uint8)
    layers.append((values, {"name": "all", **SPACE}, "labels"))


def color_labels(layers: Layers) -> None:
    layers[1][1]["colormap"] = {0: "transparent", 1: "#00ff00", None: "transparent"}


def look(number: int, **keywords: Any) -> Any:
    def change(layers: Layers) -> None:
        layers[number][1].update(keywords)

    return change


def reorder(layers: Layers) -> None:
    layers.reverse()


CHANGES = {
    "pixels": repaint,
    "place": move,
    "labels": relabel,
    "labels removed": remove_labels,
    "labels added": new_labels,
    "colors of labels": color_labels,
    "color": look(0, colormap="#00ff00"),
    "inverted": look(
        0, colormap={"name": "a", "colors": [[1, 1, 1, 1], [0, 0, 0, 1]], "controls": [0, 1]}
    ),
    "limits": look(0, contrast_limits=(0, 511)),
    "hidden": look(0, visible=False),
    "opacity": look(0, opacity=0.5),
    "gamma": look(0, gamma=2.0),
    "outlines": look(1, contour=3),
    "blending": look(1, blending="additive"),
    "order": reorder,
}


class TestChanged:
    """What would show something else is replaced by a picture of how it is now."""

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_what_others_made_is_replaced_and_that_is_said(
        self, foreign: Path, change: Any
    ) -> None:
        layers = [(d, dict(k), kind) for d, k, kind in to_layer_data(open_image(foreign))]
        change(layers)
        plan = plan_save(from_layer_data(layers, target=foreign))
        (said,) = [each.message for each in plan.lost if each.code == "thumbnail-outdated"]
        assert "'thumbs/small.png', 'thumbs/large.png'" in said
        assert "one elsewhere" in said
        save_image(layers, foreign)
        (stated,) = listed(foreign)
        assert stated["description"].endswith(OURS)
        assert set(pictures(foreign)) == {"thumbnail.png"}
        assert [i for i in validate(foreign).issues if i.code.startswith("thumb")] == []

    def test_limits_of_what_states_none_are_seen(self, foreign: Path) -> None:
        found = entries(foreign)
        root = json.loads(found["zarr.json"])
        del root["attributes"]["ome"]["omero"]
        foreign.write_bytes(build_zip({**found, "zarr.json": json.dumps(root).encode()}))
        before = pictures(foreign)
        layers = to_layer_data(open_image(foreign))
        assert "contrast_limits" not in layers[0][1]
        for limits, is_kept in (((0.0, 255.0), True), ((0.0, 60.0), False)):
            layers[0][1]["contrast_limits"] = limits
            new = save_image(layers, foreign.with_name("new.ozx"))
            assert (pictures(new) == before) == is_kept

    def test_our_own_shows_the_new_pixels(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx")
        layers = to_layer_data(open_image(path))
        repaint(layers)
        assert plan_save(from_layer_data(layers, target=path)).lost == ()
        save_image(layers, path)
        assert list(pictures(path)) == ["thumbnail.png"]
        shown = pixels_of(pictures(path)["thumbnail.png"])
        assert shown[150, 200].tolist() == [127, 127, 127]

    def test_without_a_new_one_the_old_ones_go_all_the_same(self, foreign: Path) -> None:
        layers = to_layer_data(open_image(foreign))
        repaint(layers)
        save_image(layers, foreign, OFF)
        assert pictures(foreign) == {}
        assert not {"thumbnails", "zarr_conventions"} & set(attributes(foreign))

    def test_conventions_of_others_stay(self, foreign: Path) -> None:
        other = {"uuid": "0" * 8, "name": "other"}
        known = [other, *listing()["zarr_conventions"]]
        add(foreign, {"": {"zarr_conventions": known}}, {})
        layers = to_layer_data(open_image(foreign))
        repaint(layers)
        save_image(layers, foreign, OFF)
        assert attributes(foreign)["zarr_conventions"] == [other]

    def test_what_is_no_picture_is_never_left_out(self, plain: Path) -> None:
        chunk = next(name for name in entries(plain) if name.startswith("labels/spots/0/c/"))
        stated = listing(
            thumbnail(9, 9, "zarr.json"),
            thumbnail(9, 9, chunk),
            thumbnail(9, 9, "labels/spots/0/zarr.json"),
            thumbnail(9, 9, "notes.txt"),
            thumbnail(9, 9, "real.png"),
        )
        others = {"notes.txt": b"hello", "real.png": png(9, 9)}
        add(plain, {"": stated}, others)
        before = entries(plain)
        layers = to_layer_data(open_image(plain))
        repaint(layers)
        save_image(layers, plain)
        after = entries(plain)
        assert {name for name in before if name not in after} == {"real.png"}
        assert after[chunk] == before[chunk]
        assert after["notes.txt"] == b"hello"

    def test_chunks_that_are_pictures_are_never_left_out(self, tmp_path: Path) -> None:
        path = save_image(halves(), tmp_path / "a.ozx", OFF)
        array = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [9, 9],
            "data_type": "uint8",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [9, 9]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "imagecodecs_png"}],
        }
        others = {"other/zarr.json": json.dumps(array).encode(), "other/c/0/0": png(9, 9)}
        add(path, {"": listing(thumbnail(9, 9, "other/c/0/0"))}, others)
        layers = to_layer_data(open_image(path))
        repaint(layers)
        save_image(layers, path)
        assert entries(path)["other/c/0/0"] == png(9, 9)
        assert [each["path"] for each in listed(path)] == ["thumbnail.png"]

    def test_a_picture_that_another_group_still_names_stays(self, tmp_path: Path) -> None:
        path = two_images(tmp_path)
        shared = {"1/shared.png": png(150, 100)}
        add(
            path,
            {
                "": listing(thumbnail(150, 100, "1/shared.png")),
                "1": listing(thumbnail(150, 100, "shared.png")),
            },
            shared,
        )
        layers = to_layer_data(open_image(path))
        repaint(layers)
        save_image(layers, path)
        assert entries(path)["1/shared.png"] == png(150, 100)
        assert [each["path"] for each in listed(path)] == ["thumbnail.png"]
        assert [each["path"] for each in listed(path, "1")] == ["shared.png"]


def two_images(folder: Path) -> Path:
    """Return a file of two images side by side, each with thumbnails of its own."""
    one = halves()[0]
    two = (ramp((300, 400), np.uint8), {"name": "two", "translate": (0, 200), **PLACED}, "image")
    path = save_image([one, two], folder / "two.ozx", OFF)
    stated = listing(thumbnail(128, 96, "look.png"))
    others = {f"{group}/look.png": png(128, 96) for group in "01"}
    add(path, {"0": stated, "1": stated}, others)
    return path


class TestOtherGroups:
    """Thumbnails of parts stay with those that did not change."""

    def test_those_of_the_other_image_stay(self, tmp_path: Path) -> None:
        path = two_images(tmp_path)
        layers = to_layer_data(open_image(path))
        repaint(layers)
        plan = plan_save(from_layer_data(layers, target=path))
        (said,) = [each.message for each in plan.lost if each.code == "thumbnail-outdated"]
        assert "'0/look.png'" in said
        assert "'1/look.png'" not in said
        save_image(layers, path)
        assert set(pictures(path)) == {"1/look.png", "thumbnail.png"}
        assert (len(listed(path, "0")), len(listed(path, "1"))) == (0, 1)

    def test_those_of_an_image_that_is_gone_go_with_it(self, tmp_path: Path) -> None:
        path = two_images(tmp_path)
        save_image(to_layer_data(open_image(path))[:1], path)
        assert [i for i in validate(path).issues if i.code.startswith("thumb")] == []
        assert "1/look.png" not in pictures(path)

    def test_those_of_a_level_go_with_its_pixels(self, plain: Path) -> None:
        elsewhere = {"width": 9, "height": 9, "media_type": "image/png", "url": "https://a.b/c"}
        stated = listing(thumbnail(130, 100, "look.png"), elsewhere)
        add(plain, {"0": stated}, {"0/look.png": png(130, 100)})
        layers = to_layer_data(open_image(plain))
        repaint(layers)
        save_image(layers, plain)
        assert listed(plain, "0") == []
        assert list(pictures(plain)) == ["thumbnail.png"]

    def test_copies_of_documents_say_the_same(self, tmp_path: Path) -> None:
        path = two_images(tmp_path)
        found = entries(path)
        copies = {
            name.removesuffix("/zarr.json"): json.loads(content)
            for name, content in found.items()
            if name.endswith("/zarr.json")
        }
        root = json.loads(found["zarr.json"])
        root["consolidated_metadata"] = {
            "kind": "inline",
            "must_understand": False,
            "metadata": copies,
        }
        path.write_bytes(build_zip({**found, "zarr.json": json.dumps(root).encode()}))
        layers = to_layer_data(open_image(path))
        repaint(layers)
        save_image(layers, path)
        again = json.loads(entries(path)["zarr.json"])["consolidated_metadata"]["metadata"]
        assert "thumbnails" not in again["0"]["attributes"]
        assert again["1"]["attributes"]["thumbnails"] == listed(path, "1")


ODD = [None, 3, [None], [{"path": 5}], {"0": {}}, "x" * 99, [[[[]]]], [{"path": "../../a"}]]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_thumbnails_are_in_nobodys_way(plain: Path, odd: Any) -> None:
    add(plain, {"": {"thumbnails": odd}}, {})
    assert len(open_image(plain).parts) == 2
    plan = plan_save(open_image(plain))
    path = save_image(open_image(plain), plain.with_name("new.ozx"))
    assert len(open_image(path).parts) == 2
    if odd is None or isinstance(odd, list):
        assert listed(path)[0]["path"] == "thumbnail.png"
        assert listed(path)[1:] == (odd or [])
    else:  # something else that is called so
        assert attributes(path)["thumbnails"] == odd
        assert [finding.code for finding in plan.lost] == ["thumbnail-not-made"]


@pytest.mark.parametrize("odd", ["x", {"a": 1}])
def test_conventions_that_are_no_list_are_not_written_over(plain: Path, odd: Any) -> None:
    add(plain, {"": {"zarr_conventions": odd}}, {})
    path = save_image(open_image(plain), plain.with_name("new.ozx"))
    assert attributes(path)["zarr_conventions"] == odd
    assert read_thumbnail(path) is None


def test_a_plan_counts_it_as_well_as_it_can(plain: Path) -> None:
    with_it, without = plan_save(open_image(plain)), plan_save(open_image(plain), OFF)
    assert 20_000 < with_it.known_bytes - without.known_bytes < 200_000
