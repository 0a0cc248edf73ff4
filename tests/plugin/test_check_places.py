"""Places in a file are told in words, and the exact ones beside them."""

from __future__ import annotations

import pytest

from napari_ome_zip.plugin.check.places import place_of
from napari_ome_zip.rules import Location


@pytest.mark.parametrize(
    ("entry", "json_path", "words"),
    [
        ("", "", "the whole file"),
        ("zarr.json", "", "the image"),
        ("zarr.json", "ome.multiscales[0].name", "name"),
        ("zarr.json", "ome.multiscales[0].datasets[2].path", "level 2, path"),
        ("zarr.json", "ome.multiscales[1].datasets[0]", "2nd image, level 0"),
        ("nuclei/zarr.json", "ome.multiscales[0].datasets[2]", "image 'nuclei', level 2"),
        ("nuclei/.zattrs", "multiscales[0].axes[0].unit", "image 'nuclei', 1st axis, unit"),
        ("labels/cells/zarr.json", "ome.image-label.colors[10]",
         "labels 'cells', settings of labels, 11th color"),
        ("zarr.json", "ome.omero.channels[1].window",
         "display settings, 2nd channel, contrast limits"),
        ("zarr.json", "ome.omero.channels", "display settings, list of channels"),
        ("zarr.json", "ome.plate.wells[2].path", "plate, 3rd well, path"),
        ("B/03/zarr.json", "ome.well.images[0]", "well B03, well, 1st field of view"),
        ("A/1/0/zarr.json", "", "well A1, field of view 0"),
        ("A/1/0/labels/nuclei/0/zarr.json", "",
         "labels 'nuclei', well A1, field of view 0, level 0"),
        ("0/zarr.json", "", "level 0"),
        ("0/zarr.json", "shape", "level 0, shape"),
        ("0/zarr.json", "ome.multiscales[0]", "image '0'"),
        ("nuclei/s1/.zarray", "", "image 'nuclei', level 1"),
        ("pixels/zarr.json", "dimension_names", "array 'pixels', dimension_names"),
        ("0/c/1/12", "", "level 0, chunk 1, 12"),
        ("nuclei/2/0.1.7", "", "image 'nuclei', level 2, chunk 0, 1, 7"),
        ("nuclei/2/0/1/7", "", "'nuclei/2/0/1/7'"),  # of which number, or of which array?
        ("0/c", "", "level 0, chunk 0"),
        ("notes/read me.txt", "", "'notes/read me.txt'"),
        ("cells.zarr", "", "'cells.zarr'"),
        ("zarr.json", 'ome["a b"].c', "a b, c"),
        ("zarr.json", "ome.scene.coordinateTransformations[21].input",
         "scene, 22nd transformation, input"),
    ],
)  # fmt: skip
def test_a_place_is_told_in_words(entry: str, json_path: str, words: str) -> None:
    assert place_of(Location(entry, json_path)) == words
