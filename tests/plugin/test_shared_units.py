"""Units in which files with and without them are shown together, without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.layer_data import METADATA_KEY, layer_note
from napari_ome_zip.layers.opened_layer import NOTE
from napari_ome_zip.layers.stated_units import Units, stated_units, units_note, with_stated_units
from napari_ome_zip.plugin.shared_units import Measured, agree

UM, NM, S = "micrometer", "nanometer", "second"


def layer(*units: str | None, names: str = "", takes: bool = True) -> Measured:
    return Measured(units, tuple(names or "tzyx"[-len(units) :]), takes)


@pytest.mark.parametrize(
    ("new", "shown", "new_after", "shown_after"),
    [
        (layer(UM, UM), [], (UM, UM), []),
        (layer(UM, UM), [layer(NM, NM)], (UM, UM), [(NM, NM)]),  # a viewer converts them
        (layer(None, None), [layer(None, None)], (None, None), [(None, None)]),
        (layer(None, None), [layer(UM, UM)], (UM, UM), [(UM, UM)]),
        (layer(None, None), [layer(UM, UM, takes=False)], (UM, UM), [(UM, UM)]),
        (layer(UM, UM), [layer(None, None)], (UM, UM), [(UM, UM)]),
        (layer(UM, UM), [layer(None, None, takes=False)], (None, None), [(None, None)]),
        (layer(UM, None), [layer(NM, UM)], (UM, UM), [(NM, UM)]),
        # counted from the last
        (layer(S, None, UM, UM), [layer(UM, UM)], (S, None, UM, UM), [(UM, UM)]),
        (layer(None, None), [layer(S, UM, UM, UM)], (UM, UM), [(S, UM, UM, UM)]),
        # a time is no depth
        (layer(None, UM, UM, names="tyx"), [layer(UM, UM, UM)], (None, UM, UM), [(UM, UM, UM)]),
        # one that keeps what it has decides for all
        (
            layer(UM, UM),
            [layer(None, None), layer(None, None, takes=False)],
            (None, None),
            [(None, None), (None, None)],
        ),
    ],
)
def test_where_one_side_states_no_unit_both_are_shown_in_the_same(
    new: Measured, shown: list[Measured], new_after: Units, shown_after: list[Units]
) -> None:
    agreed = agree(new, shown)
    assert agreed.new == new_after
    assert list(agreed.shown) == shown_after


@pytest.mark.parametrize(
    ("units", "note", "stated"),
    [
        ((UM, UM), {}, (UM, UM)),
        ((UM, UM), units_note((UM, UM), (None, None)), (None, None)),
        ((None, None), units_note((None, None), (UM, UM)), (UM, UM)),
        ((NM, NM), units_note((UM, UM), (None, None)), (NM, NM)),  # given by a person since
        ((UM,), units_note((UM,), (None, None)), (UM,)),
        ((UM, UM), {"units": "of another program"}, (UM, UM)),
    ],
)
def test_what_the_file_states_is_saved_unless_a_person_changed_it(
    units: Units, note: dict[str, object], stated: Units
) -> None:
    assert stated_units(units, note) == stated


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(("shown", "stated"), [("micrometer", None), (None, "micrometer")])
def test_layers_are_saved_in_the_units_of_their_file_also_where_that_is_not_at_hand(
    tmp_path: Path, shown: str | None, stated: str | None, is_known: bool
) -> None:
    unit = {"unit": stated} if stated else {}
    axes = [{"name": name, "type": "space", **unit} for name in "yx"]
    path = HierarchyBuilder().image(np.eye(6), axes).archive(tmp_path / "a.ozx")
    ((data, keywords, kind),) = to_layer_data(open_image(path))
    note = {**layer_note(keywords), **units_note((shown, shown), (stated, stated))}
    if not is_known:
        del note[NOTE]
    keywords |= {"units": (shown or "pixel",) * 2, "metadata": {METADATA_KEY: note}}
    image = from_layer_data([(data, keywords, kind)])
    assert [axis.unit for axis in image.system.axes] == [stated, stated]
    assert [axis.unit for axis in image.images[0].axes] == [stated, stated]


@pytest.mark.parametrize(
    ("note", "saved"),
    [
        (units_note((UM, UM), (None, None)), ("pixel", "pixel")),
        (units_note((None, None), (UM, UM)), (UM, UM)),  # changed by a person since
        ({}, (UM, UM)),
    ],
)
def test_points_and_shapes_are_saved_in_the_units_of_their_file(
    note: dict[str, object], saved: Units
) -> None:
    keywords = {"units": (UM, UM), "metadata": {METADATA_KEY: note}}
    assert with_stated_units(keywords)["units"] == saved
