"""Whatever is changed in a file, the whole way ends in an image or an error of the project."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drawn_layers
from hierarchy_builder import HierarchyBuilder, multiscale, placement, ramp, to_world
from mutations import changes
from napari_ome_zip import save_image
from napari_ome_zip.layers import from_layer_data
from whole_archives import WHOLE_ARCHIVES
from whole_path import OtherProcess

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is limited as Linux does it"
)


def plain() -> HierarchyBuilder:
    return HierarchyBuilder().image([ramp((3, 4)), ramp((2, 2))], "yx", options={"chunks": (2, 2)})


def sharded() -> HierarchyBuilder:
    return HierarchyBuilder().image(
        ramp((5, 6)), "yx", options={"chunks": (2, 2), "shards": (4, 4)}
    )


def of_zarr_v2() -> HierarchyBuilder:
    return HierarchyBuilder(2).image([ramp((3, 4)), ramp((2, 2))], "yx", name="old")


def texts() -> HierarchyBuilder:
    builder = HierarchyBuilder().group(multiscales=[multiscale("yx", [("0", placement([1, 1]))])])
    return builder.array("0", np.array([["a", "bc"]], dtype=np.dtypes.StringDType()))


def placed() -> HierarchyBuilder:
    steps = [
        to_world("a", "affine", affine=[[1, 0, 5], [0, 1, 6]]),
        to_world("b", "sequence", transformations=[{"type": "scale", "scale": [2, 2]}]),
    ]
    builder = HierarchyBuilder().scene("yx", *steps)
    for path in "ab":
        level = {"type": "rotation", "rotation": [[0, -1], [1, 0]]}
        builder.image_of_0_6(ramp((3, 4)), "yx", path, level=level)
    return builder


SMALL = {make.__name__: make for make in (plain, sharded, of_zarr_v2, texts, placed)}
DRAWN = "drawn"
KINDS = [*SMALL, DRAWN, *WHOLE_ARCHIVES]
EXAMPLES = settings.default.max_examples // len(KINDS)
"""As many of each kind as make the profile's number in all."""


def drawn(path: Path) -> dict[str, bytes]:
    """Return the entries of a file with points, shapes and the like, and a view."""
    layers = [make().as_layer_data_tuple() for make in drawn_layers.ALL]
    image = (ramp((3, 4)), {"name": "cells"}, "image")
    view = {"ndisplay": 2, "camera": {"center": [0, 1, 2], "zoom": 3.5}, "selected": ["spots"]}
    save_image(from_layer_data([image, *layers], view=view), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def entries_of(kind: str) -> dict[str, bytes]:
    if kind in SMALL:
        return SMALL[kind]().entries
    with tempfile.TemporaryDirectory() as folder:
        if kind == DRAWN:
            return drawn(Path(folder) / "drawn.ozx")
        return dict(WHOLE_ARCHIVES[kind](Path(folder) / "whole.ozx").entries)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherProcess]:
    process = OtherProcess(tmp_path_factory.mktemp("process"))
    yield process
    process.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "texts"])
def test_unchanged_it_opens_is_described_and_saved(kind: str, process: OtherProcess) -> None:
    outcome = process.outcome(entries_of(kind))
    assert not outcome.wrong, outcome.wrong
    assert outcome.done == ("described", "opened", "seen", "saved")


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_change_is_shown_or_refused(kind: str, process: OtherProcess, data: Any) -> None:
    whole = entries_of(kind)
    changed = data.draw(changes(whole))
    outcome = process.outcome({**whole, **changed})
    assert not outcome.wrong, outcome.wrong
