"""Units by name, and factors between them."""

from __future__ import annotations

import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.image.units import conversion, is_length, is_time, known_unit
from napari_ome_zip.ome.units import METERS, SECONDS, parse_unit

LENGTHS, TIMES = [*sorted(METERS), "decameter"], [*sorted(SECONDS), "decasecond"]
OTHERS = [
    "radian", "milliradian", "degree", "arcminute", "arcsecond", "hertz", "megahertz", "1/second",
    "1/minute", "kelvin", "millivolt", "kiloelectronvolt", "nanoampere", "joule", "kilogram",
    "1/micrometer", "1/nanometer^2", "micrometer/second", "kilometer/hour", "radian/micrometer",
    "micrometer^2", "meter*second", "newton/meter^2", "gram*meter/second^2",
]  # fmt: skip
KNOWN = [*LENGTHS, *TIMES, *OTHERS]
REGISTRY = pint.UnitRegistry()


def held(name: str) -> str:
    """A unit as a viewer holds it: napari takes names to pint in this way."""
    return str(REGISTRY.parse_expression(name).units)


@pytest.mark.parametrize("name", KNOWN)
def test_each_known_unit_is_what_an_independent_library_says(name: str) -> None:
    unit = parse_unit(name)
    assert unit is not None
    assert unit.name == name
    bases = {"length": "meter", "time": "second", "angle": "radian"}
    wanted = "*".join(f"{bases.get(what, what)}**{power}" for what, power in unit.quantity)
    assert REGISTRY(name).to(wanted).magnitude == pytest.approx(unit.size, rel=1e-9)
    assert (unit.is_length, unit.is_time) == (name in LENGTHS, name in TIMES)


@pytest.mark.parametrize("name", KNOWN)
def test_a_unit_that_a_viewer_held_is_the_same_as_before(name: str) -> None:
    assert known_unit(held(name)) == known_unit(name) == name


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("1/micrometer", "1/nanometer", 1e-3),
        ("degree", "radian", math.pi / 180),
        ("kilohertz", "1/second", 1e3),
        ("micrometer", "1/micrometer", 1),
        ("joule", "watt", 1),
        ("nanosecond", "second", 1e-9),
    ],
)
def test_units_of_one_quantity_convert(source: str, target: str, factor: float) -> None:
    assert conversion(source, target) == pytest.approx(factor)


@pytest.mark.parametrize(
    "written",
    ["1", "5", "1/", "1/frame", "micrometer^99", "12/micrometer", "(1/micrometer)", "_", "^", "/",
     "micrometer/micrometer", "1/1", "yottameter^9*yottagram^9*exameter^9", "x" * 100_000,
     "micrometer" + " micrometer" * 50, "degree_celsius", "__import__('os')", "\x00", "-"],
)  # fmt: skip
def test_what_is_no_unit_is_never_given_to_a_viewer(written: str) -> None:
    assert known_unit(written) is None


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
        ("1 / µm", "1/micrometer"),
        ("micrometer**-1", "1/micrometer"),
        ("Radians", "radian"),
        ("°", "degree"),
        ("Hz", "hertz"),
        ("electron_volt", "electronvolt"),
    ],
)
def test_spellings_that_are_unmistakable(written: str, known: str) -> None:
    assert known_unit(written) == known


@pytest.mark.parametrize("written", [None, "", " ", "px", "frame", "a.u.", "parsecs per s", "ss"])
def test_what_is_not_known(written: str | None) -> None:
    assert known_unit(written) is None
    assert not is_length(written)
    assert not is_time(written)


@given(st.text(max_size=12))
def test_any_text_gives_a_unit_that_a_viewer_holds_or_none(text: str) -> None:
    known = known_unit(text)
    assert known is None or known_unit(held(known)) == known


@given(st.text("1/*^ -.gmsµhz°", max_size=12))
def test_a_unit_is_known_by_its_name_again(text: str) -> None:
    known = known_unit(text)
    assert known is None or known_unit(held(known)) == known_unit(known) == known
