"""The collection of garbage is put off only while something is made."""

from __future__ import annotations

import gc

import pytest

from napari_ome_zip.garbage import no_collection


def test_it_goes_on_afterwards_even_after_an_error() -> None:
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), no_collection():
        raise ValueError("x")
    assert gc.isenabled()


def test_whoever_switched_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with no_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
