"""How resolution levels of an image lie beside one another."""

from __future__ import annotations

import pytest

from napari_ome_zip.image.levels import level_factors


@pytest.mark.parametrize(
    ("first", "level", "factors"),
    [((101,), (51,), (2,)), ((101,), (50,), (2,)), ((7,), (7,), (1,)), ((10,), (7,), (10 / 7,))],
)
def test_factors_are_whole_where_levels_can_be_made_so(
    first: tuple[int], level: tuple[int], factors: tuple[float]
) -> None:
    assert level_factors(first, level) == factors
