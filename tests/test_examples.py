"""Examples in docstrings give what they say they give."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import napari_ome_zip

SOURCE = Path(napari_ome_zip.__file__).parent
MODULES = sorted(
    ".".join(("napari_ome_zip", *path.relative_to(SOURCE).with_suffix("").parts))
    for path in SOURCE.rglob("*.py")
    if ">>> " in path.read_text()
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module(name)).failed == 0
