"""The names that Python users have from the package itself."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import napari_ome_zip
from markdown_pages import Page

NAMES = napari_ome_zip.__all__
PAGE = Page("docs/in-python.md").path.read_text(encoding="utf-8")


def is_to_be_used(name: str) -> bool:
    found: Any = getattr(napari_ome_zip, name)
    return callable(found) and not (isinstance(found, type) and issubclass(found, Exception))


def test_importing_the_package_imports_nothing_that_is_not_needed_yet() -> None:
    code = "import sys, napari_ome_zip; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    late = {"zarr", "dask", "numpy", "asyncio", "urllib3", "pandas", "napari"}
    assert late.isdisjoint(done.stdout.split())


def test_type_checkers_know_all_of_them() -> None:
    """What is imported late is imported for type checkers alone: else its type would be unknown."""
    tree = ast.parse(Path(napari_ome_zip.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.name for node in block.body for alias in node.names}  # type: ignore[attr-defined]
    assert imported == set(NAMES) == set(napari_ome_zip._MODULES)


def test_dir_lists_them() -> None:
    assert set(NAMES) <= set(dir(napari_ome_zip))


def test_star_imports_all_of_them() -> None:
    found: dict[str, Any] = {}
    exec("from napari_ome_zip import *", found)
    assert set(NAMES) <= found.keys()


def test_every_error_a_caller_may_meet_is_there() -> None:
    from napari_ome_zip import errors

    of_windows = {
        "HandOverError",
        "IntegrationError",
        "NapariStartError",
        "ReadCancelledError",
        "TooManyPixelsError",
    }
    own = {
        name
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, Exception)
    }
    assert own - of_windows <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_of_it(name: str) -> None:
    assert re.search(rf"`{name}\b", PAGE), f"docs/in-python.md does not mention `{name}`"


@pytest.mark.parametrize("name", [name for name in NAMES if is_to_be_used(name)])
def test_its_docstring_has_an_example_that_runs(name: str) -> None:
    found = getattr(napari_ome_zip, name)
    examples = doctest.DocTestParser().get_examples(found.__doc__ or "")
    run = [example for example in examples if not example.options.get(doctest.SKIP)]
    assert [example for example in run if not example.source.startswith(("from", "import"))]


@pytest.mark.parametrize("name", [name for name in NAMES if name.islower() and is_to_be_used(name)])
def test_its_docstring_says_what_it_takes(name: str) -> None:
    found = getattr(napari_ome_zip, name)
    described = (found.__doc__ or "").partition("Parameters")[2].partition("Returns")[0]
    assert [each for each in inspect.signature(found).parameters if each not in described] == []


@pytest.mark.parametrize(
    ("name", "base"), re.findall(r"^\| `(\w+Error)` \| `(\w+)` \|", PAGE, re.MULTILINE)
)
def test_an_error_is_what_the_page_says_it_is_also(name: str, base: str) -> None:
    kind = getattr(napari_ome_zip, base, None) or getattr(builtins, base)
    assert issubclass(getattr(napari_ome_zip, name), kind)
