"""How several reasons become one message."""

from __future__ import annotations

import pytest

from napari_ome_zip.findings import first_reasons


@pytest.mark.parametrize(
    ("reasons", "message"),
    [
        ([], ""),
        (["A."], "A."),
        (["A.", "A.", "B."], "A. B."),
        (["A.", "B.", "C."], "A. B. C."),
        ([f"{number}." for number in range(1000)], "0. 1. 2. And 997 more like this."),
    ],
)
def test_the_first_ones_are_told_and_the_others_counted(reasons: list[str], message: str) -> None:
    assert first_reasons(reasons) == message
