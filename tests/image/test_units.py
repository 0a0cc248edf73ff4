"""Units by name, and factors between them."""

from __future__ import annotations

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.image import units
from napari_ome_zip.image.units import conversion, known_unit

LENGTHS, TIMES = sorted(units._METERS), sorted(units._SECONDS)
REGISTRY = pint.UnitRegistry()


@pytest.mark.parametrize("name", [*LENGTHS, *TIMES])
def test_each_known_unit_is_what_an_independent_library_says(name: str) -> None:
    base, table = ("meter", units._METERS) if name in LENGTHS else ("second", units._SECONDS)
    assert REGISTRY(name).to(base).magnitude == pytest.approx(table[name], rel=1e-9)


@given(st.sampled_from(LENGTHS), st.sampled_from(LENGTHS))
def test_conversions_of_lengths_undo_each_other(a: str, b: str) -> None:
    assert conversion(a, b) * conversion(b, a) == pytest.approx(1)


@pytest.mark.parametrize(
    ("source", "target"),
    [("second", "meter"), (None, "meter"), ("frame", "meter"), ("meter", ""), ("pixel", "frame")],
)
def test_what_cannot_be_converted_keeps_its_numbers(source: str | None, target: str | None) -> None:
    assert conversion(source, target) == 1


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("micrometer", "micrometer"),
        (" Micrometers ", "micrometer"),
        ("MICROMETRE", "micrometer"),
        ("µm", "micrometer"),
        ("um", "micrometer"),
        ("Å", "angstrom"),
        ("hours", "hour"),
        ("s", "second"),
        ("femtometer", "femtometer"),
    ],
)
def test_spellings_that_are_unmistakable(written: str, known: str) -> None:
    assert known_unit(written) == known


@pytest.mark.parametrize("written", [None, "", " ", "px", "frame", "a.u.", "parsecs per s", "ss"])
def test_what_is_no_length_or_time(written: str | None) -> None:
    assert known_unit(written) is None


@given(st.text(max_size=12))
def test_any_text_gives_a_unit_of_the_tables_or_none(text: str) -> None:
    assert known_unit(text) in {None, *LENGTHS, *TIMES}
