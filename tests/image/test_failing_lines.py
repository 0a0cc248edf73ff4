"""A line that fails while an image is opened is an error, and no fault of the file."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from drawn_layers import many_points
from hierarchy_builder import HierarchyBuilder, to_world
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.byte_file import HEAD_BYTES, TAIL_BYTES
from range_server import Answer, RangeServer, Request

SECRET = "tOpSeCrEt"
IMAGE = np.arange(600, dtype=np.uint8).reshape(20, 30)


def affine_by_path() -> dict[str, bytes]:
    builder = HierarchyBuilder()
    builder.scene("yx", to_world("a", "affine", path="moved/matrix"), to_world("b", "identity"))
    builder.image_of_0_6(IMAGE, "yx", "a")
    builder.image_of_0_6(IMAGE, "yx", "b")
    builder.group("moved").array("moved/matrix", np.array([[2.0, 0, 100], [0, 2.0, 50]]))
    return builder.entries


def labels_of_floats() -> dict[str, bytes]:
    builder = HierarchyBuilder().image(IMAGE, "yx")
    builder.labels("cells")
    labels = (IMAGE // 100).astype(np.float32)
    builder.image(labels, "yx", "labels/cells", **{"image-label": {"version": "0.5"}})
    return builder.entries


def with_points(tmp_path: Path) -> dict[str, bytes]:
    path = tmp_path / "points.ozx"
    image = (IMAGE, {"name": "cells"}, "image")
    save_image([image, many_points().as_layer_data_tuple()], path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def placed(path: Path, entries: Mapping[str, bytes], chunk: str) -> tuple[int, int]:
    """Write an archive with a chunk far from both ends; return where its bytes lie."""
    documents = [name for name in entries if name.endswith("zarr.json")]
    rest = [name for name in entries if name not in (*documents, chunk)]
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(documents, key=lambda name: name.count("/")) + rest:
            archive.writestr(name, entries[name])
        archive.writestr("other/before", bytes(2 * HEAD_BYTES))
        archive.writestr(chunk, entries[chunk])
        archive.writestr("other/after", bytes(2 * TAIL_BYTES))
        place = archive.getinfo(chunk).header_offset
    return place, place + len(chunk) + 30 + len(entries[chunk])


@pytest.mark.parametrize(
    ("entries", "folder"),
    [
        (affine_by_path, "moved/matrix/c/"),
        (labels_of_floats, "labels/cells/0/c/"),
        (with_points, "napari/"),
    ],
)
def test_nothing_is_left_out_of_an_image_or_misplaced(
    tmp_path: Path, entries: object, folder: str
) -> None:
    made = entries(tmp_path) if entries is with_points else entries()  # type: ignore[operator]
    chunk = max(
        (n for n in made if n.startswith(folder) and not n.endswith("zarr.json")),
        key=lambda name: len(made[name]),
    )
    start, stop = placed(tmp_path / "a.ozx", made, chunk)
    refused = []

    def refuse_chunk(request: Request, answer: Answer) -> Answer:
        if request.range is None or request.range[0] >= stop or request.range[1] <= start:
            return answer
        refused.append(request.range)
        return Answer(403, b"no")

    with RangeServer({"a.ozx": (tmp_path / "a.ozx").read_bytes()}, fault=refuse_chunk) as server:
        with pytest.raises(LinkError):
            to_layer_data(open_image(server.url("a.ozx")))
        assert refused
        server.fault = None
        image = open_image(server.url("a.ozx"))
        assert image.findings == open_image(tmp_path / "a.ozx").findings


def test_a_pickle_of_what_layers_are_told_holds_no_secret(tmp_path: Path) -> None:
    path = HierarchyBuilder().image(IMAGE, "yx").archive(tmp_path / "a.ozx")
    with RangeServer({"a.ozx": path.read_bytes()}) as server:
        for link in (server.url("a.ozx"), f"{server.url('a.ozx')}?signature={SECRET}"):
            for _, keywords, _ in to_layer_data(open_image(link)):
                pickled = pickle.dumps(keywords["metadata"])
                assert SECRET.encode() not in pickled
                assert pickle.loads(pickled)
